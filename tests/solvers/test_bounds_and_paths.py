"""The parts of the horizon's solution, each against enumeration or a case solved on paper."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.block_solver import Effort
from solvers.components import split
from solvers.configurations import Pool, change_multipliers, empty_pool, usable_multipliers, widen_pool
from solvers.counts import all_counts, near_counts
from solvers.fixed_capacity import Sweeping, horizon_relaxation, rates_at, solve_fixed_capacity
from solvers.horizon import compile_horizon
from solvers.infeasibility import explain_shortfall
from solvers.lagrangian import BlockPrograms
from solvers.parallel import one_by_one
from solvers.paths import cheapest_path
from solvers.plan_horizon import plan_horizon
from solvers.polish import relaxed_and_fixed, worst_windows_again
from solvers.recourse import evaluate
from solvers.relax_and_fix import BlockSettings
from solvers.solution import relative_gap
from tests.solvers.brute_force import enumerate_optimum
from tests.solvers.tiny_problems import draw_problem, tiny_problem

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

CLOSE = 1e-6
EFFORT = Effort(gap=0.0)


def feasible_draws(count: int) -> list[tuple[int, ProvisioningProblem, float]]:
    """The first tiny problems that can be served, with their optima."""
    found = []
    for seed in range(1000):
        problem = draw_problem(seed).problem
        optimum = enumerate_optimum(problem).objective_usd
        if optimum is not None and len(problem.window_h) > 1:
            found.append((seed, problem, optimum))
        if len(found) == count:
            break
    return found


DRAWS = feasible_draws(12)
IDS = [f"seed{seed}" for seed, _, _ in DRAWS]


@pytest.mark.parametrize(("seed", "problem", "optimum"), DRAWS, ids=IDS)
@pytest.mark.parametrize("length", [1, 2])
def test_any_multipliers_and_blocks_bound_from_below(
    seed: int, problem: ProvisioningProblem, optimum: float, length: int
) -> None:
    """The Lagrangian never exceeds the optimum, whatever multipliers in [0, s] it is given."""
    rng = np.random.default_rng(seed)
    shape = problem.price_usd_per_h.shape
    multipliers = usable_multipliers(problem, rng.uniform(0, 1, shape) * problem.start_usd[:, None])
    swept = BlockPrograms(compile_horizon(problem), length).sweep(multipliers, one_by_one, EFFORT)
    bound = swept.bound_usd - float(multipliers[:, 0] @ problem.initial_count)
    assert bound <= optimum + CLOSE


@pytest.mark.parametrize(("seed", "problem", "optimum"), DRAWS, ids=IDS)
def test_parts_together_cost_what_the_whole_costs(
    seed: int, problem: ProvisioningProblem, optimum: float
) -> None:
    """Parts that share no machine and no limit have optima that add up; with shared machines they can only cost more."""
    parts = split(problem)
    total = 0.0
    for part in parts:
        own = enumerate_optimum(part.problem).objective_usd
        assert own is not None, f"seed {seed}: a part of a servable problem cannot be served"
        total += own
    used = [set(part.problem.option_machine.tolist()) for part in parts]
    shared = any(used[a] & used[b] for a in range(len(used)) for b in range(a))
    assert total >= optimum - CLOSE
    if not shared:
        assert total == pytest.approx(optimum, abs=CLOSE)


def two_services(quota: float | None) -> ProvisioningProblem:
    """Two classes with a group and a machine type each, under one quota or none."""
    return tiny_problem(
        demand_rps=[[[4.0]], [[4.0]]],
        capacity_rps=[[0, 5, 10], [0, 5, 10]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 1.0],
        serves=[[1, 0], [0, 1]],
        quotas=None if quota is None else [([4.0, 4.0], quota)],
    )


@pytest.mark.parametrize(("quota", "parts"), [(None, 2), (100.0, 2), (4.0, 1)])
def test_only_limits_that_may_bind_tie_parts_together(quota: float | None, parts: int) -> None:
    """Services fall apart unless a quota below their largest useful fleets joins them."""
    assert len(split(two_services(quota))) == parts


def test_shortfall_names_the_quota_and_by_how_much() -> None:
    """Two machines of 4 vCPU are needed and 4 vCPU are allowed: the least relaxation is 4 more."""
    (reason,) = explain_shortfall(two_services(4.0), 0)
    assert "quota0" in reason
    assert "raise it to 8" in reason


def test_shortfall_names_the_class_nothing_serves() -> None:
    """Where no limit is at fault, the demand left over is named."""
    problem = tiny_problem(
        demand_rps=[[[4.0]], [[3.0]]],
        capacity_rps=[[0, 5]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        serves=[[1], [0]],
    )
    (reason,) = explain_shortfall(problem, 0)
    assert reason.startswith("class class1: 3 of 3 req/s")


def path_by_enumeration(problem: ProvisioningProblem, pool: Pool) -> float:
    """Cost of the best choice of one configuration a window, every choice tried."""
    windows = len(problem.window_h)
    best = float("inf")
    for choice in product(*(np.flatnonzero(pool.window == t) for t in range(windows))):
        fleet = pool.instances[list(choice)].T
        best = min(best, evaluate(problem, fleet).cost_usd)
    return best


@pytest.mark.parametrize(("seed", "problem", "optimum"), DRAWS[:6], ids=IDS[:6])
def test_cheapest_path_is_the_cheapest_choice(
    seed: int, problem: ProvisioningProblem, optimum: float
) -> None:
    """Dynamic programming finds what trying every path finds."""
    windows, options = len(problem.window_h), len(problem.option_group)
    rng = np.random.default_rng(seed)
    pool = widen_pool(problem, empty_pool(problem), enumerated_fleet(problem), windows)
    for _ in range(2):
        pool = widen_pool(problem, pool, rng.integers(0, 4, (options, windows)), windows)
    found = cheapest_path(problem, pool, np.zeros((len(problem.machines), windows), dtype=int))
    assert found is not None
    assert evaluate(problem, found).cost_usd == pytest.approx(path_by_enumeration(problem, pool), abs=CLOSE)


def enumerated_fleet(problem: ProvisioningProblem) -> np.ndarray:
    """The optimal machines ``[g, t]``."""
    instances = enumerate_optimum(problem).instances
    assert instances is not None
    return instances


@pytest.mark.parametrize(("seed", "problem", "optimum"), DRAWS, ids=IDS)
def test_multipliers_of_the_pools_are_usable(seed: int, problem: ProvisioningProblem, optimum: float) -> None:
    """They lie in [0, s] and never pay for keeping a machine; with the optimum in the pool the path has its cost."""
    pool = widen_pool(problem, empty_pool(problem), enumerated_fleet(problem), 1)
    multipliers = change_multipliers(problem, [problem], [pool])
    after = np.concatenate([multipliers[:, 1:], np.zeros((len(multipliers), 1))], axis=1)
    assert (multipliers >= 0).all()
    assert (multipliers <= problem.start_usd[:, None] + 1e-12).all()
    assert (problem.price_usd_per_h * problem.window_h + multipliers - after >= -1e-12).all()
    found = cheapest_path(problem, pool, np.zeros(problem.price_usd_per_h.shape, dtype=int))
    assert found is not None, f"seed {seed}"
    assert evaluate(problem, found).cost_usd == pytest.approx(optimum, abs=CLOSE)


@pytest.mark.parametrize(("seed", "problem", "optimum"), DRAWS, ids=IDS)
def test_polish_never_breaks_a_plan(seed: int, problem: ProvisioningProblem, optimum: float) -> None:
    """Starting from the optimum, relax and fix stays feasible and the neighbourhoods keep its cost."""
    settings = BlockSettings(block=1, look_ahead=2, gap=0.0)
    start = enumerated_fleet(problem)
    horizon = compile_horizon(problem)
    rolled = relaxed_and_fixed(horizon, start, start + 1, settings)
    if rolled is not None:
        result = evaluate(problem, rolled)
        assert result.feasible, f"seed {seed}"
        assert result.cost_usd >= optimum - CLOSE
    again = evaluate(problem, worst_windows_again(horizon, start, start + 1, settings))
    assert again.feasible
    assert again.cost_usd == pytest.approx(optimum, abs=CLOSE)


def test_near_counts_are_those_around_a_plan() -> None:
    """Of all counts of a window, those within reach of the plan's size, and the first few."""
    problem = tiny_problem(
        demand_rps=[[[9.0], [9.0]]],
        capacity_rps=[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
    )
    counts = all_counts(problem)
    assert counts.count.tolist() == list(range(1, 10))
    near = near_counts(counts, np.array([[5, 8]]), reach=1, spare=1, span=0)
    assert counts.count[near[:, 0]].tolist() == [1, 4, 5, 6]
    assert counts.count[near[:, 1]].tolist() == [1, 7, 8, 9]


def fragmented() -> tuple[ProvisioningProblem, np.ndarray]:
    """Six types of one capacity curve, one machine of each where four of one type would do."""
    curve = [0.0, 2.0, 5.0, 8.5, 12.0, 15.5, 19.0]
    types = 6
    problem = tiny_problem(
        demand_rps=[[[12.0]]],
        capacity_rps=[curve] * types,
        options=[(j, j) for j in range(types)],
        price_usd_per_h=[1.0] * types,
    )
    return problem, np.ones((types, 1), dtype=int)


def test_a_fragmented_plan_has_a_tiny_fixed_gap_and_a_large_exact_one() -> None:
    """Six lone machines are the optimum at the rate of lone machines, and half as dear again as the exact optimum."""
    problem, fleet = fragmented()
    plan = evaluate(problem, fleet)
    assert plan.feasible
    assert rates_at(problem, plan.sizes) == pytest.approx(np.full((6, 1), 2.0))
    fixed = solve_fixed_capacity(problem, plan, Sweeping(one_by_one, EFFORT, 1e-3))
    exact = enumerate_optimum(problem).objective_usd
    assert exact == pytest.approx(4.0)
    assert relative_gap(plan.cost_usd, fixed.bound_usd) == pytest.approx(0.0, abs=1e-9)
    assert fixed.objective_usd == pytest.approx(plan.cost_usd)
    assert relative_gap(plan.cost_usd, exact) == pytest.approx(1 / 3)


def test_spare_machines_keep_the_rate_of_the_last_tabulated_size() -> None:
    """Nine machines where six carry all there is: at a ninth of six machines' rate the plan would not survive a loss."""
    problem, _ = fragmented()
    sizes = np.array([[9], [6], [1], [0], [0], [0]])
    assert rates_at(problem, sizes)[:, 0] == pytest.approx([19 / 6, 19 / 6, 2, 2, 2, 2])


def test_two_workers_give_the_same_plan_as_one() -> None:
    """Independent programs side by side change nothing in the answer."""
    problem = DRAWS[0][1]
    one, two = (plan_horizon(problem, gap=0.0, workers=workers) for workers in (1, 2))
    assert (one.instances == two.instances).all()
    assert one.objective_usd == two.objective_usd
    assert one.bound_usd == two.bound_usd


def test_greedy_alone_is_bounded_too() -> None:
    """The baseline's plan carries a bound, so that its certificate says how far it may be from the optimum."""
    for _, problem, optimum in DRAWS:
        plan = plan_horizon(problem, method="greedy")
        if plan.status == "infeasible":
            continue
        assert plan.bound_usd <= optimum + CLOSE
        assert plan.objective_usd >= optimum - CLOSE
        assert plan.objective_usd == min(
            b.objective_usd for b in plan.baselines if b.objective_usd is not None
        )


def test_shadow_price_of_a_quota_is_what_a_vcpu_saves() -> None:
    """Of 12 req/s, 4 vCPU of the cheap type (1 USD, 4 req/s, 2 vCPU) carry 8, the dear type (3 USD, 4 req/s) the rest: 5 USD.

    One vCPU more is half a cheap machine for half a dear one: 1 USD.
    """
    problem = tiny_problem(
        demand_rps=[[[12.0], [4.0]]],
        capacity_rps=[[0, 4, 8, 12], [0, 4, 8, 12]],
        options=[(0, 0), (1, 1)],
        price_usd_per_h=[1.0, 3.0],
        quotas=[([2.0, 0.0], 4.0)],
    )
    plan = evaluate(problem, np.array([[2, 1], [1, 0]]))
    assert plan.cost_usd == pytest.approx(6.0)
    solved = horizon_relaxation(compile_horizon(problem, rates_at(problem, plan.sizes)))
    assert solved.shadow_usd is not None
    assert solved.shadow_usd.quota == pytest.approx(np.array([[1.0, 0.0]]))
    assert not solved.shadow_usd.floor.any()


def test_a_greedy_plan_of_a_remembered_solve_is_bounded_too() -> None:
    """What is remembered brings no bound without sweeps, nor does a single window."""
    for _, problem, optimum in feasible_draws(4):
        first = plan_horizon(problem)
        plan = plan_horizon(problem, method="greedy", warm_start=first.memory)
        if plan.status != "infeasible":
            assert plan.bound_usd <= optimum * (1 + CLOSE) <= plan.objective_usd * (1 + 2 * CLOSE)
        single = plan_horizon(problem.taking(windows=np.array([0])), method="greedy")
        assert single.status == "infeasible" or 0 <= single.bound_usd <= single.objective_usd


def test_a_plan_need_not_be_diagnosed() -> None:
    """The plan and its proof are the same; only the program with fixed capacities is left out."""
    _, problem, _ = feasible_draws(1)[0]
    whole, bare = plan_horizon(problem), plan_horizon(problem, diagnosed=False)
    assert np.array_equal(whole.instances, bare.instances)
    assert (whole.objective_usd, whole.bound_usd) == (bare.objective_usd, bare.bound_usd)
    assert bare.shadow_usd is None
    assert bare.bounds[-1].name == "none: not asked for"
