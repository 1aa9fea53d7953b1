"""The trace: cutting, scaling, resampling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workloads.errors import WorkloadError
from workloads.trace_report import Gap, TraceReport
from workloads.traces import Trace

START = datetime(2026, 3, 2, tzinfo=UTC)


def trace(counts: list[float], interval_s: float = 60.0, start: datetime = START) -> Trace:
    return Trace("web", start, interval_s, np.array(counts, dtype=float))


def test_rates_and_sizes_follow_from_the_counts() -> None:
    one = trace([60, 120, np.nan, 0])
    np.testing.assert_allclose(one.rate_rps, [1, 2, np.nan, 0])
    assert one.duration_s == 240
    assert one.end == START + timedelta(minutes=4)
    assert one.mean_rps == 1
    assert one.missing_share == 0.25


def test_start_is_kept_in_utc() -> None:
    local = datetime(2026, 3, 2, 2, tzinfo=timezone(timedelta(hours=2)))
    one = trace([1], start=local)
    assert one.start == START
    assert one.start.utcoffset() == timedelta(0)


def test_counts_cannot_be_changed_through_the_trace_or_its_source() -> None:
    source = np.array([1.0, 2.0])
    one = Trace("web", START, 60, source)
    source[0] = 9
    assert one.counts[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        one.counts[0] = 5


def test_all_that_is_wrong_with_a_trace_is_said_at_once() -> None:
    with pytest.raises(WorkloadError) as caught:
        Trace("web", datetime(2026, 3, 2), 0, np.array([-1.0, np.inf]))
    assert len(caught.value.problems) == 3
    with pytest.raises(WorkloadError, match="at least one interval"):
        trace([])


def test_before_leaves_out_the_interval_that_has_not_ended() -> None:
    one = trace([1, 2, 3, 4])
    np.testing.assert_array_equal(one.before(START + timedelta(seconds=179)).counts, [1, 2])
    np.testing.assert_array_equal(one.before(START + timedelta(seconds=180)).counts, [1, 2, 3])
    np.testing.assert_array_equal(one.before(START + timedelta(days=1)).counts, [1, 2, 3, 4])
    with pytest.raises(WorkloadError, match="holds no whole interval"):
        one.before(START + timedelta(seconds=59))


def test_between_keeps_the_intervals_that_lie_whole_inside() -> None:
    one = trace([1, 2, 3, 4])
    part = one.between(START + timedelta(seconds=1), START + timedelta(seconds=200))
    np.testing.assert_array_equal(part.counts, [2, 3])
    assert part.start == START + timedelta(seconds=60)
    with pytest.raises(WorkloadError, match="without a time zone"):
        one.between(datetime(2026, 3, 2), START)


def test_summing_whole_intervals_is_exact() -> None:
    counts = [0.1, 0.2, 0.3, 7, 11, 13]
    coarse = trace(counts).resample(180)
    np.testing.assert_array_equal(coarse.counts, [0.1 + 0.2 + 0.3, 31])
    assert coarse.interval_s == 180
    assert "resampled from 60 s to 180 s" in coarse.report.notes


def test_splitting_holds_the_rate() -> None:
    fine = trace([600, 1200], interval_s=600).resample(300)
    np.testing.assert_array_equal(fine.counts, [300, 300, 600, 600])


def test_a_ratio_that_is_no_whole_number_shares_by_time() -> None:
    np.testing.assert_allclose(trace([60, 120, 180], interval_s=60).resample(90).counts, [120, 240])


def test_the_new_grid_passes_through_the_origin() -> None:
    one = trace(list(range(1, 13)), interval_s=300, start=START + timedelta(minutes=4))
    aligned = one.resample(900, origin=START + timedelta(hours=5))
    assert aligned.start == START + timedelta(minutes=15)
    np.testing.assert_allclose(aligned.rate_rps[0], (3 * 4 / 5 + 4 + 5 + 6 / 5) / 900)


def test_half_known_aggregates_carry_the_rate_of_the_known_part() -> None:
    one = trace([10, np.nan, np.nan, np.nan, 5, 7])
    np.testing.assert_array_equal(one.resample(120).counts, [20, np.nan, 12])


def test_an_incomplete_last_interval_is_left_out() -> None:
    np.testing.assert_array_equal(trace([1, 2, 3]).resample(120).counts, [3])
    with pytest.raises(WorkloadError, match="too short"):
        trace([1, 2, 3]).resample(3600)
    with pytest.raises(WorkloadError, match="above 0"):
        trace([1]).resample(0)


def test_resampling_to_the_own_grid_changes_nothing() -> None:
    one = trace([1, 2, 3])
    assert one.resample(60) is one
    assert one.resample(60, origin=START - timedelta(minutes=7)) is one


@given(
    counts=st.lists(st.integers(0, 1000), min_size=1, max_size=40),
    old_s=st.integers(1, 30),
    new_s=st.integers(1, 90),
    shift_s=st.integers(0, 200),
)
def test_resampling_agrees_with_a_walk_second_by_second(
    counts: list[int], old_s: int, new_s: int, shift_s: int
) -> None:
    per_second = np.repeat(np.array(counts) / old_s, old_s)
    first = shift_s % new_s
    bins = (len(per_second) - first) // new_s
    one = trace([float(c) for c in counts], interval_s=old_s)
    origin = START + timedelta(seconds=shift_s)
    if bins < 1:
        with pytest.raises(WorkloadError, match="too short"):
            one.resample(new_s, origin)
        return
    expected = per_second[first : first + bins * new_s].reshape(bins, new_s).sum(axis=1)
    np.testing.assert_allclose(one.resample(new_s, origin).counts, expected, atol=1e-9)


def test_scaling_multiplies_and_says_so() -> None:
    twice = trace([1, np.nan]).scaled(2)
    np.testing.assert_array_equal(twice.counts, [2, np.nan])
    assert "counts scaled by 2" in twice.report.notes
    for factor in (0, -1, float("nan"), float("inf")):
        with pytest.raises(WorkloadError, match="above 0"):
            twice.scaled(factor)


def test_a_gap_reads_as_a_sentence() -> None:
    gap = Gap(START, START + timedelta(minutes=3), 3, "no value in the source")
    assert str(gap) == "2026-03-02T00:00:00Z to 2026-03-02T00:03:00Z (3 intervals): no value in the source"
    assert TraceReport(kind="synthetic").synthetic
    assert not TraceReport(kind="counts").synthetic
