"""Limits of account and operator, launches, and whether the plan is made of what the catalogs have."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.checker.money import current_fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.catalogs import Catalogs, Profile

Plan = dict[str, Any]
ROUNDING = 1e-9
STANDARD_LETTERS = frozenset("acdhimrtz")  # EC2's "standard" vCPU quota: families A, C, D, H, I, M, R, T, Z
OTHER_FAMILIES = (
    "trn",
    "inf",
    "hpc",
    "dl",
    "vt",
    "high",
    "u",
    "f",
    "g",
    "p",
    "x",
)  # counted apart, longest first


def check_fleet(plan: Plan) -> Iterator[str]:
    """Groups are as large as their machines; lines and options agree; every line has its option."""
    options = {one["id"]: one for one in plan["options"]}
    for window in plan["windows"]:
        machines: Counter[str] = Counter()
        groups = {group["id"]: group for group in window["groups"]}
        for line in window["fleet"]:
            where = f"window {window['id']}, {line['option']}"
            machines[line["group"]] += line["count"]
            option, group = options.get(line["option"]), groups.get(line["group"])
            if option is None or group is None:
                yield f"{where}: fleet: no such {'option' if option is None else 'group'}"
                continue
            for field in ("instance_type", "market", "group", "model", "region"):
                if line[field] != option[field]:
                    yield f"{where}: fleet: {field} is {line[field]}, the option's is {option[field]}"
            for field in ("instance_type", "model", "batch_size", "batch_timeout_ms", "replicas", "threads"):
                if line[field] != group[field]:
                    yield f"{where}: fleet: {field} is {line[field]}, the group's is {group[field]}"
        for name, group in groups.items():
            if machines[name] != group["count"]:
                yield f"window {window['id']}, group {name}: fleet: {machines[name]} machines, {group['count']} stated"
        for name in {line["option"] for line in window["functions"]} ^ {
            name
            for rows in window["overflow_rps"].values()
            for name, rates in rows.items()
            if max(rates) > 0.0
        }:
            yield f"window {window['id']}: functions: {name} is listed without calls, or called without being listed"


def check_spot(plan: Plan) -> Iterator[str]:
    """Spot machines of every group within the limit."""
    problem = plan["problem"]
    allowed = 0.0 if problem["spot"]["policy"] == "none" else problem["spot"]["max_share"]
    allowed = min(allowed, 1.0 - problem["on_demand_floor_share"])
    for window in plan["windows"]:
        for group in window["groups"]:
            spot = sum(
                line["count"]
                for line in window["fleet"]
                if line["group"] == group["id"] and line["market"] == "spot"
            )
            if spot > allowed * group["count"] + ROUNDING:
                yield (
                    f"window {window['id']}, group {group['id']}: spot: {spot} of {group['count']} machines, "
                    f"{allowed:g} is allowed"
                )


def quota_family(instance_type: str) -> str:
    """Family of the account's vCPU quota."""
    name = instance_type.split(".")[0]
    apart = next((family for family in OTHER_FAMILIES if name.startswith(family)), None)
    if apart is not None:
        return {"vt": "g", "high": "high-memory", "u": "high-memory"}.get(apart, apart)
    if name[0] not in STANDARD_LETTERS:
        raise ValueError(f"{instance_type} is of no known quota family")
    return "standard"


