"""What must hold between a tiny problem's enumerated optimum and whatever the solvers say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from solvers.backends import Status, solve
from solvers.plan_horizon import plan_horizon
from solvers.recourse import evaluate
from tests.solvers.brute_force import price_fleet

if TYPE_CHECKING:
    import numpy as np

    from solvers.backends import LinearProgram
    from tests.solvers.brute_force import Optimum
    from tests.solvers.tiny_problems import Draw

CLOSE = 1e-6  # relative; the feasibility tolerance of the solvers moves an objective by about this much
FLEETS_OF_A_DRAW = 4


def slack_usd(objective: float) -> float:
    """What rounding may move an objective by."""
    return CLOSE * max(abs(objective), 1e-3)


def check_program(arrays: LinearProgram, draw: Draw, optimum: Optimum, solver: str = "highs") -> None:
    """Fail where the whole program, solved to gap 0, has another optimum than enumeration, or one where that finds none."""
    answer = solve(arrays, solver=solver, gap=0.0)
    if optimum.objective_usd is None:
        assert answer.status is Status.INFEASIBLE, sorted(draw.features)
    else:
        assert answer.objective == pytest.approx(
            optimum.objective_usd, abs=slack_usd(optimum.objective_usd)
        ), sorted(draw.features)


def check_plan(draw: Draw, optimum: Optimum, gap: float) -> None:
    """Fail where a plan beats the optimum or is further from it than it says, a bound lies above it, or a baseline is cheaper."""
    plan = plan_horizon(draw.problem, gap=gap)
    if optimum.objective_usd is None:
        assert plan.status == "infeasible"
        assert plan.infeasible_reasons
        assert all(baseline.objective_usd is None for baseline in plan.baselines)
        return
    slack = slack_usd(optimum.objective_usd)
    assert plan.status != "infeasible", sorted(draw.features)
    assert price_fleet(draw.problem, plan.instances) == pytest.approx(plan.objective_usd, abs=slack)
    assert plan.objective_usd >= optimum.objective_usd - slack
    assert plan.bound_usd <= optimum.objective_usd + slack
    if plan.status == "optimal":
        assert plan.objective_usd - optimum.objective_usd <= gap * abs(plan.objective_usd) + slack
    for baseline in plan.baselines:
        if baseline.objective_usd is not None:
            assert baseline.objective_usd >= optimum.objective_usd - slack, baseline.name
            assert plan.objective_usd <= baseline.objective_usd + slack, baseline.name


def check_optimum(draw: Draw, optimum: Optimum) -> None:
    """Fail where the enumerated machines do not cost the optimum, by the oracle or by the solvers' own check."""
    if optimum.instances is None or optimum.objective_usd is None:
        return
    slack = slack_usd(optimum.objective_usd)
    assert price_fleet(draw.problem, optimum.instances) == pytest.approx(optimum.objective_usd, abs=slack)
    priced = evaluate(draw.problem, optimum.instances)
    assert priced.feasible, sorted(draw.features)
    assert priced.cost_usd == pytest.approx(optimum.objective_usd, abs=slack), sorted(draw.features)


def check_fleets(draw: Draw, optimum: Optimum, rng: np.random.Generator) -> None:
    """Fail where a fleet, drawn or one machine away from the optimum, has a price by one side only, or two of them."""
    for fleet in fleets_near(draw, optimum, rng):
        wanted, priced = price_fleet(draw.problem, fleet), evaluate(draw.problem, fleet)
        assert priced.feasible == (wanted is not None), (sorted(draw.features), fleet.tolist())
        if wanted is not None:
            assert priced.cost_usd == pytest.approx(wanted, abs=slack_usd(wanted)), (
                sorted(draw.features),
                fleet.tolist(),
            )


def fleets_near(draw: Draw, optimum: Optimum, rng: np.random.Generator) -> list[np.ndarray]:
    """Half at random; the others one machine away from the optimum, where there is one."""
    shape = (len(draw.problem.option_group), len(draw.problem.window_h))
    fleets = [rng.integers(0, 4, shape) for _ in range(FLEETS_OF_A_DRAW // 2)]
    if optimum.instances is None:
        return fleets
    for _ in range(FLEETS_OF_A_DRAW - len(fleets)):
        fleet = optimum.instances.copy()
        place = tuple(rng.integers(0, size) for size in shape)
        fleet[place] = max(0, fleet[place] + rng.choice([-1, 1]))
        fleets.append(fleet)
    return fleets
