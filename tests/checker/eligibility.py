"""Who may serve whom: task or model, items, accuracy, and the class's deadline and percentile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.checker.groups import keeps, pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Plan = dict[str, Any]


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
                if groups[name]["standby"]:
                    yield f"{where}: standby: {name} stands stopped and serves it"
                yield from misfits(where, one, machines[name], groups[name]["items_per_request"])
                if not in_time(one, groups[name], loads[name]):
                    yield f"{where}: tier: {name} does not keep {one['deadline_ms']:g} ms for {one['percentile']}"
            for name, rates in window["overflow_rps"].get(one["name"], {}).items():
                if max(rates) <= 0.0:
                    continue
                if name not in functions:
                    yield f"{where}: {name} carries its overflow and is not among the options"
                    continue
                yield from misfits(where, one, functions[name], functions[name]["items_per_request"])
                if not function_in_time(one, functions[name]):
                    yield f"{where}: tier: {name} is not known to answer {one['percentile']:g} in time"


def misfits(where: str, one: Plan, option: Plan, items: int) -> Iterator[str]:
    """Why an option cannot answer a class, its time aside."""
    if one["task"] is not None and option["task"] != one["task"]:
        yield f"{where}: task: {option['id']} performs {option['task']}, not {one['task']}"
    if one["models"] is not None and option["model"] not in one["models"]:
        yield f"{where}: model: {option['id']} runs {option['model']}, not one of {', '.join(one['models'])}"
    if items != one["items_per_request"]:
        yield f"{where}: items: {option['id']} takes {items} a request, not {one['items_per_request']}"
    floor = one["min_accuracy"]
    if floor is None:
        return
    accuracy, metric = option["accuracy"], option["accuracy_metric"]
    if accuracy is None or floor["metric"] not in (None, metric):
        yield f"{where}: accuracy: {option['id']} has {accuracy} ({metric}), a floor of {floor['value']:g} is asked"
    elif floor["kind"] == "per_request" and accuracy < floor["value"]:
        yield f"{where}: accuracy: {option['id']} has {accuracy} ({metric}), {floor['value']:g} is asked"


def in_time(one: Plan, group: Plan, load_rps: float) -> bool:
    """Whether a group at a load keeps the class's share in time; without a percentile its deadline is all that is asked."""
    if one["deadline_ms"] is None:
        return True
    tier, percentile = group["tier"], one["percentile"]
    if tier is None:
        return False
    if tier["deadline_ms"] <= one["deadline_ms"] and tier["percentile"] >= (percentile or 0.0) - 1e-9:
        return True
    if group["capacity_mode"] == "linear" or percentile is None:
        return False
    return keeps(pool_of(group), load_rps, one["deadline_ms"] / 1000.0, percentile)


def function_in_time(one: Plan, function: Plan) -> bool:
    """Whether a function is known to answer the class's share in time."""
    if one["deadline_ms"] is None or one["percentile"] is None:
        return True
    return function_meet_share(function, one) >= one["percentile"] - 1e-9


def may_serve(one: Plan, option: Plan, group: Plan) -> bool:
    """Whether a group may serve a class at its own capacity, whether or not it does."""
    if any(misfits("", one, option, group["items_per_request"])):
        return False
    if group["class_rps"] is not None and not group["class_rps"].get(one["name"]):
        return False
    return in_time(one, group, group["capacity_rps"])


def function_meet_share(function: Plan, one: Plan) -> float:
    """Share of a class's requests known to be answered in time: warm calls, and cold ones that take the load time more.

    Behind a buffer requests wait as well: the share is the stated one, which `tests.checker.buffers` simulates.
    """
    if function["rate_rps"] is not None:
        return float(function["deadline_meet_rate"].get(one["name"], 0.0))
    deadline_ms = one["deadline_ms"]
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


def level_loads(window: Plan, group: str) -> list[dict[str, float]]:
    """Requests/s of every class that a group serves, level by level."""
    rows = {name: groups[group] for name, groups in window["served_rps"].items() if group in groups}
    return [{name: rates[q] for name, rates in rows.items()} for q in range(len(window["levels"]))]
