"""Machines as a family of resources: templates, and groups with schedules or fleets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.aws import fleets, launch_templates, scaling_groups, schedules
from planner.executors.aws.fleets import fleet
from planner.executors.aws.launch_templates import template
from planner.executors.aws.limits import machine_problems
from planner.executors.aws.machines import machine_groups
from planner.executors.aws.scaling_groups import group
from planner.executors.aws.schedules import LEAD, MOST_ACTIONS, schedule
from planner.executors.aws.sizes import instalment
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.aws.kinds import Task
    from planner.executors.aws.machines import MachineGroup
    from planner.executors.aws.session import Session
    from planner.executors.resources import Operation, Resource

PERFORM = {
    launch_templates.KIND: launch_templates.perform,
    scaling_groups.KIND: scaling_groups.perform,
    schedules.KIND: schedules.perform,
    fleets.KIND: fleets.perform,
}
KINDS = tuple(PERFORM)


def desired(task: Task) -> tuple[list[Resource], list[str]]:
    """Templates and groups of all options from the window on, or fleets of the window's own; and every problem."""
    if task.aws.machines == "endpoint":
        return [], []
    alone = task.aws.machines == "fleet"
    windows = (task.window,) if alone else task.windows
    machines, problems = machine_groups(task, windows, task.at + LEAD)
    if alone:
        problems += _too_early(task)
    resources = [template(one) for one in machines]
    for one in machines:
        resources += [fleet(one, task.window, one.count)] if alone else _grouped(one, task)
    return resources, [*problems, *machine_problems(resources, task.at)]


def current(session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
    """Templates, groups, scheduled actions and fleets that are there."""
    names = {
        kind: sorted(one.name for one in desired if one.kind == kind)
        for kind in (launch_templates.KIND, scaling_groups.KIND)
    }
    groups = scaling_groups.read(session, service, names[scaling_groups.KIND])
    return [
        *launch_templates.read(session, service, names[launch_templates.KIND]),
        *groups,
        *schedules.read(session, [one.name for one in groups]),
        *fleets.read(session, service),
    ]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Create, update or delete one of them."""
    return PERFORM[operation.kind](session, operation)


def _grouped(machines: MachineGroup, task: Task) -> list[Resource]:
    later, until = instalment(machines.later, MOST_ACTIONS, task.plan.validity.not_after)
    made = [group(machines, until)]
    return [*made, schedule(machines, later)] if later else made


def _too_early(task: Task) -> Iterator[str]:
    starts = [line.launch_at or task.window.start for line in task.window.fleet]
    due = min([task.window.start, *starts])
    if due > task.at:
        yield (
            f"aws.machines is fleet, and window {task.window.id} is due at {instant_text(due)}: a fleet starts at once. "
            "Apply it then, or schedule it with aws.machines: groups."
        )
