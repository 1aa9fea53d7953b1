"""Laws of service times: through what is known, with the mean kept; and what a published rate implies."""

from __future__ import annotations

import numpy as np
import pytest

from planner.replay.laws import GRID, ServiceLaw, law_of


def mean_of(quantile_s: np.ndarray) -> float:
    """Mean of a law that is linear between the points of its grid."""
    return float((quantile_s[1:] + quantile_s[:-1]).mean() / 2)


def test_without_quantiles_every_call_lasts_the_mean() -> None:
    law = law_of(0.05, (), 0.06)
    assert np.all(law.quantile_s == 0.05)
    assert law.foreseen_s == 0.06


def test_the_law_goes_through_its_quantiles_and_keeps_the_mean() -> None:
    known = [(0.5, 0.038), (0.9, 0.045), (0.99, 0.06)]
    law = law_of(0.040, known, 0.06)
    assert len(law.quantile_s) == GRID + 1
    assert np.all(np.diff(law.quantile_s) >= 0)
    for share, seconds in known:
        assert np.interp(share, np.linspace(0, 1, GRID + 1), law.quantile_s) == pytest.approx(
            seconds, rel=2e-3
        )
    assert mean_of(law.quantile_s) == pytest.approx(0.040, rel=1e-3)


def test_a_quantile_at_one_is_the_longest_time() -> None:
    exact = law_of(2.0, [(1.0, 2.0)], 2.0)
    np.testing.assert_allclose(exact.quantile_s, 2.0)
    spread = law_of(2.0, [(0.5, 2.0), (1.0, 3.0)], 3.0)
    assert spread.quantile_s[-1] == pytest.approx(3.0)
    assert np.trapezoid(spread.quantile_s, dx=1 / GRID) == pytest.approx(2.0)


def test_a_mean_above_all_quantiles_stretches_the_longest_calls() -> None:
    """Half of the calls last 10 ms at most, the mean is 30 ms: the other half has to be long."""
    law = law_of(0.030, [(0.5, 0.010)], 0.010)
    assert law.quantile_s[GRID // 2] == pytest.approx(0.010)
    assert law.quantile_s[-1] == pytest.approx(0.090)  # (10 + 10) / 2 / 2 + (10 + 90) / 2 / 2 = 30
    assert mean_of(law.quantile_s) == pytest.approx(0.030, rel=1e-3)


def test_a_long_tail_keeps_the_mean() -> None:
    """Mean 100 ms, 98 % within 300 ms: linear from 0 to the quantile, and level beyond it, would make a mean of 153 ms."""
    law = law_of(0.100, [(0.98, 0.300)], 0.300)
    assert mean_of(law.quantile_s) == pytest.approx(0.100, rel=1e-3)
    below = (0.100 - 0.02 * 0.300) / 0.98  # the mean of the 98 %
    assert law.quantile_s[0] == pytest.approx(below / 2)
    assert np.interp(0.98, np.linspace(0, 1, GRID + 1), law.quantile_s) == pytest.approx(0.300, rel=2e-3)


def test_how_much_times_vary() -> None:
    """Not at all where they are steady; even between 0 and 2 s, the variance is a third of the squared mean."""
    assert law_of(0.5, (), 0.5).variation == 0.0
    even = ServiceLaw(np.linspace(0.0, 2.0, GRID + 1), 2.0)
    assert (even.mean_s, even.variation) == pytest.approx((1.0, 1 / 3))


def test_a_mean_below_all_laws_through_the_quantiles_is_not_kept() -> None:
    """Half of the calls last 40 ms or more, so 20 ms is the least mean there is: 10 ms cannot be kept."""
    law = law_of(0.010, [(0.5, 0.040)], 0.040)
    assert law.quantile_s[0] == 0.0
    assert law.quantile_s[-1] == pytest.approx(0.040)
    assert mean_of(law.quantile_s) == pytest.approx(0.020, rel=2e-3)


@pytest.mark.parametrize("seed", range(40))
def test_quantiles_and_mean_of_any_sample_are_kept(seed: int) -> None:
    """Of times from nearly steady to a tail of a hundred times the median, with few or many quantiles known."""
    rng = np.random.default_rng(seed)
    sample_s = np.sort(0.02 * rng.lognormal(0.0, rng.uniform(0.01, 2.0), 2000))
    levels = np.array([0.5, 0.9, 0.95, 0.98, 0.99])
    levels = levels[np.sort(rng.choice(5, size=rng.integers(1, 6), replace=False))]
    known = [(float(level), float(np.quantile(sample_s, level))) for level in levels]
    law = law_of(float(sample_s.mean()), known, known[-1][1])
    assert np.all(np.diff(law.quantile_s) >= 0)
    assert law.quantile_s[0] > 0
    step_s = law.quantile_s[-1] / GRID  # a bend of the law lies between two points of the grid
    assert mean_of(law.quantile_s) == pytest.approx(sample_s.mean(), abs=step_s, rel=1e-3)
    for level, seconds in known:
        around = law.quantile_s[[int(level * GRID), int(level * GRID) + 1]]
        assert around[0] <= seconds * (1 + 1e-9)
        assert around[1] >= seconds * (1 - 1e-9)
