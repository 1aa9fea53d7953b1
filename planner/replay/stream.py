"""The stream of requests, compiled: each one to its target; late ones on to a function, or behind those in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.answers import answer_at_once, begin_calls
from planner.replay.buffers import empty_buffer, empty_due_buffers
from planner.replay.compiled import compiled, compiled_entry, compiled_inline
from planner.replay.dispatch import NO_OVERFLOW, NO_POOL, Dispatch, main_pool, measured_level, next_target
from planner.replay.foresight import foreseen_start_s
from planner.replay.instances import Instances, call_function, count_call, has_room
from planner.replay.late_lines import begin_lower_calls
from planner.replay.lines import NONE, Lines, join_line, leave_line
from planner.replay.patient_lines import first_patient
from planner.replay.queues import Queues, free_from, promise, renew_promises
from planner.replay.tally import ROUNDING_S, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.services import Services

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


class State(NamedTuple):
    """Everything that the stream changes."""

    services: Services
    queues: Queues
    lines: Lines
    calls: Instances
    dispatch: Dispatch
    tally: Tally


@compiled
def join_pool(state: State, pool: int, at_s: float, k: int, number: int, window: int, weight: float) -> None:
    """Let a request be answered at once where a replica is free, stand aside where it has time, take its place else."""
    queues, lines = state.queues, state.lines
    if lines.length[pool] > 0:
        begin_calls(queues, state.services, lines, state.tally, pool, at_s)
    if lines.length[queues.late_line[pool]] > 0 or queues.patient[pool] > 0:
        begin_lower_calls(queues, state.services, lines, state.tally, pool, at_s)
        place_patient(state, pool, at_s)
    if queues.patience_s[k, pool] > 0.0 and at_s < free_from(queues, pool, at_s) < np.inf:
        join_line(lines, queues.patient_line[k, pool], at_s, k, number, window, weight)
        queues.patient[pool] += 1
    else:
        take_place(state, pool, at_s, at_s, k, number, window, weight)


@compiled
def place_patient(state: State, pool: int, at_s: float) -> None:
    """Let those who stood aside and may not any longer take their place, in the order in which their time was over."""
    queues, lines = state.queues, state.lines
    # where there is no memory for more calls, the rest have their turn with the next request
    while state.calls.crowded[0] == 0:
        k = first_patient(queues, lines, pool)
        if k == NONE:
            return
        line = queues.patient_line[k, pool]
        place = lines.first[line]
        arrival_s = lines.arrival_s[place]
        if arrival_s + queues.patience_s[k, pool] > at_s:
            return
        number, window, weight = lines.number[place], lines.window[place], lines.weight[place]
        leave_line(lines, line)
        queues.patient[pool] -= 1
        take_place(state, pool, at_s, arrival_s, k, number, window, weight)


@compiled_inline
def take_place(
    state: State, pool: int, at_s: float, arrival_s: float, k: int, number: int, window: int, weight: float
) -> None:
    """Answer a request at once where a replica is free, else let it join the queue; a late one may go elsewhere.

    Late by the start and the time of its own call that can be foreseen now.
    """
    queues, lines, calls = state.queues, state.lines, state.calls
    f, yields = state.dispatch.overflow[k], state.dispatch.yields[k] == 1
    if f != NO_OVERFLOW or yields:
        start_s = foreseen_start_s(queues, state.services, lines, pool, at_s, k)
        spare_s = state.tally.deadline_s[k] - state.services.foreseen_s[k, pool] - (start_s - arrival_s)
        yields = yields and spare_s < -ROUNDING_S
        if f != NO_OVERFLOW and spare_s < -ROUNDING_S and has_room(calls, f, at_s):
            state.tally.overflowed[k, window] += weight
            join_function(state, f, at_s, arrival_s, k, number, window, weight)
            return
    if queues.batch[pool] == 1 and not yields and arrival_s == at_s and free_from(queues, pool, at_s) == at_s:
        answer_at_once(queues, state.services, state.tally, pool, at_s, k, number, window, weight)
        return
    line = queues.late_line[pool] if yields else pool
    place = join_line(lines, line, arrival_s, k, number, window, weight)
    if not yields:
        promise(queues, state.services, lines, pool, place)


@compiled
def join_function(
    state: State, f: int, at_s: float, arrival_s: float, k: int, number: int, window: int, weight: float
) -> None:
    """Call a function for a request, or put it into the function's buffer."""
    calls, lines = state.calls, state.lines
    line = calls.pools[0] + f
    if calls.batch[f] == 1:
        lasts_s = call_function(calls, state.services, state.tally, f, at_s, k, number, window, weight, 1)
        count_call(state.tally, line, k, window, weight, at_s - arrival_s + lasts_s)
        return
    join_line(lines, line, arrival_s, k, number, window, weight)
    if lines.length[line] == calls.batch[f]:
        empty_buffer(calls, state.services, lines, state.tally, f, at_s)
    elif lines.length[line] == 1:
        calls.due_s[f] = at_s + calls.timeout_s[f]
        calls.next_due_s[0] = min(calls.next_due_s[0], calls.due_s[f])


