"""A plan as a policy: what it holds, launches ahead, and sends where, window by window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.plan import ProvisioningPlan
from planner.replay.decisions import Decision, Observation
from planner.replay.planned import Planned
from planner.replay.supplies import supply_of_plan
from tests.planner.plan_case import FUNCTION, GROUP, plan_data

ON_DEMAND, SPOT = (GROUP, "c5.xlarge/on-demand"), (GROUP, "c5.xlarge/spot")


def policy_of(data: dict[str, Any]) -> Planned:
    plan = ProvisioningPlan.model_validate(data)
    return Planned(plan, supply_of_plan(plan))


def decided(policy: Planned, now_s: float) -> Decision:
    nothing = np.zeros((2, 0))
    return policy.decide(Observation(now_s, 1.0, nothing, {}, {}, {}, {}, np.zeros(2), {}))


def test_it_decides_at_windows_and_launches() -> None:
    times = policy_of(plan_data()).decision_times_s(7200.0)
    assert times.tolist() == [-180.0, 0.0, 3420.0, 3600.0]


def test_machines_are_launched_ahead_and_held_by_the_window() -> None:
    policy = policy_of(plan_data())
    before = decided(policy, -180.0)
    assert before.machines == {}
    assert before.ahead == {ON_DEMAND: 1, SPOT: 1}
    first = decided(policy, 0.0)
    assert first.machines == {ON_DEMAND: 1, SPOT: 1}
    assert first.ahead == {}
    assert first.running == {}
    assert decided(policy, 3420.0).ahead == {ON_DEMAND: 1}  # the spot machine stays
    assert decided(policy, 3600.0).machines == {ON_DEMAND: 2, SPOT: 1}


def test_machines_that_nothing_launches_run_already() -> None:
    data = plan_data()
    data["windows"][0]["fleet"][0]["launch_at"] = None
    first = decided(policy_of(data), 0.0)
    assert first.running == {ON_DEMAND: 1}
    assert decided(policy_of(data), 3600.0).running == {}


def test_routes_follow_the_levels() -> None:
    data = plan_data()
    data["windows"][1]["late_to"] = {"lax": FUNCTION}
    policy = policy_of(data)
    routes = decided(policy, 0.0).routes
    assert routes["lax"].up_to_rps.tolist() == [2.0, 3.0]
    np.testing.assert_allclose(routes["lax"].weights, [[1.0, 0.0], [2 / 3, 1 / 3]])
    assert routes["lax"].overflow is None
    assert routes["lax"].late_yields
    assert routes["lax"].by_deadline
    assert decided(policy, 3600.0).routes["lax"].overflow == FUNCTION
    assert decided(policy, 3420.0).routes is routes


def test_functions_kept_ready_are_asked_for() -> None:
    data = plan_data()
    data["windows"][0]["functions"][0]["provisioned_concurrency"] = 3
    assert decided(policy_of(data), 0.0).provisioned == {FUNCTION: 3}


@pytest.mark.parametrize("now_s", [3420.0, 3599.0])
def test_a_rental_that_moves_between_groups_is_not_launched_anew(now_s: float) -> None:
    """The on-demand machine of the first window goes to a second group, the spot machine and one more stay."""
    data = plan_data()
    other = "other"
    data["options"].append(data["options"][0] | {"id": f"{other}@on-demand", "group": other})
    window = data["windows"][1]
    window["groups"].append(window["groups"][0] | {"id": other})
    window["fleet"][0] |= {"option": f"{other}@on-demand", "group": other, "count": 1}
    policy = policy_of(data)
    assert decided(policy, now_s).ahead == {}
    assert decided(policy, 3600.0).machines == {(other, "c5.xlarge/on-demand"): 1, SPOT: 1}


def test_functions_with_nothing_set_aside_have_no_limit_of_their_own() -> None:
    data = plan_data()
    (line,) = data["windows"][0]["functions"]
    assert decided(policy_of(data), 0.0).reserved == {FUNCTION: line["reserved_concurrency"]}
    line["reserved_concurrency"] = 0
    assert decided(policy_of(data), 0.0).reserved == {}