def check_quotas(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """VCPU of each family and market, functions running at once."""
    for one in plan["options"]:
        if one["kind"] == "machine" and one["vcpu"] != catalogs.vcpu.get(one["instance_type"]):
            yield f"option {one['id']}: shape: {one['vcpu']} vCPU, in the catalog {catalogs.vcpu.get(one['instance_type'])}"
    concurrency = {one["id"]: one["concurrency_s"] for one in plan["options"] if one["kind"] == "function"}
    limit = plan["problem"]["function_concurrency_limit"]
    for window in plan["windows"]:
        used: Counter[tuple[str, str]] = Counter()
        for (name, market), count in fleet(window).items():
            used[quota_family(name), market] += count * catalogs.vcpu.get(name, 0)
        for quota in plan["problem"]["quotas"]:
            vcpu = used[quota["family"], quota["market"]]
            if vcpu > quota["vcpu"]:
                yield (
                    f"window {window['id']}: quota: {vcpu} vCPU of {quota['family']}/{quota['market']}, "
                    f"{quota['vcpu']} are allowed"
                )
        for q, level in enumerate(window["levels"]):
            running = sum(
                rates[q] * concurrency.get(name, 0.0)
                for rows in window["overflow_rps"].values()
                for name, rates in rows.items()
            )
            if running > limit * (1.0 + 1e-6) + ROUNDING:
                yield (
                    f"window {window['id']}, level {level['probability']:g}: concurrency: {running:.6g} functions "
                    f"at once, {limit} are allowed"
                )


def check_launches(plan: Plan) -> Iterator[str]:
    """Nothing runs before it can have booted; what is launched is told when."""
    boot = timedelta(seconds=plan["problem"]["boot_s"])
    first = datetime.fromisoformat(plan["validity"]["not_before"])
    before = current = current_fleet(plan)
    for window in plan["windows"]:
        running, start = fleet(window), datetime.fromisoformat(window["start"])
        for key, count in running.items():
            if start - boot < first and count > current[key]:
                yield (
                    f"window {window['id']}: boot: {count} x {key[0]}/{key[1]}, {current[key]} run before, and "
                    f"{boot.total_seconds():g} s pass from launch to serving"
                )
            told = [
                line["launch_at"]
                for line in window["fleet"]
                if (line["instance_type"], line["market"]) == key and line["launch_at"] is not None
            ]
            if count > before[key] and not told:
                yield f"window {window['id']}: launch: {count - before[key]} more of {key[0]}/{key[1]}, no time is given"
            if any(datetime.fromisoformat(at) > start - boot for at in told):
                yield f"window {window['id']}: launch: {key[0]}/{key[1]} is launched less than its boot time ahead"
        before = running


def check_models(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Accuracies, service times and published capacities as the catalogs have them."""
    for one in plan["options"]:
        variant = catalogs.variants.get(one["model"])
        if variant is None:
            yield f"option {one['id']}: model: {one['model']} is in no catalog"
            continue
        known = float(variant["accuracy_share"]) if variant["accuracy_share"] else None
        if one["accuracy"] != known or one["task"] != variant["task"]:
            yield f"option {one['id']}: model: accuracy {one['accuracy']}, in the catalog {known}"
    sources = {one["group"]: one["sources"]["profile"] for one in plan["options"] if one["kind"] == "machine"}
    seen: set[str] = set()
    for window in plan["windows"]:
        for group in window["groups"]:
            key = repr([group[name] for name in ("id", "service", "published", "replicas", "batch_size")])
            if key not in seen:
                seen.add(key)
                yield from _profile(group, sources.get(group["id"], ""), catalogs)


def _profile(group: Plan, source: str, catalogs: Catalogs) -> Iterator[str]:
    model, host, batch, items = (
        group["model"],
        group["instance_type"],
        group["batch_size"],
        group["items_per_request"],
    )
    if group["capacity_mode"] == "linear":
        figure = group["published"]
        stated = (figure["capacity_rps"], figure["deadline_ms"], figure["percentile"])
        if stated not in catalogs.capacities.get((model, host, batch), []):
            yield f"group {group['id']}: profile: {stated[0]:g} requests/s are published nowhere"
        return
    mean_ms, quantile_ms = group["service"]["mean_ms"], group["service"]["quantile_ms"]
    if quantile_ms < mean_ms * (1.0 - ROUNDING):
        yield f"group {group['id']}: profile: its quantile {quantile_ms:g} ms is below its mean {mean_ms:g} ms"
    calls = [(batch, items)] + ([(items, 1)] if batch == 1 else [])
    rows = [p for b, i in calls for p in catalogs.profiles.get((model, host, b, i, group["replicas"]), [])]
    if rows:
        if not any(_is(row, mean_ms, quantile_ms, group["tier"]["percentile"]) for row in rows):
            yield f"group {group['id']}: profile: mean {mean_ms:g} ms, quantile {quantile_ms:g} ms: no row says so"
        return
    alike = [p.mean_ms for key, row in catalogs.profiles.items() if key[:2] == (model, host) for p in row]
    if "interpolated" not in source or not alike or not min(alike) <= mean_ms <= max(alike):
        yield f"group {group['id']}: profile: no row for batch {batch}, {items} items on {host}"


def _is(row: Profile, mean_ms: float, quantile_ms: float, percentile: float) -> bool:
    return abs(mean_ms - row.mean_ms) <= 1e-3 * row.mean_ms and row.allows(quantile_ms, percentile)
