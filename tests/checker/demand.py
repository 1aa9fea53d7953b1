"""Who serves every level of every class, and whether they may: task, deadline, accuracy, capacity."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

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
    """Served + overflow + unserved = demand, nothing unserved, routing weights as served."""
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
                if missing > SHARE * max(demand, 1.0):
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


def check_eligibility(plan: Plan) -> Iterator[str]:
    """Task, items, accuracy, and the class's deadline and percentile, of every pair that serves."""
    machines = {one["group"]: one for one in plan["options"] if one["kind"] == "machine"}
    functions = {one["id"]: one for one in plan["options"] if one["kind"] == "function"}
    for window in plan["windows"]:
        groups = {group["id"]: group for group in window["groups"]}
        loads = group_loads(window)
        for one in plan["problem"]["classes"]:
            where = f"window {window['id']}, class {one['name']}"
            for name, rates in window["served_rps"].get(one["name"], {}).items():
                if max(rates) <= 0.0:
                    continue
                if name not in groups or name not in machines:
                    yield f"{where}: {name} serves it and is not among the window's groups"
                    continue
                yield from _fit(where, one, machines[name], groups[name]["items_per_request"])
                if not _in_time(one, groups[name], loads[name]):
                    yield f"{where}: tier: {name} does not keep {one['deadline_ms']:g} ms for {one['percentile']:g}"
            for name, rates in window["overflow_rps"].get(one["name"], {}).items():
                if max(rates) <= 0.0:
                    continue
                if name not in functions:
                    yield f"{where}: {name} carries its overflow and is not among the options"
                    continue
                yield from _fit(where, one, functions[name], functions[name]["items_per_request"])
                if function_meet_share(functions[name], one["deadline_ms"]) < one["percentile"] - 1e-9:
                    yield f"{where}: tier: {name} is not known to answer {one['percentile']:g} in time"


def _fit(where: str, one: Plan, option: Plan, items: int) -> Iterator[str]:
    if option["task"] != one["task"]:
        yield f"{where}: task: {option['id']} performs {option['task']}, not {one['task']}"
    if items != one["items_per_request"]:
        yield f"{where}: items: {option['id']} takes {items} a request, not {one['items_per_request']}"
    floor = one["min_accuracy"]
    if floor is None or floor["kind"] != "per_request":
        return
    accuracy, metric = option["accuracy"], option["accuracy_metric"]
    if accuracy is None or accuracy < floor["value"] or floor["metric"] not in (None, metric):
        yield f"{where}: accuracy: {option['id']} has {accuracy} ({metric}), {floor['value']:g} is asked"


def _in_time(one: Plan, group: Plan, load_rps: float) -> bool:
    tier = group["tier"]
    if tier["deadline_ms"] <= one["deadline_ms"] and tier["percentile"] >= one["percentile"] - 1e-9:
        return True
    if group["capacity_mode"] == "linear":
        return False
    return keeps(pool_of(group), load_rps, one["deadline_ms"] / 1000.0, one["percentile"])


def function_meet_share(function: Plan, deadline_ms: float) -> float:
    """Share of calls known to end in time: warm ones, and cold ones that take the load time more."""
    known = {float(share): ms for share, ms in function["quantiles_ms"].items()}
    cold, load = function["cold_start_share"], function["cold_start_ms"]
    warm_in_time = max((share for share, ms in known.items() if ms <= deadline_ms), default=0.0)
    cold_in_time = 0.0
    if load is not None:
        cold_in_time = max((share for share, ms in known.items() if ms + load <= deadline_ms), default=0.0)
    return (1.0 - cold) * warm_in_time + cold * cold_in_time


def group_loads(window: Plan) -> dict[str, float]:
    """Requests/s of every group at its busiest level."""
    totals: dict[str, list[float]] = {}
    for rows in window["served_rps"].values():
        for name, rates in rows.items():
            sums = totals.setdefault(name, [0.0] * len(rates))
            totals[name] = [a + b for a, b in zip(sums, rates, strict=True)]
    return {name: max(rates) for name, rates in totals.items()}


def check_capacity(plan: Plan) -> Iterator[str]:
    """Every group carries what it is given, and its stated capacity holds at its own size."""
    for window in plan["windows"]:
        loads = group_loads(window)
        for group in window["groups"]:
            where = f"window {window['id']}, group {group['id']}"
            load, capacity = loads.get(group["id"], 0.0), group["capacity_rps"]
            if load > capacity * (1.0 + SHARE) + SHARE:
                yield f"{where}: capacity: {load:.6g} requests/s are sent to it, it carries {capacity:.6g}"
            if group["capacity_mode"] == "linear":
                yield from _published(where, group, plan["problem"]["target_utilisation"])
            elif not keeps(
                pool_of(group), capacity, group["tier"]["deadline_ms"] / 1000.0, group["tier"]["percentile"]
            ):
                yield (
                    f"{where}: capacity: {capacity:.6g} requests/s on {group['count']} machines do not keep "
                    f"{group['tier']['percentile']:g} within {group['tier']['deadline_ms']:g} ms"
                )


def _published(where: str, group: Plan, target_utilisation: float) -> Iterator[str]:
    figure, tier = group["published"], group["tier"]
    most = group["count"] * figure["capacity_rps"] * target_utilisation
    if group["capacity_rps"] > most * (1.0 + RATE_TOLERANCE):
        yield f"{where}: capacity: {group['capacity_rps']:.6g} requests/s, published for its size {most:.6g}"
    if figure["deadline_ms"] > tier["deadline_ms"] or figure["percentile"] < tier["percentile"] - 1e-9:
        yield f"{where}: capacity: published for {figure['deadline_ms']:g} ms, used for {tier['deadline_ms']:g} ms"
