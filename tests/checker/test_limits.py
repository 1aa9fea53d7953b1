"""Every limit of the full program is checked by arithmetic of its own: a plan that holds passes, each breach is named."""

from __future__ import annotations

import copy
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.checker import check_plan
from tests.checker.full_case import EXTRA_USD_PER_H, exact_capacity_rps
from tests.checker.full_sample import full_catalogs, full_plan
from tests.checker.spot import Case, violation_share

if TYPE_CHECKING:
    from collections.abc import Callable

Plan = dict[str, Any]


def check(plan: Plan) -> list[str]:
    return check_plan(plan, full_catalogs(), extra_usd_per_h=EXTRA_USD_PER_H)


@pytest.mark.parametrize("policy", ["survive-loss", "chance"])
def test_a_sound_plan_passes(policy: str) -> None:
    assert check(full_plan(policy)) == []


def asked(plan: Plan, name: str) -> Plan:
    return next(one for one in plan["problem"]["classes"] if one["name"] == name)


def line(plan: Plan, option: str, window: int = 0) -> Plan:
    return next(one for one in plan["windows"][window]["fleet"] if one["option"] == option)


def option(plan: Plan, name: str) -> Plan:
    return next(one for one in plan["options"] if one["id"] == name)


def group(plan: Plan, name: str, window: int = 0) -> Plan:
    return next(one for one in plan["windows"][window]["groups"] if one["id"] == name)


def risk(plan: Plan, window: int = 0) -> Plan:
    return plan["windows"][window]["spot_risk"]


def allow(plan: Plan, **limits: Any) -> None:
    plan["problem"].update(limits)


def leave_unserved(plan: Plan) -> None:
    window = plan["windows"][0]
    window["served_rps"]["batch"]["boxed"] = [3.0, 5.0]
    window["unserved_rps"]["batch"] = [0.0, 1.0]


def stop_on_demand(plan: Plan) -> None:
    """One on-demand machine fewer in the second window; only what follows from the change itself is wrong."""
    line(plan, "exact@on-demand/a", 1)["count"] -= 1
    group(plan, "exact", 1)["count"] -= 1


def stop_what_joined(plan: Plan) -> None:
    """The machine that joins does so before the first window and is gone after it."""
    next(one for one in plan["problem"]["current_fleet"] if one["zone"] == "b")["count"] = 0
    line(plan, "exact@spot/b", 1)["count"] = 0


