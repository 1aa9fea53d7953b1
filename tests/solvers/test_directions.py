"""The most value for a budget: plans and bounds against every fleet tried."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.optimize import linprog

from solvers.directions import maximise_value
from solvers.errors import ProblemError
from solvers.limits import OperatorLimits, ServedValue
from solvers.served_value import highest_share, most_usd, requests
from tests.solvers.tiny_problems import tiny_problem

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

GAP = 1e-3
MOST_MACHINES = 3  # of each option in the problems that are enumerated


def drawn(seed: int, *, windows: int = 1, functions: bool = False) -> ProvisioningProblem:
    """Draw one class, two models on a machine of their own (the better one slower or dearer), at most three machines of each."""
    rng = np.random.default_rng(seed)
    per_machine = rng.uniform(5, 12, 2)
    growth = np.arange(MOST_MACHINES + 1) ** rng.uniform(1.0, 1.2)
    low, high = np.sort(rng.uniform(0.5, 1.0, 2))
    return tiny_problem(
        demand_rps=[rng.uniform(8, 30, (windows, 1)).tolist()],
        capacity_rps=(per_machine[:, None] * growth).tolist(),
        options=[(0, 0), (1, 1)],
        price_usd_per_h=rng.uniform(0.2, 1.5, 2).tolist(),
        count_limit=np.full((2, windows), float(MOST_MACHINES)).tolist(),
        usd_per_request=[float(rng.uniform(1e-5, 1e-4))] if functions else None,
        value=ServedValue(
            group_usd=np.array([[low, high]]), function_usd=np.full((1, int(functions)), (low + high) / 2)
        ),
    )


def fleets(problem: ProvisioningProblem) -> list[tuple[float, np.ndarray]]:
    """List every fleet: what it costs, and ``[j, t]`` what its groups carry at most."""
    found = []
    G, T = len(problem.option_group), len(problem.window_h)
    for counts in product(range(MOST_MACHINES + 1), repeat=G * T):
        fleet = np.array(counts).reshape(G, T)
        usd = float((problem.price_usd_per_h * fleet).sum(axis=0) @ problem.window_h)
        found.append((usd, np.stack([problem.capacity_rps[g][fleet[g]] for g in range(G)])))
    return found


def best_split(
    problem: ProvisioningProblem, capacity_rps: np.ndarray, left_usd: float, weight: float
) -> float:
    """Return the largest value share less weighted cost of functions that a fleet reaches with some USD left for them."""
    value, T, J = problem.value, len(problem.window_h), len(problem.groups)
    assert value is not None
    ways = J + len(problem.functions)
    seconds = 3600.0 * problem.window_h / requests(problem)
    usd = np.concatenate([np.zeros(J), problem.usd_per_request])
    worth = np.concatenate([value.group_usd[0], value.function_usd[0]])
    gain = (worth[None] * seconds[:, None] - weight * usd[None] * 3600.0 * problem.window_h[:, None]).reshape(
        -1
    )
    spend = (usd[None] * 3600.0 * problem.window_h[:, None]).reshape(1, -1)
    demand_rows = np.kron(np.eye(T), np.ones((1, ways)))
    limits = np.concatenate([problem.demand_rps[0, :, 0], [left_usd]])
    upper = np.concatenate([capacity_rps.T, np.full((T, len(problem.functions)), np.inf)], axis=1).reshape(-1)
    answer = linprog(
        -gain,
        A_ub=np.vstack([demand_rows, spend]),
        b_ub=limits,
        bounds=np.stack([np.zeros_like(upper), upper], axis=1),
    )
    return -float(answer.fun)


def best_score(problem: ProvisioningProblem, budget_usd: float, weight: float = 0.0) -> float:
    """Return the best score of all fleets within the budget."""
    return max(
        best_split(problem, capacity, budget_usd - usd, weight) - weight * usd
        for usd, capacity in fleets(problem)
        if usd <= budget_usd + 1e-12
    )


def best_supported(problem: ProvisioningProblem, budget_usd: float) -> float:
    """Return the best value share within the budget among the corners of the upper hull of (cost, value)."""
    points = sorted({(usd, best_split(problem, capacity, 0.0, 0.0)) for usd, capacity in fleets(problem)})
    hull: list[tuple[float, float]] = []
    for usd, share in points:
        while (
            hull
            and share >= hull[-1][1]
            and (
                (len(hull) == 1 and usd <= hull[0][0])
                or (len(hull) > 1 and slope(hull[-2], (usd, share)) >= slope(*hull[-2:]))
            )
        ):
            hull.pop()
        if not hull or share > hull[-1][1]:
            hull.append((usd, share))
    return max(share for usd, share in hull if usd <= budget_usd + 1e-9)


def slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return value per USD from one point to another."""
    return (other[1] - one[1]) / (other[0] - one[0])


