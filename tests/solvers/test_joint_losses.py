"""The probability of joint spot losses, against counting by hand and against the moments asked for."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from solvers.joint_losses import DRAWS, JointLosses

SHARE = np.array([0.1, 0.2, 0.3])


def shocked(share: np.ndarray, shock: float) -> JointLosses:
    covariance = shock / (1 - shock) * np.outer(1 - share, 1 - share)
    np.fill_diagonal(covariance, share * (1 - share))
    return JointLosses(share, covariance)


@pytest.mark.parametrize("shock", [0.0, 0.05])
@pytest.mark.parametrize("spare", [0.5, 2.5, 4.0, 5.5])
def test_every_way_of_losing_pools_is_counted(shock: float, spare: float) -> None:
    lost, own = np.array([3.0, 2.0, 1.0]), (SHARE - shock) / (1 - shock)
    expected = shock * (lost.sum() > spare)
    for gone in product((0, 1), repeat=3):
        if lost @ np.array(gone) > spare:
            expected += (1 - shock) * np.prod(np.where(gone, own, 1 - own))
    law = shocked(SHARE, shock)
    assert law.shock_share == pytest.approx(shock)
    assert law.excess_probability(lost, spare) == pytest.approx(expected)


def test_a_loss_of_all_that_is_spare_is_not_too_much() -> None:
    assert shocked(SHARE, 0.05).excess_probability(np.array([3.0, 2.0, 1.0]), 6.0) == 0.0
    assert shocked(SHARE, 0.05).excess_probability(np.zeros(3), 0.0) == 0.0
    assert shocked(SHARE, 0.05).excess_probability(np.zeros(3), -1.0) == 1.0


def test_one_pool_is_lost_with_its_share() -> None:
    law = JointLosses(np.array([0.04]), np.array([[0.04 * 0.96]]))
    assert law.excess_probability(np.array([5.0]), 4.0) == pytest.approx(0.04)


def test_many_pools_are_drawn_and_agree_with_the_binomial() -> None:
    """Twenty independent pools of 5 % each: P(more than two) = 0.0755."""
    law = shocked(np.full(20, 0.05), 0.0)
    assert law.excess_probability(np.ones(20), 2.0) == pytest.approx(0.0755, abs=4 * np.sqrt(0.07 / DRAWS))


def test_correlated_losses_have_the_covariance_asked_for() -> None:
    """One pair is lost together far more often than a common shock for all three would say; one pair hardly ever is."""
    spread = np.sqrt(SHARE * (1 - SHARE))
    correlation = np.array([[1.0, 0.5, 0.1], [0.5, 1.0, -0.1], [0.1, -0.1, 1.0]])
    law = JointLosses(SHARE, correlation * np.outer(spread, spread))
    assert law.shock_share is None
    drawn = law.drawn.astype(float)
    assert drawn.mean(axis=0) == pytest.approx(SHARE, abs=0.004)
    assert np.corrcoef(drawn.T) == pytest.approx(correlation, abs=0.012)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_pool_that_is_never_or_always_lost_shifts_what_the_others_leave(certain: float) -> None:
    """Two pools of 20 and 30 % with a correlation of .5: both are lost with .06 + .5 x .4 x .4583 = .1517."""
    share = np.array([certain, 0.2, 0.3])
    spread = np.sqrt(share * (1 - share))
    correlation = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0]])
    law = JointLosses(share, correlation * np.outer(spread, spread))
    found = law.excess_probability(np.array([4.0, 2.0, 3.0]), 4.5 + 4.0 * certain)
    assert found == pytest.approx(0.1517, abs=0.004)


def test_no_shock_is_likelier_than_the_rarest_loss() -> None:
    """A covariance that a shock of 9 % would give cannot come from one where a pool is lost in 2 % of the time."""
    share = np.array([0.02, 0.5])
    law = JointLosses(share, np.array([[0.0196, 0.05], [0.05, 0.25]]))
    assert law.shock_share is None
    assert law.excess_probability(np.array([1.0, 1.0]), 0.5) == pytest.approx(0.5, abs=0.01)


def test_the_same_losses_are_drawn_every_time() -> None:
    first, second = shocked(np.full(20, 0.05), 0.01), shocked(np.full(20, 0.05), 0.01)
    assert np.array_equal(first.drawn, second.drawn)
