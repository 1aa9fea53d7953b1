"""The requests of a replay: as many as the trace says, where it says, the same however they are asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from planner.errors import InputError
from planner.replay.arrivals import CHUNK_REQUESTS, Arrivals
from planner.replay.requests import Requests
from planner.replay.supply import ServedClass
from workloads.rate_moments import mmpp_with
from workloads.traces import Trace

START = datetime(2026, 3, 1, tzinfo=UTC)
STRICT = ServedClass("strict", 0.2, 0.98, "web", 0.7)
RELAXED = ServedClass("relaxed", 1.0, 0.95, "web", 0.3)


def requests_of(counts: list[float], interval_s: float = 60.0, **stated: float) -> Requests:
    trace = Trace("web", START, interval_s, np.array(counts), **stated)
    return Requests({"web": trace}, START, trace.duration_s)


def test_every_interval_has_its_count_within_its_time() -> None:
    arrivals = Arrivals(requests_of([5.0, 0.0, 120.0]), [STRICT, RELAXED], seed=1)
    times, classes = arrivals.between(0.0, 180.0)
    assert np.all(np.diff(times) >= 0)
    assert np.histogram(times, [0.0, 60.0, 120.0, 180.0])[0].tolist() == [5, 0, 120]
    assert set(classes) == {0, 1}


def test_a_part_of_a_count_is_a_chance() -> None:
    """Counts of 0.25 over an hour of seconds: 900 requests are expected, with a deviation of 26."""
    arrivals = Arrivals(requests_of([0.25] * 3600, 1.0), [STRICT, RELAXED], seed=2)
    times, _ = arrivals.between(0.0, 3600.0)
    assert abs(times.size - 900) < 4 * 26
    assert np.unique(times.astype(int)).size == times.size  # never two where the count is a quarter


def test_requests_are_even_inside_an_interval() -> None:
    """Kolmogorov's distance of 100,000 instants from even ones stays below its 0.1 % quantile, 1.95 / sqrt(n)."""
    arrivals = Arrivals(requests_of([100_000.0], 50.0), [STRICT, RELAXED], seed=3)
    times, classes = arrivals.between(0.0, 50.0)
    distance = np.abs(times / 50.0 - np.arange(times.size) / times.size).max()
    assert distance < 1.95 / np.sqrt(times.size)
    assert abs(np.mean(classes) - 0.3) < 4 * np.sqrt(0.21 / times.size)
    pairs = np.corrcoef(classes[1:], classes[:-1])[0, 1]
    assert abs(pairs) < 4 / np.sqrt(times.size)


def test_any_part_is_the_same_part_of_the_whole() -> None:
    requests = requests_of([3000.0] * 130, dispersion_index=5.0)
    whole, whole_classes = Arrivals(requests, [STRICT, RELAXED], seed=4).between(0.0, 7800.0)
    again = Arrivals(requests, [STRICT, RELAXED], seed=4)
    for one, other in ((3590.25, 3612.5), (10.0, 10.1), (7200.0, 7800.0)):
        times, classes = again.between(one, other)
        inside = (whole >= one) & (whole < other)
        assert np.array_equal(times, whole[inside])
        assert np.array_equal(classes, whole_classes[inside])
    other_seed, _ = Arrivals(requests, [STRICT, RELAXED], seed=5).between(10.0, 11.0)
    assert not np.array_equal(other_seed, whole[(whole >= 10.0) & (whole < 11.0)])


def test_a_later_start_replays_the_same_requests() -> None:
    trace = Trace("web", START, 60.0, np.full(130, 50.0))
    whole, _ = Arrivals(Requests({"web": trace}, START, 7800.0), [STRICT, RELAXED], 6).between(0.0, 7800.0)
    later = Requests({"web": trace}, START + timedelta(seconds=4000), 600.0)
    part, _ = Arrivals(later, [STRICT, RELAXED], 6).between(0.0, 600.0)
    assert part == pytest.approx(whole[(whole >= 4000.0) & (whole < 4600.0)] - 4000.0, abs=1e-9)


def test_chunks_hold_everything_once_and_little_at_a_time() -> None:
    arrivals = Arrivals(requests_of([60_000.0] * 20), [STRICT, RELAXED], seed=7)
    chunks = list(arrivals.chunks(0.0, 1200.0))
    whole, _ = arrivals.between(0.0, 1200.0)
    assert np.array_equal(np.concatenate([times for times, _, _ in chunks]), whole)
    assert len(chunks) >= 6
    assert max(times.size for times, _, _ in chunks) < 1.1 * CHUNK_REQUESTS
    reached = 0.0
    for times, _, end_s in chunks:
        assert times[0] >= reached
        assert times[-1] < end_s
        reached = end_s


