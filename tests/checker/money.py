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
Machine = tuple[str, str, str | None]  # instance type, market, zone
CENTS = 1e-6  # relative rounding of money
DISK_USD_PER_GB_MONTH = 0.08  # EBS gp3 in us-east-1: all that a stopped machine is billed for


def differs(stated: float, found: float) -> bool:
    """More than rounding apart."""
    return abs(stated - found) > CENTS * max(abs(found), 1e-6)


def hours(window: Plan) -> float:
    """Length of a window."""
    return (
        datetime.fromisoformat(window["end"]) - datetime.fromisoformat(window["start"])
    ).total_seconds() / 3600.0


def machine_of(line: Plan) -> Machine:
    """What is rented, of a line of a fleet or an option."""
    return line["instance_type"], line["market"], line["zone"]


def fleet(window: Plan) -> Counter[Machine]:
    """Machines by instance type, market and zone."""
    found: Counter[Machine] = Counter()
    for line in window["fleet"]:
        found[machine_of(line)] += line["count"]
    return found


def current_fleet(plan: Plan) -> Counter[Machine]:
    """Machines running before the horizon."""
    found: Counter[Machine] = Counter()
    for line in plan["problem"]["current_fleet"] or ():
        found[machine_of(line)] += line["count"]
    return found


def loaded(lines: list[Plan]) -> Counter[tuple[Machine, str]]:
    """Machines by what they are and the model that they hold."""
    found: Counter[tuple[Machine, str]] = Counter()
    for line in lines:
        if line["model"] is not None:
            found[machine_of(line), line["model"]] += line["count"]
    return found


