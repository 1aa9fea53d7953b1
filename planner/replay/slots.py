"""Slots of machines: which servers of the queues are the replicas of a machine, and when another one may have them."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.members import join_pool, leave_pool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.queues import Queues
    from planner.replay.supply import Supply


class Slots:
    """Room for machines, each as wide as the most replicas of a pool; the slot of a machine that has gone is used again."""

    def __init__(self, supply: Supply) -> None:
        self._replicas = [pool.replicas for pool in supply.pools]
        self._width = max(self._replicas, default=1)
        self._pool: list[int] = []  # of the machine in each slot, or of the last one there
        self._free: list[int] = []
        self._leaving: list[tuple[float, int]] = []  # heap of (gone_s, slot)

    def join(self, queues: Queues, pool: int, at_s: float) -> tuple[int, Queues]:
        """Put a machine to work in a pool; return its slot, and the queues with it."""
        while self._leaving and self._leaving[0][0] <= at_s:
            self._drop(queues, heapq.heappop(self._leaving)[1])
        if not self._free:
            self._free.append(len(self._pool))
            self._pool.append(0)
        slot = self._free.pop()
        self._pool[slot] = pool
        return slot, join_pool(queues, pool, self._servers(slot), at_s)

    def leave(self, queues: Queues, slot: int, at_s: float, gone_s: float | None) -> float:
        """Take a machine out at once, or let it be lost later (`planner.replay.kernel.Kernel.machine_leaves`)."""
        j, servers = self._pool[slot], self._servers(slot)
        queues.stale[j] = 1
        end_s = max(at_s, float(queues.end_s[servers].max()))
        if gone_s is None:
            self._drop(queues, slot)
        else:
            queues.taking_s[servers] = gone_s - queues.longest_s[j]
            queues.gone_s[servers] = gone_s
            heapq.heappush(self._leaving, (gone_s, slot))
        return end_s

    def _servers(self, slot: int) -> NDArray[np.int64]:
        return slot * self._width + np.arange(self._replicas[self._pool[slot]])

    def _drop(self, queues: Queues, slot: int) -> None:
        """Take the servers of a slot out of their pool."""
        leave_pool(queues, self._pool[slot], self._servers(slot))
        self._free.append(slot)
