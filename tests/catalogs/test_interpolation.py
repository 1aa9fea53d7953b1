"""Interpolation: between measured sizes only, monotone, and named as such."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.errors import CatalogError
from catalogs.interpolation import function_time_at_memory, service_time_at_batch, service_time_at_items
from catalogs.measurements import FunctionTime, ServiceTime


def at_batch(batch: int, mean_ms: float, p95_ms: float | None = None) -> ServiceTime:
    quantiles = () if p95_ms is None else ((0.50, mean_ms), (0.95, p95_ms))
    return ServiceTime(
        "resnet50", "c5.xlarge", batch, 1, 1, None, mean_ms, quantiles, 100, None, "bench", "measured"
    )


def at_memory(memory_mb: int, mean_ms: float, load_ms: float | None = None) -> FunctionTime:
    quantiles = ((0.95, 2 * mean_ms),)
    return FunctionTime(
        "resnet50",
        "aws-lambda",
        "x86_64",
        memory_mb,
        1,
        1,
        mean_ms,
        quantiles,
        load_ms,
        20,
        "bench",
        "measured",
    )


def test_halfway_between_two_batches() -> None:
    """100 ms at batch 10 and 160 ms at batch 20 give 130 ms at 15, quantiles alike."""
    found = service_time_at_batch([at_batch(20, 160, 200), at_batch(10, 100, 110)], 15)
    assert found is not None
    assert (found.batch, found.mean_ms, found.quantiles) == (15, 130.0, ((0.50, 130.0), (0.95, 155.0)))
    assert found.obtained == "derived"
    assert found.source == "interpolated between batch 10 and 20 of bench"


def test_a_measured_size_is_returned_as_measured() -> None:
    points = [at_batch(10, 100), at_batch(20, 90), at_batch(30, 300)]
    assert service_time_at_batch(points, 20) is points[1]


@pytest.mark.parametrize("batch", [1, 9, 31, 1000])
def test_nothing_is_extrapolated(batch: int) -> None:
    assert service_time_at_batch([at_batch(10, 100), at_batch(30, 300)], batch) is None
    assert service_time_at_batch([at_batch(10, 100)], batch) is None
    assert service_time_at_batch([], batch) is None


def test_a_dip_in_the_measurements_does_not_make_larger_batches_faster() -> None:
    """The 90 ms at batch 20 lie below the 100 ms at batch 10: between them and after, 100 ms count."""
    points = [at_batch(10, 100), at_batch(20, 90), at_batch(30, 120)]
    between = service_time_at_batch(points, 15)
    after = service_time_at_batch(points, 25)
    assert between is not None
    assert after is not None
    assert (between.mean_ms, after.mean_ms) == (100.0, 110.0)


def test_only_quantiles_known_at_both_neighbours_are_given() -> None:
    found = service_time_at_batch([at_batch(10, 100, 110), replace(at_batch(20, 160, 200), samples=20)], 15)
    assert found is not None
    assert found.samples == 20
    one_sided = service_time_at_batch([at_batch(10, 100, 110), at_batch(20, 160)], 15)
    assert one_sided is not None
    assert one_sided.quantiles == ()


def test_items_of_a_request_interpolate_as_batches_do() -> None:
    points = [replace(at_batch(1, ms), items_per_request=items) for items, ms in ((10, 50), (30, 150))]
    found = service_time_at_items(points, 20)
    assert found is not None
    assert (found.items_per_request, found.batch, found.mean_ms) == (20, 1, 100.0)
    assert "between items 10 and 30" in found.source
    assert service_time_at_items(points, 10) is points[0]
    assert service_time_at_items(points, 31) is None


def test_memory_between_two_settings() -> None:
    """Quarter of the way from 1024 MB (80 ms) to 2048 MB (40 ms): 70 ms, the longer load time kept."""
    found = function_time_at_memory([at_memory(1024, 80, 900), at_memory(2048, 40, 1100)], 1280)
    assert found is not None
    assert (found.memory_mb, found.mean_ms, found.load_ms) == (1280, 70.0, 1100)
    assert found.source == "interpolated between memory MB 1024 and 2048 of bench"
    assert function_time_at_memory([at_memory(1024, 80), at_memory(2048, 40)], 512) is None
    assert function_time_at_memory([at_memory(1024, 80), at_memory(2048, 40)], 3072) is None


def test_no_failed_size_is_bridged() -> None:
    """Out of memory at 1536 MB: nothing between 1024 and 2048 MB, on either side of it; beyond them all holds."""
    points = [at_memory(1024, 80), at_memory(2048, 40), at_memory(4096, 20)]
    assert [function_time_at_memory(points, size, {1536}) for size in (1280, 1536, 1792)] == [None] * 3
    assert function_time_at_memory(points, 3072, {512, 1536, 8192}) == function_time_at_memory(points, 3072)
    assert function_time_at_memory(points, 1024, {1536}) is points[0]


def test_more_memory_is_never_slower_between_the_points() -> None:
    """The 60 ms at 4096 MB lift the 40 ms at 2048 MB, which cannot be trusted."""
    points = [at_memory(1024, 80), at_memory(2048, 40), at_memory(4096, 60)]
    below, above = function_time_at_memory(points, 1536), function_time_at_memory(points, 3000)
    assert below is not None
    assert above is not None
    assert (below.mean_ms, above.mean_ms) == (70.0, 60.0)


@given(st.dictionaries(st.integers(1, 60), st.floats(1, 1e4), min_size=2, max_size=6))
def test_interpolated_times_are_monotone(times: dict[int, float]) -> None:
    """Over all unmeasured sizes in the range, batches rise and memory falls, within the measured values."""
    batches = [at_batch(batch, ms) for batch, ms in times.items()]
    memories = [at_memory(size, ms) for size, ms in times.items()]
    between = [size for size in range(min(times), max(times) + 1) if size not in times]
    rising = [found.mean_ms for size in between if (found := service_time_at_batch(batches, size))]
    falling = [slot.mean_ms for size in between if (slot := function_time_at_memory(memories, size))]
    assert len(rising) == len(falling) == len(between)
    slack = 1e-9 * max(times.values())
    assert all(b >= a - slack for a, b in pairwise(rising))
    assert all(b <= a + slack for a, b in pairwise(falling))
    assert all(min(times.values()) - slack <= ms <= max(times.values()) + slack for ms in rising + falling)


def test_points_of_two_configurations_are_refused() -> None:
    other = replace(at_batch(20, 160), instance_type="c5.large")
    with pytest.raises(CatalogError, match="mixes configurations"):
        service_time_at_batch([at_batch(10, 100), other], 15)
    with pytest.raises(CatalogError, match="mixes configurations"):
        service_time_at_items([at_batch(10, 100), replace(at_batch(20, 100), items_per_request=3)], 2)
    with pytest.raises(CatalogError, match="mixes configurations"):
        function_time_at_memory([at_memory(1024, 80), replace(at_memory(2048, 40), arch="arm64")], 1500)
    with pytest.raises(CatalogError, match="repeat a size"):
        service_time_at_batch([at_batch(10, 100), at_batch(10, 120)], 10)