def check_cost(plan: Plan) -> Iterator[str]:
    """Every part of every window's cost, their sum, and the objective."""
    options = {one["id"]: one for one in plan["options"]}
    machines = [one for one in plan["options"] if one["kind"] == "machine"]
    starts = {machine_of(one): one["start_usd"] for one in machines}
    loads = {(machine_of(one), one["model"]): one["load_usd"] for one in machines}
    before, total = current_fleet(plan), 0.0
    held = loaded(plan["problem"]["current_fleet"] or [])
    for window in plan["windows"]:
        running, holding, h = fleet(window), loaded(window["fleet"]), hours(window)
        parts = {
            "machines_usd": sum(
                line["count"] * options[line["option"]]["price_usd_per_h"] * h
                for line in window["fleet"]
                if line["option"] in options
            ),
            "starts_usd": sum(max(n - before[key], 0) * starts.get(key, 0.0) for key, n in running.items()),
            "loads_usd": sum(max(n - held[key], 0) * loads.get(key, 0.0) for key, n in holding.items()),
            "functions_usd": ready_usd(window, options)
            + sum(
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
        before, held, total = running, holding, total + sum(parts.values())
    yield from _certificate(plan, total)


def ready_usd(window: Plan, options: dict[str, Plan]) -> float:
    """USD of functions kept ready: for the whole window where some level calls them."""
    called = {
        name for rows in window["overflow_rps"].values() for name, rates in rows.items() if max(rates) > 0.0
    }
    return hours(window) * sum(options[name]["usd_per_h"] for name in called if name in options)


def _certificate(plan: Plan, total: float) -> Iterator[str]:
    certificate, budget = plan["certificate"], plan["problem"]["budget_usd"]
    if differs(certificate["spend_usd"], total):
        yield f"certificate: cost: {certificate['spend_usd']:.8g} USD are spent, the windows cost {total:.8g}"
    if budget is not None and total > budget * (1.0 + CENTS):
        yield f"certificate: budget: the windows cost {total:.8g} USD, {budget:.8g} are allowed"
    objective, bound = certificate["objective"]["value"], certificate["bound"]["value"]
    if plan["problem"]["objective"]["quantity"] == "cost":
        total += risk_usd(plan)
        if differs(objective, total):
            yield f"certificate: cost: the objective is {objective:.8g} USD, recomputed {total:.8g}"
        if certificate["objective_usd"] != objective or certificate["bound_usd"] != bound:
            yield f"certificate: cost: objective_usd is {certificate['objective_usd']}, the objective is {objective:.8g} USD"
    elif certificate["objective_usd"] is not None:
        yield f"certificate: the objective is no cost, and {certificate['objective_usd']:.8g} USD are stated"
    if certificate["sense"] == "maximise":
        objective, bound = -objective, -bound
    if bound > objective + CENTS * abs(objective):
        yield f"certificate: the bound {abs(bound):.8g} is {_beyond(certificate)} the objective {abs(objective):.8g}"
    gap = abs(objective - bound) / abs(objective) if objective else 0.0
    if abs(gap - certificate["gap"]) > CENTS:
        yield f"certificate: the gap is {certificate['gap']:.6g}, recomputed {gap:.6g}"
    if certificate["status"] == "optimal" and gap > certificate["gap_asked"] + CENTS:
        yield f"certificate: optimal at a gap of {gap:.4g}, {certificate['gap_asked']:g} was asked"


def _beyond(certificate: Plan) -> str:
    return "above" if certificate["sense"] == "minimise" else "below"


def risk_usd(plan: Plan) -> float:
    """USD of the variance of lost capacity over the horizon: risk aversion x v' Sigma v, of every guard and hour."""
    spot = plan["problem"]["spot"]
    if not spot["risk_aversion_usd"]:
        return 0.0
    names = [pool["name"] for pool in spot["pools"]]
    total = 0.0
    for window in plan["windows"]:
        for guard in window["spot_risk"]["guards"].values():
            lost = [guard["lost_rps"].get(name, 0.0) for name in names]
            variance = sum(
                a * b * covariance
                for a, row in zip(lost, spot["covariance"], strict=True)
                for b, covariance in zip(lost, row, strict=True)
            )
            total += hours(window) * spot["risk_aversion_usd"] * variance
    return total


def check_prices(plan: Plan, catalogs: Catalogs, extra_usd_per_h: float = 0.0) -> Iterator[str]:
    """Prices of machines and functions against the catalogs; `extra_usd_per_h` is the scenario's surcharge."""
    for one in plan["options"]:
        if one["kind"] == "function":
            yield from _function_price(one, catalogs)
            continue
        usd = _machine_usd_per_h(one, catalogs, extra_usd_per_h, plan["problem"]["standby_disk_gb"])
        if usd is None:
            yield f"option {one['id']}: price: {one['instance_type']} has none in {one['region']}"
            continue
        if differs(one["price_usd_per_h"], usd):
            yield f"option {one['id']}: price: {one['price_usd_per_h']:.8g} USD/h, in the catalog {usd:.8g}"
        boot_s = 0.0 if one["market"] == "standby" else plan["problem"]["boot_s"]
        for what, stated, seconds in (
            ("launch", one["start_usd"], boot_s),
            ("load", one["load_usd"], one["load_s"]),
        ):
            found = one["price_usd_per_h"] / 3600.0 * seconds
            if differs(stated, found):
                yield f"option {one['id']}: price: a {what} at {stated:.8g} USD, recomputed {found:.8g}"


def _machine_usd_per_h(one: Plan, catalogs: Catalogs, extra_usd_per_h: float, disk_gb: float) -> float | None:
    """Price of a machine in its market; None where the catalog has none. What is paid for already costs nothing more."""
    if one["market"] == "container":
        per_vcpu, per_gb = catalogs.container_usd_per_h.get(one["region"], (0.0, 0.0))
        usd = one["vcpu"] * per_vcpu + one["memory_mib"] / 1024.0 * per_gb
        return usd + extra_usd_per_h if usd else None
    key = (one["instance_type"], one["region"])
    usd = catalogs.on_demand_usd_per_h.get(key)
    if usd is None:
        return None
    match one["market"]:
        case "committed":
            return 0.0
        case "standby":
            return disk_gb * DISK_USD_PER_GB_MONTH / 730.0
        case "spot":
            usd *= 1.0 - catalogs.spot_saving_share.get(key, 0.0)
    return usd + extra_usd_per_h


def _function_price(one: Plan, catalogs: Catalogs) -> Iterator[str]:
    key = (one["provider"], one["architecture"], one["region"])
    if key not in catalogs.usd_per_call:
        yield f"option {one['id']}: price: no tariff of {' '.join(key)}"
        return
    held_ms = one["mean_ms"] + one["cold_start_share"] * (one["cold_start_ms"] or 0.0)
    held_s = held_ms / 1000.0 / one["mean_batch"]
    if one["partition"] is None and differs(one["concurrency_s"], held_s):
        yield f"option {one['id']}: concurrency: {one['concurrency_s']:.6g} s a call, recomputed {held_s:.6g}"
    step = catalogs.billing_step_ms[key]
    if one["partition"] is None and one["rate_rps"] is None:
        billed_ms = math.ceil(held_ms / step - 1e-9) * step
        if differs(one["billed_ms"], billed_ms):
            yield f"option {one['id']}: price: {one['billed_ms']:g} ms billed, recomputed {billed_ms:g}"
    elif one["partition"] is None and not held_ms - 1e-6 <= one["billed_ms"] <= held_ms + 2.0 * step:
        yield f"option {one['id']}: price: {one['billed_ms']:g} ms billed, a call is held {held_ms:g}"
    yield from _ready_price(one, catalogs, key)
    if one["partition"] is not None:
        return  # its parts have their own memory and price, and the store its own
    gb_s = one["memory_mb"] / 1024.0 * one["billed_ms"] / 1000.0
    dearest = (catalogs.usd_per_call[key] + gb_s * catalogs.usd_per_gb_s[key]) / one["mean_batch"]
    cheapest = dearest
    if one["provisioned_concurrency"] and key in catalogs.ready_usd_per_gb_s:
        on_ready = min(catalogs.ready_usd_per_gb_s[key][1], catalogs.usd_per_gb_s[key])
        cheapest = (catalogs.usd_per_call[key] + gb_s * on_ready) / one["mean_batch"]
    usd = one["usd_per_request"]
    if not cheapest * (1.0 - CENTS) <= usd <= dearest * (1.0 + CENTS):
        yield f"option {one['id']}: price: {usd:.8g} USD a request, recomputed {dearest:.8g}, or {cheapest:.8g} if kept ready"


def _ready_price(one: Plan, catalogs: Catalogs, key: tuple[str, str, str]) -> Iterator[str]:
    """USD per hour of functions kept ready: their memory, of every part and worker of a cut model."""
    parts = one["partition"] or [{"memory_mb": one["memory_mb"], "workers": []}]
    memory_mb = sum(called["memory_mb"] for part in parts for called in (part, *part["workers"]))
    held, _ = catalogs.ready_usd_per_gb_s.get(key, (math.nan, math.nan))
    usd = (
        memory_mb / 1024.0 * 3600.0 * held * one["provisioned_concurrency"]
        if one["provisioned_concurrency"]
        else 0.0
    )
    if math.isnan(usd) or differs(one["usd_per_h"], usd):
        yield f"option {one['id']}: price: {one['usd_per_h']:.8g} USD/h for what is kept ready, recomputed {usd:.8g}"
