"""Late requests, compiled: a second, lower line of each pool.

Where routes say so (`planner.replay.decisions.Routes.late_yields`), a request that is foreseen late in its pool's queue waits here,
so that a short overload does not make all that come after it late, too. A replica takes from this line only when it is free,
the queue is empty and nobody stands aside (`planner.replay.patient_lines`): work is conserved, no call is broken off, and late
requests are served in the order of arrival.

Why this never lowers the share in time that capacities promise: they hold for one queue, first come, first served, where requests
are answered one by one in equal times (M/D/c). There the instants at which calls begin do not depend on the order in which those
who wait are taken. A request in the queue waits for calls under way and for those in the queue before it, all of which came before
it, so its turn is never later than it were with one line for all. By induction over arrivals whoever would be in time with one
line is in time with two; and a request that yields would have been late (Kiefer and Wolfowitz 1955 for the instants). Where times
vary, lateness is foreseen with an error, and a call of batched requests leaves places empty where late ones go apart; there it is
no theorem, but a measurement. In steady times, at `capacity_rps` of 96 pools (batches of 2 to 16 with their timeouts, 1 to 10
machines, deadlines of 2 to 5 calls, tiers of 0.9 and 0.98; 200,000 requests each) none had fewer in time. In lognormal times with a
coefficient of variation of 0.1 to 0.9, all 90 such pools kept their percentile, one by half a point less than in arrival order
(batches of 4 on one machine, the deadline of two calls), others by up to six points more.

A pool need not look here until something could change the queue: between two arrivals a queue that has become empty stays empty.
So late calls are begun in arrears, up to each arrival, change of machines and end of a chunk, at the instants they begin at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.answers import begin_call
from planner.replay.compiled import compiled
from planner.replay.lines import NONE
from planner.replay.patient_lines import first_patient
from planner.replay.queues import free_from, promise_call, renew_promises

if TYPE_CHECKING:
    from planner.replay.lines import Lines
    from planner.replay.queues import Queues
    from planner.replay.services import Services
    from planner.replay.tally import Tally


@compiled
def begin_lower_calls(
    queues: Queues, services: Services, lines: Lines, tally: Tally, pool: int, until_s: float
) -> None:
    """Begin the calls of who stands aside, then of late requests, that start by `until_s`; those of the queue have begun."""
    while lines.length[pool] == 0:
        k = first_patient(queues, lines, pool)
        line = queues.late_line[pool] if k == NONE else queues.patient_line[k, pool]
        if lines.length[line] == 0:
            return
        # a server that stops too soon for a newer request may still take these
        if queues.size[pool] < queues.members[pool]:
            renew_promises(queues, services, lines, pool, queues.begun_s[pool])
        first, size = lines.first[line], min(queues.batch[pool], lines.length[line])
        start_s = lower_start_s(queues, lines, pool, first, size)
        if start_s > until_s or start_s == np.inf:
            return
        promise_call(queues, services, lines, pool, first, size, start_s)
        begin_call(queues, lines, tally, pool, line)
        if k != NONE:
            queues.patient[pool] -= 1


@compiled
def lower_start_s(queues: Queues, lines: Lines, pool: int, first: int, size: int) -> float:
    """Start of a call of `size` requests of a lower line from place `first` on; not before the queue became empty."""
    emptied_s = queues.begun_s[pool]
    start_s = free_from(queues, pool, max(emptied_s, lines.arrival_s[first] + queues.timeout_s[pool]))
    if start_s == np.inf or size < queues.batch[pool]:
        return start_s
    last = first
    for _ in range(size - 1):
        last = lines.behind[last]
    return max(float(emptied_s), float(lines.arrival_s[last]), float(queues.free_s[pool, 0]))
