"""What spot losses would leave: sizes after a loss, service of every class without any one pool, the chance of too little."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog

from tests.checker.demand import carries
from tests.checker.eligibility import function_in_time, may_serve, misfits
from tests.checker.money import machine_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Plan = dict[str, Any]
ROUNDING = 1e-6
POOLS_ENUMERATED = 15  # 2^15 ways to lose them; the plan states a simulated share beyond


def check_losses(plan: Plan) -> Iterator[str]:
    """All that the spot policy asks for, in every window; losses that are priced and not limited are recomputed too."""
    spot = plan["problem"]["spot"]
    if spot["policy"] not in ("survive-loss", "chance") and not spot["risk_aversion_usd"]:
        return
    yield from _covariance(spot)
    for window in plan["windows"]:
        where = f"window {window['id']}"
        if window["spot_risk"] is None:
            yield f"{where}: spot risk: nothing is stated, the policy is {spot['policy']}"
            continue
        yield from _sizes(where, plan, window)
        case = Case(plan, window)
        if spot["policy"] == "survive-loss":
            for pool in window["spot_risk"]["pools"]:
                short = case.shortfall_rps(pool)
                if short > ROUNDING * max(case.total_rps, 1.0):
                    yield f"{where}: survive loss: without {pool}, {short:.6g} requests/s cannot be served"
        for guard in spot["guards"]:
            yield from _guard(f"{where}, guard {guard['name']}", case, guard)


def _covariance(spot: Plan) -> Iterator[str]:
    shares = [pool["loss_share"] for pool in spot["pools"]]
    for z, (share, row) in enumerate(zip(shares, spot["covariance"], strict=True)):
        if abs(row[z] - share * (1.0 - share)) > ROUNDING:
            yield f"spot: variance of {spot['pools'][z]['name']}: {row[z]:.6g}, recomputed {share * (1.0 - share):.6g}"
        if any(abs(row[w] - spot["covariance"][w][z]) > ROUNDING for w in range(len(row))):
            yield f"spot: the covariance of {spot['pools'][z]['name']} is not symmetric"


def pools_at_work(plan: Plan, window: Plan) -> dict[str, Counter[str]]:
    """Spot pool -> its machines by group: a type in a zone is interrupted together."""
    pool_of = {machine_of(one): one["pool"] for one in plan["options"] if one["kind"] == "machine"}
    found: dict[str, Counter[str]] = {}
    for line in window["fleet"]:
        if line["market"] == "spot":
            name = pool_of.get(machine_of(line)) or "/".join(
                part for part in (line["instance_type"], line["zone"]) if part
            )
            found.setdefault(name, Counter())[line["group"]] += line["count"]
    return found


def _sizes(where: str, plan: Plan, window: Plan) -> Iterator[str]:
    """Stated sizes after each loss are what is left, and carry what is stated."""
    stated, at_work = window["spot_risk"], pools_at_work(plan, window)
    groups = {group["id"]: group for group in window["groups"]}
    waiting: Counter[str] = Counter()
    for line in window["fleet"]:
        if line["market"] == "standby":
            waiting[line["group"]] += line["count"]
    for name in {*at_work, *stated["pools"]}:
        lost = at_work.get(name, Counter())
        if stated["pools"].get(name, {"machines": 0})["machines"] != lost.total():
            yield f"{where}: pool {name}: {lost.total()} machines are at work, another number is stated"
            continue
        for group, count in lost.items():
            yield from _size(
                f"{where}: pool {name}, group {group}",
                plan,
                groups[group],
                groups[group]["count"] - count + waiting[group],
                stated["pools"][name]["left"].get(group),
            )
    for group, count in waiting.items():
        size = groups[group]["count"] + count
        yield from _size(
            f"{where}: standby, group {group}", plan, groups[group], size, stated["standby"].get(group)
        )


def _size(where: str, plan: Plan, group: Plan, count: int, stated: Plan | None) -> Iterator[str]:
    if stated is None or stated["count"] != count:
        yield f"{where}: size: {count} machines are left, {stated and stated['count']} are stated"
    elif group["class_rps"] is None and not carries(
        group, count, stated["capacity_rps"], plan["problem"]["target_utilisation"]
    ):
        yield f"{where}: size: {count} machines do not carry {stated['capacity_rps']:.6g} requests/s"


def takes_any_rate(function: Plan) -> bool:
    """Whether a burst may go to it: not where its figures hold for some rates only, or where it must stand ready first."""
    return function["rate_rps"] is None and not function["usd_per_h"]


@dataclass
class Case:
    """One window at the demand level that must survive, with who may serve whom."""

    plan: Plan
    window: Plan

    def __post_init__(self) -> None:
        problem = self.plan["problem"]
        options = {one["group"]: one for one in self.plan["options"] if one["kind"] == "machine"}
        levels = [level["probability"] for level in self.window["levels"]]
        self.demand = self.window["levels"][levels.index(problem["spot"]["level"])]["demand_rps"]
        self.total_rps = sum(self.demand.values())
        self.used_share = 1.0 - problem["headroom_share"]
        self.pace_share = problem["target_utilisation"] * self.used_share
        self.groups = [group for group in self.window["groups"] if group["id"] in options]
        self.functions = [one for one in self.plan["options"] if one["kind"] == "function"]
        self.limit = problem["function_concurrency_limit"]
        sized = [self._largest(group) for group in self.groups]
        self.serves = [
            [may_serve(one, options[group["id"]], group) for group in sized] for one in problem["classes"]
        ]
        self.calls = [
            [
                takes_any_rate(f)
                and function_in_time(one, f)
                and not any(misfits("", one, f, f["items_per_request"]))
                for f in self.functions
            ]
            for one in problem["classes"]
        ]

    def _largest(self, group: Plan) -> Plan:
        """The group as large as it gets: a stopped one has no load to be judged by before it starts."""
        started = self.window["spot_risk"]["standby"].get(group["id"])
        return {**group, **started} if started else group

    def size_after(self, group: Plan, pool: str) -> Plan:
        """Count and capacity of a group once a pool is lost and standby machines have started."""
        risk = self.window["spot_risk"]
        left = risk["pools"][pool]["left"].get(group["id"]) or risk["standby"].get(group["id"])
        return left or {"count": group["count"], "capacity_rps": group["capacity_rps"]}

    def shortfall_rps(self, pool: str) -> float:
        """Least demand that machines left and functions together cannot serve once a pool is lost: a linear program."""
        classes = self.plan["problem"]["classes"]
        pairs = [(k, j) for k in range(len(classes)) for j in range(len(self.groups)) if self.serves[k][j]]
        calls = [(k, f) for k in range(len(classes)) for f in range(len(self.functions)) if self.calls[k][f]]
        width = len(pairs) + len(calls) + len(classes)
        served = np.zeros((len(classes), width))
        room = np.zeros((len(self.groups) + 1, width))
        most = np.zeros(len(self.groups) + 1)
        for column, (k, j) in enumerate(pairs):
            served[k, column] = 1.0
            rates = self.groups[j]["class_rps"]
            room[j, column] = 1.0 if rates is None else 1.0 / (rates[classes[k]["name"]] * self.pace_share)
        for column, (k, f) in enumerate(calls, start=len(pairs)):
            served[k, column] = 1.0
            room[-1, column] = self.functions[f]["concurrency_s"]
        served[:, len(pairs) + len(calls) :] = np.eye(len(classes))
        for j, group in enumerate(self.groups):
            size = self.size_after(group, pool)
            most[j] = size["capacity_rps"] * self.used_share if group["class_rps"] is None else size["count"]
        most[-1] = self.limit
        cost = np.r_[np.zeros(len(pairs) + len(calls)), np.ones(len(classes))]
        demand = [self.demand[one["name"]] for one in classes]
        answer = linprog(cost, A_ub=room, b_ub=most, A_eq=served, b_eq=demand, method="highs")
        return float(answer.fun)

    def members(self, guard: Plan) -> list[int]:
        """Groups that may serve a class of the guard."""
        names = [one["name"] for one in self.plan["problem"]["classes"]]
        rows = [self.serves[names.index(name)] for name in guard["classes"]]
        return [j for j in range(len(self.groups)) if any(row[j] for row in rows)]

    def capacity_rps(self, j: int, size: Plan, guard: Plan) -> float:
        """Requests/s of a group of a size; with rates per class, at the guard's slowest class."""
        rates = self.groups[j]["class_rps"]
        if rates is None:
            return float(size["capacity_rps"]) * self.used_share
        slowest = min(rates[name] for name in guard["classes"] if rates.get(name))
        return float(size["count"] * slowest * self.pace_share)

    def burst_rps(self, guard: Plan) -> float:
        """Most of the guard's demand that functions carry within the concurrency limit, shortest calls first."""
        names = [one["name"] for one in self.plan["problem"]["classes"]]
        held = sorted(
            (
                min(f["concurrency_s"] for f, may in zip(self.functions, row, strict=True) if may),
                self.demand[name],
            )
            for name, row in zip(names, self.calls, strict=True)
            if name in guard["classes"] and any(row)
        )
        left, carried = float(self.limit), 0.0
        for seconds, rate in held:
            taken = min(rate, left / seconds)
            left, carried = left - taken * seconds, carried + taken
        return carried


