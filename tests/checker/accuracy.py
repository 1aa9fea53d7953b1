"""Accuracy on average: floors per window, what the windows expect, and the objective where it is an accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.checker.eligibility import function_meet_share, level_loads
from tests.checker.groups import late_share_of, pool_of
from tests.checker.money import hours

if TYPE_CHECKING:
    from collections.abc import Iterator

Plan = dict[str, Any]
ROUNDING = 1e-6
Served = list[
    tuple[float, float | None, float, bool]
]  # rate x weight, accuracy, share in time, whether exact


def check_accuracy(plan: Plan) -> Iterator[str]:
    """Mean and effective floors hold in every window; stated accuracies are those of what serves."""
    demand_h, effective_h, exact = 0.0, 0.0, True
    for window in plan["windows"]:
        weights = [level["weight_share"] for level in window["levels"]]
        for one in plan["problem"]["classes"]:
            served = served_by(plan, window, one)
            levels = zip(weights, window["levels"], strict=True)
            demand = sum(weight * level["demand_rps"][one["name"]] for weight, level in levels)
            where = f"window {window['id']}, class {one['name']}"
            yield from _floor(where, one["min_accuracy"], served)
            yield from _stated(where, window["expected"]["classes"][one["name"]], served, demand)
            demand_h += demand * hours(window)
            effective_h += sum(r * (a or 0.0) * met for r, a, met, _ in served) * hours(window)
            exact = exact and all(row[3] for row in served)
    if plan["problem"]["objective"]["quantity"] != "effective_accuracy" or not demand_h:
        return
    weighed = plan["problem"]["objective"].get("cost_weight_per_usd", 0.0) * plan["certificate"]["spend_usd"]
    stated, found = plan["certificate"]["objective"]["value"] + weighed, effective_h / demand_h
    if stated > found + ROUNDING and exact:
        yield f"certificate: effective accuracy: {stated:.6g} is stated, recomputed {found:.6g}"


def served_by(plan: Plan, window: Plan, one: Plan) -> Served:
    """What serves a class in a window, level by level: requests/s x weight, accuracy, share in time, whether that is exact.

    A group whose share in time is no closed matter promises its tier's.
    """
    accuracy = {row.get("group", row["id"]): row["accuracy"] for row in plan["options"]}
    functions = {row["id"]: row for row in plan["options"] if row["kind"] == "function"}
    found: Served = []
    for group in window["groups"]:
        for level, rates in zip(window["levels"], level_loads(window, group["id"]), strict=True):
            rate = rates.get(one["name"], 0.0)
            if rate > 0.0:
                met, exact = _share_in_time(one, group, sum(rates.values()))
                found.append((level["weight_share"] * rate, accuracy.get(group["id"]), met, exact))
    for name, rates in window["overflow_rps"].get(one["name"], {}).items():
        met = 1.0 if one["deadline_ms"] is None else function_meet_share(functions[name], one)
        for level, rate in zip(window["levels"], rates, strict=True):
            if rate > 0.0:
                found.append((level["weight_share"] * rate, accuracy.get(name), met, False))
    return found


def _share_in_time(one: Plan, group: Plan, load_rps: float) -> tuple[float, bool]:
    if one["deadline_ms"] is None:
        return 1.0, True
    if group["service"] is not None and pool_of(group).exact:
        return 1.0 - late_share_of(pool_of(group), load_rps, one["deadline_ms"] / 1000.0), True
    return group["tier"]["percentile"], group["service"] is None


def _floor(where: str, floor: Plan | None, served: Served) -> Iterator[str]:
    if floor is None or floor["kind"] == "per_request" or not served:
        return
    effective = floor["kind"] == "effective"
    total = sum(rate for rate, *_ in served)
    mean = sum(rate * (a or 0.0) * (met if effective else 1.0) for rate, a, met, _ in served) / total
    if mean < floor["value"] - ROUNDING:
        yield f"{where}: {floor['kind']} accuracy: {mean:.6g}, {floor['value']:g} is asked"


def _stated(where: str, stated: Plan, served: Served, demand: float) -> Iterator[str]:
    total = sum(rate for rate, *_ in served)
    if demand and abs(stated["served_share"] - min(total / demand, 1.0)) > ROUNDING:
        yield f"{where}: served: a share of {stated['served_share']:.6g} is stated, recomputed {total / demand:.6g}"
    if not served or any(a is None for _, a, _, _ in served):
        return
    mean = sum(rate * (a or 0.0) for rate, a, *_ in served) / total
    if stated["accuracy"] is None or abs(stated["accuracy"] - mean) > ROUNDING:
        yield f"{where}: accuracy: {stated['accuracy']} is stated, recomputed {mean:.6g}"
    if all(exact for *_, exact in served):
        effective = sum(rate * (a or 0.0) * met for rate, a, met, _ in served) / demand
        if stated["effective_accuracy"] is None or abs(stated["effective_accuracy"] - effective) > ROUNDING:
            yield f"{where}: effective accuracy: {stated['effective_accuracy']} is stated, recomputed {effective:.6g}"
