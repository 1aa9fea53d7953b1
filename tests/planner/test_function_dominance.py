"""Functions with ranges of rates and prices of standing ready give way only where nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.dominance import prune, restricted
from tests.planner.tiny_programs import Machines, tiny_program
from tests.solvers.brute_force import enumerate_optimum
from tests.solvers.tiny_parts import accuracy_floors, function_rates, served_value, spot_risk

if TYPE_CHECKING:
    from planner.replacements import OptionKinds
    from solvers.problem import ProvisioningProblem

SEEDS = range(40)
CHEAP, DEAR = 5e-5, 1e-4  # USD a request, where a machine of 1 USD/h and 5 req/s costs as much


def rated_program(seed: int) -> tuple[ProvisioningProblem, OptionKinds]:
    """One or two types of a group each, and three or four functions of few figures, so that ranges contain each other."""
    rng = np.random.default_rng([seed, 5])
    spot = bool(rng.random() < 0.4)
    machines = Machines([0, 0], [0, 1], [1.0, 0.4 if spot else 1.0], [0.1, 0.1], [2.0, 2.0], [0, 0])
    demand = np.sort(rng.integers(0, 5, (2, 2, 2)), axis=2) / 2
    functions = int(rng.integers(3, 5))
    offered = [
        (float(rng.choice([CHEAP, DEAR])), float(rng.choice([0.2, 0.5])), [True, bool(rng.random() < 0.8)])
        for _ in range(functions)
    ]
    problem, kinds = tiny_program(
        machines,
        [(0, [0.0, 2.0, 5.0], [True, True])],
        demand,
        functions=offered,
        concurrency_limit=float(rng.choice([0.5, 100.0])),
    )
    least = rng.choice([0.0, 0.0, 0.5, 1.5], functions)
    parts: dict[str, object] = {
        "rates": function_rates(
            least_rps=least.tolist(),
            most_rps=np.maximum(least, rng.choice([1.0, 2.0, np.inf, np.inf], functions)).tolist(),
            usd_per_h=rng.choice([0.0, 0.0, 0.1], functions).tolist(),
        )
    }
    if rng.random() < 0.25:
        margins = [rng.choice([-0.05, 0.05], (2, size)).tolist() for size in (1, functions)]
        parts["accuracy"] = accuracy_floors(*margins)
    if rng.random() < 0.25:
        parts["value"] = served_value(
            [[2e-4], [2e-4]], rng.choice([1e-4, 2e-4], (2, functions), p=[0.2, 0.8]).tolist()
        )
    if spot:
        parts["spot_risk"] = spot_risk(
            pool_of_machine=[-1, 0],
            loss_share=[0.1],
            guard_classes=[[1, 0], [1, 1]],
            level=1,
            survive_any_loss=bool(rng.random() < 0.7),
            violation_share=float(rng.choice([0.01, 0.2])) if rng.random() < 0.5 else None,
        )
    problem = replace(problem, is_spot=np.array([False, spot]), **parts)  # type: ignore[arg-type]
    return problem, kinds


@pytest.mark.parametrize("block", range(4))
def test_the_optimum_is_the_same_without_the_functions_that_give_way(block: int) -> None:
    """Lossless on random programs by enumeration, infeasible ones included."""
    for seed in SEEDS[block::4]:
        problem, kinds = rated_program(seed)
        found = prune(problem, kinds)
        if found.functions.all():
            continue
        whole = enumerate_optimum(problem).objective_usd
        rest = enumerate_optimum(restricted(problem, found)).objective_usd
        assert rest == (None if whole is None else pytest.approx(whole, abs=1e-9)), seed


def test_switched_functions_give_way_and_take_over() -> None:
    """Guard of the test above: many functions with a least rate or a price of standing ready give way, some to such a one."""
    away = by_another = 0
    for seed in SEEDS:
        problem, kinds = rated_program(seed)
        for one in prune(problem, kinds).function_replacements:
            away += bool(problem.is_switched[one.index])
            by_another += bool(problem.is_switched[one.by])
    assert away >= 15
    assert by_another >= 3


def test_what_a_burst_falls_back_on_stays_beside_a_cheaper_function_that_takes_none() -> None:
    """One of at most 100 req/s carries all there ever is at half the price; after a loss only one without a range is called."""
    machines = Machines([0, 0], [0, 1], [1.0, 0.4], [0.1, 0.1], [2.0, 2.0], [0, 0])
    problem, kinds = tiny_program(
        machines,
        [(0, [0.0, 2.0, 5.0], [True])],
        [[[1.0, 4.0]]],
        functions=[(DEAR, 0.2, [True]), (CHEAP, 0.2, [True])],
    )
    problem = replace(problem, rates=function_rates(most_rps=[np.inf, 100.0]))
    risk = spot_risk(pool_of_machine=[-1, 0], loss_share=[0.1], level=1, survive_any_loss=True)
    assert prune(replace(problem, spot_risk=risk), kinds).functions.all()
    assert prune(replace(problem, rates=None), kinds).functions.tolist() == [False, True]
