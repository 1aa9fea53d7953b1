"""Losses of spot pools: their joint law against its moments, and how likely a fleet has too little left."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.joint_losses import common_shock_share, joint_law
from solvers.spot_check import guard_losses, violation_probability
from tests.solvers.tiny_parts import spot_risk
from tests.solvers.tiny_problems import tiny_problem

SHARES = np.array([0.06, 0.1, 0.2, 0.05])


def shocked(shares: np.ndarray, shock: float) -> np.ndarray:
    """Covariances of pools that share a shock and nothing else."""
    covariance = shock / (1 - shock) * np.outer(1 - shares, 1 - shares)
    np.fill_diagonal(covariance, shares * (1 - shares))
    return covariance


def moments(shares: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares and covariances of the law that is given these."""
    law = joint_law(shares, covariance)
    assert law.share.sum() == pytest.approx(1.0)
    mean = law.share @ law.lost
    return mean, (law.lost * law.share[:, None]).T @ law.lost - np.outer(mean, mean)


@pytest.mark.parametrize("shock", [0.0, 0.01, 0.05])
def test_a_common_shock_is_recognised_and_listed(shock: float) -> None:
    """Sixteen states with exactly the shares and covariances that were given."""
    covariance = shocked(SHARES, shock)
    assert common_shock_share(SHARES, covariance) == pytest.approx(shock)
    mean, found = moments(SHARES, covariance)
    assert mean == pytest.approx(SHARES)
    assert found == pytest.approx(covariance)


def test_two_pools_have_one_law() -> None:
    """Pools that are never lost together: their covariance is minus the product of their shares."""
    shares = np.array([0.3, 0.4])
    covariance = np.array([[0.21, -0.12], [-0.12, 0.24]])
    law = joint_law(shares, covariance)
    assert law.share[law.lost.all(axis=1)].sum() == pytest.approx(0.0)
    assert moments(shares, covariance)[1] == pytest.approx(covariance)


def test_pools_of_one_trace_are_lost_together() -> None:
    """Three pools of one trace beside an independent one: four states with any probability."""
    shares = np.array([0.1, 0.1, 0.3, 0.1])
    covariance = np.full((4, 4), 0.09)
    covariance[2], covariance[:, 2], covariance[2, 2] = 0.0, 0.0, 0.21
    law = joint_law(shares, covariance)
    assert len(law.share) == 4
    assert (law.lost[:, [1, 3]] == law.lost[:, [0]]).all()
    assert moments(shares, covariance)[1] == pytest.approx(covariance)


def test_a_copula_has_the_moments_it_is_given() -> None:
    """Unlike correlations of four pools: shares and covariances within what 200,000 draws tell."""
    deviation = np.sqrt(SHARES * (1 - SHARES))
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = 0.4
    correlation[2, 3] = correlation[3, 2] = 0.1
    covariance = correlation * np.outer(deviation, deviation)
    assert common_shock_share(SHARES, covariance) is None
    mean, found = moments(SHARES, covariance)
    assert mean == pytest.approx(SHARES, abs=0.003)
    assert found == pytest.approx(covariance, abs=0.003)


def test_more_pools_than_can_be_listed_are_drawn() -> None:
    """Sixteen pools under a shock: shares and covariances within what 200,000 draws tell."""
    shares = np.linspace(0.05, 0.2, 16)
    mean, found = moments(shares, shocked(shares, 0.02))
    assert mean == pytest.approx(shares, abs=0.003)
    assert found == pytest.approx(shocked(shares, 0.02), abs=0.003)


@pytest.mark.parametrize(("counts", "wanted"), [([3, 1], 0.1), ([2, 2], 0.01), ([2, 1], 0.1), ([1, 1], 0.19)])
def test_the_violation_of_two_independent_pools(counts: list[int], wanted: float) -> None:
    """20 req/s of 10 a machine, pools lost with probability 0.1: three and one fail without the first, two and two without both.

    Two and one have 10 to spare: the loss of the first pool, 20, is too much, that of the second is not.
    """
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 10, 20, 30, 40, 50]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 0.32],
        is_spot=[1, 1],
        spot_risk=spot_risk(pool_of_machine=[0, 1], loss_share=[0.1, 0.1], violation_share=0.05),
    )
    assert violation_probability(problem, np.array(counts)[:, None])[0, 0] == pytest.approx(wanted)


def test_standby_machines_make_up_for_a_loss() -> None:
    """Two spot machines and two that stand by: 20 req/s stay; one that stands by leaves 10 lost, none 20."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 10, 20, 30, 40]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 0.05],
        is_spot=[1, 0],
        spot_risk=spot_risk(
            pool_of_machine=[0, -1], is_standby=[0, 1], loss_share=[0.1], violation_share=0.05
        ),
    ).taking(windows=np.array([0, 0, 0]))
    losses = guard_losses(problem, np.array([[2, 2, 2], [2, 1, 0]]))
    assert losses is not None
    assert losses.lost_rps[0, 0].tolist() == [0.0, 10.0, 20.0]
    assert losses.spare_rps[0].tolist() == [0.0, 0.0, 0.0]


def test_nothing_at_work_in_a_pool_loses_nothing() -> None:
    """Machines on demand alone carry 20 of 20 req/s whatever happens to the pool."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 1.0],
        is_spot=[1, 0],
        spot_risk=spot_risk(pool_of_machine=[0, -1], loss_share=[0.1], violation_share=0.05),
    )
    assert violation_probability(problem, np.array([[0], [2]])).tolist() == [[0.0]]
