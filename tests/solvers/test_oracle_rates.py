"""Programs, plans and priced fleets against enumeration where functions have ranges of rates and prices of standing ready."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.backends import installed_backends
from solvers.plan_horizon import plan_horizon
from solvers.recourse import evaluate
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
from tests.solvers.tiny_parts import function_rates, spot_risk
from tests.solvers.tiny_problems import tiny_problem
from tests.solvers.whole_program import compile_whole

if TYPE_CHECKING:
    from tests.solvers.tiny_problems import Draw

SEEDS = range(45)
PLANNED = SEEDS[::3]
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
@pytest.mark.parametrize("seed", SEEDS[::10])
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


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_any_fleet_is_feasible_exactly_where_the_oracle_says_so(seed: int) -> None:
    check_fleets(*drawn(seed), np.random.default_rng([seed, 4]))


def test_the_draws_cover_every_feature() -> None:
    """Each way to be limited is on in 6 of the draws, every other part in 2, and some of them have no plan."""
    draws = [drawn(seed) for seed in SEEDS]
    for often, features in ((6, RATE_FEATURES), (2, RICH_FEATURES)):
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
    """Guard of all tests above: without least rates, most rates or prices of standing ready three optima are others."""
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
        if changed == 3:
            break
    assert changed == 3


def test_a_trickle_is_served_though_standing_ready_is_dear() -> None:
    """A request every 1,000 s at 1e-7 USD, by a function held ready for 5 USD/h: 5 + 3.6e-7, less than a machine at 9 USD/h."""
    problem = tiny_problem(
        demand_rps=[[[0.001]]],
        capacity_rps=[[0, 5]],
        options=[(0, 0)],
        price_usd_per_h=[9.0],
        usd_per_request=[1e-7],
        rates=function_rates(usd_per_h=[5.0]),
    )
    priced = evaluate(problem, np.zeros((1, 1), dtype=int))
    assert priced.feasible
    assert priced.cost_usd == pytest.approx(5.0 + 3.6e-7, rel=1e-12)
    assert plan_horizon(problem).objective_usd == pytest.approx(priced.cost_usd, rel=1e-12)


def test_a_pool_without_machines_is_lost_like_any_other_where_functions_cannot_burst() -> None:
    """Spot may feed the group: level q* must be served without it, and a function called up to 10 req/s only takes no burst."""
    problem = tiny_problem(
        demand_rps=[[[4.0]]],
        capacity_rps=[[0, 5, 10]],
        options=[(0, 0), (0, 1)],
        price_usd_per_h=[1.0, 0.3],
        is_spot=[0, 1],
        usd_per_request=[1e-6],
        rates=function_rates(most_rps=[10.0]),
        spot_risk=spot_risk(pool_of_machine=[-1, 0], loss_share=[0.1], survive_any_loss=True),
    )
    assert not evaluate(problem, np.zeros((2, 1), dtype=int)).feasible
    assert plan_horizon(problem).instances.tolist() == [[1], [0]]
