"""Why no option serves a class, and what to relax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.errors import InfeasiblePlanError
from planner.shortfall import check_served
from tests.planner.enumerated import reasons, table
from tests.planner.small_catalogs import demand, profiles, request_class, scenario, time

if TYPE_CHECKING:
    from planner.options import OptionTable


def told(options: OptionTable) -> list[str]:
    with pytest.raises(InfeasiblePlanError) as raised:
        check_served(options, profiles(time()))
    return list(raised.value.problems)


def test_options_that_bursts_leave_no_capacity_are_told_as_such() -> None:
    """Bursts of a million divide even 2000 machines into nothing; the other class comes one by one, and is served."""
    question = scenario(request_class(), request_class("calm", deadline_ms=300.0))
    bursty = demand(question)
    bursty.dispersion_index[0] = 1e6
    (line,) = told(table(question, demand=bursty))
    assert line.startswith(
        "class web: no option may serve it: 1 options answer a call within 200 ms, but carry nothing"
    )
    assert "0 requests/s at arrivals 1e+06 times as bursty as Poisson, up to 2000 of its machines" in line
    assert "profile" not in line
    assert line.endswith("a trace of shorter intervals may show that few fall within one deadline.")


def test_a_deadline_too_short_for_a_call_is_told_with_the_least_that_would_do() -> None:
    (line,) = told(table(scenario(request_class(deadline_ms=10.0))))
    assert line.startswith(
        "class web: no option may serve it within 10 ms. Raise deadline_ms to 55 (good/c5.large"
    )


def test_machines_that_carry_nothing_alone_serve_together() -> None:
    """Arrivals 20 times as bursty as Poisson count a machine as a twentieth, which answers nobody; many carry 40 req/s."""
    question = scenario()
    options = table(question, demand=demand(question, dispersion_index=20.0))
    check_served(options, profiles(time()))
    (group,) = options.groups
    assert group.capacity_rps[1] == 0.0
    assert group.capacity_rps[-1] >= 40.0
    assert "carries nothing" not in reasons(options).values()