BREACHES: dict[str, tuple[Callable[[Plan], object], str]] = {
    "commitments": (
        lambda p: p["problem"]["commitments"][0].update(count=2),
        "commitments: 3 x g4dn.xlarge, 2 are owned",
    ),
    "nothing committed": (lambda p: allow(p, commitments=[]), "0 are owned"),
    "committed billed": (
        lambda p: option(p, "chat@committed").update(price_usd_per_h=0.1),
        "price: 0.1 USD/h, in the catalog 0",
    ),
    "containers off": (lambda p: allow(p, containers=False), "containers are not enabled"),
    "container price": (lambda p: option(p, "boxed@container").update(price_usd_per_h=0.05), "price: 0.05"),
    "container size": (lambda p: option(p, "boxed@container").update(memory_mib=8192), "price"),
    "container quota": (
        lambda p: p["problem"]["quotas"][2].update(vcpu=1),
        "quota: 2 vCPU of fargate/on-demand",
    ),
    "standby counts as on-demand": (
        lambda p: p["problem"]["quotas"][0].update(vcpu=5),
        "quota: 6 vCPU of standard/on-demand",
    ),
    "spot quota": (lambda p: p["problem"]["quotas"][1].update(vcpu=5), "quota: 6 vCPU of standard/spot"),
    "standby off": (lambda p: allow(p, burstable_standby=False), "standby machines are not enabled"),
    "standby price": (lambda p: option(p, "ready@standby/b").update(price_usd_per_h=0.0), "price: 0 USD/h"),
    "standby serves": (
        lambda p: p["windows"][0]["served_rps"].update(web={"ready": [14.0, 29.0]}),
        "ready stands stopped",
    ),
    "standby counted at work": (lambda p: group(p, "ready").update(count=1), "0 machines, 1 stated"),
    "standby in a running group": (
        lambda p: group(p, "ready").update(standby=False),
        "in a group with standby",
    ),
    "zone of another name": (lambda p: line(p, "exact@spot/b").update(zone="c"), "zone is c"),
    "zone that is not chosen": (lambda p: allow(p, zones=["a"]), "zone: b; zones are a"),
    "zone of a commitment": (lambda p: option(p, "chat@committed").update(zone="a"), "zone: a"),
    "least zones": (lambda p: allow(p, min_zones=2), "class chat: min_zones: in 0 zones, 2 are asked"),
    "least machines": (
        lambda p: asked(p, "web").update(min_instances=5),
        "class web: min_instances: 4 machines, 5 are asked",
    ),
    "headroom": (lambda p: allow(p, headroom_share=0.4), "are sent to it, it carries"),
    "groups": (lambda p: allow(p, max_groups=3), "max_groups: 4 groups, 3 are allowed"),
    "churn": (lambda p: allow(p, max_churn=0), "max_churn: 1 starts and stops, 0 are allowed"),
    "churn by a stop": (stop_on_demand, "max_churn: 2 starts and stops, 1 are allowed"),
    "scale-in": (stop_what_joined, "scale_in: 0 x c5.large/spot/b stay, 1 started within the delay"),
    "budget": (lambda p: allow(p, budget_usd=0.01), "budget: the windows cost"),
    "spend": (lambda p: p["certificate"].update(spend_usd=0.01), "0.01 USD are spent"),
    "load forgotten": (lambda p: p["windows"][1]["cost"].update(loads_usd=0.0), "loads_usd"),
    "load of another model": (
        lambda p: p["problem"]["current_fleet"][0].update(model="llm"),
        "loads_usd is 0, recomputed",
    ),
    "load price": (lambda p: option(p, "exact@spot/b").update(load_usd=0.0), "a load at 0 USD"),
    "rate of a class": (lambda p: group(p, "chat")["class_rps"].update(chat=3.0), "3 requests/s of chat"),
    "linear mix": (lambda p: allow(p, target_utilisation=0.5), "level 1 takes 4.21053 machines, it has 3"),
    "class without a rate": (lambda p: group(p, "chat").update(class_rps={}), "that it has no rate for"),
    "another bucket": (lambda p: asked(p, "chat").update(bucket="i9o9"), "in the catalog None"),
    "another model": (lambda p: asked(p, "chat").update(models=["other"]), "runs llm, not one of other"),
    "unserved": (leave_unserved, "unserved: 1 requests/s"),
    "served share": (
        lambda p: p["windows"][0]["expected"]["classes"]["web"].update(served_share=0.9),
        "served: a share of 0.9",
    ),
    "mean accuracy": (
        lambda p: asked(p, "web").update(min_accuracy={"value": 0.81, "kind": "mean", "metric": None}),
        "class web: mean accuracy: 0.8, 0.81 is asked",
    ),
    "effective accuracy": (
        lambda p: asked(p, "batch").update(min_accuracy={"value": 0.79, "kind": "effective", "metric": None}),
        "class batch: effective accuracy: 0.76, 0.79 is asked",
    ),
    "no spot risk stated": (lambda p: p["windows"][0].update(spot_risk=None), "nothing is stated"),
    "pool of another size": (
        lambda p: risk(p)["pools"]["c5.large/a"].update(machines=2),
        "pool c5.large/a: 1 machines are at work",
    ),
    "pool left out": (
        lambda p: risk(p)["pools"].pop("c5.large/b"),
        "pool c5.large/b: 1 machines are at work",
    ),
    "size after a loss": (
        lambda p: risk(p)["pools"]["c5.large/a"]["left"]["exact"].update(count=4),
        "3 machines are left, 4 are stated",
    ),
    "capacity after a loss": (
        lambda p: risk(p)["pools"]["c5.large/a"]["left"]["exact"].update(capacity_rps=exact_capacity_rps(4)),
        "3 machines do not carry",
    ),
    "capacity of standby": (
        lambda p: risk(p)["standby"]["ready"].update(capacity_rps=9.0),
        "1 machines do not carry 9",
    ),
    "variance": (
        lambda p: p["problem"]["spot"]["covariance"][0].__setitem__(0, 0.01),
        "variance of c5.large/a",
    ),
    "asymmetric": (lambda p: p["problem"]["spot"]["covariance"][0].__setitem__(1, 0.5), "is not symmetric"),
    "spare": (lambda p: risk(p)["guards"]["web"].update(spare_rps=30.0), "spare: 30 requests/s are stated"),
    "loss": (
        lambda p: risk(p)["guards"]["web"]["lost_rps"].update({"c5.large/a": 1.0}),
        "loss of c5.large/a: 1 requests/s",
    ),
    "normal tail": (
        lambda p: risk(p)["guards"]["web"].update(normal_violation_share=0.0),
        "normal tail: 0 is stated",
    ),
    "violation": (
        lambda p: risk(p)["guards"]["web"].update(violation_share=0.5),
        "violation: 0.5 is stated, by enumeration",
    ),
}


