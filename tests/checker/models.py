"""Whether the plan is made of what the catalogs have: accuracies, service times, published capacities, throughputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.catalogs import Catalogs, Profile

Plan = dict[str, Any]
ROUNDING = 1e-9


def check_models(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Accuracies, service times and published capacities as the catalogs have them."""
    for one in plan["options"]:
        variant = catalogs.variants.get(one["model"])
        if variant is None:
            yield f"option {one['id']}: model: {one['model']} is in no catalog"
            continue
        known = float(variant["accuracy_share"]) if variant.get("accuracy_share") else None
        if one["accuracy"] != known or one["task"] != variant["task"]:
            yield f"option {one['id']}: model: accuracy {one['accuracy']}, in the catalog {known}"
    sources = {one["group"]: one["sources"]["profile"] for one in plan["options"] if one["kind"] == "machine"}
    seen: set[str] = set()
    for window in plan["windows"]:
        for group in window["groups"]:
            fields = ("id", "service", "published", "class_rps", "replicas", "batch_size")
            key = repr([group[name] for name in fields])
            if key not in seen:
                seen.add(key)
                if group["class_rps"] is not None:
                    yield from _throughputs(group, plan["problem"]["classes"], catalogs)
                else:
                    yield from _profile(group, sources.get(group["id"], ""), catalogs)


def check_credits(plan: Plan, catalogs: Catalogs) -> Iterator[str]:
    """Burstable machines at work carry no more than their processor credits sustain."""
    for window in plan["windows"]:
        for group in window["groups"]:
            baseline = catalogs.baseline_share.get(group["instance_type"])
            if baseline is None or group["service"] is None or group["standby"]:
                continue
            calls = group["count"] * group["replicas"] * 1000.0 / group["service"]["mean_ms"]
            most = baseline * calls * group["batch_size"]
            if group["capacity_rps"] > most * (1.0 + 1e-6):
                yield (
                    f"window {window['id']}, group {group['id']}: credits: {group['capacity_rps']:.6g} requests/s, "
                    f"they sustain {most:.6g}"
                )


def _throughputs(group: Plan, classes: list[Plan], catalogs: Catalogs) -> Iterator[str]:
    """Rates per class are those of the class's bucket."""
    buckets = {one["name"]: one["bucket"] for one in classes}
    for name, rate in group["class_rps"].items():
        known = catalogs.throughputs.get((group["model"], group["instance_type"], buckets[name] or ""))
        if known is None or abs(rate - known) > 1e-6 * known:
            yield f"group {group['id']}: profile: {rate:g} requests/s of {name}, in the catalog {known}"


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
        if not any(stated in catalogs.capacities.get((model, one, batch), []) for one in hosts_of(host)):
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


def hosts_of(instance_type: str) -> list[str]:
    """What a capacity may be published for: the machine; for a container, as many cores as it has vCPU, or fewer."""
    if not instance_type.startswith("fargate-"):
        return [instance_type]
    vcpu = int(instance_type.split("-")[1].removesuffix("vcpu"))
    return [f"{cores} cores" for cores in range(1, vcpu + 1)]


def _is(row: Profile, mean_ms: float, quantile_ms: float, percentile: float) -> bool:
    return abs(mean_ms - row.mean_ms) <= 1e-3 * row.mean_ms and row.allows(quantile_ms, percentile)
