"""The default target: works out the change set and touches nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from planner.executors.changes import Assignment, ChangeSet, FunctionSetting, MachineChange, window_of
from planner.plan import plan_digest

if TYPE_CHECKING:
    from datetime import datetime

    from planner.plan import ProvisioningPlan, Window

Place = tuple[str, str, str | None, str, str]  # provider, region, zone, instance type, market


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
        assignments=tuple(
            Assignment(
                option=line.option,
                group=line.group,
                instance_type=line.instance_type,
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
        functions=tuple(
            FunctionSetting(
                option=line.option,
                model=line.model,
                memory_mb=line.memory_mb,
                batch_size=line.batch_size,
                batch_timeout_ms=line.batch_timeout_ms,
                reserved_concurrency=line.reserved_concurrency,
                provisioned_concurrency=line.provisioned_concurrency,
            )
            for line in chosen.functions
        ),
        routing={name: routes[-1] for name, routes in chosen.routing.items()},
    )


def _machine_changes(plan: ProvisioningPlan, window: Window) -> tuple[MachineChange, ...]:
    """Compare machines by type and market: which group they work in is a matter of assignment."""
    after: Counter[Place] = Counter()
    launch_at: dict[Place, datetime | None] = {}
    for line in window.fleet:
        place: Place = (line.provider, line.region, line.zone, line.instance_type, line.market)
        after[place] += line.count
        moments = [moment for moment in (launch_at.get(place), line.launch_at) if moment is not None]
        launch_at[place] = min(moments, default=None)
    before = _current_fleet(plan, after)
    changes = []
    for place in sorted(before | after, key=lambda one: (one[3], one[4], one[0], one[1], one[2] or "")):
        provider, region, zone, instance_type, market = place
        had, has = before[place], after[place]
        changes.append(
            MachineChange(
                provider=provider,
                region=region,
                zone=zone,
                instance_type=instance_type,
                market="spot" if market == "spot" else "on-demand",
                action="launch" if has > had else "stop" if has < had else "keep",
                count_before=had,
                count_after=has,
                launch_at=launch_at.get(place) if has > had else None,
            )
        )
    return tuple(changes)


def _current_fleet(plan: ProvisioningPlan, planned: Counter[Place]) -> Counter[Place]:
    """Machines that run now, in the zone where the plan keeps machines of their type, else in any."""
    zones = {(provider, kind, market): zone for provider, _, zone, kind, market in planned}
    running: Counter[Place] = Counter()
    for entry in plan.problem.current_fleet or ():
        zone = zones.get((entry.provider, entry.instance_type, entry.market))
        running[entry.provider, plan.metadata.region, zone, entry.instance_type, entry.market] += entry.count
    return running
