"""A given fleet: its price and its limits against enumeration and hand-solved cases; windows priced one by one and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solvers.fleet_limits import held_by_delay, window_limits, zones_of_classes
from solvers.recourse import evaluate, price_windows
from tests.solvers.brute_force import price_fleet
from tests.solvers.hand_cases import HAND_CASES, HandCase
from tests.solvers.rich_problems import draw_rich
from tests.solvers.tiny_parts import accuracy_floors, operator_limits, served_value
from tests.solvers.tiny_problems import tiny_problem

SEEDS = range(40)
FLEETS_PER_SEED = 6
CLOSE = 1e-6  # relative: the feasibility tolerance of the solvers moves an objective by about this much


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.name)
def test_the_optimum_of_a_hand_case_is_priced_as_on_paper(case: HandCase) -> None:
    """Every feature has a case with a known fleet and a known price; that fleet keeps every limit."""
    found = evaluate(case.problem, np.array(case.instances))
    assert found.feasible
    assert found.cost_usd == pytest.approx(case.objective_usd, rel=CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fleet_is_priced_as_the_oracle_prices_it(seed: int) -> None:
    """Any fleet, with any mix of features: feasible where the oracle says so, at the same objective."""
    problem = draw_rich(seed).problem
    rng = np.random.default_rng(seed)
    shape = (len(problem.option_group), len(problem.window_h))
    steady = [
        np.repeat(rng.integers(0, 4, (shape[0], 1)), shape[1], axis=1) for _ in range(FLEETS_PER_SEED // 2)
    ]
    for fleet in [*steady, *rng.integers(0, 4, (FLEETS_PER_SEED // 2, *shape))]:
        wanted, found = price_fleet(problem, fleet), evaluate(problem, fleet)
        assert found.feasible == (wanted is not None), fleet.tolist()
        if wanted is not None:
            assert found.cost_usd == pytest.approx(wanted, rel=CLOSE, abs=1e-8), fleet.tolist()


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_windows_are_priced_alike_alone_and_together(seed: int) -> None:
    """Repeated windows with a fleet each, in one call, cost and keep what they do one at a time."""
    problem = draw_rich(seed).problem
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, len(problem.window_h), 6)
    fleets = rng.integers(0, 4, (len(problem.option_group), 6))
    together = price_windows(problem.taking(windows=windows), fleets)
    for n, t in enumerate(windows):
        alone = price_windows(problem.taking(windows=np.array([t])), fleets[:, [n]])
        assert alone.kept[0] == together.kept[n]
        assert alone.objective_usd[0] == pytest.approx(together.objective_usd[n], rel=CLOSE, abs=1e-8)


def test_the_parts_of_an_objective_are_told_apart() -> None:
    """Two machine-hours at 1 USD, one launch at 0.5, 10 req/s worth 1e-4 USD each over two hours: 2.5 spent, 7.2 earned."""
    problem = tiny_problem(
        demand_rps=[[[10], [10]]],
        capacity_rps=[[0, 10]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        start_usd=[0.5],
        value=served_value([[1e-4]]),
    )
    found = evaluate(problem, np.array([[1, 1]]))
    assert (found.spend_usd, found.earned_usd, found.seam_usd) == pytest.approx((2.5, 7.2, 0.5))
    assert found.window_usd.tolist() == pytest.approx([-2.6, -2.6])
    assert found.starts.tolist() == [[1, 0]]
    assert found.cost_usd == pytest.approx(-4.7)


def test_recourse_keeps_to_a_budget_where_requests_have_a_value() -> None:
    """Functions earn twice their price; 0.18 USD of budget pay for half of the 10 req/s, and without a value the plan breaks it."""
    problem = tiny_problem(
        demand_rps=[[[10]]],
        capacity_rps=[[0, 1]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        usd_per_request=[1e-5],
        limits=operator_limits(budget_usd=0.18),
        value=served_value([[0.0]], [[2e-5]]),
    )
    found = evaluate(problem, np.zeros((1, 1), dtype=int))
    assert found.feasible
    assert found.spend_usd == pytest.approx(0.18)
    assert found.overflow_rps[0, 0, 0, 0] == pytest.approx(5.0)
    assert not evaluate(replace(problem, value=None), np.zeros((1, 1), dtype=int)).feasible


def test_an_accuracy_out_of_reach_is_not_kept() -> None:
    """Ten machines that are a tenth too inaccurate do not make up for one that is a tenth better."""
    problem = tiny_problem(
        demand_rps=[[[20]]],
        capacity_rps=[[0, 20], [0, 5]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        accuracy=accuracy_floors([[-0.1, 0.1]]),
    )
    found = evaluate(problem, np.array([[1], [1]]))
    assert not found.window_kept[0]
    assert found.unserved_rps[0, 0, 0] == pytest.approx(10.0)


def test_broken_limits_have_names() -> None:
    """Three machines of 2 vCPU, all in one group and zone: the quota, the zones and nothing else."""
    problem = tiny_problem(
        demand_rps=[[[5]]],
        capacity_rps=[[0, 10, 20, 30]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 1.0],
        quotas=[([2.0, 2.0], 4.0)],
        limits=operator_limits(
            machines=2, zone_of_machine=[0, 1], min_zones=2, max_groups=1, min_instances=[3]
        ),
    )
    kept = window_limits(problem, np.array([[3], [0]]))
    assert {name for name, windows in kept.items() if not windows.all()} == {"a quota", "min_zones"}


def test_zones_count_where_machines_may_serve_the_class() -> None:
    """Class 0 has machines of zones 0 and 1, class 1 those of zone 1 and of no zone."""
    problem = tiny_problem(
        demand_rps=[[[5]], [[5]]],
        serves=[[1, 1], [0, 1]],
        capacity_rps=[[0, 10], [0, 10]],
        options=[(0, 0), (1, 1), (1, 2)],
        price_usd_per_h=[1.0, 1.0, 1.0],
        limits=operator_limits(classes=2, machines=3, zone_of_machine=[0, 1, -1], min_zones=2),
    )
    assert problem.limits is not None
    assert zones_of_classes(problem, problem.limits, np.ones((3, 1), dtype=int)).tolist() == [[2], [1]]


def test_machines_are_held_for_their_delay() -> None:
    """Starts of 2, 0, 1 hold 2, 2, 1 machines over two windows and nothing without a delay."""
    problem = tiny_problem(
        demand_rps=[[[5], [5], [5]]],
        capacity_rps=[[0, 10]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 1.0],
        limits=operator_limits(machines=2, scale_in_windows=[2, 1]),
    )
    starts = np.array([[2, 0, 1], [2, 0, 1]])
    assert held_by_delay(problem, starts).tolist() == [[2, 2, 1], [0, 0, 0]]
