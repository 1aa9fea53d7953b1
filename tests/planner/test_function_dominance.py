"""Functions with ranges of rates and prices of standing ready give way only where nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.dominance import prune, restricted
from planner.replacements import takes_over_rates
from tests.planner.tiny_programs import Machines, tiny_program
from tests.solvers.brute_force import enumerate_optimum
from tests.solvers.tiny_parts import accuracy_floors, function_rates, served_value, spot_risk

if TYPE_CHECKING:
    from collections.abc import Callable

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


def ranged_program(seed: int) -> tuple[ProvisioningProblem, OptionKinds]:
    """One or two models of functions, each with ranges one above the other, most of them the cheaper the higher the rate."""
    rng = np.random.default_rng([seed, 6])
    machines = Machines([0], [0], [1.0], [0.1], [2.0], [0])
    demand = np.sort(rng.integers(0, 7, (2, 1, 2)), axis=2) / 2
    ends = [0.5, 1.0, float(rng.choice([2.0, 2.5])), float(rng.choice([4.0, 6.0]))]
    ranges = [(low, high) for low, high in pairwise(ends)] + [(0.5, float(rng.choice([1.0, 3.0])))]
    usd = np.append(np.sort(rng.choice([2e-5, CHEAP, 8e-5], 3))[::-1], rng.choice([CHEAP, 8e-5, DEAR]))
    if rng.random() < 0.2:
        rng.shuffle(usd)
    offered = [(float(price), 0.3, [True, bool(rng.random() < 0.8)]) for price in usd]
    problem, kinds = tiny_program(
        machines, [(0, [0.0, 2.0, 5.0], [True, True])], demand, functions=offered, concurrency_limit=100.0
    )
    least, most = (list(column) for column in zip(*ranges, strict=True))
    ready = [0.0, 0.0, 0.0, float(rng.choice([0.0, 0.1]))]
    return replace(problem, rates=function_rates(least_rps=least, most_rps=most, usd_per_h=ready)), kinds


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("program", [rated_program, ranged_program])
def test_the_optimum_is_the_same_without_the_functions_that_give_way(
    program: Callable[[int], tuple[ProvisioningProblem, OptionKinds]], block: int
) -> None:
    """Lossless on random programs by enumeration, infeasible ones included."""
    for seed in SEEDS[block::4]:
        problem, kinds = program(seed)
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


def test_ranges_one_above_the_other_take_over_together() -> None:
    """Guard of the same test: no function of the chain reaches to all demand and down to the least rate by itself."""
    together = 0
    for seed in SEEDS:
        problem, kinds = ranged_program(seed)
        alone = takes_over_rates(problem)
        together += sum(not alone[one.index, one.by] for one in prune(problem, kinds).function_replacements)
    assert together >= 10


def test_a_chain_takes_over_only_where_no_rate_is_left_out_and_none_is_dearer() -> None:
    """A dear function for 1 to 2 requests/s beside cheaper ones for 1-2, 2-4 and 4-8; demand reaches to 6."""

    def stays(ranges: list[tuple[float, float]], usd: list[float]) -> bool:
        machines = Machines([0], [0], [1.0], [0.1], [2.0], [0])
        functions = [(DEAR, 0.2, [True]), *((price, 0.2, [True]) for price in usd)]
        problem, kinds = tiny_program(machines, [(0, [0.0, 2.0], [True])], [[[6.0]]], functions=functions)
        least, most = (list(column) for column in zip((1.0, 2.0), *ranges, strict=True))
        return bool(
            prune(replace(problem, rates=function_rates(least_rps=least, most_rps=most)), kinds).functions[0]
        )

    assert not stays([(1.0, 2.0), (2.0, 4.0), (4.0, 8.0)], [9e-5, 8e-5, 8e-5])
    assert stays(
        [(1.0, 2.0), (2.0, 4.0), (4.0, 8.0)], [8e-5, 9e-5, 8e-5]
    )  # 3 in all would be dearer than 1 + 2
    assert stays([(1.0, 2.0), (2.5, 4.0), (4.0, 8.0)], [9e-5, 8e-5, 8e-5])  # nothing takes 2.2
    assert stays([(1.0, 2.0), (2.0, 4.0), (4.0, 5.0)], [9e-5, 8e-5, 8e-5])  # nothing takes 6
    assert stays([(1.5, 2.0), (2.0, 4.0), (4.0, 8.0)], [9e-5, 8e-5, 8e-5])  # nothing takes 1


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
