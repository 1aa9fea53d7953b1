"""A plan through the engine: what a plan promises of a steady load is what happens, and settings do what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from catalogs.availability import AvailabilityTrace
from planner.errors import InputError
from planner.plan import ProvisioningPlan
from planner.replay.plan_replay import PlanReplay, ReplaySettings, replay_plan
from planner.replay.realised import requests_at_level
from tests.planner.plan_case import START, plan_data


def plan_of_two_traces() -> ProvisioningPlan:
    """The plan of the case, each class a trace of its own."""
    data = plan_data()
    for one in data["problem"]["classes"]:
        one |= {"trace": one["name"], "share": 1.0}
    (forecast,) = data["forecasts"]
    data["forecasts"] = [forecast | {"trace": name} for name in ("strict", "lax")]
    return ProvisioningPlan.model_validate(data)


PLAN = plan_of_two_traces()


@pytest.fixture(scope="module")
def done() -> PlanReplay:
    """Two hours at the top level: 11 requests/s on 2 and 3 machines of 20 requests/s each, 1 of them on the function."""
    return replay_plan(PLAN, requests_at_level(PLAN, 0.99), ReplaySettings(losses_per_day=0.0))


def test_a_steady_load_is_served_as_planned(done: PlanReplay) -> None:
    assert done.within.all()
    assert done.summary.requests.sum() == pytest.approx(2 * 3600 * 11)
    assert done.summary.served_share > 0.9999
    strict, lax = done.summary.deadline_meet_rate_by_class
    assert strict > 0.99
    assert 0.97 < lax <= 1.0
    np.testing.assert_allclose(done.replayed.served[1, 1] / 3600, 1.0, rtol=0.05)


def test_the_bill_of_machines_is_the_planned_one(done: PlanReplay) -> None:
    """Machines are paid for from launch, boots apart: 1 + 1, then 2 + 1; three boots of 180 s."""
    machines, starts, loads, _ = done.replayed.usd.sum(axis=1)
    assert machines == pytest.approx(0.7 + 1.2)
    assert starts == pytest.approx((2 * 0.5 + 0.2) * 180 / 3600)
    assert loads == 0.0
    np.testing.assert_array_equal(done.launches, [[2.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(done.replayed.starts, done.launches)


def test_both_modes_tell_the_same(done: PlanReplay) -> None:
    settings = replace(done.settings, mode="sampled", sample_share=0.3)
    sampled = replay_plan(PLAN, requests_at_level(PLAN, 0.99), settings)
    assert sampled.summary.usd_by_part["machines_usd"] == pytest.approx(1.9)
    np.testing.assert_allclose(
        sampled.summary.deadline_meet_rate_by_class, done.summary.deadline_meet_rate_by_class, atol=0.01
    )
    assert sampled.replayed.simulated_share == pytest.approx(0.3, rel=0.05)


def test_spot_machines_are_lost_as_their_trace_tells() -> None:
    """From minute 30 to 60 none can be had: the machine goes at the end of its notice and comes back later."""
    up = np.repeat([True, False, True], [30, 30, 60])
    trace = AvailabilityTrace(up, 60.0, START, "made up for this test")
    requests = requests_at_level(PLAN, 0.8)
    lost = replay_plan(PLAN, requests, availability={"c5.xlarge": trace})
    assert lost.summary.interruptions == 1
    assert lost.summary.lost == 1
    spot = lost.replayed.machines_s[1]
    assert spot[0] < 3600
    assert lost.replayed.starts[1].sum() == 2


@pytest.mark.parametrize("losses", [-1.0, float("inf")])
def test_losses_that_cannot_be_are_told(losses: float) -> None:
    with pytest.raises(InputError, match="losses of a spot pool"):
        ReplaySettings(losses_per_day=losses)
