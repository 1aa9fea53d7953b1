"""Pools of machines, compiled: one queue each, first come, first served, answered by calls of up to a batch.

With one queue, who arrives next goes to the replica that is free first (Kiefer and Wolfowitz 1955: the workload of many servers).
So every request is promised a replica and its start as it arrives, one heap operation each, and the dispatcher knows at once when
the request would be answered. A promise becomes a call when its start has come (`planner.replay.answers`). Until then it is taken
back, and all who wait are promised anew in the same order, whenever a machine joins or leaves.

Of a batch the last one promised may still be open: it closes when it is full, or at the latest when a replica is free and its
first request has waited for the timeout.

Requests that stand aside or yield wait in lines of their own, for which nothing is promised (`planner.replay.patient_lines`,
`planner.replay.late_lines`).

Servers are replicas of machines, numbered over all pools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled
from planner.replay.heaps import drop_top, push, replace_top
from planner.replay.lines import NONE, Lines
from planner.replay.services import Services, service_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.supply import Supply

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

FIRST_ROOM = 64  # ours: rows grow by doubling


class Queues(NamedTuple):
    """State of the pools.

    Parameters
    ----------
    batch, timeout_s, replicas, longest_s
        ``[j]`` of `planner.replay.supply.Pool`; the longest `foreseen_s` of its classes.
    free_s, server, size
        ``[j, n]``, ``[j, n]``, ``[j]`` heap: when servers are free after all calls promised.
    member, members
        ``[j, n]``, ``[j]`` servers of the pool, in the order in which they joined.
    open_first, open_size, open_s
        ``[j]`` place of the first request of the open batch, number of its requests (0: none is open), its latest start.
    stale
        ``[j]`` 1 where promises are taken back and not made anew yet.
    last_start_s
        ``[j]`` no member stops taking calls before this.
    late_line, begun_s
        ``[j]`` line of the pool's late requests; start of the last call that its queue began.
    patient_line, patience_s, patient
        ``[k, j]``, ``[k, j]``, ``[j]`` line of a class's requests that stand aside, for how long they do, and how many there are.
    start_s, end_s, taking_s, gone_s
        ``[server]`` start and end of the last call begun, last instant at which it takes a call, and when it is lost (infinity:
        never).
    """

    batch: IntArray
    timeout_s: Array
    replicas: Array
    longest_s: Array
    free_s: Array
    server: IntArray
    size: IntArray
    member: IntArray
    members: IntArray
    open_first: IntArray
    open_size: IntArray
    open_s: Array
    stale: IntArray
    last_start_s: Array
    late_line: IntArray
    begun_s: Array
    patient_line: IntArray
    patience_s: Array
    patient: IntArray
    start_s: Array
    end_s: Array
    taking_s: Array
    gone_s: Array


def empty_queues(supply: Supply) -> Queues:
    """No machine at work, room for `FIRST_ROOM` servers."""
    pools, rows, classes = supply.pools, len(supply.pools), len(supply.classes)
    return Queues(
        batch=np.array([pool.batch for pool in pools], dtype=np.int64),
        timeout_s=np.array([pool.batch_timeout_s if pool.batch > 1 else 0.0 for pool in pools], dtype=float),
        replicas=np.array([pool.replicas for pool in pools], dtype=float),
        longest_s=np.array(
            [max((law.foreseen_s for law in pool.laws.values()), default=0.0) for pool in pools], dtype=float
        ),
        free_s=np.zeros((rows, FIRST_ROOM)),
        server=np.zeros((rows, FIRST_ROOM), dtype=np.int64),
        size=np.zeros(rows, dtype=np.int64),
        member=np.zeros((rows, FIRST_ROOM), dtype=np.int64),
        members=np.zeros(rows, dtype=np.int64),
        open_first=np.zeros(rows, dtype=np.int64),
        open_size=np.zeros(rows, dtype=np.int64),
        open_s=np.zeros(rows),
        stale=np.zeros(rows, dtype=np.int64),
        last_start_s=np.full(rows, np.inf),
        late_line=len(supply.targets) + np.arange(rows),
        begun_s=np.full(rows, -np.inf),
        patient_line=len(supply.targets) + rows + np.arange(classes * rows).reshape(classes, rows),
        patience_s=np.zeros((classes, rows)),
        patient=np.zeros(rows, dtype=np.int64),
        start_s=np.zeros(FIRST_ROOM),
        end_s=np.zeros(FIRST_ROOM),
        taking_s=np.full(FIRST_ROOM, -np.inf),
        gone_s=np.full(FIRST_ROOM, np.inf),
    )


@compiled
def free_from(queues: Queues, pool: int, at_s: float) -> float:
    """When a server takes the next call, at the earliest at `at_s`; servers that have stopped by then leave the heap."""
    free_s, server = queues.free_s[pool], queues.server[pool]
    while queues.size[pool] > 0:
        start_s = max(at_s, float(free_s[0]))
        if start_s <= queues.last_start_s[pool] or start_s <= queues.taking_s[server[0]]:
            return start_s
        drop_top(free_s, server, queues.size[pool])
        queues.size[pool] -= 1
    return np.inf


@compiled
def promise_call(
    queues: Queues, services: Services, lines: Lines, pool: int, first: int, size: int, start_s: float
) -> None:
    """Promise the server on top to `size` requests from place `first` on; an infinite start is no server's."""
    lines.call_size[first] = size
    lines.start_s[first] = start_s
    lines.end_s[first] = np.inf
    lines.server[first] = NONE
    if start_s < np.inf:
        end_s = start_s + service_s(services, lines.served_class[first], pool, lines.number[first])
        lines.end_s[first] = end_s
        lines.server[first] = queues.server[pool, 0]
        replace_top(queues.free_s[pool], queues.server[pool], queues.size[pool], end_s, lines.server[first])


