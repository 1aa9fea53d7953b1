"""Programs, plans and priced fleets against enumeration, on problems that mix every optional part."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import Status, installed_backends, solve
from solvers.plan_horizon import plan_horizon
from solvers.recourse import evaluate
from tests.solvers.brute_force import Optimum, enumerate_optimum, price_fleet
from tests.solvers.rich_problems import RICH_FEATURES, draw_rich
from tests.solvers.whole_program import compile_whole

if TYPE_CHECKING:
    from solvers.backends import LinearProgram
    from solvers.problem import ProvisioningProblem
    from tests.solvers.tiny_problems import Draw

SEEDS = range(120)
PLANNED = SEEDS[::2]
PARTS = (
    "max_groups",
    "max_churn",
    "budget_usd",
    "min_zones",
    "min_instances",
    "scale_in_windows",
    "loads",
    "accuracy",
    "value",
    "survive_any_loss",
    "violation_share",
    "aversion_usd",
)
GAP = 0.03
CLOSE = 1e-6  # relative; the feasibility tolerance of the solvers moves an objective by about this much
INSTALLED = {info.name for info in installed_backends()}
FLEETS_OF_A_SEED = 4
NODES = 2000  # of SCIP: it proves the optimum of all but two of 70 cone programs within these


@lru_cache(maxsize=len(SEEDS))
def drawn(seed: int) -> tuple[Draw, Optimum]:
    """Return a tiny problem and its enumerated optimum, once for all the tests of this process."""
    draw = draw_rich(seed)
    return draw, enumerate_optimum(draw.problem)


@lru_cache(maxsize=len(SEEDS))
def arrays_of(seed: int) -> LinearProgram:
    """Return the whole program of a tiny problem, compiled once for every solver."""
    return compile_whole(drawn(seed)[0].problem).arrays


def slack_usd(objective: float) -> float:
    return CLOSE * max(abs(objective), 1e-3)


def check_program(seed: int, solver: str) -> None:
    """Fail where the whole program, solved to gap 0, has another optimum than enumeration, or one where that finds none."""
    draw, optimum = drawn(seed)
    answer = solve(arrays_of(seed), solver=solver, gap=0.0)
    if optimum.objective_usd is None:
        assert answer.status is Status.INFEASIBLE
    else:
        assert answer.objective == pytest.approx(
            optimum.objective_usd, abs=slack_usd(optimum.objective_usd)
        ), sorted(draw.features)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_has_the_enumerated_optimum(seed: int) -> None:
    """Norms and squares are met by tangents here."""
    check_program(seed, "highs")


@pytest.mark.skipif("pulp-cbc" not in INSTALLED, reason="CBC is not installed here")
@pytest.mark.parametrize("seed", SEEDS[::6])
def test_a_second_solver_agrees(seed: int) -> None:
    """CBC, through PuLP, finds the same optimum in the same arrays."""
    check_program(seed, "pulp-cbc")


CURVED = [seed for seed in SEEDS if draw_rich(seed).features & {"spot_bound", "aversion"}]


@pytest.mark.skipif("cvxpy-scip" not in INSTALLED, reason="SCIP is not installed here")
@pytest.mark.parametrize("seed", CURVED)
def test_a_solver_of_cones_agrees_with_tangents(seed: int) -> None:
    """SCIP takes norms and squares as they are; where its nodes run out, the optimum lies between its bound and its best."""
    _, optimum = drawn(seed)
    answer = solve(arrays_of(seed), solver="cvxpy-scip", gap=0.0, node_limit=NODES)
    if optimum.objective_usd is None:
        assert answer.status is Status.INFEASIBLE
        return
    slack = slack_usd(optimum.objective_usd)
    assert answer.objective is not None
    assert answer.bound is not None
    assert answer.bound - slack <= optimum.objective_usd <= answer.objective + slack
    if answer.status is Status.OPTIMAL:
        assert answer.objective == pytest.approx(optimum.objective_usd, abs=slack)


def test_the_draws_cover_every_feature() -> None:
    """Each feature is on in at least 15 of the draws, and both feasible and infeasible problems are among them."""
    draws = [drawn(seed) for seed in SEEDS]
    for feature in RICH_FEATURES:
        assert sum(feature in draw.features for draw, _ in draws) >= 15, feature
    infeasible = sum(optimum.objective_usd is None for _, optimum in draws)
    assert 10 <= infeasible <= len(draws) // 4


@pytest.mark.parametrize("seed", PLANNED)
def test_the_plan_is_within_its_gap_of_the_optimum(seed: int) -> None:
    """No plan beats the optimum or is further from it than it says; no bound lies above; no baseline is cheaper."""
    draw, optimum = drawn(seed)
    plan = plan_horizon(draw.problem, gap=GAP)
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
        assert plan.objective_usd - optimum.objective_usd <= GAP * abs(plan.objective_usd) + slack
    for baseline in plan.baselines:
        if baseline.objective_usd is not None:
            assert baseline.objective_usd >= optimum.objective_usd - slack, baseline.name
            assert plan.objective_usd <= baseline.objective_usd + slack, baseline.name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_priced_exactly(seed: int) -> None:
    """The enumerated machines are feasible and cost the optimum, by the oracle and by the solvers' own check."""
    draw, optimum = drawn(seed)
    if optimum.instances is None or optimum.objective_usd is None:
        return
    slack = slack_usd(optimum.objective_usd)
    assert price_fleet(draw.problem, optimum.instances) == pytest.approx(optimum.objective_usd, abs=slack)
    priced = evaluate(draw.problem, optimum.instances)
    assert priced.feasible, sorted(draw.features)
    assert priced.cost_usd == pytest.approx(optimum.objective_usd, abs=slack), sorted(draw.features)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_fleet_is_feasible_exactly_where_the_oracle_says_so(seed: int) -> None:
    """Random fleets, and the optimum with one machine more or less, have one price or none at all."""
    draw, optimum = drawn(seed)
    for fleet in fleets_near(draw, optimum, np.random.default_rng([seed, 2])):
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
    fleets = [rng.integers(0, 4, shape) for _ in range(FLEETS_OF_A_SEED // 2)]
    if optimum.instances is None:
        return fleets
    for _ in range(FLEETS_OF_A_SEED - len(fleets)):
        fleet = optimum.instances.copy()
        place = tuple(rng.integers(0, size) for size in shape)
        fleet[place] = max(0, fleet[place] + rng.choice([-1, 1]))
        fleets.append(fleet)
    return fleets


def without(part: str, problem: ProvisioningProblem) -> ProvisioningProblem:
    """The problem with one part of it switched off."""
    limits, risk = problem.limits, problem.spot_risk
    none = {"max_groups": None, "max_churn": None, "budget_usd": None, "min_zones": 1}
    zeros = {"min_instances": "classes", "scale_in_windows": "machines"}
    if limits is not None and part in none:
        return replace(problem, limits=replace(limits, **{part: none[part]}))  # type: ignore[arg-type]
    if limits is not None and part in zeros:
        off = np.zeros(len(getattr(problem, zeros[part])), dtype=int)
        return replace(problem, limits=replace(limits, **{part: off}))  # type: ignore[arg-type]
    weights = {"survive_any_loss": False, "violation_share": None, "aversion_usd": 0.0}
    if risk is not None and part in weights:
        return replace(problem, spot_risk=replace(risk, **{part: weights[part]}))  # type: ignore[arg-type]
    if part in ("loads", "accuracy", "value"):
        return replace(problem, **{part: None})  # type: ignore[arg-type]
    return problem


@pytest.mark.parametrize("part", PARTS)
def test_every_part_changes_some_optimum(part: str) -> None:
    """Guard of all tests above: without the part at least two of the problems have another optimum, or one at all."""
    changed = 0
    for seed in SEEDS:
        draw, optimum = drawn(seed)
        other = without(part, draw.problem)
        if (
            other is draw.problem or "linear" in draw.features
        ):  # the latter's fleets may have no end without a part
            continue
        found = enumerate_optimum(other).objective_usd
        one, two = (np.inf if usd is None else usd for usd in (found, optimum.objective_usd))
        changed += not np.isclose(one, two, rtol=CLOSE, atol=0.0)
        if changed == 2:
            break
    assert changed == 2, f"{part} changes the optimum of {changed} problems only"
