"""Functions as a family of resources: their settings, and the schedule of what is kept ready."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from planner.executors.aws import function_schedules, functions, held_functions
from planner.executors.aws.function_schedules import STAMP, function_schedule
from planner.executors.aws.functions import function_settings
from planner.executors.aws.planned_functions import planned_functions
from planner.executors.aws.schedules import LEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.aws.kinds import Task
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation, Resource

PERFORM = {functions.KIND: functions.perform, function_schedules.KIND: function_schedules.perform}
KINDS = tuple(PERFORM)
NAME = re.compile(
    r"[A-Za-z0-9_-]{1,64}"
)  # Lambda API Reference, CreateFunction, FunctionName: 64 characters of a plain name
MEMORY_MB = (
    128,
    10_240,
)  # Lambda Developer Guide, "Lambda quotas", function memory allocation: some new accounts have less
ACTION_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f:/|]{1,256}")  # Application Auto Scaling API Reference


def desired(task: Task) -> tuple[list[Resource], list[str]]:
    """Settings of the functions called from the window on, and their schedules; and every problem."""
    found, problems = planned_functions(task, task.at + LEAD)
    resources = [function_settings(one) for one in found]
    resources += [function_schedule(one) for one in found if one.later]
    return resources, [*problems, *function_problems(resources, task.at)]


def current(session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
    """Settings and schedules that are there."""
    held = held_functions.read(session, service, [one for one in desired if one.kind == functions.KIND])
    aliases = {f"{one.name}:{one.body['alias']['name']}" for one in held if one.body["alias"]["name"]}
    scheduled = {one.name for one in desired if one.kind == function_schedules.KIND}
    return [*held, *function_schedules.read(session, sorted(aliases | scheduled))]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Set or let go of one of them."""
    return PERFORM[operation.kind](session, operation)


def function_problems(resources: Sequence[Resource], at: datetime) -> Iterator[str]:
    """What Lambda and Application Auto Scaling would reject about functions and their schedules.

    Parameters
    ----------
    at
        The present; scheduled actions must start later.
    """
    for one in resources:
        what = f"{one.kind}/{one.name}"
        yield from _settings(what, one) if one.kind == functions.KIND else _schedule(what, one.body, at)


def _settings(what: str, one: Resource) -> Iterator[str]:
    body = one.body
    if not NAME.fullmatch(one.name):
        yield (
            f"{what}: the name has {len(one.name)} characters; Lambda takes letters, digits, - and _, at most 64. Shorten "
            "function_name: parts of a cut model add to it."
        )
    least, most = MEMORY_MB
    if not least <= body["memory_mb"] <= most:
        yield f"{what}: {body['memory_mb']} MB of memory; Lambda takes {least} to {most}."
    reserved = body["reserved_concurrency"]
    if reserved is not None and body["provisioned_concurrency"] > reserved:
        yield f"{what}: {body['provisioned_concurrency']} are kept ready and {reserved} reserved; Lambda keeps no more than that."


def _schedule(what: str, body: Body, at: datetime) -> Iterator[str]:
    for name, action in body["actions"].items():
        if not ACTION_NAME.fullmatch(name):
            yield f"{what}: the name {name!r} of an action has characters or a length that Application Auto Scaling refuses."
        if not 0 <= action["min"] <= action["max"]:
            yield f"{what}: {name}: least {action['min']} and most {action['max']}; 0 <= least <= most is needed."
        try:
            start = datetime.strptime(action["schedule"], STAMP).replace(tzinfo=UTC)
        except ValueError:
            yield f"{what}: {name}: schedule {action['schedule']!r} is not of the form at(yyyy-mm-ddThh:mm:ss)."
            continue
        if start <= at:
            yield f"{what}: {name} starts {action['schedule']}, which is past; actions start in the future."
