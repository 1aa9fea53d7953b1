"""A plan on one spot pool with stopped machines behind it, and its requests through the loss of that pool."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.testing import assert_allclose

from planner.plan import ProvisioningPlan
from planner.replay.engine import replay
from planner.replay.interruptions import Interruptions, PoolHistory
from planner.replay.planned import Planned
from planner.replay.requests import Requests
from planner.replay.results import COST_PARTS
from planner.replay.supplies import supply_of_plan
from tests.planner.plan_case import GROUP, SPOT, START, plan_data, window
from workloads.traces import Trace

if TYPE_CHECKING:
    from planner.replay.results import Replayed

SPOT_USD, STOPPED_USD, RUNNING_USD = 0.2, 0.004, 0.6
EXTRA, STANDBY = "resnet50/t2.2xlarge/standby", "t2.2xlarge/standby"
RATE_RPS, MACHINES = 40.0, 4
DOWN_S, UP_S, BOOT_S, NOTICE_S = 600.0, 2400.0, 180.0, 120.0
EDGES_S = np.array(
    [0.0, DOWN_S, DOWN_S + BOOT_S, UP_S + BOOT_S, 3600.0]
)  # before, until they run, while they run, after


def standby_plan() -> ProvisioningPlan:
    """One hour: strict and lax at 20 requests/s each on four spot machines of 20 requests/s, four machines stopped."""
    data = plan_data()
    one = window(0, 0, MACHINES, 0.0)
    for level in one["levels"]:
        level["demand_rps"] = {"strict": RATE_RPS / 2, "lax": RATE_RPS / 2}
    one["served_rps"] = {name: {GROUP: [RATE_RPS / 2] * 2} for name in ("strict", "lax")}
    one["routing"] = {name: [{"groups": {GROUP: 1.0}, "functions": {}}] * 2 for name in ("strict", "lax")}
    one["overflow_rps"], one["functions"] = {}, []
    extra = deepcopy(one["groups"][0])
    extra.update(id=EXTRA, instance_type="t2.2xlarge", standby=True, count=0, capacity_rps=0.0)
    one["groups"].append(extra)
    (line,) = (row for row in one["fleet"] if row["option"] == SPOT)
    line["launch_at"] = None
    one["fleet"] = [line, deepcopy(line)]
    place = {"group": EXTRA, "instance_type": "t2.2xlarge", "market": "standby"}
    one["fleet"][1].update(place, option=f"{EXTRA}@standby")
    (spot,) = (row for row in data["options"] if row["id"] == SPOT)
    stopped = deepcopy(spot)
    stopped.update(
        place,
        id=f"{EXTRA}@standby",
        machine=STANDBY,
        price_usd_per_h=STOPPED_USD,
        running_usd_per_h=RUNNING_USD,
        interruption_share=None,
        pool=None,
    )
    data["windows"], data["options"] = [one], [spot, stopped]
    return ProvisioningPlan.model_validate(data)


@pytest.fixture(scope="module")
def replayed() -> Replayed:
    """The hour, its spot pool down from 600 to 2,400 s."""
    plan = standby_plan()
    supply = supply_of_plan(plan)
    history = PoolHistory(np.array([DOWN_S]), np.array([DOWN_S]), np.array([UP_S]))
    counts = np.random.default_rng(4).poisson(RATE_RPS * 60, 60).astype(float)
    return replay(
        Planned(plan, supply),
        supply,
        Requests({"web": Trace("web", START, 60.0, counts)}, START, 3600.0),
        seed=1,
        window_edge_s=EDGES_S,
        interruptions=Interruptions({"c5.xlarge": history}),
    )


def test_standby_groups_of_a_plan_may_serve_what_their_model_serves() -> None:
    """Nothing is routed to them, yet both classes may go there, at the price of a running machine."""
    supply = supply_of_plan(standby_plan())
    assert {one.name: set(one.classes) for one in supply.pools} == {
        GROUP: {"strict", "lax"},
        EXTRA: {"strict", "lax"},
    }
    (rental,) = (one for one in supply.rentals if one.is_standby)
    assert (rental.price_usd_per_h, rental.running_usd_per_h) == (STOPPED_USD, RUNNING_USD)


def test_requests_are_served_by_standby_machines_while_the_pool_is_lost(replayed: Replayed) -> None:
    """Only the minute from the end of the notice to the end of the boot has no machines."""
    pools = [one.name for one in replayed.supply.pools]
    spot, extra = (replayed.served[:, pools.index(name)].sum(axis=0) for name in (GROUP, EXTRA))
    arrived = replayed.arrived.sum(axis=0)
    in_time = replayed.in_time.sum(axis=(0, 1)) / arrived
    without_s = BOOT_S - NOTICE_S
    assert_allclose(extra[[0, 3]], 0.0)
    assert_allclose(spot[0], arrived[0])
    assert_allclose(spot[2], 0.0)
    assert_allclose(extra[2], arrived[2])
    assert_allclose(in_time[[0, 2]], 1.0, atol=0.01)
    assert in_time[1] == pytest.approx(NOTICE_S / BOOT_S, abs=0.05)
    assert replayed.arrived[:, 1].sum() * without_s / BOOT_S > 2000


def test_the_bill_of_a_loss(replayed: Replayed) -> None:
    """Spot runs for 720 and 1,200 s; standby machines run for 1,980 s, the rest of the hour they stand stopped."""
    rentals = [one.id for one in replayed.supply.rentals]
    machines_s = replayed.machines_s.sum(axis=1)
    running_s = UP_S + BOOT_S - DOWN_S
    assert machines_s[rentals.index("c5.xlarge/spot")] == MACHINES * (DOWN_S + NOTICE_S + 3600 - UP_S)
    assert machines_s[rentals.index(STANDBY)] == pytest.approx(MACHINES * running_s, abs=2.0)
    usd = replayed.usd.sum(axis=1)
    boots_s = MACHINES * BOOT_S
    assert usd[COST_PARTS.index("starts_usd")] == pytest.approx(boots_s * (SPOT_USD + RUNNING_USD) / 3600)
    expected = SPOT_USD * machines_s[rentals.index("c5.xlarge/spot")] / 3600
    expected += (RUNNING_USD * running_s + STOPPED_USD * (3600 - running_s)) * MACHINES / 3600
    assert usd.sum() == pytest.approx(expected, rel=1e-3)
    assert (replayed.starts.sum(), replayed.lost.sum(), len(replayed.notices)) == (8, 4, 1)
