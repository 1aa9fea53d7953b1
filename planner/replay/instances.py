"""Instances of functions, compiled: warm, provisioned and cold calls, their limit and their bills.

Every call gets an instance of its own at once (infinite servers): a provisioned one that is idle first of all, else the idle one
that was used last, else a new one that begins cold. An idle instance ends after the keep-alive time. Calls of all functions
together are limited, and those of one function where instances are set aside for it; what is provisioned counts as in use.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled
from planner.replay.heaps import drop_top, push
from planner.replay.services import Services, service_s
from planner.replay.tally import Tally, count_answer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.supply import Supply

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

FIRST_ROOM = 64  # ours: rows grow by doubling
REFUSED, PROVISIONED, WARM, COLD = -1, 0, 1, 2
UNLIMITED = np.iinfo(np.int64).max
STEP_ROUNDING = 1e-6  # ours: of a billing step; a duration that is a whole number of steps but for rounding is not rounded up


class Instances(NamedTuple):
    """State of the functions; index f in order of the supply, their targets and lines are ``pools + f``.

    Parameters
    ----------
    pools
        ``[1]`` number of pools.
    batch, timeout_s, cold_s, executions, usd_per_call, usd_per_s, provisioned_call_usd_per_s, billing_step_s, bills_cold
        ``[f]`` of `planner.replay.supply.CalledFunction`.
    size_stretch
        ``[f, size - 1]`` warm time of a call with so many requests over that of a full batch.
    limit, keep_alive_s
        ``[1]`` of the supply.
    running_s, number, running
        ``[2 f, n]``, ``[2 f, n]``, ``[2 f]`` heaps of the ends of running calls: on demand, then on provisioned instances.
    idle_s, idle_first, idle
        ``[f, n]``, ``[f]``, ``[f]`` ring of the instants since which instances are idle, earliest first.
    provisioned, reserved
        ``[f]`` instances kept ready; the most that run at once, those kept ready counted whether they run or not.
    in_use
        ``[2]`` executions of calls on demand, of provisioned instances.
    due_s, next_due_s
        ``[f]`` when the buffer's call is made at the latest (infinity: the buffer is empty), ``[1]`` the earliest of them.
    crowded
        ``[1]`` 1 where the rows should be longer before the next request.
    """

    pools: IntArray
    batch: IntArray
    timeout_s: Array
    cold_s: Array
    executions: IntArray
    usd_per_call: Array
    usd_per_s: Array
    provisioned_call_usd_per_s: Array
    billing_step_s: Array
    bills_cold: IntArray
    size_stretch: Array
    limit: IntArray
    keep_alive_s: Array
    running_s: Array
    number: IntArray
    running: IntArray
    idle_s: Array
    idle_first: IntArray
    idle: IntArray
    provisioned: IntArray
    reserved: IntArray
    in_use: IntArray
    due_s: Array
    next_due_s: Array
    crowded: IntArray


def idle_functions(supply: Supply) -> Instances:
    """No instance of any function."""
    functions, rows = supply.functions, len(supply.functions)
    return Instances(
        pools=np.array([len(supply.pools)]),
        batch=np.array([one.batch for one in functions], dtype=np.int64),
        timeout_s=np.array([one.batch_timeout_s for one in functions], dtype=float),
        cold_s=np.array([one.cold_s for one in functions], dtype=float),
        executions=np.array([one.functions for one in functions], dtype=np.int64),
        usd_per_call=np.array([one.usd_per_call for one in functions], dtype=float),
        usd_per_s=np.array([one.usd_per_s for one in functions], dtype=float),
        provisioned_call_usd_per_s=np.array([one.usd_per_s_on_provisioned for one in functions], dtype=float),
        billing_step_s=np.array([one.billing_step_s for one in functions], dtype=float),
        bills_cold=np.array([one.bills_cold for one in functions], dtype=np.int64),
        size_stretch=_size_stretch(supply),
        limit=np.array([supply.concurrency_limit]),
        keep_alive_s=np.array([supply.keep_alive_s], dtype=float),
        running_s=np.zeros((2 * rows, FIRST_ROOM)),
        number=np.zeros((2 * rows, FIRST_ROOM), dtype=np.int64),
        running=np.zeros(2 * rows, dtype=np.int64),
        idle_s=np.zeros((rows, FIRST_ROOM)),
        idle_first=np.zeros(rows, dtype=np.int64),
        idle=np.zeros(rows, dtype=np.int64),
        provisioned=np.zeros(rows, dtype=np.int64),
        reserved=np.full(rows, UNLIMITED),
        in_use=np.zeros(2, dtype=np.int64),
        due_s=np.full(rows, np.inf),
        next_due_s=np.array([np.inf]),
        crowded=np.zeros(1, dtype=np.int64),
    )


def _size_stretch(supply: Supply) -> Array:
    """Rows are as long as the largest batch; 1 where nothing is stated."""
    stretch = np.ones((len(supply.functions), max((one.batch for one in supply.functions), default=1)))
    for row, one in zip(stretch, supply.functions, strict=True):
        row[: len(one.size_stretch)] = one.size_stretch
    return stretch


def with_room(old: Instances, room: int) -> Instances:
    """Keep the state in rows that hold `room` instances, at least twice as many as before."""
    rows, before = old.idle_s.shape
    room = max(room, 2 * before)
    running_s = np.zeros((2 * rows, room))
    running_s[:, :before] = old.running_s
    idle_s = np.zeros((rows, room))
    for f in range(rows):
        idle_s[f, :before] = np.roll(old.idle_s[f], -old.idle_first[f])
    old.idle_first[:] = 0
    old.crowded[:] = 0
    return old._replace(running_s=running_s, number=np.zeros((2 * rows, room), dtype=np.int64), idle_s=idle_s)


@compiled
def end_runs(calls: Instances, f: int, at_s: float) -> None:
    """Let calls of a function that have ended by `at_s` leave their instances idle; instances idle for too long end."""
    row = f + len(calls.batch)
    while calls.running[row] > 0 and calls.running_s[row, 0] <= at_s:
        drop_top(calls.running_s[row], calls.number[row], calls.running[row])
        calls.running[row] -= 1
    room = calls.idle_s.shape[1]
    while calls.running[f] > 0 and calls.running_s[f, 0] <= at_s:
        calls.idle_s[f, (calls.idle_first[f] + calls.idle[f]) % room] = calls.running_s[f, 0]
        calls.idle[f] += 1
        drop_top(calls.running_s[f], calls.number[f], calls.running[f])
        calls.running[f] -= 1
        calls.in_use[0] -= calls.executions[f]
    while calls.idle[f] > 0 and at_s - calls.idle_s[f, calls.idle_first[f]] > calls.keep_alive_s[0]:
        calls.idle_first[f] = (calls.idle_first[f] + 1) % room
        calls.idle[f] -= 1


@compiled
def has_room(calls: Instances, f: int, at_s: float) -> bool:
    """Whether a call at `at_s` would not be refused."""
    end_runs(calls, f, at_s)
    if calls.running[f + len(calls.batch)] < calls.provisioned[f]:
        return True
    if calls.running[f] + calls.provisioned[f] >= calls.reserved[f]:
        return False
    if calls.in_use[0] + calls.in_use[1] + calls.executions[f] > calls.limit[0]:
        for other in range(len(calls.batch)):
            end_runs(calls, other, at_s)
    return bool(calls.in_use[0] + calls.in_use[1] + calls.executions[f] <= calls.limit[0])


@compiled
def start_instance(calls: Instances, f: int, at_s: float, warm_s: float) -> int:
    """Start a call that would last `warm_s` where it is warm; return how it began."""
    if not has_room(calls, f, at_s):
        return REFUSED
    row = f + len(calls.batch)
    if calls.running[row] < calls.provisioned[f]:
        push(calls.running_s[row], calls.number[row], calls.running[row], at_s + warm_s, 0)
        calls.running[row] += 1
        return PROVISIONED
    kind, end_s = COLD, at_s + warm_s + calls.cold_s[f]
    if calls.idle[f] > 0:
        kind, end_s = WARM, at_s + warm_s
        calls.idle[f] -= 1
    push(calls.running_s[f], calls.number[f], calls.running[f], end_s, 0)
    calls.running[f] += 1
    calls.in_use[0] += calls.executions[f]
    # One request may start two more calls: that of a buffer that is due, and its own.
    if calls.running[f] + calls.idle[f] + 2 >= calls.idle_s.shape[1]:
        calls.crowded[0] = 1
    return kind


@compiled
def call_function(
    calls: Instances,
    services: Services,
    tally: Tally,
    f: int,
    at_s: float,
    k: int,
    number: int,
    window: int,
    weight: float,
    size: int,
) -> float:
    """Make a call of `size` requests, led by request `number` of class k, and bill it.

    Return how long it lasts, infinity where it is refused.
    """
    lasts_s = service_s(services, k, calls.pools[0] + f, number) * float(calls.size_stretch[f, size - 1])
    kind = start_instance(calls, f, at_s, lasts_s)
    if kind == REFUSED:
        return np.inf
    billed_s = lasts_s
    tally.warm_s[f, window] += weight * lasts_s
    under_way = calls.running[f] + calls.running[f + len(calls.batch)]
    tally.most_calls[f, window] = max(tally.most_calls[f, window], under_way)
    usd_per_s = calls.usd_per_s[f]
    if kind == PROVISIONED:
        usd_per_s = calls.provisioned_call_usd_per_s[f]
    elif kind == COLD:
        lasts_s += calls.cold_s[f]
        tally.cold_calls[f, window] += weight
        if calls.bills_cold[f] == 1:
            billed_s = lasts_s
    step_s = calls.billing_step_s[f]
    billed_s = math.ceil(billed_s / step_s - STEP_ROUNDING) * step_s
    tally.calls[f, window] += weight
    tally.billed_s[f, window] += weight * billed_s
    tally.calls_usd[f, window] += weight * (calls.usd_per_call[f] + billed_s * usd_per_s)
    return lasts_s


@compiled
def count_call(tally: Tally, target: int, k: int, window: int, weight: float, latency_s: float) -> None:
    """Count one request of a call; an infinite latency is a refusal."""
    if latency_s < np.inf:
        count_answer(tally, k, target, window, weight, latency_s)
    else:
        tally.refused[k, window] += weight
