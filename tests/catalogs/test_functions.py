"""Function tariffs: bills checked by hand, sizes and limits, files that override."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.functions import (
    TARIFF_COLUMNS,
    TARIFF_COLUMNS_OPTIONAL,
    TIER_COLUMNS,
    FunctionTariff,
    load_function_tariffs,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def x86() -> FunctionTariff:
    """AWS Lambda on x86 in us-east-1."""
    return load_function_tariffs().tariff("aws-lambda", "x86_64")


def test_published_limits(x86: FunctionTariff) -> None:
    assert (x86.memory_mb_min, x86.memory_mb_max, x86.memory_mb_step, x86.billing_step_ms) == (
        128,
        10240,
        1,
        1,
    )
    assert (x86.package_mb, x86.image_mb, x86.tmp_mb_min, x86.tmp_mb_max) == (250, 10240, 512, 10240)
    assert (x86.payload_mb, x86.timeout_s, x86.concurrency_limit) == (6, 900, 1000)
    assert x86.vcpu(1769) == 1


def test_cost_of_one_call_by_hand(x86: FunctionTariff) -> None:
    """2 GB for 100 ms are 0.2 GB-s: 0.2 x 0.0000166667 + 0.0000002 USD; on Arm 0.2 x 0.0000133334."""
    assert x86.usd_per_request(2048, 100) == pytest.approx(3.53334e-6, rel=1e-12)
    arm = load_function_tariffs().tariff("aws-lambda", "arm64")
    assert arm.usd_per_request(2048, 100) == pytest.approx(2.86668e-6, rel=1e-12)


@pytest.mark.parametrize(("duration_ms", "billed_ms"), [(0.2, 1), (1, 1), (1.01, 2), (99.5, 100), (0, 1)])
def test_durations_are_billed_in_whole_steps(
    x86: FunctionTariff, duration_ms: float, billed_ms: float
) -> None:
    assert x86.billed_ms(duration_ms) == billed_ms
    assert dataclasses.replace(x86, billing_step_ms=100).billed_ms(duration_ms) == 100


def test_a_month_is_charged_tier_by_tier(x86: FunctionTariff) -> None:
    """16 B GB-s: 6 B at 0.0000166667, 9 B at 0.000015, 1 B at 0.0000133334; and 1 M calls."""
    expected = 6e9 * 0.0000166667 + 9e9 * 0.000015 + 1e9 * 0.0000133334 + 0.2
    assert x86.usd_per_month(1e6, 16e9) == pytest.approx(expected, rel=1e-12)
    assert x86.usd_per_month(0, 0) == 0


def test_the_cost_of_a_call_is_never_below_its_part_of_the_month(x86: FunctionTariff) -> None:
    calls, gb_s = 1e11, 0.2
    assert calls * x86.usd_per_request(2048, 100) >= x86.usd_per_month(calls, calls * gb_s)
    assert 1e6 * x86.usd_per_request(2048, 100) == pytest.approx(x86.usd_per_month(1e6, 1e6 * gb_s))


@pytest.mark.parametrize("memory_mb", [127, 10241, 0])
def test_sizes_that_cannot_be_set_are_refused(x86: FunctionTariff, memory_mb: int) -> None:
    with pytest.raises(CatalogError, match="allowed are 128 to 10240 MB in steps of 1"):
        x86.usd_per_request(memory_mb, 100)


def test_sizes_between_the_steps_are_refused(x86: FunctionTariff) -> None:
    stepped = dataclasses.replace(x86, memory_mb_step=64)
    stepped.check_memory(192)
    with pytest.raises(CatalogError, match="memory_mb is 200"):
        stepped.check_memory(200)


@pytest.mark.parametrize("billed_ms", [0, -1, 900_001, math.nan])
def test_impossible_durations_are_refused(x86: FunctionTariff, billed_ms: float) -> None:
    with pytest.raises(CatalogError, match="at most the time-out of 900 s"):
        x86.usd_per_request(1024, billed_ms)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"gb_second_tiers": ()}, "ends must ascend"),
        ({"gb_second_tiers": ((5.0, 1e-5),)}, "the last without end"),
        ({"gb_second_tiers": ((math.inf, 0.0),)}, "every price of a GB-s must be a finite number > 0"),
        ({"memory_mb_min": 20000}, "memory is 20000 to 10240 MB"),
    ],
)
def test_contradictory_tariffs_are_refused(
    x86: FunctionTariff, change: dict[str, object], fragment: str
) -> None:
    with pytest.raises(CatalogError) as caught:
        dataclasses.replace(x86, **change)  # type: ignore[arg-type]
    assert fragment in str(caught.value)


def test_a_later_file_overrides_one_architecture(tmp_path: Path) -> None:
    path = tmp_path / "tiers.csv"
    path.write_text(
        ",".join(TIER_COLUMNS) + "\naws-lambda,arm64,us-east-1,,0.00001,USD,2026-02-01,contract\n"
    )
    catalog = load_function_tariffs("us-east-1", [path])
    assert catalog.tariff("aws-lambda", "arm64").gb_second_tiers == ((math.inf, 0.00001),)
    assert len(catalog.tariff("aws-lambda", "x86_64").gb_second_tiers) == 3
    assert "tiers.csv" in catalog.digests


def test_another_provider_in_another_region(tmp_path: Path) -> None:
    tiers, tariff = tmp_path / "tiers.csv", tmp_path / "tariff.csv"
    tiers.write_text(",".join(TIER_COLUMNS) + "\nf,arm64,mars-1,,0.00001,USD,2026-02-01,page\n")
    cells = "f,arm64,mars-1,0.4,128,4096,64,1000,100,100,1000,0,512,0,4,60,10,USD,2026-02-01,page"
    tariff.write_text(",".join(TARIFF_COLUMNS) + f"\n{cells}\n")
    catalog = load_function_tariffs("mars-1", [tariff, tiers])
    assert [t.provider for t in catalog.tariffs] == ["f"]
    assert catalog.tariffs[0].usd_per_request(1024, 100) == pytest.approx(0.4e-6 + 0.1 * 0.00001)


def test_a_region_without_functions_is_empty_and_says_so_when_asked() -> None:
    catalog = load_function_tariffs("mars-1")
    assert catalog.tariffs == ()
    with pytest.raises(CatalogError, match="has no function tariff in mars-1"):
        catalog.tariff("aws-lambda", "x86_64")
    with pytest.raises(CatalogError, match="Did you mean aws-lambda/x86_64"):
        load_function_tariffs().tariff("aws-lambda", "x86")


def test_executions_kept_ready_are_paid_by_the_second(x86: FunctionTariff) -> None:
    """Three of 2 GB for an hour: 3 x 2 x 3,600 x 0.0000041667 USD; 100 ms on one: 0.2 x 0.0000097222 + fee."""
    assert x86.offers_provisioned
    assert x86.provisioned_usd_per_h(2048, 3) == pytest.approx(0.09000072, rel=1e-9)
    assert x86.usd_per_request(2048, 100, provisioned=True) == pytest.approx(2.14444e-6, rel=1e-9)
    arm = load_function_tariffs().tariff("aws-lambda", "arm64")
    assert arm.provisioned_usd_per_h(1024, 1) == pytest.approx(3600 * 0.0000033334, rel=1e-12)
    assert arm.usd_per_request(1024, 1000, provisioned=True) == pytest.approx(0.2e-6 + 0.0000077778)


def test_a_tariff_without_these_prices_keeps_nothing_ready(x86: FunctionTariff) -> None:
    bare = dataclasses.replace(x86, usd_per_provisioned_gb_s=None, usd_per_gb_s_on_provisioned=None)
    assert not bare.offers_provisioned
    with pytest.raises(
        CatalogError, match="aws-lambda/x86_64: offers no provisioned concurrency in us-east-1"
    ):
        bare.provisioned_usd_per_h(1024, 1)
    with pytest.raises(CatalogError, match="offers no provisioned concurrency"):
        bare.usd_per_request(1024, 100, provisioned=True)
    with pytest.raises(CatalogError, match="give both prices, or neither"):
        dataclasses.replace(x86, usd_per_provisioned_gb_s=None)
    with pytest.raises(CatalogError, match="every price of provisioned concurrency must be"):
        dataclasses.replace(x86, usd_per_provisioned_gb_s=-1.0)


def test_both_prices_of_standing_ready_are_read_or_neither(tmp_path: Path) -> None:
    tiers, tariff = tmp_path / "tiers.csv", tmp_path / "tariff.csv"
    tiers.write_text(",".join(TIER_COLUMNS) + "\nf,arm64,mars-1,,0.00001,USD,2026-02-01,page\n")
    cells = "f,arm64,mars-1,0.4,128,4096,64,1000,100,100,1000,0,512,0,4,60,10,USD,2026-02-01,page,{},{},2"
    header = ",".join((*TARIFF_COLUMNS, *TARIFF_COLUMNS_OPTIONAL))
    tariff.write_text(f"{header}\n{cells.format(1e-6, 2e-6)}\n")
    (found,) = load_function_tariffs("mars-1", [tariff, tiers]).tariffs
    assert (found.usd_per_provisioned_gb_s, found.usd_per_gb_s_on_provisioned) == (1e-6, 2e-6)
    assert found.async_payload_mb == 2
    tariff.write_text(f"{header}\n{cells.format(1e-6, '')}\n")
    with pytest.raises(CatalogError, match="row 2: gives one of usd_per_provisioned_gb_s and"):
        load_function_tariffs("mars-1", [tariff, tiers])
