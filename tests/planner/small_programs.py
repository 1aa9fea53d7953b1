"""Programs of the small catalogs before the prune, for the tests of their arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.assembly import provisioning_problem
from planner.enumeration import enumerate_options
from tests.planner.small_catalogs import (
    demand,
    function_time,
    prices,
    profiles,
    scenario,
    tariffs,
    time,
)

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem

TIMES = (time(), time(host="c5.xlarge", mean_ms=30.0), time("poor", "c5.xlarge", mean_ms=20.0))
FUNCTIONS = (function_time(),)


def options(question: Scenario, **more: Any) -> OptionTable:
    catalog = more.pop("profiles", profiles(*TIMES, functions=FUNCTIONS))
    priced = more.pop("prices", prices())
    return enumerate_options(question, demand(question), priced, catalog, tariffs(), **more)


def problem(
    *classes: dict[str, Any], catalogs: dict[str, Any] | None = None, **more: Any
) -> ProvisioningProblem:
    """The whole program, before the prune."""
    question = scenario(*classes, **more)
    return provisioning_problem(question, demand(question), options(question, **(catalogs or {})))
