"""The functions of a plan as Lambda needs them: one a model variant, or one a part of a cut model, and their sizes over time.

The settings name the function that holds a model's code. Where a plan cuts the model, its parts are functions of their own, named
NAME-part1, NAME-part2 and so on in the order in which they call each other; workers of a part are NAME-part1-worker1 and so on. A
part or worker is held for its own time of every call, so it needs that share of the concurrency.

Provisioned concurrency is scheduled, memory and reserved concurrency cannot be. So a schedule ends where a later window wants other
memory, and what is reserved is the most that any window of the schedule sets aside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from planner.executors.aws.sizes import instalment, split
from planner.executors.aws.tags import ALIAS_TAG, UNTIL_TAG
from planner.executors.sizes import Size, largest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planner.executors.aws.kinds import Task
    from planner.plan import FunctionLine, FunctionOption, PartitionSegment, Window
    from planner.plan.partition import Worker

PROVIDER = "aws-lambda"
LEAD = timedelta(
    minutes=3
)  # ours: Lambda promises no time; a minute or two are usual, and a scheduled action may start late too
MOST_ACTIONS = 200  # Application Auto Scaling User Guide, "Quotas": scheduled actions of a scalable target


@dataclass(frozen=True)
class Need:
    """What one window asks of a function."""

    memory_mb: int
    architecture: str
    reserved_concurrency: int
    provisioned_concurrency: int


@dataclass(frozen=True)
class PlannedFunction:
    """One function, with all that Lambda must know of it."""

    service: str
    name: str
    alias: str
    memory_mb: int
    architecture: str
    reserved_concurrency: int
    provisioned_concurrency: int  # at once
    later: tuple[Size, ...]  # changes after that, rising in time
    tags: dict[str, str]


def planned_functions(task: Task, at: datetime) -> tuple[list[PlannedFunction], list[str]]:
    """Functions that the window of a task or a later one calls, and what is wrong with plan or settings.

    Parameters
    ----------
    at
        Sizes due by then are applied at once.
    """
    options = {one.id: one for one in task.plan.options if one.kind == "function"}
    problems = [
        problem
        for line in {line.option: line for window in task.windows for line in window.functions}.values()
        for problem in _problems(task, line)
    ]
    if problems:
        return [], problems
    needs: list[dict[str, Need]] = []
    for window in task.windows:
        found, wrong = _needs(task, window, options)
        needs.append(found)
        problems += wrong
    names = sorted({name for found in needs for name in found})
    return [_planned(task, at, name, [found.get(name) for found in needs]) for name in names], problems


def _planned(task: Task, at: datetime, name: str, needs: Sequence[Need | None]) -> PlannedFunction:
    first = next(one for one in needs if one)
    alike = [None if one is None else (one.memory_mb, one.architecture) for one in needs]
    other = {None, (first.memory_mb, first.architecture)}
    reach = next((number for number, one in enumerate(alike) if one not in other), len(needs))
    count, later = split(list(_sizes(task.windows[:reach], needs)), at)
    end = task.windows[reach - 1].end if reach < len(needs) else task.plan.validity.not_after
    fit, until = instalment(later, MOST_ACTIONS, end)
    return PlannedFunction(
        service=task.settings.service,
        name=name,
        alias=task.aws.alias,
        memory_mb=first.memory_mb,
        architecture=first.architecture,
        reserved_concurrency=_reserved([one for one in needs[:reach] if one]),
        provisioned_concurrency=count,
        later=fit,
        tags=task.tags | {ALIAS_TAG: task.aws.alias, UNTIL_TAG: until},
    )


def _sizes(windows: Sequence[Window], needs: Sequence[Need | None]) -> Iterator[Size]:
    """Provisioned concurrency where it changes; more is asked for before the window that needs it starts."""
    begins = [window.start - LEAD if number else window.start for number, window in enumerate(windows)]
    counts = [need.provisioned_concurrency if need else 0 for need in needs[: len(windows)]]
    return largest(windows, begins, counts)


def _reserved(needs: list[Need]) -> int:
    """Most that any window sets aside; none where one of them sets none aside, for it may run more than others reserve."""
    counts = [one.reserved_concurrency for one in needs]
    return max(counts) if all(counts) else 0


def _needs(
    task: Task, window: Window, options: dict[str, FunctionOption]
) -> tuple[dict[str, Need], list[str]]:
    """What a window asks of each function; options that call the same one share it."""
    found: dict[str, Need] = {}
    problems = []
    for line in window.functions:
        base = str(task.aws.models[line.model].function_name)
        for name, memory_mb, share in _pieces(base, line):
            # Lambda keeps no more functions ready than are reserved: Developer Guide, "Configuring provisioned concurrency"
            reserved = 0  # none: the function shares what the account leaves unreserved
            if line.reserved_concurrency:
                reserved = max(math.ceil(line.reserved_concurrency * share), line.provisioned_concurrency)
            need = Need(memory_mb, options[line.option].architecture, reserved, line.provisioned_concurrency)
            held = found.setdefault(name, Need(memory_mb, need.architecture, 0, 0))
            if (held.memory_mb, held.architecture) != (memory_mb, need.architecture):
                problems.append(
                    f"window {window.id}: options share function {name} and want {held.memory_mb} MB of {held.architecture} and "
                    f"{memory_mb} MB of {need.architecture}; plan with one memory size and architecture of {line.model}."
                )
            found[name] = Need(
                held.memory_mb,
                held.architecture,
                held.reserved_concurrency + need.reserved_concurrency,
                held.provisioned_concurrency + need.provisioned_concurrency,
            )
    return found, problems


def _pieces(base: str, line: FunctionLine) -> Iterator[tuple[str, int, float]]:
    """Name, memory and share of the function time of every function of an option."""
    if line.partition is None:
        yield base, line.memory_mb, 1.0
        return
    pieces: dict[str, PartitionSegment | Worker] = {}
    for number, part in enumerate(line.partition, start=1):
        pieces[f"{base}-part{number}"] = part
        for count, worker in enumerate(part.workers, start=1):
            pieces[f"{base}-part{number}-worker{count}"] = worker
    whole_ms = sum(one.billed_ms for one in pieces.values())
    for name, one in pieces.items():
        yield name, one.memory_mb, one.billed_ms / whole_ms if whole_ms else 1.0


def _problems(task: Task, line: FunctionLine) -> Iterator[str]:
    what = f"option {line.option}"
    if line.provider != PROVIDER:
        yield f"{what}: its functions are of {line.provider}; the target aws sets those of {PROVIDER} alone."
    yield from task.elsewhere(line)
    model = task.aws.models.get(line.model)
    if model is None or model.function_name is None:
        yield task.unset("no function holds the code of", line.model, "function_name")
