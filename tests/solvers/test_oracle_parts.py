"""Programs, plans and priced fleets against enumeration, on problems that mix every optional part."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import Status, installed_backends, solve
from tests.solvers.brute_force import Optimum, enumerate_optimum
from tests.solvers.oracle_checks import (
    CLOSE,
    check_fleets,
    check_optimum,
    check_plan,
    check_program,
    slack_usd,
)
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
INSTALLED = {info.name for info in installed_backends()}
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


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_has_the_enumerated_optimum(seed: int) -> None:
    """Norms and squares are met by tangents here."""
    check_program(arrays_of(seed), *drawn(seed))


@pytest.mark.skipif("pulp-cbc" not in INSTALLED, reason="CBC is not installed here")
@pytest.mark.parametrize("seed", SEEDS[::6])
def test_a_second_solver_agrees(seed: int) -> None:
    """CBC, through PuLP, finds the same optimum in the same arrays."""
    check_program(arrays_of(seed), *drawn(seed), solver="pulp-cbc")


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
    check_plan(*drawn(seed), gap=GAP)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_priced_exactly(seed: int) -> None:
    """The enumerated machines are feasible and cost the optimum, by the oracle and by the solvers' own check."""
    check_optimum(*drawn(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_fleet_is_feasible_exactly_where_the_oracle_says_so(seed: int) -> None:
    """Random fleets, and the optimum with one machine more or less, have one price or none at all."""
    check_fleets(*drawn(seed), np.random.default_rng([seed, 2]))


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