def _guard(where: str, case: Case, guard: Plan) -> Iterator[str]:
    """Spare and losses as stated; the normal form of the limit; the probability itself."""
    spot, stated = case.plan["problem"]["spot"], case.window["spot_risk"]["guards"][guard["name"]]
    members = case.members(guard)
    whole = {j: case.capacity_rps(j, case.groups[j], guard) for j in members}
    spare = sum(whole.values()) + case.burst_rps(guard) - sum(case.demand[name] for name in guard["classes"])
    if abs(spare - stated["spare_rps"]) > ROUNDING * max(case.total_rps, 1.0):
        yield f"{where}: spare: {stated['spare_rps']:.6g} requests/s are stated, recomputed {spare:.6g}"
    lost = np.zeros(len(spot["pools"]))
    for z, pool in enumerate(spot["pools"]):
        fed = case.window["spot_risk"]["pools"].get(pool["name"], {"left": {}})["left"]
        for j in members:
            if case.groups[j]["id"] in fed:
                after = case.capacity_rps(j, fed[case.groups[j]["id"]], guard)
                lost[z] += max(whole[j] - after, 0.0)
        claimed = stated["lost_rps"].get(pool["name"], 0.0)
        if abs(lost[z] - claimed) > ROUNDING * max(case.total_rps, 1.0):
            yield f"{where}: loss of {pool['name']}: {claimed:.6g} requests/s are stated, recomputed {lost[z]:.6g}"
    share = np.array([pool["loss_share"] for pool in spot["pools"]])
    mean, spread = float(share @ lost), math.sqrt(max(float(lost @ np.array(spot["covariance"]) @ lost), 0.0))
    if spread > 0.0:
        normal = 1.0 - NormalDist().cdf((spare - mean) / spread)
        if abs(normal - stated["normal_violation_share"]) > ROUNDING:
            yield f"{where}: normal tail: {stated['normal_violation_share']:.6g} is stated, recomputed {normal:.6g}"
    allowed = spot["violation_share"]
    if allowed is not None:
        needed = mean + NormalDist().inv_cdf(1.0 - allowed) * spread
        if needed > spare + ROUNDING * max(case.total_rps, 1.0):
            yield f"{where}: chance: {needed:.6g} requests/s must be spare, {spare:.6g} are"
    if _shocks_alone(spot) and np.count_nonzero(lost) <= POOLS_ENUMERATED:
        found = violation_share(share, lost, spare, spot["common_shock_share"])
        if abs(found - stated["violation_share"]) > ROUNDING:
            yield f"{where}: violation: {stated['violation_share']:.6g} is stated, by enumeration {found:.6g}"


def _shocks_alone(spot: Plan) -> bool:
    """Whether the covariance is that of a common shock and independent losses besides."""
    share, c = np.array([pool["loss_share"] for pool in spot["pools"]]), spot["common_shock_share"]
    expected = c / (1.0 - c) * np.outer(1.0 - share, 1.0 - share)
    apart = ~np.eye(len(share), dtype=bool)
    return bool(np.allclose(np.array(spot["covariance"])[apart], expected[apart], atol=1e-9))


def violation_share(share: Any, lost: Any, spare: float, shock: float) -> float:
    """Probability that more is lost than there is to spare, all ways of losing pools enumerated.

    With probability `shock` every pool goes; else pool z goes by itself with (r - shock) / (1 - shock).
    """
    at_work = np.flatnonzero(lost > 0.0)
    own = (share[at_work] - shock) / (1.0 - shock)
    beyond = spare + ROUNDING * max(abs(spare), 1.0)
    total = shock * float(lost.sum() > beyond)
    for gone in product((False, True), repeat=len(at_work)):
        if float(lost[at_work][list(gone)].sum()) > beyond:
            total += (1.0 - shock) * float(np.prod(np.where(gone, own, 1.0 - own)))
    return total
