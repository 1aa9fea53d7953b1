"""Programs, plans and priced fleets against enumeration where functions have ranges of rates and prices of standing ready."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import installed_backends
from tests.solvers.brute_force import Optimum, enumerate_optimum
from tests.solvers.oracle_checks import (
    CLOSE,
    check_fleets,
    check_optimum,
    check_plan,
    check_program,
)
from tests.solvers.rated_problems import RATE_FEATURES, draw_rated
from tests.solvers.rich_problems import RICH_FEATURES
from tests.solvers.whole_program import compile_whole

if TYPE_CHECKING:
    from tests.solvers.tiny_problems import Draw

SEEDS = range(90)
PLANNED = SEEDS[::2]
GAP = 0.03
INSTALLED = {info.name for info in installed_backends()}


@lru_cache(maxsize=len(SEEDS))
def drawn(seed: int) -> tuple[Draw, Optimum]:
    """Return a tiny problem and its enumerated optimum, once for all the tests of this process."""
    draw = draw_rated(seed)
    return draw, enumerate_optimum(draw.problem)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_program_has_the_enumerated_optimum(seed: int) -> None:
    draw, optimum = drawn(seed)
    check_program(compile_whole(draw.problem).arrays, draw, optimum)


@pytest.mark.skipif("pulp-cbc" not in INSTALLED, reason="CBC is not installed here")
@pytest.mark.parametrize("seed", SEEDS[::9])
def test_a_second_solver_agrees(seed: int) -> None:
    draw, optimum = drawn(seed)
    check_program(compile_whole(draw.problem).arrays, draw, optimum, solver="pulp-cbc")


@pytest.mark.parametrize("seed", PLANNED)
def test_the_plan_is_within_its_gap_of_the_optimum(seed: int) -> None:
    """No plan beats the optimum or is further from it than it says; no bound lies above; no baseline is cheaper."""
    check_plan(*drawn(seed), gap=GAP)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_priced_exactly(seed: int) -> None:
    check_optimum(*drawn(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_fleet_is_feasible_exactly_where_the_oracle_says_so(seed: int) -> None:
    check_fleets(*drawn(seed), np.random.default_rng([seed, 4]))


def test_the_draws_cover_every_feature() -> None:
    """Each way to be limited is on in 15 of the draws, every other part in 5, and some of them have no plan."""
    draws = [drawn(seed) for seed in SEEDS]
    for often, features in ((15, RATE_FEATURES), (5, RICH_FEATURES)):
        for feature in features:
            assert sum(feature in draw.features for draw, _ in draws) >= often, feature
    infeasible = sum(optimum.objective_usd is None for _, optimum in draws)
    assert 5 <= infeasible <= len(draws) // 3


@pytest.mark.parametrize(
    ("array", "off"),
    [("least_rps", 0.0), ("most_rps", np.inf), ("usd_per_h", 0.0)],
    ids=lambda value: str(value),
)
def test_every_part_of_the_rates_changes_some_optimum(array: str, off: float) -> None:
    """Guard of all tests above: without least rates, most rates or prices of standing ready five optima are others."""
    changed = 0
    for seed in SEEDS:
        draw, optimum = drawn(seed)
        rates = draw.problem.rates
        assert rates is not None
        other = replace(rates, **{array: np.full(len(draw.problem.functions), off)})  # type: ignore[arg-type]
        found = enumerate_optimum(replace(draw.problem, rates=other)).objective_usd
        one, two = (np.inf if usd is None else usd for usd in (found, optimum.objective_usd))
        assert one <= two * (1 + np.sign(two) * CLOSE)
        changed += not np.isclose(one, two, rtol=CLOSE, atol=0.0)
        if changed == 5:
            break
    assert changed == 5
