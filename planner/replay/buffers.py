"""Buffers in front of functions, compiled: calls for what has gathered, when it is enough or has waited long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.compiled import compiled
from planner.replay.instances import Instances, call_function, count_call
from planner.replay.lines import Lines, leave_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.services import Services
    from planner.replay.tally import Tally

    Array = NDArray[np.float64]


@compiled
def soonest(at_s: Array) -> int:
    """Index of the earliest instant."""
    first = 0
    for f in range(1, len(at_s)):
        if at_s[f] < at_s[first]:
            first = f
    return first


@compiled
def empty_buffer(
    calls: Instances, services: Services, lines: Lines, tally: Tally, f: int, at_s: float
) -> None:
    """Call a function for what its buffer holds."""
    line = calls.pools[0] + f
    first = lines.first[line]
    lasts_s = call_function(
        calls,
        services,
        tally,
        f,
        at_s,
        lines.served_class[first],
        lines.number[first],
        lines.window[first],
        lines.weight[first],
        lines.length[line],
    )
    while lines.length[line] > 0:
        place = lines.first[line]
        latency_s = at_s - lines.arrival_s[place] + lasts_s
        count_call(
            tally, line, lines.served_class[place], lines.window[place], lines.weight[place], latency_s
        )
        leave_line(lines, line)
    calls.due_s[f] = np.inf
    calls.next_due_s[0] = calls.due_s[soonest(calls.due_s)]


@compiled
def empty_due_buffers(
    calls: Instances, services: Services, lines: Lines, tally: Tally, until_s: float
) -> None:
    """Make the calls of all buffers that are due by `until_s`, in the order of time."""
    while calls.next_due_s[0] <= until_s:
        f = soonest(calls.due_s)
        empty_buffer(calls, services, lines, tally, f, calls.due_s[f])
