"""Machines that join and leave pools: the servers that a pool's queue counts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.queues import Queues

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def with_servers(old: Queues, servers: int) -> Queues:
    """Keep the state of servers in arrays for `servers` of them, and at least twice as many as before where that is more."""
    before = len(old.end_s)
    if servers <= before:
        return old
    more = max(servers - before, before)
    return old._replace(
        start_s=np.append(old.start_s, np.zeros(more)),
        end_s=np.append(old.end_s, np.zeros(more)),
        taking_s=np.append(old.taking_s, np.full(more, -np.inf)),
        gone_s=np.append(old.gone_s, np.full(more, np.inf)),
    )


def with_members(old: Queues, room: int) -> Queues:
    """Keep the state in rows for `room` members a pool, and at least twice as many as before where that is more."""
    before = old.member.shape[1]
    if room <= before:
        return old
    more = ((0, 0), (0, max(room - before, before)))
    return old._replace(
        free_s=np.pad(old.free_s, more), server=np.pad(old.server, more), member=np.pad(old.member, more)
    )


def join_pool(old: Queues, pool: int, servers: IntArray, at_s: float) -> Queues:
    """Add servers to a pool, free from `at_s` on."""
    before = int(old.members[pool])
    queues = with_members(with_servers(old, int(servers[-1]) + 1), before + len(servers))
    queues.member[pool, before : before + len(servers)] = servers
    queues.members[pool] += len(servers)
    queues.start_s[servers] = -np.inf
    queues.end_s[servers] = at_s
    queues.taking_s[servers] = np.inf
    queues.gone_s[servers] = np.inf
    queues.stale[pool] = 1
    return queues


def leave_pool(queues: Queues, pool: int, servers: IntArray) -> None:
    """Take servers out of a pool."""
    row = queues.member[pool, : queues.members[pool]]
    kept = row[(row < servers[0]) | (row > servers[-1])]
    queues.member[pool, : len(kept)] = kept
    queues.members[pool] = len(kept)
    queues.stale[pool] = 1


def overhang_s(queues: Queues, at_s: float) -> Array:
    """``[j]`` replica-seconds of calls that have begun and go on beyond `at_s`."""
    ends = [queues.end_s[queues.member[j, :members]] for j, members in enumerate(queues.members)]
    return np.array([np.maximum(end_s - at_s, 0.0).sum() for end_s in ends])
