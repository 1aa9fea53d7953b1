"""Routes from flows: shares by level, and what happens to requests that nobody expected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.assembly import provisioning_problem
from planner.replay.policies.routing import routes_of
from tests.planner.replay.policies.rolling_case import Case, case, seen_at

if TYPE_CHECKING:
    from planner.replay.decisions import Routes

GROUP, FUNCTION = "poor/c5.large/b1x1/d200p95", "lambda/good/2048"


@pytest.fixture(scope="module")
def small() -> Case:
    return case()


def routed(
    one: Case, rates: list[float], grouped: list[float], called: list[float], late: str | None
) -> Routes:
    """One class at some levels: what a group carries of it, and what a function."""
    demand = one.forecasts().demand(seen_at(0.0, one.realised()), 0.0, 1)
    levels = np.linspace(0.1, 0.9, len(rates))
    shares = np.full(len(rates), 1 / len(rates))
    demand = replace(demand, rate_rps=np.array([[rates]]), levels=levels, level_share=shares)
    problem = provisioning_problem(one.scenario, demand, one.options)
    groups, functions = np.zeros((1, len(problem.groups), len(rates))), np.zeros((1, 1, len(rates)))
    groups[0, problem.groups.index(GROUP)] = grouped
    functions[0, problem.functions.index(FUNCTION)] = called
    sizes = np.array([1 if name == GROUP else 0 for name in problem.groups])
    flows = (groups, functions)
    return routes_of(problem, flows, sizes, [late], one.supply, by_deadline=True)["web"]


def shares(one: Case, routes: Routes) -> list[dict[str, float]]:
    """Level by level, the targets that get something."""
    names = one.supply.targets
    return [{names[g]: float(row[g]) for g in np.flatnonzero(row)} for row in routes.weights]


def test_shares_are_flows_over_demand(small: Case) -> None:
    routes = routed(small, [10.0, 40.0], [10.0, 30.0], [0.0, 10.0], FUNCTION)
    np.testing.assert_array_equal(routes.up_to_rps, [10.0, 40.0])
    assert shares(small, routes) == [{GROUP: 1.0}, {GROUP: 0.75, FUNCTION: 0.25}]
    assert routes.overflow == FUNCTION
    assert routes.late_yields
    assert routes.by_deadline


def test_what_is_not_served_is_refused(small: Case) -> None:
    assert shares(small, routed(small, [40.0], [30.0], [0.0], None)) == [{GROUP: 0.75}]


def test_equal_levels_are_one(small: Case) -> None:
    routes = routed(small, [10.0, 10.0, 20.0], [10.0, 10.0, 10.0], [0.0, 0.0, 10.0], None)
    np.testing.assert_array_equal(routes.up_to_rps, [10.0, 20.0])


def test_a_level_of_no_demand_takes_the_next_one_up(small: Case) -> None:
    routes = routed(small, [0.0, 10.0], [0.0, 10.0], [0.0, 0.0], None)
    assert shares(small, routes) == [{GROUP: 1.0}, {GROUP: 1.0}]


@pytest.mark.parametrize(("late", "target"), [(FUNCTION, FUNCTION), (None, GROUP)])
def test_where_nothing_is_expected_what_comes_is_served_all_the_same(
    small: Case, late: str | None, target: str
) -> None:
    assert shares(small, routed(small, [0.0], [0.0], [0.0], late)) == [{target: 1.0}]
