"""Models cut over several functions as options: price, share in time with cold starts in every part, and reasons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalogs.layers import read_chain
from catalogs.object_store import load_object_store
from planner.enumeration import enumerate_options
from planner.functions.cold_starts import idle_cold_share
from planner.functions.offered import FunctionInputs
from planner.functions.partitioned import PartitionInputs
from tests.planner.enumerated import reasons
from tests.planner.small_catalogs import (
    demand,
    function_time,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    time,
    variant,
)

if TYPE_CHECKING:
    from catalogs.measurements import FunctionTime
    from planner.options import OptionTable

GRAPH = Path(__file__).parents[3] / "examples" / "partition" / "vgg16.json"


def cut(
    partition: dict[str, Any],
    deadline_ms: float = 10_000.0,
    percentile: float = 0.95,
    whole: tuple[FunctionTime, ...] = (),
    **tariff: Any,
) -> OptionTable:
    """Enumerate the parts of VGG-16 for one class, and its whole calls."""
    question = scenario(
        request_class("web", task=None, models=["vgg16"], deadline_ms=deadline_ms, percentile=percentile),
        resources={"functions": {"partition": {"layer_graphs": [str(GRAPH)]} | partition}},
    )
    inputs = PartitionInputs({"vgg16.json": read_chain(GRAPH)}, load_object_store("us-east-1"), {})
    return enumerate_options(
        question,
        demand(question),
        prices(),
        profiles(time("vgg16"), variants=(variant("vgg16"),), functions=whole),
        tariffs(**tariff),
        function_inputs=FunctionInputs(partition=inputs),
    )


def test_a_chain_of_functions_is_one_option() -> None:
    """528 MiB of weights and 120 of the runtime are over a package of 640 MB: the model is cut, and every part may start cold."""
    found = cut({"deployment": "zip", "memory_mb": [2048, 4096]}, package_mb=640).functions
    assert found
    assert min(one.functions for one in found) >= 2
    cold = float(idle_cold_share(1.0, 10.0, 600.0))
    for one in found:
        assert one.partition is not None
        assert len(one.partition) == one.functions >= 1
        assert one.id.startswith(f"lambda/vgg16/partition-{one.functions}x-")
        assert (one.batch, one.rate_rps, one.usd_per_h) == (1, None, 0.0)
        assert one.usd_per_request == pytest.approx(sum(segment.usd for segment in one.partition))
        assert one.concurrency_s == pytest.approx(sum(part.billed_ms for part in one.partition) / 1000)
        assert one.cold_start_share == pytest.approx(one.functions * cold)
        late = one.functions * cold if one.mean_ms + (one.load_ms or 0.0) > 10_000 else 0.0
        assert one.deadline_meet_rate["web"] == pytest.approx(1 - late)
        assert one.meet_rate(10_000.0, cold) == pytest.approx(1 - late)


def test_a_deadline_that_a_cold_call_misses_leaves_the_warm_ones() -> None:
    """At 2 s warm calls are in time and cold ones, 4 s of loading, are not."""
    (least, *_) = cut({"memory_mb": [4096]}, deadline_ms=2500.0).functions
    assert least.mean_ms <= 2500 < least.mean_ms + (least.load_ms or 0.0)
    assert least.deadline_meet_rate["web"] == pytest.approx(1 - least.cold_start_share)
    strict = cut({"memory_mb": [4096]}, deadline_ms=2500.0, percentile=0.999)
    assert not strict.functions
    assert reasons(strict)["lambda/vgg16/partition for d2500p99.9"] == "cold starts"


def test_one_function_is_no_cut_where_its_calls_were_measured() -> None:
    """Alone it is best cut nowhere; measured at 300 ms and 450 ms at the .95 quantile, that is what is offered."""
    assert [one.functions for one in cut({"memory_mb": [4096]}).functions] == [1]
    calls = (function_time("vgg16", 4096, 300.0, quantiles=((0.95, 450.0),)),)
    found = cut({"memory_mb": [4096]}, whole=calls)
    assert [one.id for one in found.functions] == ["lambda/vgg16/4096"]
    assert reasons(found)["lambda/vgg16/partition for d10000p95"] == "partition"


def test_a_block_that_fits_no_package_is_named() -> None:
    found = cut({"deployment": "zip"})
    assert not found.functions
    (reason,) = (one.reason for one in found.rejected if one.kind == "partition")
    assert "fc6" in reason


def test_a_layer_graph_of_an_unknown_model_is_an_input_error() -> None:
    inputs = PartitionInputs({"vgg16.json": read_chain(GRAPH)}, load_object_store("us-east-1"), {})
    (problem,) = inputs.name_problems(profiles(variants=(variant("vgg19"),)))
    assert "'vgg16', which is no model variant" in problem
    assert "Did you mean 'vgg19'" in problem
    assert not list(inputs.name_problems(profiles(variants=(variant("vgg16"),))))