@compiled
def throttled(state: State, f: int, at_s: float) -> bool:
    """Whether a function would refuse a call now; a buffer takes every request."""
    return bool(state.calls.batch[f] == 1 and not has_room(state.calls, f, at_s))


@compiled
def renew_stale(state: State, now_s: float) -> None:
    """Promise anew in all pools whose machines have changed."""
    for pool in range(len(state.queues.batch)):
        if state.queues.stale[pool] == 1:
            renew_promises(state.queues, state.services, state.lines, pool, now_s)


@compiled
def pass_time(state: State, until_s: float) -> None:
    """Begin all calls that have to by `until_s`."""
    empty_due_buffers(state.calls, state.services, state.lines, state.tally, until_s)
    for pool in range(len(state.queues.batch)):
        begin_calls(state.queues, state.services, state.lines, state.tally, pool, until_s)
        begin_lower_calls(state.queues, state.services, state.lines, state.tally, pool, until_s)


@compiled_entry
def pass_requests(
    state: State,
    times_s: Array,
    classes: IntArray,
    first: int,
    numbered: int,
    weight: float,
    now_s: float,
    until_s: float,
) -> int:
    """Take requests from index `first` on, then let time pass until `until_s`.

    Return the number of requests where all is done, else the index of the first one that there is no memory for. `numbered`
    requests came before this chunk.
    """
    renew_stale(state, now_s)
    edge_s, pools = state.tally.window_edge_s, len(state.queues.batch)
    targets, window = state.tally.served.shape[1], 0
    for i in range(first, len(times_s)):
        if state.lines.free[1] == 0 or state.calls.crowded[0] == 1:
            return i
        at_s, k = times_s[i], classes[i]
        while window < len(edge_s) - 2 and at_s >= edge_s[window + 1]:
            window += 1
        if state.calls.next_due_s[0] <= at_s:
            empty_due_buffers(state.calls, state.services, state.lines, state.tally, at_s)
        state.tally.arrived[k, window] += weight
        level = measured_level(state.dispatch, k, at_s)
        target = next_target(state.dispatch, k, level)
        if pools <= target < targets:
            pool = main_pool(state.dispatch, k, level, pools)
            if pool != NO_POOL and throttled(state, target - pools, at_s):
                target = pool
        if target == targets:
            state.tally.refused[k, window] += weight
        elif target < pools:
            join_pool(state, target, at_s, k, numbered + i, window, weight)
        else:
            join_function(state, target - pools, at_s, at_s, k, numbered + i, window, weight)
    pass_time(state, until_s)
    return len(times_s)


@compiled_entry
def call_buffers(state: State) -> None:
    """Make the calls of all buffers, each when it is due."""
    while state.calls.next_due_s[0] < np.inf:
        empty_due_buffers(state.calls, state.services, state.lines, state.tally, state.calls.next_due_s[0])


def refuse_waiting(state: State) -> None:
    """Refuse all who wait; the lines stay as they are. Once a replay, so it is not compiled."""
    lines = state.lines
    for line in range(len(lines.first)):
        place = lines.first[line]
        for _ in range(lines.length[line]):
            state.tally.refused[lines.served_class[place], lines.window[place]] += lines.weight[place]
            place = lines.behind[place]


def shift_clocks(state: State, by_s: float) -> None:
    """Move all that waits, runs or idles to later instants; promises are stale by then."""
    for clock_s in (
        state.lines.arrival_s,
        state.queues.start_s,
        state.queues.end_s,
        state.queues.begun_s,
        state.calls.running_s,
        state.calls.idle_s,
        state.calls.due_s,
        state.calls.next_due_s,
        state.dispatch.measured_s,
    ):
        clock_s += by_s