@pytest.mark.parametrize("kind", BREACHES)
def test_a_breach_is_named(kind: str) -> None:
    breach, expected = BREACHES[kind]
    plan = copy.deepcopy(full_plan())
    breach(plan)
    problems = check(plan)
    assert any(expected in problem for problem in problems), problems


def test_a_loss_that_cannot_be_survived_is_named() -> None:
    """Without functions three machines of the group and the stopped one would have to carry all of the class."""
    plan = full_plan()
    allow(plan, function_concurrency_limit=0)
    short = 29.0 - 0.95 * (exact_capacity_rps(3) + exact_capacity_rps(1))
    expected = f"window w0: survive loss: without c5.large/a, {short:.6g} requests/s cannot be served"
    assert expected in check(plan)


def test_a_chance_that_is_too_large_is_named() -> None:
    plan = full_plan("chance")
    plan["problem"]["spot"]["violation_share"] = 0.01
    assert any("chance:" in problem for problem in check(plan))


def test_burstable_machines_at_work_stay_within_their_credits() -> None:
    """Four machines at 30 % of their processors sustain 12 requests/s of 100 ms; stopped ones start at full speed."""
    catalogs = full_catalogs()
    catalogs.baseline_share = {"c5.large": 0.3, "t3.large": 0.3}
    found = check_plan(full_plan(), catalogs, extra_usd_per_h=EXTRA_USD_PER_H)
    assert len(found) == 2
    assert all("group exact: credits" in problem for problem in found)


def test_functions_burst_up_to_the_concurrency_limit() -> None:
    plan = full_plan()
    case = Case(plan, plan["windows"][0])
    assert case.burst_rps({"classes": ["web"]}) == pytest.approx(1 / 0.208)
    assert case.burst_rps({"classes": ["chat"]}) == 0.0


def test_the_violation_counts_every_way_of_losing_pools() -> None:
    """Three pools, a common shock or losses by themselves; the same by brute force over shock and own losses."""
    share, lost, shock = np.array([0.1, 0.2, 0.3]), np.array([3.0, 2.0, 1.0]), 0.05
    own = (share - shock) / (1 - shock)
    expected = shock
    for gone in product((0, 1), repeat=3):
        if lost @ np.array(gone) > 2.5:
            expected += (1 - shock) * np.prod([p if g else 1 - p for p, g in zip(own, gone, strict=True)])
    assert violation_share(share, lost, 2.5, shock) == pytest.approx(expected)
    assert violation_share(share, lost, 6.0, shock) == 0.0


def test_what_is_left_unserved_counts_where_accuracy_is_maximised() -> None:
    """It is allowed there, and the stated effective accuracy may not exceed what is recomputed."""
    plan = full_plan()
    leave_unserved(plan)
    plan["problem"]["objective"]["quantity"] = "effective_accuracy"
    plan["certificate"].update(
        sense="maximise",
        objective={"value": 0.9, "unit": "share"},
        bound={"value": 0.85, "unit": "share"},
        objective_usd=None,
        bound_usd=None,
    )
    problems = check(plan)
    assert not any("unserved:" in problem for problem in problems)
    assert any("effective accuracy: 0.9 is stated" in problem for problem in problems)
    assert any("the bound 0.85 is below the objective 0.9" in problem for problem in problems)


def test_the_variance_of_losses_is_part_of_the_objective() -> None:
    plan = full_plan()
    plan["problem"]["spot"]["risk_aversion_usd"] = 0.01
    lost = [np.array(list(risk(plan, n)["guards"]["web"]["lost_rps"].values())) for n in range(2)]
    covariance = np.array(plan["problem"]["spot"]["covariance"])
    price = sum(0.25 * 0.01 * float(v @ covariance @ v) for v in lost)
    total = plan["certificate"]["spend_usd"] + price
    assert any("the objective is" in problem for problem in check(plan))
    plan["certificate"].update(
        objective_usd=total, objective={"value": total}, bound={"value": total}, gap=0.0
    )
    plan["certificate"]["bound_usd"] = total
    assert check(plan) == []
