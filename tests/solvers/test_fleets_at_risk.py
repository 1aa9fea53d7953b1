"""What guards of a fleet stand to lose to spot pools, on paper."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.spot_check import guard_losses, risk_kept, survives_any_loss
from tests.solvers.tiny_parts import spot_risk
from tests.solvers.tiny_problems import tiny_problem


def test_standby_machines_make_up_for_a_loss() -> None:
    """Two spot machines and two that stand by: 20 req/s stay; one that stands by leaves 10 lost, none 20."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 10, 20, 30, 40]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 0.05],
        is_spot=[1, 0],
        spot_risk=spot_risk(
            pool_of_machine=[0, -1],
            is_standby=[0, 1],
            loss_share=[0.1],
            violation_share=0.05,
            survive_any_loss=True,
        ),
    ).taking(windows=np.array([0, 0, 0]))
    fleets = np.array([[2, 2, 2], [2, 1, 0]])
    losses = guard_losses(problem, fleets)
    assert losses is not None
    assert losses.lost_rps[0, 0].tolist() == [0.0, 10.0, 20.0]
    assert losses.spare_rps[0].tolist() == [0.0, 0.0, 0.0]
    assert risk_kept(problem, losses).tolist() == [True, False, False]
    assert survives_any_loss(problem, fleets).tolist() == [True, False, False]


def test_a_linear_group_counts_at_its_slowest_class() -> None:
    """Machines carry 10 req/s of one class or 4 of the other: three of them, two of a pool, have 12 and lose 8.

    With share 0.1 that is 0.8 on the mean, deviation 2.4, and 1.645 deviations more: 4.748 of the 6 to spare.
    """
    problem = tiny_problem(
        demand_rps=[[[4]], [[2]]],
        capacity_rps=[[0]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 1.0],
        is_spot=[1, 0],
        linear_rps=np.array([[10.0], [4.0]]),
        spot_risk=spot_risk(
            pool_of_machine=[0, -1], loss_share=[0.1], guard_classes=[[1, 1]], violation_share=0.05
        ),
    )
    losses = guard_losses(problem, np.array([[2], [1]]))
    assert losses is not None
    assert (losses.lost_rps[0, 0, 0], losses.spare_rps[0, 0]) == pytest.approx((8.0, 6.0))
    assert losses.needed_rps[0, 0] == pytest.approx(4.748, abs=1e-3)
    assert risk_kept(problem, losses).all()
