"""The index of dispersion: estimators against processes whose index is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from workloads.burstiness import client_dispersion, dispersion_at, trace_dispersion
from workloads.errors import WorkloadError
from workloads.generators import mmpp_trace, poisson_trace
from workloads.load_shapes import Bursts, Span
from workloads.traces import Trace

START = datetime(2026, 3, 2, tzinfo=UTC)


def trace_of(counts: np.ndarray, interval_s: float) -> Trace:
    return Trace("web", START, interval_s, counts)


def test_poisson_arrivals_have_index_one() -> None:
    found = trace_dispersion(poisson_trace(Span(START, 86_400, 10, mean_rps=8, seed=3)))
    assert found.windows == 288
    assert found.index == pytest.approx(1, abs=3 * found.std_error)
    assert found.std_error < 0.03


def test_growth_through_a_window_is_not_taken_for_bursts() -> None:
    ramp = np.tile(np.linspace(50, 150, 30), 200)
    found = trace_dispersion(trace_of(np.random.default_rng(4).poisson(ramp).astype(float), 10))
    assert found.index == pytest.approx(1, abs=3 * found.std_error)
    raw = ramp.reshape(200, 30).var(axis=1).mean() / ramp.mean()
    assert raw > 5, "without the line the ramp alone would give this much"


def test_scattered_counts_give_variance_over_mean() -> None:
    """Negative binomial counts with mean 60 and variance 240."""
    counts = np.random.default_rng(5).negative_binomial(20, 0.25, 30_000).astype(float)
    found = trace_dispersion(trace_of(counts, 10))
    assert found.index == pytest.approx(4, abs=3 * found.std_error)


def test_pairs_by_hand() -> None:
    """Window 0, 4, 0, 4: the line rises 0.8 a step, the residual sum is 16 - 3.2, two degrees are left."""
    found = trace_dispersion(trace_of(np.array([0.0, 4, 0, 4]), 75))
    assert found.index == pytest.approx((16 - 3.2) / 2 / 2)
    assert np.isnan(found.std_error)


def test_windows_with_a_missing_interval_are_passed_over() -> None:
    counts = np.array([1.0, 3, 1, 3, np.nan, 9, 1, 9, 1, 3, 1, 3])
    assert trace_dispersion(trace_of(counts, 75)).windows == 2


@pytest.mark.parametrize(("counts", "interval_s"), [(np.ones(50), 100), (np.zeros(50), 10), (np.ones(3), 10)])
def test_a_trace_that_cannot_show_burstiness_is_refused(counts: np.ndarray, interval_s: float) -> None:
    with pytest.raises(WorkloadError, match=r"finer trace|longer trace"):
        trace_dispersion(trace_of(counts, interval_s))


def mmpp_index(rate_low: float, rate_high: float, stay_low: float, stay_high: float, scale: float) -> float:
    """Index of dispersion of counts of an MMPP(2) over `scale` (Heffes and Lucantoni 1986)."""
    leave_low, leave_high = 1 / stay_low, 1 / stay_high
    both = leave_low + leave_high
    mean = (rate_high * leave_low + rate_low * leave_high) / both
    factor = 2 * leave_low * leave_high * (rate_high - rate_low) ** 2 / (both**3 * mean)
    return 1 + factor * (1 - (1 - np.exp(-both * scale)) / (both * scale))


def test_an_mmpp_shows_the_index_of_theory_at_its_own_scale() -> None:
    bursts = Bursts(burst_ratio=3, burst_s=4, calm_s=4)
    trace = mmpp_trace(Span(START, 20_000, 1, mean_rps=40, seed=6), bursts)
    found = trace_dispersion(trace, window_s=500)
    assert found.index == pytest.approx(mmpp_index(20, 60, 4, 4, 1), rel=0.05)


@pytest.mark.parametrize("scale_s", [0.2, 1.0, 5.0])
def test_below_the_interval_the_excess_is_carried_down_on_the_safe_side(scale_s: float) -> None:
    """Never below theory by more than 5 %, and at most the index of the trace's own interval."""
    bursts = Bursts(burst_ratio=3, burst_s=20, calm_s=60)
    trace = mmpp_trace(Span(START, 200_000, 10, mean_rps=40, seed=7), bursts)
    low = 40 / 1.5
    theory = mmpp_index(low, 3 * low, 60, 20, scale_s)
    found = dispersion_at(trace, scale_s, window_s=600)
    assert 0.95 * theory <= found.index <= trace_dispersion(trace, 600).index
    assert "carried down" in found.method