@compiled
def close_batch(queues: Queues, services: Services, lines: Lines, pool: int, start_s: float) -> None:
    """Promise the open batch a start."""
    promise_call(queues, services, lines, pool, queues.open_first[pool], queues.open_size[pool], start_s)
    queues.open_size[pool] = 0


@compiled
def promise(queues: Queues, services: Services, lines: Lines, pool: int, place: int) -> None:
    """Promise the request at `place`, the first of its line without a promise, a call of its own or a place in a batch."""
    arrival_s = lines.arrival_s[place]
    if queues.batch[pool] == 1:
        promise_call(queues, services, lines, pool, place, 1, free_from(queues, pool, arrival_s))
        return
    if queues.open_size[pool] > 0 and arrival_s >= queues.open_s[pool]:
        close_batch(queues, services, lines, pool, queues.open_s[pool])
    if queues.open_size[pool] == 0:
        lines.call_size[place] = 0
        queues.open_first[pool] = place
        queues.open_s[pool] = free_from(queues, pool, arrival_s + queues.timeout_s[pool])
    queues.open_size[pool] += 1
    if queues.open_size[pool] == queues.batch[pool]:
        close_batch(queues, services, lines, pool, full_start_s(queues, pool, arrival_s))


@compiled
def full_start_s(queues: Queues, pool: int, at_s: float) -> float:
    """Start of the open batch if it is full at `at_s`."""
    if queues.open_s[pool] == np.inf:  # no server takes it
        return np.inf
    return max(at_s, float(queues.free_s[pool, 0]))


@compiled
def renew_promises(queues: Queues, services: Services, lines: Lines, pool: int, now_s: float) -> None:
    """Promise all who wait anew, to the members that still take calls, as they are after the calls begun."""
    queues.stale[pool] = 0
    queues.open_size[pool] = 0
    queues.last_start_s[pool] = np.inf
    size = 0
    for one in range(queues.members[pool]):
        server = queues.member[pool, one]
        if queues.taking_s[server] >= now_s:
            queues.member[pool, size] = server
            push(queues.free_s[pool], queues.server[pool], size, queues.end_s[server], server)
            queues.last_start_s[pool] = min(queues.last_start_s[pool], queues.taking_s[server])
            size += 1
    queues.members[pool] = size
    queues.size[pool] = size
    place = lines.first[pool]
    for _ in range(lines.length[pool]):
        promise(queues, services, lines, pool, place)
        place = lines.behind[place]
