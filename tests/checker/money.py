"""Whether the plan costs what it says, at the prices of the catalogs."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.catalogs import Catalogs

Plan = dict[str, Any]
Machine = tuple[str, str]  # instance type, market
CENTS = 1e-6  # relative rounding of money


def differs(stated: float, found: float) -> bool:
    """More than rounding apart."""
    return abs(stated - found) > CENTS * max(abs(found), 1e-6)


def hours(window: Plan) -> float:
    """Length of a window."""
    return (
        datetime.fromisoformat(window["end"]) - datetime.fromisoformat(window["start"])
    ).total_seconds() / 3600.0


def fleet(window: Plan) -> Counter[Machine]:
    """Machines by instance type and market."""
    found: Counter[Machine] = Counter()
    for line in window["fleet"]:
        found[line["instance_type"], line["market"]] += line["count"]
    return found


def current_fleet(plan: Plan) -> Counter[Machine]:
    """Machines running before the horizon."""
    found: Counter[Machine] = Counter()
    for line in plan["problem"]["current_fleet"] or ():
        found[line["instance_type"], line["market"]] += line["count"]
    return found


def check_cost(plan: Plan) -> Iterator[str]:
    """Every part of every window's cost, their sum, and the objective."""
    options = {one["id"]: one for one in plan["options"]}
    before, total = current_fleet(plan), 0.0
    for window in plan["windows"]:
        running, h = fleet(window), hours(window)
        starts = {
            (one["instance_type"], one["market"]): one["start_usd"]
            for one in plan["options"]
            if one["kind"] == "machine"
        }
        parts = {
            "machines_usd": sum(
                line["count"] * options[line["option"]]["price_usd_per_h"] * h
                for line in window["fleet"]
                if line["option"] in options
            ),
            "starts_usd": sum(max(n - before[key], 0) * starts.get(key, 0.0) for key, n in running.items()),
            "loads_usd": 0.0,
            "functions_usd": sum(
                3600.0 * h * level["weight_share"] * rates[q] * options[name]["usd_per_request"]
                for rows in window["overflow_rps"].values()
                for name, rates in rows.items()
                if name in options
                for q, level in enumerate(window["levels"])
            ),
        }
        for part, usd in {**parts, "total_usd": sum(parts.values())}.items():
            if differs(window["cost"][part], usd):
                yield f"window {window['id']}: cost: {part} is {window['cost'][part]:.8g}, recomputed {usd:.8g}"
        before, total = running, total + sum(parts.values())
    yield from _certificate(plan["certificate"], total)


def _certificate(certificate: Plan, total: float) -> Iterator[str]:
    objective, bound = certificate["objective_usd"], certificate["bound_usd"]
    if differs(objective, total) or differs(certificate["objective"]["value"], total):
        yield f"certificate: cost: the objective is {objective:.8g} USD, the windows cost {total:.8g}"
    if bound > objective * (1.0 + CENTS):
        yield f"certificate: the bound {bound:.8g} is above the objective {objective:.8g}"
    gap = abs(objective - bound) / abs(objective) if objective else 0.0
    if abs(gap - certificate["gap"]) > CENTS:
        yield f"certificate: the gap is {certificate['gap']:.6g}, recomputed {gap:.6g}"
    if certificate["status"] == "optimal" and gap > certificate["gap_asked"] + CENTS:
        yield f"certificate: optimal at a gap of {gap:.4g}, {certificate['gap_asked']:g} was asked"


def check_prices(plan: Plan, catalogs: Catalogs, extra_usd_per_h: float = 0.0) -> Iterator[str]:
    """Prices of machines and functions against the catalogs; `extra_usd_per_h` is the scenario's surcharge."""
    for one in plan["options"]:
        if one["kind"] == "function":
            yield from _function_price(one, catalogs)
            continue
        key = (one["instance_type"], one["region"])
        usd = catalogs.on_demand_usd_per_h.get(key)
        if usd is None:
            yield f"option {one['id']}: price: {key[0]} has none in {key[1]}"
            continue
        if one["market"] == "spot":
            usd *= 1.0 - catalogs.spot_saving_share.get(key, 0.0)
        if differs(one["price_usd_per_h"], usd + extra_usd_per_h):
            yield f"option {one['id']}: price: {one['price_usd_per_h']:.8g} USD/h, in the catalog {usd:.8g}"
        launch = one["price_usd_per_h"] / 3600.0 * plan["problem"]["boot_s"]
        if differs(one["start_usd"], launch):
            yield f"option {one['id']}: price: a launch at {one['start_usd']:.8g} USD, recomputed {launch:.8g}"


def _function_price(one: Plan, catalogs: Catalogs) -> Iterator[str]:
    key = (one["provider"], one["architecture"], one["region"])
    if key not in catalogs.usd_per_call:
        yield f"option {one['id']}: price: no tariff of {' '.join(key)}"
        return
    held_ms = one["mean_ms"] + one["cold_start_share"] * (one["cold_start_ms"] or 0.0)
    step = catalogs.billing_step_ms[key]
    billed_ms = math.ceil(held_ms / step - 1e-9) * step
    if differs(one["billed_ms"], billed_ms):
        yield f"option {one['id']}: price: {one['billed_ms']:g} ms billed, recomputed {billed_ms:g}"
    if differs(one["concurrency_s"], held_ms / 1000.0):
        yield f"option {one['id']}: concurrency: {one['concurrency_s']:.6g} s a call, recomputed {held_ms / 1000:.6g}"
    usd = (
        catalogs.usd_per_call[key]
        + one["memory_mb"] / 1024.0 * billed_ms / 1000.0 * catalogs.usd_per_gb_s[key]
    )
    if differs(one["usd_per_request"], usd):
        yield f"option {one['id']}: price: {one['usd_per_request']:.8g} USD a request, recomputed {usd:.8g}"
