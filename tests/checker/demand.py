"""Who serves every level of every class, and whether they carry it: windows, coverage, routing, capacity."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.checker.eligibility import group_loads, level_loads
from tests.checker.groups import RATE_TOLERANCE, keeps, pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator


Plan = dict[str, Any]
SHARE = 1e-6  # relative rounding of rates, weights and shares


def check_windows(plan: Plan) -> Iterator[str]:
    """Windows follow each other over the whole horizon; levels rise and weigh 1."""
    windows = plan["windows"]
    for name, times in Counter(window["id"] for window in windows).items():
        if times > 1:
            yield f"window {name}: the id is used {times} times"
    for before, after in pairwise(windows):
        if before["end"] != after["start"]:
            yield f"window {after['id']}: starts at {after['start']}, the one before ends at {before['end']}"
    if windows[-1]["end"] != plan["validity"]["not_after"]:
        yield f"validity: not_after is {plan['validity']['not_after']}, the last window ends at {windows[-1]['end']}"
    for window in windows:
        levels = window["levels"]
        weight = sum(level["weight_share"] for level in levels)
        if abs(weight - 1.0) > SHARE:
            yield f"window {window['id']}: its levels weigh {weight:.6f}, not 1"
        for low, high in pairwise(levels):
            falls = [
                k for k in low["demand_rps"] if high["demand_rps"][k] < low["demand_rps"][k] * (1 - SHARE)
            ]
            if high["probability"] <= low["probability"] or falls:
                yield f"window {window['id']}: levels do not rise ({', '.join(falls) or 'probability'})"


def check_coverage(plan: Plan) -> Iterator[str]:
    """Served + overflow + unserved = demand, routing weights as served; unserved only where accuracy is maximised."""
    may_leave = plan["problem"]["objective"]["quantity"] == "effective_accuracy"
    for window in plan["windows"]:
        for one in plan["problem"]["classes"]:
            name = one["name"]
            for q, level in enumerate(window["levels"]):
                where = f"window {window['id']}, class {name}, level {level['probability']:g}"
                demand = level["demand_rps"][name]
                served = {j: rates[q] for j, rates in window["served_rps"].get(name, {}).items()}
                over = {f: rates[q] for f, rates in window["overflow_rps"].get(name, {}).items()}
                missing = window["unserved_rps"][name][q]
                total = sum(served.values()) + sum(over.values()) + missing
                if abs(total - demand) > SHARE * max(demand, 1.0):
                    yield f"{where}: coverage: {total:.6g} of {demand:.6g} requests/s"
                if missing > SHARE * max(demand, 1.0) and not may_leave:
                    yield f"{where}: unserved: {missing:.6g} requests/s"
                if min([*served.values(), *over.values(), missing], default=0.0) < 0.0:
                    yield f"{where}: coverage: a rate is negative"
                yield from _routing(where, window["routing"][name][q], served, over)


def _routing(where: str, route: Plan, served: dict[str, float], over: dict[str, float]) -> Iterator[str]:
    total = sum(served.values()) + sum(over.values())
    if total <= 0.0:
        return
    for kind, rates in (("groups", served), ("functions", over)):
        for name in {*rates, *route[kind]}:
            wanted, given = rates.get(name, 0.0) / total, route[kind].get(name, 0.0)
            if abs(wanted - given) > SHARE:
                yield f"{where}: routing: {name} gets {given:.6g} of the class, it serves {wanted:.6g}"


def check_capacity(plan: Plan) -> Iterator[str]:
    """Every group carries what it is given below its headroom, and its stated capacity holds at its own size."""
    used_share = 1.0 - plan["problem"]["headroom_share"]
    for window in plan["windows"]:
        loads = group_loads(window)
        for group in window["groups"]:
            where = f"window {window['id']}, group {group['id']}"
            load, capacity = loads.get(group["id"], 0.0), group["capacity_rps"]
            if group["class_rps"] is not None:
                yield from _mixed(where, group, window, plan["problem"])
                continue
            if load > capacity * used_share * (1.0 + SHARE) + SHARE:
                yield (
                    f"{where}: capacity: {load:.6g} requests/s are sent to it, it carries {capacity * used_share:.6g}"
                )
            if not carries(group, group["count"], capacity, plan["problem"]["target_utilisation"]):
                yield (
                    f"{where}: capacity: {capacity:.6g} requests/s on {group['count']} machines do not keep "
                    f"{group['tier']['percentile']:g} within {group['tier']['deadline_ms']:g} ms"
                    + (", published for its size" if group["published"] else "")
                )
            if group["published"] is not None:
                yield from _published(where, group)


def carries(group: Plan, count: int, capacity_rps: float, target_utilisation: float) -> bool:
    """Whether so many machines of a group carry a rate within its tier: recomputed, or by proportion where published."""
    if group["published"] is not None:
        most = count * group["published"]["capacity_rps"] * target_utilisation
        return capacity_rps <= most * (1.0 + RATE_TOLERANCE)
    tier = group["tier"]
    pool = pool_of({**group, "count": count})
    return keeps(pool, capacity_rps, tier["deadline_ms"] / 1000.0, tier["percentile"])


def _published(where: str, group: Plan) -> Iterator[str]:
    figure, tier = group["published"], group["tier"]
    if figure["deadline_ms"] > tier["deadline_ms"] or figure["percentile"] < tier["percentile"] - 1e-9:
        yield f"{where}: capacity: published for {figure['deadline_ms']:g} ms, used for {tier['deadline_ms']:g} ms"


def _mixed(where: str, group: Plan, window: Plan, problem: Plan) -> Iterator[str]:
    """A rate for each class: the parts of a machine that the classes take sum to no more than its machines."""
    used = problem["target_utilisation"] * (1.0 - problem["headroom_share"])
    for q, rates in enumerate(level_loads(window, group["id"])):
        if any(rate > 0.0 and not group["class_rps"].get(name) for name, rate in rates.items()):
            yield f"{where}: capacity: it serves a class that it has no rate for"
            return
        busy = sum(rate / (group["class_rps"][name] * used) for name, rate in rates.items() if rate > 0.0)
        if busy > group["count"] * (1.0 + SHARE) + SHARE:
            yield f"{where}: capacity: level {q} takes {busy:.6g} machines, it has {group['count']}"
