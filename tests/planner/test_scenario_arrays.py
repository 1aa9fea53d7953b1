"""Keys of the scenario as arrays of the program: each one in its place and unit, and nothing where nothing asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from catalogs.burstable import BurstFacts
from catalogs.containers import load_container_tariffs
from catalogs.measurements import PublishedCapacity
from planner.assembly import assemble, provisioning_problem
from planner.enumeration import enumerate_options
from tests.planner.small_catalogs import (
    PRICE_DAY,
    TASK,
    demand,
    function_time,
    offer,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    time,
    variant,
)

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem

TIMES = (time(), time(host="c5.xlarge", mean_ms=30.0), time("poor", "c5.xlarge", mean_ms=20.0))
FUNCTIONS = (function_time(),)
ZONES = {"zones": ["us-east-1a", "us-east-1b"]}


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


def test_a_plain_scenario_has_no_optional_part() -> None:
    p = problem()
    parts = (p.linear_rps, p.owned_count, p.limits, p.loads, p.accuracy, p.spot_risk, p.value)
    assert parts == (None,) * 7


def test_zones_make_a_machine_of_every_market_in_every_zone() -> None:
    p = problem(resources=ZONES | {"min_zones": 2})
    assert [name for name in p.machines if name.startswith("c5.large")] == [
        "c5.large/on-demand/us-east-1a",
        "c5.large/on-demand/us-east-1b",
        "c5.large/spot/us-east-1a",
        "c5.large/spot/us-east-1b",
    ]
    assert p.limits is not None
    assert p.limits.zone_of_machine.tolist() == [0, 1] * 4
    assert p.limits.min_zones == 2


def test_commitments_cost_nothing_and_end_at_what_is_owned() -> None:
    p = problem(resources=ZONES | {"commitments": [{"instance_type": "c5.large", "count": 4}]})
    own = p.machines.index("c5.large/committed")
    assert (p.price_usd_per_h[own] == 0).all()
    assert p.start_usd[own] == 0
    assert p.owned_count is not None
    assert p.owned_count[own] == 4
    assert np.isinf(np.delete(p.owned_count, own)).all()


def test_the_current_fleet_counts_by_market_zone_and_over_its_models() -> None:
    fleet = [
        {"instance_type": "c5.xlarge", "zone": "us-east-1b", "count": 2, "model": "good"},
        {"instance_type": "c5.xlarge", "zone": "us-east-1b", "count": 1, "model": "poor"},
        {"instance_type": "c5.xlarge", "zone": "us-east-1a", "market": "spot", "count": 5},
    ]
    p = problem(resources=ZONES | {"current_fleet": fleet})
    counts = dict(zip(p.machines, p.initial_count.tolist(), strict=True))
    assert counts["c5.xlarge/on-demand/us-east-1b"] == 3
    assert counts["c5.xlarge/spot/us-east-1a"] == 5
    assert sum(counts.values()) == 8


def test_a_fleet_that_names_models_makes_loads_count() -> None:
    fleet = [
        {"instance_type": "c5.xlarge", "count": 2, "model": "good"},
        {"instance_type": "c5.xlarge", "count": 1},
    ]
    p = problem(resources={"current_fleet": fleet}, models={"load_s": {"good": 90.0, "poor": 36.0}})
    assert p.loads is not None
    assert p.loads.models == ("good", "poor")
    assert [p.loads.models[m] for m in p.loads.group_model] == [name.partition("/")[0] for name in p.groups]
    assert p.loads.load_s.tolist() == [90.0, 36.0]
    xlarge = p.machines.index("c5.xlarge/on-demand")
    assert p.loads.initial_loaded[xlarge].tolist() == [2, 0]
    assert p.loads.load_usd[xlarge] == pytest.approx([0.2 * 90 / 3600, 0.2 * 36 / 3600])
    large = p.machines.index("c5.large/on-demand")
    assert p.loads.load_usd[large] == pytest.approx(
        [0.1 * 90 / 3600, 0.0]
    )  # no group of poor is of this type


def test_a_load_time_that_nobody_states_is_estimated_once_loads_count() -> None:
    p = problem(models={"load_s": {"good": 90.0}})
    assert p.loads is not None
    assert p.loads.load_s[0] == 90.0
    assert p.loads.load_s[1] > 0


def test_limits_of_operators_are_handed_on() -> None:
    p = problem(
        request_class("a"),
        request_class("b", min_instances=5),
        resources={"min_instances": 2, "max_groups": 3, "max_churn": 7, "scale_in_delay_s": 2000.0},
    )
    assert p.limits is not None
    assert p.limits.min_instances.tolist() == [2, 5]
    assert (p.limits.max_groups, p.limits.max_churn) == (3, 7)
    assert set(p.limits.scale_in_windows.tolist()) == {3}  # 2,000 s in windows of 900 s
    assert (p.limits.zone_of_machine == -1).all()


def test_a_minimum_bill_beyond_the_boot_is_a_minimum_run() -> None:
    """A machine that serves at once in windows of 20 s is billed for 60 s: it may as well stay for three."""
    horizon = {"start": "2026-11-23T00:00:00Z", "duration": "1min"}
    p = problem(horizon=horizon, window="20s", resources={"boot_s": 0.0})
    assert p.limits is not None
    assert set(p.limits.scale_in_windows.tolist()) == {3}
    assert problem(horizon=horizon, window="20s", resources={"boot_s": 45.0}).limits is None


def test_headroom_is_taken_off_and_tables_reach_as_far_as_before() -> None:
    plain, half = problem(), problem(resources={"headroom_share": 0.5})
    for row, less, count in zip(plain.capacity_rps, half.capacity_rps, plain.count_max, strict=True):
        assert less[: count + 1] == pytest.approx(0.5 * row[: count + 1])
    assert (half.capacity_rps.max(axis=1) >= 40.0).all()


def test_published_capacities_are_rates_per_class_with_target_and_headroom_off() -> None:
    published = PublishedCapacity("good", "c5.large", None, 1, 8.0, 150.0, 0.98, "paper", "published")
    p = problem(
        request_class("a"),
        request_class("b", deadline_ms=100.0),
        resources={"target_utilisation": 0.5, "headroom_share": 0.25},
        catalogs={"profiles": profiles(capacities=(published,))},
    )
    assert p.linear_rps is not None
    assert p.linear_rps.tolist() == [[3.0], [0.0]]
    assert (p.capacity_rps.tolist(), p.count_max.tolist()) == ([[0.0]], [0])


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


def test_standby_whose_credits_end_too_soon_is_left_out() -> None:
    question = scenario(
        spot=SURVIVE | {"exposure_s": 3600.0},
        resources={"burstable": {"workers": "exclude", "standby": True}},
    )
    found = options(question, **BURSTABLE)
    assert not any(machine.is_standby for machine in found.machines)
    assert any("hold full speed for 2250 s" in one.reason for one in found.rejected) or any(
        one.option == "good/t9.large" for one in found.rejected
    )


def test_pools_are_types_in_zones_and_guards_count_stricter_classes() -> None:
    p = problem(
        request_class("slow", deadline_ms=400.0, share=0.3),
        request_class("fast", share=0.3),
        request_class("sure", percentile=0.99, share=0.3),
        resources=ZONES,
        spot={
            "policy": "chance",
            "violation_share": 0.05,
            "risk_aversion_usd": 0.5,
            "common_shock_share": 0.01,
        },
    )
    risk = p.spot_risk
    assert risk is not None
    assert risk.pools == (
        "c5.large/us-east-1a",
        "c5.large/us-east-1b",
        "c5.xlarge/us-east-1a",
        "c5.xlarge/us-east-1b",
    )
    named = {
        name: -1 if z < 0 else risk.pools[z] for name, z in zip(p.machines, risk.pool_of_machine, strict=True)
    }
    assert named["c5.large/spot/us-east-1b"] == "c5.large/us-east-1b"
    assert named["c5.large/on-demand/us-east-1b"] == -1
    assert risk.guards == (f"{TASK}/d200p95", f"{TASK}/d200p99", f"{TASK}/d400p95")
    assert risk.guard_classes.tolist() == [[False, True, True], [False, False, True], [True, True, True]]
    assert (risk.level, risk.violation_share, risk.aversion_usd, risk.survive_any_loss) == (
        1,
        0.05,
        0.5,
        False,
    )
    assert np.diag(risk.covariance) == pytest.approx(risk.loss_share * (1 - risk.loss_share))
    band = 1 - (1 - 0.10) ** (180 / 3600 / 730)  # the upper end of the band over the boot time
    assert risk.loss_share == pytest.approx([1 - 0.99 * (1 - band)] * 4)
    assert p.on_demand_floor_share == 0


def test_under_a_chance_constraint_tables_reach_twice_the_demand() -> None:
    chance = problem(spot={"policy": "chance", "violation_share": 0.05})
    assert (chance.capacity_rps.max(axis=1) >= 80.0).all()


def test_surviving_a_loss_asks_for_the_level_named() -> None:
    risk = problem(spot={"policy": "survive-loss", "level": 0.5}).spot_risk
    assert risk is not None
    assert (risk.level, risk.survive_any_loss, risk.violation_share) == (0, True, None)
    assert risk.pools == ("c5.large", "c5.xlarge")


def test_the_prune_leaves_no_pool_without_machines() -> None:
    question = scenario(spot={"policy": "survive-loss"})
    p = assemble(question, demand(question), options(question)).problem
    assert p.spot_risk is not None
    assert set(p.spot_risk.pool_of_machine[p.is_spot]) == set(range(len(p.spot_risk.pools)))


MEAN = {"min_accuracy": {"value": 0.7, "kind": "mean"}}


def test_a_floor_on_average_admits_less_accurate_models_at_a_negative_margin() -> None:
    p = problem(request_class("any"), request_class("mean", **MEAN))
    assert p.accuracy is not None
    assert p.accuracy.asks.tolist() == [False, True]
    margins = dict(zip(p.groups, p.accuracy.group_margin_share[1], strict=True))
    assert margins["good/c5.large/b1x1/d200p95"] == pytest.approx(0.06)
    assert margins["poor/c5.xlarge/b1x1/d200p95"] == pytest.approx(-0.10)
    assert not p.accuracy.group_margin_share[0].any()
    assert p.accuracy.function_margin_share[1] == pytest.approx([0.06])


def test_an_effective_floor_counts_the_share_in_time() -> None:
    question = scenario(request_class(min_accuracy={"value": 0.7, "kind": "effective"}))
    found = options(question)
    p = provisioning_problem(question, demand(question), found)
    assert p.accuracy is not None
    margins = dict(zip(p.groups, p.accuracy.group_margin_share[0], strict=True))
    assert margins["good/c5.large/b1x1/d200p95"] == pytest.approx(0.76 * 0.95 - 0.7)
    assert p.accuracy.function_margin_share[0] == pytest.approx(
        [0.76 * found.functions[0].deadline_meet_rate["web"] - 0.7]
    )


def test_effective_accuracy_sizes_groups_for_every_share_in_time_of_the_grid() -> None:
    free = request_class()
    del free["percentile"]
    stated = request_class("stated", deadline_ms=300.0, percentile=0.94)
    objective = {"maximise": "effective_accuracy", "meet_rate_grid": [0.9, 0.95]}
    p = problem(free, stated, objective=objective)
    served = {
        name: p.serves[:, j].tolist() for j, name in enumerate(p.groups) if name.startswith("good/c5.large")
    }
    assert served == {
        "good/c5.large/b1x1/d200p90": [
            True,
            True,
        ],  # at its capacity it answers 94 % within 300 ms, its table shows
        "good/c5.large/b1x1/d200p94": [True, True],
        "good/c5.large/b1x1/d200p95": [True, True],
        "good/c5.large/b1x1/d300p94": [False, True],
        "good/c5.large/b1x1/d300p95": [False, True],
    }
    assert p.value is not None
    worth = dict(zip(p.groups, p.value.group_usd[0], strict=True))
    assert worth["good/c5.large/b1x1/d200p90"] == pytest.approx(0.76 * 0.9)
    assert worth["good/c5.large/b1x1/d200p95"] == pytest.approx(0.76 * 0.95)
    assert worth["good/c5.large/b1x1/d300p95"] == 0


def test_models_may_be_named_in_place_of_a_task() -> None:
    catalog = profiles(*TIMES, variants=(variant("good"), variant("poor", 0.6, task="ranking")))
    by_name = request_class("named", models=["poor"])
    del by_name["task"]
    p = problem(request_class("any"), by_name, catalogs={"profiles": catalog})
    served = {name.partition("/")[0]: p.serves[:, j].tolist() for j, name in enumerate(p.groups)}
    assert served == {"good": [True, False], "poor": [False, True]}
