"""When a pool would begin to answer a request, compiled: what a dispatcher can know as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.compiled import compiled
from planner.replay.queues import free_from, full_start_s

if TYPE_CHECKING:
    from planner.replay.lines import Lines
    from planner.replay.queues import Queues
    from planner.replay.services import Services


@compiled
def start_at_the_latest_s(queues: Queues, pool: int, at_s: float) -> float:
    """Start, if nobody comes after it, of the call of a request that arrives at `at_s`; calls due by then have begun."""
    if queues.open_size[pool] == 0:
        return free_from(queues, pool, at_s + queues.timeout_s[pool])
    if queues.open_size[pool] + 1 == queues.batch[pool]:
        return full_start_s(queues, pool, at_s)
    return float(queues.open_s[pool])


@compiled
def foreseen_start_s(
    queues: Queues, services: Services, lines: Lines, pool: int, at_s: float, k: int
) -> float:
    """Start of the call of a request as a dispatcher can foresee it at its arrival; no server: infinity.

    A dispatcher does not know how long calls will last, unless they are steady. Where times vary and every server is busy, it
    takes each call to last the mean time m, those that have lasted longer to end now: the first of c servers is free as soon as
    that says, and q calls ahead are over q m / c later (the estimator QL of Ibrahim and Whitt 2009, "Real-time delay estimation
    based on delay history", with what is known of the calls under way). A batch that the request does not fill waits for its
    timeout at least.
    """
    if services.steady[pool] == 1 or free_from(queues, pool, at_s) == at_s:
        return start_at_the_latest_s(queues, pool, at_s)
    mean_s = services.mean_s[k, pool]
    earliest_s, taking = np.inf, 0
    for one in range(queues.members[pool]):
        server = queues.member[pool, one]
        if queues.taking_s[server] >= at_s:
            if queues.end_s[server] <= at_s:  # idle, but it stops too soon for the batch that comes first
                return start_at_the_latest_s(queues, pool, at_s)
            taking += 1
            earliest_s = min(earliest_s, queues.start_s[server] + mean_s)
    if taking == 0:
        return np.inf
    waiting, batch = lines.length[pool], queues.batch[pool]
    turn_s = max(at_s, earliest_s) + waiting // batch * mean_s / taking
    closed_s = at_s if waiting % batch == batch - 1 else at_s + queues.timeout_s[pool]
    return float(max(turn_s, closed_s))