def test_bursts_that_end_within_the_interval_fade_by_the_least_power() -> None:
    """Beyond 60 s the excess of bursts of 4 s grows no more; at 0.2 s theory has 2, 60 s seen at all scales would have 20."""
    bursts = Bursts(burst_ratio=3, burst_s=4, calm_s=4)
    trace = mmpp_trace(Span(START, 400_000, 60, mean_rps=40, seed=6), bursts)
    found = dispersion_at(trace, 0.2, window_s=600)
    excess = trace_dispersion(trace, 600).index - 1
    assert found.index == pytest.approx(1 + excess * (0.2 / 60) ** 0.25)
    assert found.index > mmpp_index(20, 60, 4, 4, 0.2)


def test_above_the_interval_counts_are_added_up_to_a_quarter_of_the_window() -> None:
    trace = poisson_trace(Span(START, 86_400, 1, mean_rps=20, seed=8))
    assert dispersion_at(trace, 10).scale_s == 10
    assert dispersion_at(trace, 500).scale_s == 75
    assert dispersion_at(trace, 0.1).index == pytest.approx(1, abs=0.02)
    with pytest.raises(WorkloadError, match="above 0"):
        dispersion_at(trace, 0)


def test_a_trace_too_coarse_to_show_bursts_yields_what_its_source_states() -> None:
    coarse = Trace("web", START, 600, np.full(50, 6000.0), dispersion_index=5.0)
    assert dispersion_at(coarse, 0.2).index == 5
    assert dispersion_at(coarse.scaled(0.5).resample(300), 0.2).index == 3
    with pytest.raises(WorkloadError, match="finer trace"):
        dispersion_at(trace_of(np.full(50, 6000.0), 600), 0.2)
    with pytest.raises(WorkloadError, match="dispersion_index is -1"):
        Trace("web", START, 600, np.ones(3), dispersion_index=-1)


def test_clients_add_their_variances() -> None:
    rate = np.array([[10.0, 0.0], [30.0, 20.0]])
    cv = np.array([[3.0, 0.0], [1.0, 2.0]])
    assert client_dispersion(rate, cv, level=0.1).index == pytest.approx((10 * 9 + 30) / 40)
    assert client_dispersion(rate, cv, level=0.9).index == pytest.approx(4)
    assert client_dispersion(rate[:, :1], cv[:, :1]).windows == 1


def test_gaps_of_a_renewal_stream_give_cv_squared() -> None:
    """Gamma gaps with cv 2: counts over long intervals have variance four times the mean."""
    gaps = np.random.default_rng(9).gamma(0.25, 4, 400_000)
    counts = np.histogram(np.cumsum(gaps), bins=np.arange(0, gaps.sum() - 200, 200))[0].astype(float)
    measured = counts.var() / counts.mean()
    stated = client_dispersion(np.array([[1.0]]), np.array([[2.0]])).index
    assert stated == pytest.approx(measured, rel=0.12)


def test_clients_that_make_no_sense_are_refused() -> None:
    one = np.ones((1, 2))
    for rate, cv, match in (
        (one, np.ones((2, 2)), "both must be"),
        (np.zeros((1, 2)), one, "no stream has a request"),
        (one, -one, "negative or unknown cv"),
    ):
        with pytest.raises(WorkloadError, match=match):
            client_dispersion(rate, cv)
    with pytest.raises(WorkloadError, match="level is 1"):
        client_dispersion(one, one, level=1)
