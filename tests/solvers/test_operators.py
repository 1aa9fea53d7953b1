"""Operators' limits at their edges: what no fleet can keep, and delays beyond the horizon."""

from __future__ import annotations

import pytest

from solvers.backends import Status, solve
from tests.solvers.tiny_parts import operator_limits, spot_risk
from tests.solvers.tiny_problems import tiny_problem
from tests.solvers.whole_program import compile_whole, machines_in


def test_a_delay_beyond_the_horizon_holds_to_its_end() -> None:
    """Two machines start and stay for all three windows, whatever the delay asks beyond them."""
    problem = tiny_problem(
        demand_rps=[[[15], [5], [5]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        limits=operator_limits(scale_in_windows=[7]),
    )
    assert solve(compile_whole(problem).arrays, gap=0.0).objective == pytest.approx(6.0)


def test_machines_of_two_types_keep_their_own_delays() -> None:
    """The type without a delay is let go; the other stays its second window."""
    problem = tiny_problem(
        demand_rps=[[[10], [1], [1]], [[10], [1], [1]]],
        serves=[[1, 0], [0, 1]],
        capacity_rps=[[0, 5, 10], [0, 5, 10]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        limits=operator_limits(classes=2, machines=2, scale_in_windows=[0, 2]),
    )
    compiled = compile_whole(problem)
    answer = solve(compiled.arrays, gap=0.0)
    assert answer.values is not None
    assert machines_in(compiled, answer.values).tolist() == [[2, 1, 1], [2, 2, 1]]


def test_zones_that_machines_do_not_stand_in_cannot_be_filled() -> None:
    """One zone has machines, one machine stands where its provider likes: two zones are out of reach."""
    problem = tiny_problem(
        demand_rps=[[[5]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 1.0],
        limits=operator_limits(machines=2, zone_of_machine=[0, -1], min_zones=2),
    )
    assert solve(compile_whole(problem).arrays, gap=0.0).status is Status.INFEASIBLE


def test_machines_for_a_class_that_only_functions_serve_cannot_be_had() -> None:
    """Its least machines have no group to stand in."""
    problem = tiny_problem(
        demand_rps=[[[5]], [[5]]],
        serves=[[1], [0]],
        capacity_rps=[[0, 10]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        usd_per_request=[1e-5],
        limits=operator_limits(classes=2, min_instances=[0, 1]),
    )
    assert solve(compile_whole(problem).arrays, gap=0.0).status is Status.INFEASIBLE


def test_standby_is_outside_floors_and_churn() -> None:
    """Two machines must work, and one change is allowed: the standby machines, let go at once, count for neither."""
    problem = tiny_problem(
        demand_rps=[[[5], [5]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 0.1],
        initial_count=[1, 2],
        limits=operator_limits(machines=2, min_instances=[2], max_churn=1),
        spot_risk=spot_risk(pool_of_machine=[-1, -1], is_standby=[0, 1], loss_share=[0.1]),
    )
    compiled = compile_whole(problem)
    answer = solve(compiled.arrays, gap=0.0)
    assert answer.values is not None
    assert machines_in(compiled, answer.values).tolist() == [[2, 2], [0, 0]]
