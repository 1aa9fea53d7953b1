"""Plans and programs against enumeration, on seeded tiny problems and on hand-solved ones."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import Status, installed_backends, solve
from solvers.block_solver import Effort
from solvers.configurations import usable_multipliers
from solvers.horizon import compile_horizon
from solvers.lagrangian import BlockPrograms
from solvers.plan_horizon import plan_horizon
from tests.solvers.brute_force import Optimum, enumerate_optimum
from tests.solvers.hand_cases import HAND_CASES, HandCase
from tests.solvers.tiny_problems import FEATURES, Draw, draw_problem
from tests.solvers.whole_program import compile_whole, machines_in

if TYPE_CHECKING:
    from solvers.horizon import HorizonProgram
    from solvers.solution import Baseline, ProvisioningSolution

SEEDS = range(120)
GAP = 0.03
CLOSE = 1e-6  # relative; the feasibility tolerance of the solvers moves an objective by about this much
HAS_CBC = "pulp-cbc" in {info.name for info in installed_backends()}


@lru_cache(maxsize=len(SEEDS))
def drawn(seed: int) -> tuple[Draw, Optimum]:
    """Return a tiny problem and its enumerated optimum, once for all the tests of this process."""
    draw = draw_problem(seed)
    return draw, enumerate_optimum(draw.problem)


def slack_usd(objective: float) -> float:
    return CLOSE * max(objective, 1e-3)


def check_baseline(baseline: Baseline, plan: ProvisioningSolution, optimum: Optimum) -> None:
    """Fail where a baseline serves what nothing serves, beats the optimum, or beats the plan."""
    if baseline.objective_usd is None:
        assert baseline.reason
        return
    assert optimum.objective_usd is not None, f"{baseline.name} claims to serve what nothing serves"
    slack = slack_usd(optimum.objective_usd)
    assert baseline.objective_usd >= optimum.objective_usd - slack
    assert plan.objective_usd <= baseline.objective_usd + slack


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_has_the_enumerated_optimum(seed: int) -> None:
    """The whole program, solved to gap 0, costs what enumeration costs, and is infeasible where it finds nothing."""
    draw, optimum = drawn(seed)
    answer = solve(compile_whole(draw.problem).arrays, gap=0.0)
    if optimum.objective_usd is None:
        assert answer.status is Status.INFEASIBLE
    else:
        assert answer.objective == pytest.approx(optimum.objective_usd, abs=slack_usd(optimum.objective_usd))


@pytest.mark.skipif(not HAS_CBC, reason="CBC is not installed here")
@pytest.mark.parametrize("seed", SEEDS[::5])
def test_a_second_solver_agrees(seed: int) -> None:
    """CBC, through PuLP, finds the same optimum in the same arrays."""
    draw, optimum = drawn(seed)
    answer = solve(compile_whole(draw.problem).arrays, solver="pulp-cbc", gap=0.0)
    if optimum.objective_usd is None:
        assert answer.status is Status.INFEASIBLE
    else:
        assert answer.objective == pytest.approx(optimum.objective_usd, abs=slack_usd(optimum.objective_usd))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_plan_is_within_its_gap_of_the_optimum(seed: int) -> None:
    """No plan beats the optimum or is further from it than it says; no bound lies above; no baseline is cheaper."""
    draw, optimum = drawn(seed)
    plan = plan_horizon(draw.problem, gap=GAP)
    for baseline in plan.baselines:
        check_baseline(baseline, plan, optimum)
    if optimum.objective_usd is None:
        assert plan.status == "infeasible"
        assert plan.infeasible_reasons
        return
    slack = slack_usd(optimum.objective_usd)
    assert plan.status == "optimal"
    assert plan.gap <= GAP
    assert plan.objective_usd >= optimum.objective_usd - slack
    assert plan.objective_usd <= optimum.objective_usd / (1 - GAP) + slack
    assert plan.bound_usd <= optimum.objective_usd + slack
    exact = [bound for bound in plan.bounds if bound.problem.startswith("the exact problem")]
    assert exact
    assert max(bound.bound_usd for bound in exact) <= optimum.objective_usd + slack
    assert plan.fixed_capacity_bound_usd <= plan.objective_usd + slack


def test_the_draws_cover_every_feature() -> None:
    """Each feature is on in at least 30 of the draws, and both feasible and infeasible problems are among them."""
    draws = [drawn(seed) for seed in SEEDS]
    for feature in FEATURES:
        assert sum(feature in draw.features for draw, _ in draws) >= 30, feature
    infeasible = sum(optimum.objective_usd is None for _, optimum in draws)
    assert 6 <= infeasible <= len(draws) // 4


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.family)
def test_enumeration_solves_the_hand_cases(case: HandCase) -> None:
    """The oracle itself is checked on paper."""
    optimum = enumerate_optimum(case.problem)
    assert optimum.objective_usd == pytest.approx(case.objective_usd, rel=1e-9)
    assert optimum.instances is not None
    assert optimum.instances.tolist() == case.instances


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.family)
def test_the_program_solves_the_hand_cases(case: HandCase) -> None:
    """Cost and machines are those worked out on paper."""
    compiled = compile_whole(case.problem)
    answer = solve(compiled.arrays, gap=0.0)
    assert answer.values is not None
    assert answer.objective == pytest.approx(case.objective_usd, rel=1e-7)
    assert machines_in(compiled, answer.values).tolist() == case.instances


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.family)
def test_the_plan_solves_the_hand_cases(case: HandCase) -> None:
    """Cost, machines, rates and starts of the plan are those worked out on paper."""
    plan = plan_horizon(case.problem, gap=1e-6)
    assert plan.objective_usd == pytest.approx(case.objective_usd, rel=1e-7)
    assert plan.instances.tolist() == case.instances
    if case.carried_rps is not None:
        assert plan.carried_rps[:, :, 0, -1] == pytest.approx(np.array(case.carried_rps), abs=1e-6)
    if case.overflow_rps is not None:
        assert plan.overflow_rps[:, :, 0, -1] == pytest.approx(np.array(case.overflow_rps), abs=1e-6)
    if case.starts is not None:
        assert plan.starts.tolist() == case.starts


@lru_cache(maxsize=1)
def with_launches() -> list[tuple[int, HorizonProgram, float]]:
    """Seed, program and optimum of feasible problems of several windows whose launches cost something."""
    found = []
    for seed in range(300, 440):
        draw = draw_problem(seed)
        if {"several_windows", "starts"} <= draw.features and draw.problem.serves.any(axis=1).all():
            optimum = enumerate_optimum(draw.problem).objective_usd
            if optimum is not None:
                found.append((seed, compile_horizon(draw.problem), optimum))
    return found


@pytest.mark.parametrize("length", [1, 2, 3])
def test_no_multipliers_lift_a_bound_above_the_optimum(length: int) -> None:
    """Blocks of any length under any usable multipliers bound the optimum from below, also where launches pay.

    Counting the first launches from the initial fleet is never looser, and exact once one block holds every window.
    """
    for seed, horizon, optimum in with_launches():
        problem, rng = horizon.problem, np.random.default_rng(seed)
        programs = BlockPrograms(horizon, length)
        from_fleet = BlockPrograms(horizon, length, from_fleet=True)
        size = (len(problem.machines), len(problem.window_h))
        for share in (rng.uniform(0, 1, size), np.ones(size), np.ones(size) * (np.arange(size[1]) > 0)):
            multipliers = usable_multipliers(problem, problem.start_usd[:, None] * share)
            free = programs.sweep(multipliers, map, Effort(gap=0.0)).bound_usd
            free -= float(multipliers[:, 0] @ problem.initial_count)
            fixed = from_fleet.sweep(multipliers, map, Effort(gap=0.0)).bound_usd
            assert free <= fixed + slack_usd(optimum), f"seed {seed}"
            assert fixed <= optimum + slack_usd(optimum), f"seed {seed}"
            if length >= size[1]:
                assert fixed == pytest.approx(optimum, abs=slack_usd(optimum)), f"seed {seed}"
    assert len(with_launches()) >= 10


OTHERS = [info.name for info in installed_backends() if info.name != "highs" and info.integer]


@pytest.mark.parametrize("solver", OTHERS)
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_a_plan_by_another_solver_is_certified_too(seed: int, solver: str) -> None:
    """Whichever backend solves the windows, the plan lies within its gap and the bound below the optimum."""
    draw, optimum = drawn(seed)
    plan = plan_horizon(draw.problem, gap=GAP, solver=solver)
    if optimum.objective_usd is None:
        assert plan.status == "infeasible"
        return
    assert plan.bound_usd <= optimum.objective_usd + slack_usd(optimum.objective_usd)
    assert plan.objective_usd >= optimum.objective_usd - slack_usd(optimum.objective_usd)
    assert plan.gap <= GAP