@pytest.mark.parametrize(
    ("windows", "functions", "share"), [(1, False, 0.6), (1, True, 0.4), (2, False, 0.5)]
)
@pytest.mark.parametrize("seed", range(5))
def test_the_plan_is_the_best_of_all_fleets(seed: int, windows: int, functions: bool, share: float) -> None:
    """Within the budget of the whole horizon and within the gap of the best fleet and split; the bound is above that."""
    problem = drawn(seed, windows=windows, functions=functions)
    budget = share * most_usd(problem)
    best = best_score(problem, budget)
    found = maximise_value(problem, budget_usd=budget, gap=GAP)
    assert found.solution.status == "optimal"
    assert found.solution.objective_usd <= budget * (1 + 1e-9)
    assert found.score == found.value_share
    assert best * (1 - GAP) - 1e-6 <= found.score <= best + 1e-6
    assert found.bound >= best - 1e-6
    assert found.gap <= GAP


@pytest.mark.parametrize("seed", range(5))
def test_multipliers_alone_miss_no_corner(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program too large to solve whole: the bound holds, and no corner of the hull of cost and value beats the plan."""
    monkeypatch.setattr("solvers.value_search.WHOLE_COLUMNS", 0)
    problem = drawn(seed)
    budget = 0.6 * most_usd(problem)
    best = best_score(problem, budget)
    found = maximise_value(problem, budget_usd=budget, gap=1e-6)
    assert found.solution.objective_usd <= budget * (1 + 1e-9)
    assert best_supported(problem, budget) - 1e-5 <= found.score <= best + 1e-6
    assert found.bound >= best - 1e-6


@pytest.mark.parametrize("seed", range(4))
def test_a_weight_on_cost_needs_no_budget(seed: int) -> None:
    """One solve: value less weighted cost is that of the best of all fleets, and so is the bound."""
    problem = drawn(seed)
    weight = 0.1
    best = best_score(problem, most_usd(problem), weight)
    found = maximise_value(problem, cost_weight_per_usd=weight, gap=GAP)
    assert len(found.trials) == 1
    assert found.score == pytest.approx(best, rel=GAP)
    assert best - 1e-6 <= found.bound <= best * (1 + GAP)
    assert found.score == pytest.approx(found.value_share - weight * found.solution.objective_usd)
    assert found.solution.status == "optimal"


@pytest.mark.parametrize("seed", range(4))
def test_limits_alone_are_a_budget(seed: int) -> None:
    """Without a budget all that the limits allow is there to be used; of plans as good the cheaper one is taken."""
    problem = drawn(seed)
    best = best_score(problem, most_usd(problem))
    found = maximise_value(problem, gap=GAP)
    assert found.score == pytest.approx(best, rel=GAP)
    assert found.bound >= best - 1e-6
    cheapest = min(
        usd for usd, capacity in fleets(problem) if best_split(problem, capacity, 0.0, 0.0) >= best - 1e-9
    )
    assert found.solution.objective_usd <= cheapest + 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_machines_already_paid_for_are_split_over_models(seed: int) -> None:
    """Four machines in all, for nothing: the split that serves most value (the setting of Model-Switching)."""
    priced = drawn(seed)
    problem = replace(
        priced,
        price_usd_per_h=np.zeros_like(priced.price_usd_per_h),
        quotas=("machines",),
        quota_use=np.ones((1, 2)),
        quota_limit=np.array([4.0]),
    )
    best = max(
        best_split(problem, capacity, 0.0, 0.0)
        for counts, (_, capacity) in zip(
            product(range(MOST_MACHINES + 1), repeat=2), fleets(problem), strict=True
        )
        if sum(counts) <= 4
    )
    found = maximise_value(problem, gap=GAP)
    assert found.solution.status == "optimal"
    assert found.solution.objective_usd == pytest.approx(0.0, abs=1e-9)
    assert best * (1 - GAP) - 1e-6 <= found.score <= best + 1e-6
    assert found.bound >= best - 1e-6


def test_the_cost_is_proven_for_the_value_reached() -> None:
    """`bound_usd` of the solution is what any plan of its value costs at least."""
    problem = drawn(3)
    found = maximise_value(problem, budget_usd=0.6 * most_usd(problem), gap=GAP)
    least = min(
        usd
        for usd, capacity in fleets(problem)
        if best_split(problem, capacity, 0.0, 0.0) >= found.value_share - 1e-9
    )
    assert found.solution.bound_usd <= least + 1e-6
    assert found.solution.bound_usd <= found.solution.objective_usd


def test_a_budget_below_the_limits_own_cost_is_infeasible() -> None:
    """Two machines must run, at 1 USD each: a budget of 1.5 USD is named, with what the cheapest plan costs."""
    floor = OperatorLimits(
        min_instances=np.array([2]), zone_of_machine=np.array([-1]), scale_in_windows=np.array([0])
    )
    problem = tiny_problem(
        demand_rps=[[[5.0]]],
        capacity_rps=[[0, 4, 9, 14]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        value=ServedValue(group_usd=np.array([[0.8]]), function_usd=np.zeros((1, 0))),
        limits=floor,
    )
    found = maximise_value(problem, budget_usd=1.5, gap=GAP)
    assert found.solution.status == "infeasible"
    assert (
        "the budget is 1.5 USD; the cheapest plan found costs 2 USD" in found.solution.infeasible_reasons[0]
    )
    kept = maximise_value(problem, budget_usd=2.0, gap=GAP)
    assert (kept.value_share, kept.solution.objective_usd) == (pytest.approx(0.8), pytest.approx(2.0))


def test_the_same_question_gets_the_same_answer() -> None:
    """Multipliers, plan and bound repeat to the last digit."""
    problem = drawn(5, windows=2)
    first, second = (maximise_value(problem, budget_usd=2.0, gap=1e-3) for _ in range(2))
    assert first.trials == second.trials
    assert np.array_equal(first.solution.instances, second.solution.instances)


def test_what_a_horizon_can_cost_is_counted() -> None:
    """Two hours of three machines at 1 USD, three launches an hour at 0.1, 20 req/s at 1e-5 by functions: 6 + 0.6 + 1.44 USD."""
    problem = tiny_problem(
        demand_rps=[[[20.0], [20.0]]],
        capacity_rps=[[0, 10]],
        options=[(0, 0)],
        price_usd_per_h=[1.0],
        start_usd=[0.1],
        quotas=[([4.0], 12.0)],
        usd_per_request=[1e-5],
        value=ServedValue(group_usd=np.array([[0.7]]), function_usd=np.array([[0.9]])),
    )
    assert most_usd(problem) == pytest.approx(6 + 0.6 + 1.44)
    assert highest_share(problem) == pytest.approx(0.9)


def test_values_and_something_that_keeps_the_cost_finite_are_needed() -> None:
    """No value: nothing to maximise. No budget, no weight and unlimited machines: no answer."""
    machines = {
        "demand_rps": [[[5.0]]],
        "capacity_rps": [[0, 4]],
        "options": [(0, 0)],
        "price_usd_per_h": [1.0],
    }
    with pytest.raises(ProblemError, match="value is None"):
        maximise_value(tiny_problem(**machines), budget_usd=1.0)  # type: ignore[arg-type]
    value = ServedValue(group_usd=np.array([[0.8]]), function_usd=np.zeros((1, 0)))
    with pytest.raises(ProblemError, match="state a budget, a weight on cost, or limits"):
        maximise_value(tiny_problem(**machines, value=value))  # type: ignore[arg-type]
