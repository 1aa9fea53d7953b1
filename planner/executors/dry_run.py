"""The default target: works out the change set and touches nothing."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from planner.executors.changes import (
    Action,
    Assignment,
    ChangeSet,
    FunctionSetting,
    MachineChange,
    ServiceCount,
    StandbySetting,
    window_of,
)
from planner.plan import MarketName, plan_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from planner.plan import FleetLine, PartitionSegment, ProvisioningPlan, Window

Place = tuple[str, str, str | None, str, MarketName]  # provider, region, zone, instance type, market
CONTAINER, STANDBY = "container", "standby"
ACTIONS: dict[bool, tuple[Action, Action]] = {  # more, fewer: of machines that stand stopped or run
    True: ("prepare", "discard"),
    False: ("launch", "stop"),
}


def prepare(plan: ProvisioningPlan, *, window: str, at: datetime) -> ChangeSet:
    """Return the change set from the current fleet to one window.

    A plan without a current fleet starts from nothing.

    Raises
    ------
    StalePlanError, InputError, as `planner.executors.changes.window_of`.
    """
    chosen = window_of(plan, window, at)
    return ChangeSet(
        target="dry-run",
        plan=plan.metadata.name,
        plan_sha256=plan_digest(plan),
        window=chosen.id,
        start=chosen.start,
        end=chosen.end,
        dispatch=chosen.dispatch,
        machines=_machine_changes(plan, chosen),
        services=_service_counts(plan, chosen),
        standby=tuple(
            StandbySetting(
                option=line.option,
                group=line.group,
                instance_type=line.instance_type,
                zone=line.zone,
                count=line.count,
                start_on="spot interruption",
            )
            for line in chosen.fleet
            if line.market == STANDBY
        ),
        assignments=tuple(
            Assignment(
                option=line.option,
                group=line.group,
                instance_type=line.instance_type,
                zone=line.zone,
                market=line.market,
                count=line.count,
                model=line.model,
                batch_size=line.batch_size,
                batch_timeout_ms=line.batch_timeout_ms,
                replicas=line.replicas,
                threads=line.threads,
            )
            for line in chosen.fleet
        ),
        functions=tuple(_function_settings(plan, chosen)),
        routing={name: routes[-1] for name, routes in chosen.routing.items()},
    )


def _function_settings(plan: ProvisioningPlan, window: Window) -> Iterator[FunctionSetting]:
    """Settings of the functions in use; of a cut model one a part, in the order in which they call each other.

    A part and its workers are held for their own time of every call, so they need that share of the concurrency.
    """
    options = {one.id: one for one in plan.options if one.kind == "function"}
    for line in window.functions:
        option = options[line.option]
        parts: tuple[PartitionSegment | None, ...] = line.partition or (None,)
        held_ms = [0.0 if part is None else _held_ms(part) for part in parts]
        for number, part in enumerate(parts, start=1):
            share = 1.0 if part is None else held_ms[number - 1] / sum(held_ms)
            yield FunctionSetting(
                option=line.option,
                part=None if part is None else number,
                provider=line.provider,
                region=line.region,
                architecture=option.architecture,
                model=line.model,
                memory_mb=line.memory_mb if part is None else part.memory_mb,
                batch_size=line.batch_size,
                batch_timeout_ms=line.batch_timeout_ms,
                rate_rps=option.rate_rps,
                reserved_concurrency=math.ceil(line.reserved_concurrency * share),
                provisioned_concurrency=line.provisioned_concurrency,
                layers=part,
            )


def _held_ms(part: PartitionSegment) -> float:
    """Function time that one call of a part takes, its workers' included."""
    return part.billed_ms + sum(worker.billed_ms for worker in part.workers)


def _machine_changes(plan: ProvisioningPlan, window: Window) -> tuple[MachineChange, ...]:
    """Compare machines by type, market and zone: which group they work in is a matter of assignment."""
    after, before = _planned(window), _current_fleet(plan)
    launch_at: dict[Place, datetime] = {}
    for line in window.fleet:
        place = _place_of(line)
        if line.launch_at is not None:
            launch_at[place] = min(launch_at.get(place, line.launch_at), line.launch_at)
    changes = []
    for place in _in_order(before | after):
        provider, region, zone, instance_type, market = place
        if market == CONTAINER:
            continue
        had, has = before[place], after[place]
        more, fewer = ACTIONS[market == STANDBY]
        changes.append(
            MachineChange(
                provider=provider,
                region=region,
                zone=zone,
                instance_type=instance_type,
                market=market,
                action=more if has > had else fewer if has < had else "keep",
                count_before=had,
                count_after=has,
                launch_at=launch_at.get(place) if has > had else None,
            )
        )
    return tuple(changes)


def _service_counts(plan: ProvisioningPlan, window: Window) -> tuple[ServiceCount, ...]:
    """Containers by size, before and after."""
    after, before = _planned(window), _current_fleet(plan)
    return tuple(
        ServiceCount(
            provider=place[0],
            region=place[1],
            size=place[3],
            count_before=before[place],
            count_after=after[place],
        )
        for place in _in_order(before | after)
        if place[4] == CONTAINER
    )


def _in_order(places: Counter[Place]) -> list[Place]:
    """By type and market first, as a person looks for them."""
    return sorted(places, key=lambda one: (one[3], one[4], one[0], one[1], one[2] or ""))


def _place_of(line: FleetLine) -> Place:
    return line.provider, line.region, line.zone, line.instance_type, line.market


def _planned(window: Window) -> Counter[Place]:
    """Machines of the window by place."""
    found: Counter[Place] = Counter()
    for line in window.fleet:
        found[_place_of(line)] += line.count
    return found


def _current_fleet(plan: ProvisioningPlan) -> Counter[Place]:
    """Machines that run now by place."""
    running: Counter[Place] = Counter()
    for entry in plan.problem.current_fleet or ():
        place = (entry.provider, plan.metadata.region, entry.zone, entry.instance_type, entry.market)
        running[place] += entry.count
    return running
