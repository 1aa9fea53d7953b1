"""Bounds of parts that share machines, of fleets that run already, and of horizons without machines."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.block_solver import Effort
from solvers.certificate import report_plan
from solvers.components import split
from solvers.configurations import usable_multipliers
from solvers.errors import BackendError
from solvers.fixed_capacity import FixedCapacity
from solvers.horizon import compile_horizon
from solvers.infeasibility import explain_shortfall
from solvers.lagrangian import BlockPrograms
from solvers.parallel import one_by_one
from solvers.plan_horizon import plan_horizon
from solvers.search import Search, Settings
from solvers.solution import BoundReport
from solvers.sweeps import sweep
from tests.solvers.brute_force import enumerate_optimum
from tests.solvers.tiny_parts import served_value, spot_risk
from tests.solvers.tiny_problems import tiny_problem

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

CLOSE = 1e-6
EFFORT = Effort(gap=0.0)


def one_machine_two_services(seed: int) -> ProvisioningProblem:
    """Two classes with a group each, fed by one machine type: it changes its task for nothing; three windows."""
    rng = np.random.default_rng(seed)
    return tiny_problem(
        demand_rps=rng.choice([0.0, 4.0, 8.0], (2, 3, 1)).tolist(),
        capacity_rps=[[0, 5, 11], [0, 4, 9]],
        options=[(0, 0), (1, 0)],
        price_usd_per_h=[1.0],
        serves=[[1, 0], [0, 1]],
        start_usd=[float(rng.uniform(0.1, 2.0))],
        initial_count=[int(rng.integers(0, 4))],
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_machine_that_changes_its_task_is_launched_once(seed: int) -> None:
    """Services that share a machine are two parts in single windows; longer blocks never charge it two launches.

    Every multiplier is the same share of its launch.
    """
    problem = one_machine_two_services(seed)
    assert len(split(problem)) == 2
    optimum = enumerate_optimum(problem).objective_usd
    assert optimum is not None
    search = Search(problem, Settings(), lambda phase, done: None)
    for length, share in product((1, 2, 3), (0.0, 0.5, 1.0)):
        multipliers = usable_multipliers(
            problem, np.full_like(problem.price_usd_per_h, share) * problem.start_usd[:, None]
        )
        assert sweep(search, search.block_programs(length), multipliers, one_by_one, EFFORT, "test") == ()
        assert search.bound_usd <= optimum + CLOSE, f"blocks of {length}, {share} of a launch"


def test_parts_by_launches_are_apart_where_launches_are_free() -> None:
    """A machine ties its groups together only where its launch costs something."""
    problem = one_machine_two_services(0)
    assert len(split(problem, by_launches=True)) == 1
    assert len(split(replace(problem, start_usd=np.zeros(1)), by_launches=True)) == 2


def test_a_fleet_worth_keeping_is_not_worth_more_than_it_saves() -> None:
    """Idle first, then 20 req/s: four machines run already, so keeping them for two hours, 0.8 USD, is the optimum.

    Handing them on pays the first window's program more than they cost it: its bound is negative, and counts as such.
    """
    problem = tiny_problem(
        demand_rps=[[[0.0], [20.0]]],
        capacity_rps=[[0, 5, 10, 15, 20]],
        options=[(0, 0)],
        price_usd_per_h=[0.1],
        start_usd=[0.5],
        initial_count=[4],
    )
    multipliers = usable_multipliers(problem, np.full((1, 2), 0.5))
    programs = BlockPrograms(compile_horizon(problem), from_fleet=True)
    assert programs.sweep(multipliers, one_by_one, EFFORT).bound_usd == pytest.approx(0.8, abs=CLOSE)
    stopped = Effort(gap=0.0, node_limit=0, until_s=0.0)
    assert programs.sweep(multipliers, one_by_one, stopped).bound_usd <= 0.8 + CLOSE


def functions_alone(concurrency_limit: float) -> ProvisioningProblem:
    """4 req/s at the most, on functions of 0.5 s and 1e-5 USD a request; nothing to rent."""
    none = np.empty(0, dtype=int)
    with_machine = tiny_problem(
        demand_rps=[[[1.0, 4.0], [0.0, 2.0]]],
        capacity_rps=[[0, 5]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        usd_per_request=[1e-5],
        concurrency_s=[0.5],
        concurrency_limit=concurrency_limit,
    )
    return replace(
        with_machine,
        groups=(),
        machines=(),
        serves=np.zeros((1, 0), dtype=bool),
        capacity_rps=np.zeros((0, 1)),
        count_max=none,
        option_group=none,
        option_machine=none,
        price_usd_per_h=np.zeros((0, 2)),
        start_usd=np.zeros(0),
        initial_count=none,
        count_limit=np.zeros((0, 2)),
        is_spot=np.zeros(0, dtype=bool),
        quota_use=np.zeros((0, 0)),
    )


def test_a_loss_to_survive_binds_classes_without_spot_where_requests_may_go_unserved() -> None:
    """Class b earns 3 cents an hour with a machine of 1 USD: left alone it would serve nobody, and 28.8 - 1 would be the bound."""
    problem = tiny_problem(
        demand_rps=[[[8]], [[8]]],
        serves=[[1, 0], [0, 1]],
        capacity_rps=[[0, 10, 20], [0, 10, 20]],
        options=[(0, 0), (0, 1), (1, 2)],
        price_usd_per_h=[1.0, 0.3, 1.0],
        is_spot=[0, 1, 0],
        value=served_value([[1e-3, 0], [0, 1e-6]]),
        spot_risk=spot_risk(
            pool_of_machine=[-1, 0, -1],
            loss_share=[0.1],
            guard_classes=[[1, 0], [0, 1]],
            survive_any_loss=True,
        ),
    )
    plan = plan_horizon(problem, gap=1e-6)
    assert plan.instances.ravel().tolist() == [1, 0, 1]
    assert plan.objective_usd == pytest.approx(2.0 - 3600 * 8 * (1e-3 + 1e-6))
    assert plan.bound_usd == pytest.approx(plan.objective_usd, rel=1e-6)


def test_functions_alone_make_a_plan() -> None:
    """Half of the time 1 and 0 req/s, else 4 and 2, an hour each: 3,600 x (2.5 + 1) requests at 1e-5 USD."""
    plan = plan_horizon(functions_alone(np.inf))
    assert plan.status == "optimal"
    assert plan.objective_usd == pytest.approx(0.126)
    assert plan.gap <= CLOSE
    assert plan.instances.shape == (0, 2)
    assert plan.overflow_rps[0, 0].tolist() == pytest.approx(np.array([[1.0, 4.0], [0.0, 2.0]]))


def test_functions_alone_name_the_limit_they_run_into() -> None:
    """4 req/s of 0.5 s hold two functions; one is allowed."""
    plan = plan_horizon(functions_alone(1.0))
    assert plan.status == "infeasible"
    assert plan.infeasible_reasons == (
        "function concurrency: 1 at once on average, beside what swings take of the account's limit, is "
        "too little in window 0; raise the limit: 2 run on average",
    )


def test_unserved_demand_is_told_of_the_class_it_belongs_to() -> None:
    """Two levels and two classes: what the second class lacks is not read as the first one's."""
    problem = tiny_problem(
        demand_rps=[[[1.0, 2.0]], [[3.0, 7.0]]],
        capacity_rps=[[0.0, 10.0]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        serves=[[1], [0]],
    )
    (reason,) = explain_shortfall(problem, 0)
    assert reason.startswith("class class1: 7 of 7 req/s in window 0")


def test_what_cannot_have_booted_says_how_to_get_out_of_it() -> None:
    """Nothing runs and nothing can boot before the first window: one machine is missing, and there are three ways out."""
    problem = tiny_problem(
        demand_rps=[[[4.0], [4.0]]],
        capacity_rps=[[0, 5]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        count_limit=[[0.0, np.inf]],
    )
    (reason,) = plan_horizon(problem).infeasible_reasons
    assert reason.startswith("machines machine0: at most 0 can run in window 0")
    assert "short by 1: have them running before the horizon" in reason
    assert "name no current fleet" in reason


def test_a_bound_above_the_plan_is_a_defect_and_not_a_gap_of_nothing() -> None:
    """A certificate never cuts a wrong bound down to its plan in silence."""
    problem = tiny_problem(
        demand_rps=[[[4.0]]], capacity_rps=[[0.0, 5.0]], options=[(0, 0)], price_usd_per_h=[1.0]
    )
    search = Search(problem, Settings(), lambda phase, share: None)
    search.offer(np.ones((1, 1), dtype=int))
    search.bounds.append(BoundReport("wrong", "exact", 1.1, 0.0))
    with pytest.raises(BackendError, match="above the plan's 1"):
        report_plan(search, (), FixedCapacity((BoundReport("lp", "fixed", 0.9, 0.0),), 1.0))
