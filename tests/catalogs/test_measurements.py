"""Records of profiles: what they claim about percentiles, and what they refuse to hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogs.errors import CatalogError
from catalogs.importers.part import summarise_ms
from catalogs.measurements import FunctionTime, PublishedCapacity, ServiceTime
from catalogs.variants import ModelVariant

TIME = ServiceTime(
    model="resnet50",
    instance_type="c5.xlarge",
    batch=1,
    items_per_request=10,
    replicas=1,
    threads=None,
    mean_ms=100.0,
    quantiles=((0.50, 99.0), (0.95, 120.0), (0.99, 150.0)),
    samples=100,
    load_s=None,
    source="bench",
    obtained="measured",
)
CAPACITY = PublishedCapacity("resnet50", "c5.xlarge", None, 1, 12.0, 600.0, 0.98, "paper", "published")
VARIANT = ModelVariant(
    "resnet50", "image-classification", 0.7613, "imagenet-top1", 452, 97.8, 25557032, "w", "published"
)
FUNCTION = FunctionTime(
    "resnet50", "aws-lambda", "x86_64", 2048, 1, 1, 60.0, ((0.5, 50.0),), 1000.0, 20, "bench", "measured"
)


@pytest.mark.parametrize(
    ("percentile", "expected_ms"),
    [(0.50, 99.0), (0.51, 120.0), (0.95, 120.0), (0.98, 150.0), (0.99, 150.0), (0.995, None)],
)
def test_quantile_is_the_smallest_known_one_at_or_above(percentile: float, expected_ms: float | None) -> None:
    """Between known percentiles the higher one counts; above the highest nothing is claimed."""
    assert TIME.quantile_ms(percentile) == expected_ms


def test_no_quantile_is_claimed_above_one_minus_one_over_the_samples() -> None:
    """20 samples say nothing about .98, even if someone wrote a p99 down."""
    few = replace(TIME, samples=20)
    assert few.quantile_ms(0.95) == 120.0
    assert few.quantile_ms(0.96) is None
    assert replace(TIME, samples=None).quantile_ms(0.99) == 150.0


def test_a_mean_alone_answers_no_percentile() -> None:
    assert replace(TIME, quantiles=()).quantile_ms(0.5) is None
    assert replace(FUNCTION, quantiles=()).quantile_ms(0.5) is None
    assert FUNCTION.quantile_ms(0.5) == 50.0


def test_named_quantiles_are_the_known_ones_only() -> None:
    """The p50, p95 and p99 are exact figures or unknown; none is filled from a neighbour."""
    assert (TIME.p50_ms, TIME.p95_ms, TIME.p99_ms) == (99.0, 120.0, 150.0)
    assert replace(TIME, quantiles=((0.95, 120.0),)).p99_ms is None


@pytest.mark.parametrize(
    ("deadline_ms", "percentile", "holds"),
    [(600, 0.98, True), (601, 0.95, True), (599, 0.98, False), (600, 0.99, False)],
)
def test_a_published_capacity_holds_for_its_deadline_or_longer(
    deadline_ms: float, percentile: float, holds: bool
) -> None:
    assert CAPACITY.holds_for(deadline_ms, percentile) is holds


def test_conservative_order_statistics_of_raw_samples() -> None:
    """Of 1..20 ms the p-quantile has rank ceil(21 p): the 11th, 19th and 20th; no .98 is claimed."""
    mean_ms, quantiles = summarise_ms([float(value) for value in range(20, 0, -1)])
    assert mean_ms == 10.5
    assert quantiles == ((0.50, 11.0), (0.90, 19.0), (0.95, 20.0))
    _, of_hundred = summarise_ms([float(value) for value in range(1, 101)])
    assert of_hundred == ((0.50, 51.0), (0.90, 91.0), (0.95, 96.0), (0.98, 99.0), (0.99, 100.0))


@pytest.mark.parametrize(
    ("record", "changes", "fragment"),
    [
        (TIME, {"mean_ms": 0.0}, "mean_ms is 0"),
        (TIME, {"mean_ms": float("nan")}, "mean_ms is nan"),
        (TIME, {"replicas": 0}, "replicas is 0"),
        (TIME, {"quantiles": ((0.5, 9.0), (0.9, 8.0))}, "cannot be shorter"),
        (TIME, {"quantiles": ((0.5, 9.0), (0.5, 9.0))}, "cannot be shorter"),
        (TIME, {"quantiles": ((1.0, 9.0),)}, "quantile 1 is 9 ms"),
        (TIME, {"obtained": "guessed"}, "measured, published, derived"),
        (TIME, {"source": ""}, "source is empty"),
        (CAPACITY, {"percentile": 98.0}, "Write 98 % as 0.98"),
        (CAPACITY, {"instance_type": None}, "Name the machine"),
        (CAPACITY, {"capacity_rps": -1.0}, "capacity_rps is -1"),
        (VARIANT, {"accuracy_share": 76.13}, "within 0..1"),
        (VARIANT, {"accuracy_metric": None}, "both or neither"),
        (VARIANT, {"parameters": 0}, "parameters is 0"),
        (FUNCTION, {"memory_mb": 0}, "memory_mb is 0"),
        (FUNCTION, {"load_ms": float("inf")}, "load_ms is inf"),
    ],
)
def test_records_refuse_values_out_of_range(
    record: ServiceTime | PublishedCapacity | ModelVariant | FunctionTime,
    changes: dict[str, object],
    fragment: str,
) -> None:
    with pytest.raises(CatalogError) as caught:
        replace(record, **changes)  # type: ignore[arg-type]
    assert fragment in str(caught.value)


def test_a_record_lists_all_its_problems_at_once() -> None:
    with pytest.raises(CatalogError) as caught:
        replace(TIME, mean_ms=-1.0, batch=0, source="")
    assert len(caught.value.problems) == 3
