"""What the dispatcher and the machines show from one look to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.members import overhang_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.queues import Queues
    from planner.replay.stream import State

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Seen:
    """What one look shows.

    Parameters
    ----------
    busy_share
        ``[j]`` part of the replica-seconds at work since the last look that were spent in calls; 0 where none was at work.
    waiting
        ``[j]`` requests that wait now, late ones and those that stand aside among them.
    in_time_share
        ``[k]`` of the requests whose calls began since the last look; nan where there was none.
    """

    busy_share: Array
    waiting: NDArray[np.int64]
    in_time_share: Array


class Watch:
    """What was at work since the last look, and what of it is to be counted at the next.

    Parameters
    ----------
    pools
        How many there are.
    """

    def __init__(self, pools: int) -> None:
        self._ready_s = np.zeros(pools)
        self._overhang_s = np.zeros(pools)

    def count(self, queues: Queues, span_s: float) -> None:
        """Count the time at work of servers that are the same for so long."""
        self._ready_s += queues.members * span_s

    def look(self, state: State, at_s: float) -> Seen:
        """Show what there is at `at_s`, and begin to count anew."""
        queues, tally = state.queues, state.tally
        ahead_s = overhang_s(queues, at_s)
        busy_s = tally.busy_since_s + self._overhang_s - ahead_s
        busy = np.divide(busy_s, self._ready_s, out=np.zeros(len(busy_s)), where=self._ready_s > 0)
        in_time = np.divide(
            tally.met, tally.answered, out=np.full(len(tally.met), np.nan), where=tally.answered > 0
        )
        self._overhang_s = ahead_s
        for counted in (self._ready_s, tally.busy_since_s, tally.met, tally.answered):
            counted[:] = 0.0
        length = state.lines.length
        waiting = length[: len(queues.members)] + length[queues.late_line] + queues.patient
        return Seen(np.clip(busy, 0.0, 1.0), waiting, in_time)