def test_several_traces_are_merged_and_extra_ones_left_out() -> None:
    traces = {
        name: Trace(name, START, 10.0, np.full(12, count))
        for name, count in (("web", 30.0), ("batch", 7.0), ("unused", 9.0))
    }
    night = ServedClass("night", np.inf, 0.0, "batch", 1.0)
    arrivals = Arrivals(Requests(traces, START, 120.0), [STRICT, night, RELAXED], seed=8)
    times, classes = arrivals.between(0.0, 120.0)
    assert np.all(np.diff(times) >= 0)
    assert np.bincount(classes)[1] == 12 * 7
    assert times.size == 12 * 37


def test_the_part_of_a_trace_without_a_class_is_not_sent() -> None:
    arrivals = Arrivals(requests_of([100_000.0]), [RELAXED], seed=9)
    times, classes = arrivals.between(0.0, 60.0)
    assert not classes.any()
    assert abs(times.size - 30_000) < 4 * np.sqrt(21_000)


@pytest.mark.parametrize("index", [3.0, 12.0])
def test_bursts_have_the_index_of_planning_at_the_deadline(index: float) -> None:
    """Counts of 200 ms over an hour of given minute counts against the process's own index: bursts last far less than a minute."""
    requests = requests_of([12_000.0] * 60, dispersion_index=index)
    times, _ = Arrivals(requests, [STRICT, RELAXED], seed=10).between(0.0, 3600.0)
    assert np.histogram(times, np.arange(61) * 60.0)[0].tolist() == [12_000] * 60
    for window_s in (0.2, 0.05):
        counts = np.histogram(times, np.arange(0.0, 3600.0 + window_s / 2, window_s))[0]
        wanted = mmpp_with(200.0, index, STRICT.deadline_s).dispersion_index(window_s)
        assert counts.var() / counts.mean() == pytest.approx(wanted, rel=0.08)


def test_a_burst_process_that_rests_still_places_the_counts() -> None:
    """So bursty that whole seconds expect nothing: what the trace counted there arrives all the same."""
    requests = requests_of([4.0] * 300, 0.05, dispersion_index=400.0)
    times, _ = Arrivals(requests, [STRICT, RELAXED], seed=11).between(0.0, 15.0)
    assert times.size == 1200


def test_seen_counts_end_at_the_last_whole_bin() -> None:
    arrivals = Arrivals(requests_of([600.0] * 70), [STRICT, RELAXED], seed=12)
    seen = arrivals.seen(3700.6)
    times, classes = arrivals.between(0.0, 3700.0)
    assert seen.shape == (2, 3700)
    assert not seen.flags.writeable
    for k in range(2):
        assert np.array_equal(seen[k], np.histogram(times[classes == k], np.arange(3701.0))[0])
    assert arrivals.seen(-200.0).shape == (2, 0)


def test_unknown_counts_lie_on_the_line_between_their_neighbours() -> None:
    requests = requests_of([10.0, np.nan, np.nan, 40.0, np.nan])
    assert requests.counts["web"].tolist() == [10.0, 20.0, 30.0, 40.0, 40.0]


def test_rates_of_windows_are_shares_of_the_counts() -> None:
    rate = requests_of([60.0, 120.0, 240.0]).rate_rps([STRICT, RELAXED], np.array([0.0, 90.0, 180.0]))
    assert rate == pytest.approx(
        np.array([[0.7 * 120 / 90, 0.7 * 300 / 90], [0.3 * 120 / 90, 0.3 * 300 / 90]])
    )


def test_every_problem_of_the_requests_is_told() -> None:
    traces = {
        "web": Trace("web", START, 60.0, np.array([1.0])),
        "old": Trace("old", START, 60.0, np.array([np.nan])),
    }
    with pytest.raises(InputError) as caught:
        Requests(traces, START, 600.0)
    assert len(caught.value.problems) == 3
    assert "'web' spans" in str(caught.value)
    assert "'old' has no interval with a known count" in str(caught.value)
    with pytest.raises(InputError, match="duration is 0"):
        Requests({}, START, 0.0)


def test_a_class_of_an_unknown_trace_is_told() -> None:
    stray = ServedClass("stray", 1.0, 0.9, "wed", 1.0)
    with pytest.raises(InputError, match="Did you mean 'web'"):
        Arrivals(requests_of([1.0]), [STRICT, stray], seed=0)
