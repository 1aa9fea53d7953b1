"""A history as curve, steps and windows."""

import numpy as np
import pytest

from tests.workloads.load_cases import daily_rate, noisy, trace_of
from workloads.errors import WorkloadError
from workloads.series import RateCurve, cut_steps, make_ramp, to_rate, to_root


def test_root_and_rate_are_inverse_and_never_negative() -> None:
    rates = np.array([0.0, 16.0, 81.0])
    np.testing.assert_allclose(to_root(rates), [0.0, 2.0, 3.0])
    np.testing.assert_allclose(to_rate(np.array([-1.0, 2.0, 3.0])), [0.0, 16.0, 81.0])


def test_mean_rate_between_instants_by_hand() -> None:
    """Counts 10, 30, missing, 60 in intervals of 10 s: half an interval counts half; an unknown half is left out."""
    curve = RateCurve(trace_of(np.array([1.0, 3.0, np.nan, 6.0]), interval_s=10.0))
    edges = np.array([[0.0, 20.0, 40.0], [5.0, 15.0, 25.0], [10.0, 12.0, 29.0]])
    np.testing.assert_allclose(curve.mean_rps(edges), [[2.0, 6.0], [2.0, 3.0], [3.0, np.nan]])


def test_nothing_is_known_outside_the_trace() -> None:
    curve = RateCurve(trace_of(np.array([1.0, 3.0]), interval_s=10.0))
    assert np.isnan(curve.mean_rps(np.array([20.0, 30.0]))).all()
    assert np.isnan(curve.mean_rps(np.array([-10.0, 0.0]))).all()


def test_curve_agrees_with_a_loop_over_seconds() -> None:
    rate = np.round(noisy(np.full(30, 5.0), seed=1))
    rate[[3, 4, 17]] = np.nan
    curve = RateCurve(trace_of(rate, interval_s=7.0))
    by_second = np.repeat(rate, 7)
    for first in range(0, 180, 13):
        for length in (3, 20):
            seconds = by_second[first : first + length]
            known = seconds[~np.isnan(seconds)]
            expected = known.mean() if known.size >= length / 2 else np.nan
            found = curve.mean_rps(np.array([first, first + length], dtype=float))[0]
            np.testing.assert_allclose(found, expected, err_msg=f"{length} s from {first} s")


def test_steps_end_with_the_trace_and_missing_ones_are_carried_over() -> None:
    """Seven intervals in steps of two: the first interval is left over; a season of two steps lies two back."""
    rate = np.array([9.0, 1.0, 1.0, 16.0, 16.0, np.nan, np.nan])
    seasonal = cut_steps(RateCurve(trace_of(rate, 60.0)), 120.0, season_steps=2)
    np.testing.assert_allclose(seasonal.root, [1.0, 2.0, 1.0])
    np.testing.assert_array_equal(seasonal.known, [True, True, False])
    assert seasonal.start_s == 60.0
    plain = cut_steps(RateCurve(trace_of(rate, 60.0)), 120.0, season_steps=None)
    np.testing.assert_allclose(plain.root, [1.0, 2.0, 2.0])


def test_leading_gap_is_cut_off() -> None:
    series = cut_steps(RateCurve(trace_of(np.array([np.nan, np.nan, 1.0, 16.0]), 60.0)), 60.0, None)
    np.testing.assert_allclose(series.root, [1.0, 2.0])
    assert series.start_s == 120.0


def test_a_prefix_of_the_steps_knows_nothing_of_what_follows() -> None:
    rate = noisy(daily_rate(4), seed=2)
    rate[100:110] = np.nan
    changed = rate.copy()
    changed[120:] *= 3.0
    first, second = (cut_steps(RateCurve(trace_of(r)), 1_800.0, 48) for r in (rate, changed))
    np.testing.assert_array_equal(first.root[:120], second.root[:120])


def test_a_history_without_any_count_is_an_error() -> None:
    with pytest.raises(WorkloadError, match="no stretch of 60 s"):
        cut_steps(RateCurve(trace_of(np.full(4, np.nan), 60.0)), 60.0, None)


def test_ramp_reads_the_line_between_middles_of_steps() -> None:
    """Past 0, path 6, 12: windows of a third of a step have their middles at -1/3, 0, +1/3 around each middle."""
    ramp, steps = make_ramp(step_s=30.0, gap_s=0.0, window_s=10.0, windows=6)
    assert steps == 3
    found = ramp.read(np.array(0.0), np.array([6.0, 12.0, 18.0]))
    np.testing.assert_allclose(found, [4.0, 6.0, 8.0, 10.0, 12.0, 14.0])


def test_ramp_averages_the_steps_of_a_long_window() -> None:
    ramp, _ = make_ramp(step_s=30.0, gap_s=30.0, window_s=60.0, windows=2)
    found = ramp.read(np.array([0.0]), np.array([[1.0, 2.0, 4.0, 8.0, 16.0, 0.0]]))
    np.testing.assert_allclose(found, [[3.0, 12.0]])
