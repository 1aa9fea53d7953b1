"""Faults of a replay's arguments and of decisions, one line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.checks import decision_problems, edge_problems, time_problems
from planner.replay.decisions import Decision
from tests.planner.replay.fixed_policy import SUPPLY

POOL, RENTAL = SUPPLY.pools[0], SUPPLY.rentals[0]
PLACE = (POOL.name, RENTAL.id)


@pytest.mark.parametrize("edges", [[0.0, 50.0, 100.0], [0.0, 100.0 + 5e-7]])
def test_rising_edges_over_the_whole_time_are_right(edges: list[float]) -> None:
    assert edge_problems(np.array(edges), 100.0) == []


@pytest.mark.parametrize("edges", [[0.0], [0.0, 50.0, 50.0, 100.0], [0.0, 120.0, 100.0], [[0.0, 100.0]]])
def test_edges_that_do_not_rise_are_told(edges: list[float]) -> None:
    (line,) = edge_problems(np.array(edges), 100.0)
    assert line.startswith(f"window_edge_s is {edges}")
    assert "rising seconds from 0 to the replay's duration, 100." in line


@pytest.mark.parametrize(("edges", "told"), [([5.0, 100.0], "from 5 to 100"), ([0.0, 90.0], "from 0 to 90")])
def test_edges_of_another_stretch_are_told(edges: list[float], told: str) -> None:
    (line,) = edge_problems(np.array(edges), 100.0)
    assert told in line


def test_a_long_list_is_cut() -> None:
    (line,) = edge_problems(np.zeros(1000), 100.0)
    assert line.count("0.0") == 16  # 80 characters: "[" and 15.8 times "0.0, "


@pytest.mark.parametrize("times", [[0.0], [-180.0, 0.0, 300.0]])
def test_a_policy_decides_from_the_start_on(times: list[float]) -> None:
    assert time_problems(np.array(times), "mine") == []


@pytest.mark.parametrize("times", [[], [1.0, 2.0], [0.0, 0.0], [0.0, -1.0]])
def test_other_instants_are_told(times: list[float]) -> None:
    (line,) = time_problems(np.array(times), "mine")
    assert (
        line == f"policy 'mine' decides at {times} s; give rising instants of which the first is at most 0."
    )


def test_a_decision_within_the_supply_has_no_fault() -> None:
    assert decision_problems(Decision(machines={PLACE: 2}, routes={}), SUPPLY) == []


def test_every_fault_of_a_decision_is_told() -> None:
    other = replace(RENTAL, id="other", instance_type="m5.large")
    supply = replace(SUPPLY, rentals=(*SUPPLY.rentals, other))
    decision = Decision(
        machines={PLACE: -1, ("pol", RENTAL.id): 1},
        routes={},
        ahead={(POOL.name, "other"): 1},
        running={(POOL.name, "none such"): 1},
        provisioned={"no function": 1},
    )
    told = decision_problems(decision, supply)
    assert len(told) == 5
    assert told[0] == f"-1 machines of {RENTAL.id!r} in {POOL.name!r}; give a whole number >= 0."
    assert told[1].startswith("there is no pool 'pol'.")
    assert (
        told[2] == f"rental 'other' does not fit pool {POOL.name!r}, whose machines are {POOL.instance_type}."
    )
    assert told[3].startswith("there is no rental 'none such'.")
    assert told[4].startswith("there is no function 'no function'.")
