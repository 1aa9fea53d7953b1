"""What operators insist on: zones, least machines, headroom's fellows, few groups, little churn, machines that stay."""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from tests.checker.eligibility import may_serve
from tests.checker.money import current_fleet, fleet, hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.checker.money import Machine

Plan = dict[str, Any]


def serving_groups(plan: Plan, window: Plan, one: Plan) -> list[str]:
    """Groups of a window that may serve a class, whether or not they do."""
    options = {row["group"]: row for row in plan["options"] if row["kind"] == "machine"}
    return [
        group["id"]
        for group in window["groups"]
        if group["id"] in options and may_serve(one, options[group["id"]], group)
    ]


def check_floors(plan: Plan) -> Iterator[str]:
    """Every class has its least machines, in its least number of zones; stopped machines do not count."""
    min_zones = plan["problem"]["min_zones"]
    for window in plan["windows"]:
        for one in plan["problem"]["classes"]:
            if min_zones == 1 and not one["min_instances"]:
                continue
            groups = serving_groups(plan, window, one)
            working = [
                line for line in window["fleet"] if line["group"] in groups and line["market"] != "standby"
            ]
            count = sum(line["count"] for line in working)
            zones = {line["zone"] for line in working if line["zone"] is not None}
            where = f"window {window['id']}, class {one['name']}"
            if count < one["min_instances"]:
                yield f"{where}: min_instances: {count} machines, {one['min_instances']} are asked"
            if min_zones > 1 and len(zones) < min_zones:
                yield f"{where}: min_zones: in {len(zones)} zones, {min_zones} are asked"


def check_groups(plan: Plan) -> Iterator[str]:
    """No more groups with machines than allowed."""
    most = plan["problem"]["max_groups"]
    for window in plan["windows"]:
        count = len({line["group"] for line in window["fleet"]})
        if most is not None and count > most:
            yield f"window {window['id']}: max_groups: {count} groups, {most} are allowed"


def check_changes(plan: Plan) -> Iterator[str]:
    """Starts and stops within the churn allowed; what was started stays its delay."""
    most, delay_s = plan["problem"]["max_churn"], plan["problem"]["scale_in_delay_s"]
    before = _working(current_fleet(plan))
    recent: deque[Counter[Machine]] = deque()
    for window in plan["windows"]:
        running = _working(fleet(window))
        starts, stops = running - before, before - running
        churn = starts.total() + stops.total()
        if most is not None and churn > most:
            yield f"window {window['id']}: max_churn: {churn} starts and stops, {most} are allowed"
        recent.append(starts)
        while len(recent) > max(math.ceil(delay_s / (3600.0 * hours(window)) - 1e-9), 1):
            recent.popleft()
        for key in {key for past in recent for key in past}:
            young = sum(past[key] for past in recent)
            if delay_s and running[key] < young:
                name = "/".join(part for part in key if part)
                yield f"window {window['id']}: scale_in: {running[key]} x {name} stay, {young} started within the delay"
        before = running


def _working(machines: Counter[Machine]) -> Counter[Machine]:
    return Counter({key: count for key, count in machines.items() if key[1] != "standby"})
