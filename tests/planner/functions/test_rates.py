"""Ranges of rates and readiness in the program: the arrays, and which function may give way to which."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.assembly import function_rates
from planner.dominance import prune
from planner.replacements import takes_over_rates
from solvers.limits import FunctionRates
from tests.planner.functions.buffer_cases import PROVISIONED, asked, batches, options
from tests.planner.tiny_programs import Machines, tiny_program

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem

INF = float("inf")
MACHINE = Machines([0], [0], [1.0], [0.0], [4.0], [0])
ALIKE = (0.001, 0.5, [True])  # USD a request, seconds held, who is served


def offered(
    *rates: tuple[float, float, float], functions: list[tuple[float, float, list[bool]]] | None = None
) -> ProvisioningProblem:
    """A program with a function for each (least, most, USD/h); one class sends up to 10 requests/s."""
    rows = functions or [(0.001 * (1 + f), 0.5, [True]) for f in range(len(rates))]
    problem, _ = tiny_program(MACHINE, [(0, [0.0, 4.0], [True])], [[[4.0, 10.0]]], functions=rows)
    least, most, usd = (np.array(column) for column in zip(*rates, strict=True))
    return replace(problem, rates=FunctionRates(least_rps=least, most_rps=most, usd_per_h=usd))


def pruned(problem: ProvisioningProblem) -> list[bool]:
    _, kinds = tiny_program(MACHINE, [(0, [0.0, 4.0], [True])], [[[4.0, 10.0]]])
    return [bool(stays) for stays in prune(problem, kinds).functions]


@pytest.mark.parametrize(
    ("cheap", "dear", "gives_way"),
    [
        ((0.0, INF, 0.0), (2.0, 4.0, 0.0), True),  # a range gives way to any rate
        ((2.0, 4.0, 0.0), (0.0, INF, 0.0), False),  # any rate never gives way to a range
        (
            (2.0, 20.0, 0.0),
            (0.0, INF, 0.0),
            False,
        ),  # nor after a spot loss, though the range reaches to all demand
        ((1.0, 4.0, 0.0), (2.0, 4.0, 0.0), False),  # the sum of both may be above 4
        ((1.0, 10.0, 0.0), (2.0, 4.0, 0.0), True),  # no sum is above 10
        ((3.0, 10.0, 0.0), (2.0, 4.0, 0.0), False),  # 2 is below the range
        ((0.0, INF, 0.1), (2.0, 4.0, 0.0), False),  # standing ready costs more
        ((0.0, INF, 0.1), (2.0, 4.0, 0.1), True),
    ],
)
def test_a_dearer_function_gives_way_where_its_requests_always_fit(
    cheap: tuple[float, float, float], dear: tuple[float, float, float], gives_way: bool
) -> None:
    problem = offered(cheap, dear)
    assert bool(takes_over_rates(problem)[1, 0]) == gives_way
    assert pruned(problem) == [True, not gives_way]


def test_what_costs_the_same_stays_side_by_side() -> None:
    assert pruned(offered((0.0, INF, 0.0), (0.0, INF, 0.0), functions=[ALIKE, ALIKE])) == [True, True]


def test_arrays_have_the_ranges_and_prices_of_the_functions() -> None:
    """The first is called one request at a time, at any rate; the others hold within the range."""
    question = asked(batch_sizes=[1, 8], rate_brackets_rps=[4.0, 8.0], provisioned_concurrency=True)
    functions = options(question, *batches(), **PROVISIONED).functions
    functions = sorted(functions, key=lambda one: one.rate_rps is not None)
    found = function_rates(functions)
    assert found is not None
    assert found.least_rps.tolist() == [0.0] + [4.0] * (len(functions) - 1)
    assert found.most_rps.tolist() == [np.inf] + [8.0] * (len(functions) - 1)
    assert found.usd_per_h.tolist() == [one.usd_per_h for one in functions]
    assert max(found.usd_per_h) > 0


def test_without_ranges_the_program_has_no_rates() -> None:
    assert function_rates(()) is None
    assert function_rates(options(asked(), *batches()).functions) is None
