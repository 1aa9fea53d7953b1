"""Arrival processes: their figures against hand-made cases, numerical integration and drawn gaps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import expm

from workloads.arrival_process import ArrivalProcess
from workloads.errors import WorkloadError
from workloads.rate_moments import mmpp, mmpp_with, poisson

GENERAL = ArrivalProcess(np.array([[-1.5, 0.5], [1.0, -10.0]]), np.array([[0.9, 0.1], [0.0, 9.0]]))
ALTERNATING = ArrivalProcess(np.diag([-2.0, -6.0]), np.array([[0.0, 2.0], [6.0, 0.0]]))


def test_poisson_arrivals() -> None:
    process = poisson(4.0)
    assert (process.rate_rps, process.squared_cv, process.skewness) == pytest.approx((4.0, 1.0, 2.0))
    assert [process.autocorrelation(lag) for lag in (0, 1, 2)] == [1.0, 0.0, 0.0]
    assert process.dispersion_index(3.0) == process.dispersion_index(math.inf) == 1.0


def test_gaps_of_a_half_and_a_sixth_of_a_second_in_turn() -> None:
    """Mean (1/2 + 1/6)/2; second moment (2/4 + 2/36)/2; neighbours differ, those two apart are alike."""
    mean, second = 1 / 3, 5 / 18
    assert 1 / ALTERNATING.rate_rps == pytest.approx(mean)
    assert ALTERNATING.squared_cv == pytest.approx(second / mean**2 - 1)
    covariance = (0.5 - mean) * (1 / 6 - mean)
    assert ALTERNATING.autocorrelation(1) == pytest.approx(covariance / (second - mean**2))
    assert ALTERNATING.autocorrelation(2) == pytest.approx(-covariance / (second - mean**2))


@pytest.mark.parametrize("process", [GENERAL, ALTERNATING, mmpp(20.0, 150.0, 0.2, 0.5)])
def test_dispersion_is_that_of_the_integrated_rates(process: ArrivalProcess) -> None:
    """Var N = lambda t + 2 int (t - s) (theta D1 e^(D s) r - lambda^2) ds, by Gauss-Legendre."""
    window = 0.7
    nodes, weights = np.polynomial.legendre.leggauss(40)
    lags = 0.5 * window * (nodes + 1)
    joint = [
        process.phase_share @ process.d1 @ expm((process.d0 + process.d1) * s) @ process.d1.sum(axis=1)
        for s in lags
    ]
    rate = process.rate_rps
    variance = rate * window + window * weights @ ((window - lags) * (np.array(joint) - rate**2))
    assert process.dispersion_index(window) == pytest.approx(variance / (rate * window), rel=1e-12)


def test_the_index_of_a_short_window_does_not_cancel() -> None:
    slope = GENERAL.rate_covariance / GENERAL.rate_rps
    for window in (1e-9, 1e-5, 1e-4):
        assert (GENERAL.dispersion_index(window) - 1) / window == pytest.approx(slope, rel=1e-2)


def test_drawn_gaps_have_the_figures_of_the_process() -> None:
    gaps = GENERAL.sample_gaps_s(np.random.default_rng(0), 400_000)
    assert len(gaps) == 400_000
    assert gaps.mean() == pytest.approx(1 / GENERAL.rate_rps, rel=0.01)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(GENERAL.squared_cv, rel=0.01)
    assert np.mean((gaps - gaps.mean()) ** 3) / gaps.std() ** 3 == pytest.approx(GENERAL.skewness, rel=0.02)
    for lag in (1, 3):
        assert np.corrcoef(gaps[lag:], gaps[:-lag])[0, 1] == pytest.approx(
            GENERAL.autocorrelation(lag), abs=0.006
        )
    counts = np.bincount(np.cumsum(gaps).astype(int))[:-1]
    assert counts.var() / counts.mean() == pytest.approx(GENERAL.dispersion_index(1.0), rel=0.02)


def test_gaps_of_rare_visits_are_drawn_to_the_last() -> None:
    """One request an hour-long state on average: rounds of drawing that find none must not lose time."""
    rare = ArrivalProcess(np.array([[-1e-3, 1e-3], [1e-3, -1.1e-3]]), np.array([[0.0, 0.0], [0.0, 1e-4]]))
    for seed in range(5):
        gaps = rare.sample_gaps_s(np.random.default_rng(seed), 3)
        assert gaps.shape == (3,)
        assert (gaps > 0).all()
    many = rare.sample_gaps_s(np.random.default_rng(9), 100_000)
    assert many.mean() == pytest.approx(1 / rare.rate_rps, rel=0.02)


def test_alternating_gaps_alternate() -> None:
    gaps = ALTERNATING.sample_gaps_s(np.random.default_rng(1), 100_001)
    means = sorted([gaps[::2].mean(), gaps[1::2].mean()])
    assert means == pytest.approx([1 / 6, 1 / 2], rel=0.02)


def test_scaling_keeps_shape() -> None:
    faster = GENERAL.scaled(40.0)
    assert faster.rate_rps == pytest.approx(40.0)
    assert (faster.squared_cv, faster.autocorrelation(2)) == pytest.approx(
        (GENERAL.squared_cv, GENERAL.autocorrelation(2))
    )
    assert faster.dispersion_index(1.0) == pytest.approx(GENERAL.dispersion_index(40.0 / GENERAL.rate_rps))
    with pytest.raises(WorkloadError, match="rate_rps is 0"):
        GENERAL.scaled(0)


@pytest.mark.parametrize(
    ("rate", "index", "window"), [(20, 1.2, 0.5), (20, 6, 2), (0.2, 60, 2), (300, 1.0001, 10)]
)
def test_an_mmpp_with_a_given_index(rate: float, index: float, window: float) -> None:
    process = mmpp_with(rate, index, window)
    assert process.rate_rps == pytest.approx(rate)
    assert process.dispersion_index(window) == pytest.approx(index)
    assert (np.diag(process.d1) >= 0).all()


def test_no_mmpp_is_smoother_than_poisson() -> None:
    assert mmpp_with(3.0, 0.8, 1.0).d1.tolist() == [[3.0]]


def test_the_rate_of_an_mmpp_has_the_moments_asked_for() -> None:
    process = mmpp(20.0, 150.0, 0.2, 0.5)
    rates = np.diag(process.d1)
    assert process.phase_share == pytest.approx([0.2, 0.8])
    assert (process.rate_rps, process.rate_covariance) == pytest.approx((20.0, 150.0))
    assert process.phase_share @ (rates - 20) ** 2 == pytest.approx(150.0)
    assert process.decay_per_s == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("d0", "d1", "said"),
    [
        ([[-1.0, 0.0]], [[1.0, 0.0]], "must be (1, 1) or (2, 2)"),
        ([[-1.0]], [[-1.0]], "must be finite and"),
        ([[-1.0, 0.5], [0.5, -1.0]], [[0.4, 0.0], [0.0, 0.5]], "sum to"),
        ([[-1.0, 1.0], [1.0, -1.0]], [[0.0, 0.0], [0.0, 0.0]], "requests must arrive"),
        ([[-1.0, 0.0], [1.0, -2.0]], [[1.0, 0.0], [0.0, 1.0]], "reached from the other"),
    ],
)
def test_what_is_no_process_is_refused(d0: list[list[float]], d1: list[list[float]], said: str) -> None:
    with pytest.raises(WorkloadError) as raised:
        ArrivalProcess(np.array(d0), np.array(d1))
    assert said in str(raised.value)


def test_wrong_figures_of_an_mmpp_are_said_at_once() -> None:
    with pytest.raises(WorkloadError) as raised:
        mmpp_with(-1.0, math.nan, 0.0)
    assert len(raised.value.problems) == 3
