"""The fleet and the account: groups and their machines, spot shares, quotas, commitments, launches."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.checker.money import current_fleet, fleet, machine_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.catalogs import Catalogs

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
            machines[line["group"]] += line["count"] if line["market"] != "standby" else 0
            option, group = options.get(line["option"]), groups.get(line["group"])
            if option is None or group is None:
                yield f"{where}: fleet: no such {'option' if option is None else 'group'}"
                continue
            for field in ("instance_type", "market", "zone", "group", "model", "region"):
                if line[field] != option[field]:
                    yield f"{where}: fleet: {field} is {line[field]}, the option's is {option[field]}"
            for field in ("instance_type", "model", "batch_size", "batch_timeout_ms", "replicas", "threads"):
                if line[field] != group[field]:
                    yield f"{where}: fleet: {field} is {line[field]}, the group's is {group[field]}"
            if group["standby"] != (line["market"] == "standby"):
                yield f"{where}: fleet: a machine of the market {line['market']} in a group with standby {group['standby']}"
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
    machines = [one for one in plan["options"] if one["kind"] == "machine"]
    vcpu = {one["instance_type"]: one["vcpu"] for one in machines}
    for one in machines:
        known = catalogs.vcpu.get(one["instance_type"])
        if one["vcpu"] != known and one["market"] != "container":
            yield f"option {one['id']}: shape: {one['vcpu']} vCPU, in the catalog {known}"
    concurrency = {one["id"]: one["concurrency_s"] for one in plan["options"] if one["kind"] == "function"}
    limit = plan["problem"]["function_concurrency_limit"]
    for window in plan["windows"]:
        used: Counter[tuple[str, str]] = Counter()
        for (name, market, _), count in fleet(window).items() if plan["problem"]["quotas"] else ():
            family = "fargate" if market == "container" else quota_family(name)
            counted = "spot" if market == "spot" else "on-demand"
            used[family, counted] += count * vcpu.get(name, 0)
        for quota in plan["problem"]["quotas"]:
            taken = used[quota["family"], quota["market"]]
            if taken > quota["vcpu"]:
                yield (
                    f"window {window['id']}: quota: {taken:g} vCPU of {quota['family']}/{quota['market']}, "
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


def check_commitments(plan: Plan) -> Iterator[str]:
    """No more machines run as paid for than are owned."""
    owned = {one["instance_type"]: one["count"] for one in plan["problem"]["commitments"]}
    for window in plan["windows"]:
        for (name, market, _), count in fleet(window).items():
            if market == "committed" and count > owned.get(name, 0):
                yield f"window {window['id']}: commitments: {count} x {name}, {owned.get(name, 0)} are owned"


def check_markets(plan: Plan) -> Iterator[str]:
    """Containers, standby machines and zones only where the scenario has them."""
    problem, zones = plan["problem"], set(plan["problem"]["zones"])
    for one in plan["options"]:
        if one["kind"] != "machine":
            continue
        if one["market"] == "container" and not problem["containers"]:
            yield f"option {one['id']}: market: containers are not enabled"
        if one["market"] == "standby" and not problem["burstable_standby"]:
            yield f"option {one['id']}: market: standby machines are not enabled"
        zoneless = one["market"] in ("committed", "container") or not zones
        if (one["zone"] is not None) if zoneless else (one["zone"] not in zones):
            yield f"option {one['id']}: zone: {one['zone']}; zones are {', '.join(sorted(zones)) or 'not chosen'}"


def check_launches(plan: Plan) -> Iterator[str]:
    """Nothing runs before it can have booted; what is launched is told when. Standby machines stand stopped."""
    boot = timedelta(seconds=plan["problem"]["boot_s"])
    first = datetime.fromisoformat(plan["validity"]["not_before"])
    before = current = current_fleet(plan)
    for window in plan["windows"]:
        running, start = fleet(window), datetime.fromisoformat(window["start"])
        for key, count in running.items():
            if key[1] == "standby":
                continue
            name = "/".join(part for part in key if part)
            if start - boot < first and count > current[key]:
                yield (
                    f"window {window['id']}: boot: {count} x {name}, {current[key]} run before, and "
                    f"{boot.total_seconds():g} s pass from launch to serving"
                )
            told = [
                line["launch_at"]
                for line in window["fleet"]
                if machine_of(line) == key and line["launch_at"] is not None
            ]
            if count > before[key] and not told:
                yield f"window {window['id']}: launch: {count - before[key]} more of {name}, no time is given"
            if any(datetime.fromisoformat(at) > start - boot for at in told):
                yield f"window {window['id']}: launch: {name} is launched less than its boot time ahead"
        before = running
