"""Containers, burstable machines and stopped standby: what they carry, what they cost, and when they are left out."""

from __future__ import annotations

import numpy as np
import pytest

from catalogs.burstable import BurstFacts
from catalogs.containers import load_container_tariffs
from catalogs.measurements import PublishedCapacity
from planner.assembly import provisioning_problem
from planner.errors import InputError
from tests.planner.small_catalogs import (
    PRICE_DAY,
    demand,
    offer,
    prices,
    profiles,
    scenario,
    time,
)
from tests.planner.small_programs import options


def test_containers_stand_in_for_cores_where_they_are_enabled() -> None:
    cores = PublishedCapacity("good", None, 2, 1, 8.0, 150.0, 0.98, "paper", "published")
    catalogs = {"profiles": profiles(capacities=(cores,)), "containers": load_container_tariffs("us-east-1")}
    resources = {
        "containers": {"enabled": True},
        "zones": ["us-east-1a"],
        "quotas": [{"family": "fargate", "market": "on-demand", "vcpu": 6}],
        "current_fleet": [{"instance_type": "fargate-2vcpu-4gb", "market": "container", "count": 1}],
    }
    question = scenario(resources=resources)
    found = options(question, **catalogs)
    (group,), (machine,) = found.groups, found.machines
    assert machine.id == "fargate-2vcpu-4gb/container"
    assert machine.price_usd_per_h == pytest.approx(
        2 * 0.04048 + 4 * 0.004445
    )  # AWS Fargate, us-east-1, Linux/x86
    assert "one core" in group.source
    p = provisioning_problem(question, demand(question), found)
    assert p.quota_use.tolist() == [[2.0]]
    assert p.initial_count.tolist() == [1]


def test_of_several_cores_in_one_container_the_largest_capacity_counts() -> None:
    """Three cores and four both take 4 vCPU; with five, there are 8."""
    rows = tuple(
        PublishedCapacity("good", None, cores, 1, 4.0 * cores, 150.0, 0.98, "paper", "published")
        for cores in (3, 4, 5)
    )
    containers = load_container_tariffs("us-east-1")
    found = options(
        scenario(resources={"containers": {"enabled": True}}),
        profiles=profiles(capacities=rows),
        containers=containers,
    )
    assert {one.instance_type: one.published_rps for one in found.groups} == {
        "fargate-4vcpu-8gb": 16.0,
        "fargate-8vcpu-16gb": 20.0,
    }


def test_cores_stay_without_a_host_where_containers_are_off() -> None:
    cores = PublishedCapacity("good", None, 2, 1, 8.0, 150.0, 0.98, "paper", "published")
    found = options(scenario(), profiles=profiles(capacities=(cores,)))
    assert {one.kind for one in found.rejected if one.option.startswith("good/2-cores")} == {"host"}


FACTS = {
    "t9.large": BurstFacts("t9.large", 2, 24.0, 60.0, 0.05, "guide", PRICE_DAY)
}  # a fifth of its speed for ever
BURSTABLE = {
    "prices": prices(offer("t9.large", 0.08, 2), offer("c5.large", 0.1, 2)),
    "profiles": profiles(time(), time(host="t9.large")),
    "bursts": FACTS,
}


def test_a_burstable_worker_carries_what_its_credits_sustain() -> None:
    """Calls of 50 ms: 20 a second at full speed, 4 at a fifth of it."""
    found = options(scenario(), **BURSTABLE)
    group = next(one for one in found.groups if one.instance_type == "t9.large")
    assert (group.capacity_rps <= 4.0 * np.arange(len(group.capacity_rps)) + 1e-9).all()
    assert group.capacity_rps[-2] < 40 <= group.capacity_rps[-1]
    assert "credits sustain" in group.source


def test_burstable_workers_may_be_excluded() -> None:
    found = options(scenario(resources={"burstable": {"workers": "exclude"}}), **BURSTABLE)
    assert {one.instance_type for one in found.groups} == {"c5.large"}


SURVIVE = {"policy": "survive-loss", "exposure_s": 600.0}


def test_standby_is_stopped_cheap_and_at_full_speed_while_credits_last() -> None:
    """60 credits over (120 - 24) an hour hold full speed for 2,250 s."""
    question = scenario(spot=SURVIVE, resources={"burstable": {"standby": True}})
    found = options(question, **BURSTABLE)
    p = provisioning_problem(question, demand(question), found)
    stopped = p.machines.index("t9.large/standby")
    assert p.price_usd_per_h[stopped, 0] == pytest.approx(30 * 0.08 / 730)  # 30 GB of disk for a month
    assert p.start_usd[stopped] == 0
    assert p.spot_risk is not None
    assert p.spot_risk.is_standby.tolist() == [name.endswith("/standby") for name in p.machines]
    fed = {p.groups[j] for j, i in zip(p.option_group, p.option_machine, strict=True) if i == stopped}
    assert fed == {"good/t9.large/b1x1/d200p95/standby"}
    by_id = {group.id: group for group in found.groups}
    full = by_id["good/t9.large/b1x1/d200p95/standby"].capacity_rps
    plain = by_id["good/c5.large/b1x1/d200p95"].capacity_rps
    assert full == pytest.approx(plain)


def test_standby_is_refused_where_nothing_would_ever_count_it() -> None:
    """The chance of too little being left looks at groups that spot pools feed; stopped machines have groups of their own."""
    chance = {"policy": "chance", "violation_share": 0.05}
    with pytest.raises(InputError, match="standby is true, and the spot policy is chance"):
        scenario(spot=chance, resources={"burstable": {"standby": True}})


def test_standby_whose_credits_end_too_soon_is_left_out() -> None:
    burstable = {"workers": "exclude", "standby": True}
    found = options(
        scenario(spot=SURVIVE | {"exposure_s": 3600.0}, resources={"burstable": burstable}), **BURSTABLE
    )
    assert not any(machine.is_standby for machine in found.machines)
    (rejected,) = (one for one in found.rejected if one.option == "good/t9.large")
    assert rejected.kind == "burstable"
    assert "workers is exclude" in rejected.reason
    assert "hold full speed for 2250 s; a lost machine is replaced in 3600 s" in rejected.reason
