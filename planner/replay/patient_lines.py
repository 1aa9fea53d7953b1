"""Requests with time to spare, compiled: they stand aside for those of their pool that have less.

Classes of different deadlines share a pool. Where routes say so (`Routes.by_deadline` of `planner.replay.decisions`), who
finds no replica free stands aside for as long as its class allows more time than the least of those that share the pool, and then
takes its place at the end of the queue, where all have the same time left. So calls begin in the order of deadlines (earliest
deadline first, Liu and Layland 1973). Who stands aside is served before its time where the queue is empty: work is conserved.

Where requests are answered one by one in equal times, the instants at which calls begin do not depend on the order in which those
who wait are taken, and whenever some order of them keeps all deadlines, that of the deadlines does (by exchange of two neighbours).
So short bursts that would make the strict late take time from those who have it. Requests that are gathered in batches wait in the
order of arrival.

The dispatcher looks at who stands aside when another request comes to the pool: whose time is over joins the queue then, or goes
where late requests go. Nobody joined the queue in between, so the order of calls is that of the deadlines all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.compiled import compiled
from planner.replay.dispatch import LEAST_WEIGHT
from planner.replay.lines import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.replay.decisions import Routes
    from planner.replay.lines import Lines
    from planner.replay.queues import Queues
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]


def patience_s(supply: Supply, routes: Mapping[str, Routes]) -> Array:
    """``[k, j]`` seconds that requests of a class stand aside in a pool; 0 where its routes do not say so, and before batches.

    Long enough before its deadline for the function that takes it if it is late then.
    """
    found = np.zeros((len(supply.classes), len(supply.pools)))
    call_s = {one.name: one.law.foreseen_s for one in supply.functions}
    deadline_s = {one.name: one.deadline_s for one in supply.classes}
    for j, pool in enumerate(supply.pools):
        sharing = [name for name, one in routes.items() if (one.weights[:, j] > LEAST_WEIGHT).any()]
        least_s = min((deadline_s[name] for name in sharing), default=np.inf)
        for k, one in enumerate(supply.classes):
            if (
                pool.batch == 1
                and one.name in sharing
                and routes[one.name].by_deadline
                and least_s < one.deadline_s
            ):
                left_s = max(least_s, call_s.get(routes[one.name].overflow or "", 0.0))
                found[k, j] = max(one.deadline_s - left_s, 0.0)
    return found


@compiled
def first_patient(queues: Queues, lines: Lines, pool: int) -> int:
    """Class of the request that is the first to take its place of those that stand aside; none: `NONE`."""
    found, first_s = NONE, np.inf
    if queues.patient[pool] > 0:
        for k in range(len(queues.patience_s)):
            line = queues.patient_line[k, pool]
            if lines.length[line] > 0:
                at_s = lines.arrival_s[lines.first[line]] + queues.patience_s[k, pool]
                if found == NONE or at_s < first_s:
                    found, first_s = k, at_s
    return found
