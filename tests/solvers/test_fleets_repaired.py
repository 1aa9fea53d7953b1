"""Fleets that miss a limit: mended where that is cheap, never changed where nothing is broken."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.repair import repaired
from tests.solvers.brute_force import price_fleet
from tests.solvers.hand_cases import HAND_CASES, HandCase
from tests.solvers.rich_problems import draw_rich
from tests.solvers.tiny_parts import accuracy_floors, operator_limits, spot_risk
from tests.solvers.tiny_problems import tiny_problem


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.name)
def test_a_feasible_fleet_stays_as_it_is(case: HandCase) -> None:
    """A repair never makes a feasible fleet dearer: it changes nothing."""
    found = repaired(case.problem, np.array(case.instances))
    assert found is not None
    assert found.instances.tolist() == case.instances


@pytest.mark.parametrize("seed", range(30))
def test_what_is_mended_keeps_every_limit(seed: int) -> None:
    """By the oracle's count, not by our own."""
    problem = draw_rich(seed).problem
    rng = np.random.default_rng(seed)
    for _ in range(3):
        found = repaired(problem, rng.integers(0, 3, (len(problem.option_group), len(problem.window_h))))
        assert found is None or price_fleet(problem, found.instances) is not None


def test_spot_machines_are_swapped_until_a_loss_is_survived() -> None:
    """Two of two on spot leave nothing; with one on demand, half of the capacity and functions for the other half are left."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[0.3, 1.0],
        is_spot=[1, 0],
        usd_per_request=[1e-5],
        concurrency_s=[1.0],
        concurrency_limit=10.0,
        spot_risk=spot_risk(pool_of_machine=[0, -1], loss_share=[0.1], survive_any_loss=True),
    )
    found = repaired(problem, np.array([[2], [0]]))
    assert found is not None
    assert found.instances.tolist() == [[1], [1]]


def test_floors_are_filled_with_the_cheapest_machines() -> None:
    """Three machines in two zones: the cheaper zone gets the third."""
    problem = tiny_problem(
        demand_rps=[[[5]]],
        capacity_rps=[[0, 10, 20, 30]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 1.2],
        limits=operator_limits(machines=2, zone_of_machine=[0, 1], min_zones=2, min_instances=[2]),
    )
    found = repaired(problem, np.array([[1], [0]]))
    assert found is not None
    assert found.feasible
    assert found.instances[1, 0] == 1


def test_an_accurate_group_grows_until_the_mean_is_met() -> None:
    """A group a tenth too inaccurate carries all 20 req/s; one that is a tenth better must take half of them: 10, two machines."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 20], [0, 5]],
        count_max=[1, 1],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        accuracy=accuracy_floors([[-0.1, 0.1]]),
    )
    assert repaired(problem, np.array([[1], [0]])) is None
    wider = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 20, 40, 60], [0, 5, 10, 15]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        accuracy=accuracy_floors([[-0.1, 0.1]]),
    )
    found = repaired(wider, np.array([[1], [0]]))
    assert found is not None
    assert found.instances.tolist() == [[1], [2]]


def test_changes_are_spread_over_windows() -> None:
    """One change a window: the rise from one to three machines begins a window early, the fall from three takes two."""
    problem = tiny_problem(
        demand_rps=[[[5], [5], [25], [5], [5]]],
        capacity_rps=[[0, 10, 20, 30]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        initial_count=[1],
        limits=operator_limits(max_churn=1),
    )
    found = repaired(problem, np.array([[1, 1, 3, 1, 1]]))
    assert found is not None
    assert found.instances.tolist() == [[1, 2, 3, 2, 1]]


def test_started_machines_are_held_for_their_delay() -> None:
    """Two machines start in the first window and stay three, whatever the demand."""
    problem = tiny_problem(
        demand_rps=[[[15], [5], [5], [5]]],
        capacity_rps=[[0, 10, 20]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        limits=operator_limits(scale_in_windows=[3]),
    )
    found = repaired(problem, np.array([[2, 1, 1, 1]]))
    assert found is not None
    assert found.instances.tolist() == [[2, 2, 2, 1]]
