"""Where machines work, as the fleet sees it, and a record of how long they do in every pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.supply import Supply

    Array = NDArray[np.float64]


class Workplace(Protocol):
    """Where machines work: the queues (`planner.replay.kernel`)."""

    def machine_joins(self, pool: str, at_s: float) -> int:
        """Put a machine to work; return its slot."""
        ...

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        """Take a machine out; return when its last call ends."""
        ...


class Presence:
    """Passes machines on to the kernel, and counts their time at work.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` edges of the windows; time before the first counts nowhere, for no request comes then.
    """

    def __init__(self, supply: Supply, kernel: Workplace, window_edge_s: Array) -> None:
        self._kernel = kernel
        self._edge_s = window_edge_s
        self._pool = {one.name: j for j, one in enumerate(supply.pools)}
        self._since: dict[int, tuple[int, float]] = {}
        self.ready_s = np.zeros((len(supply.pools), len(window_edge_s) - 1))

    def machine_joins(self, pool: str, at_s: float) -> int:
        """Put a machine to work; return its slot."""
        slot = self._kernel.machine_joins(pool, at_s)
        self._since[slot] = (self._pool[pool], at_s)
        return slot

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        """Take a machine out; return when its last call ends. It is at work until then, or until it is lost."""
        end_s = self._kernel.machine_leaves(slot, at_s, gone_s)
        self._count(slot, end_s if gone_s is None else gone_s)
        return end_s

    def end(self, end_s: float) -> None:
        """Count what is still at work up to the end."""
        for slot in list(self._since):
            self._count(slot, end_s)

    def _count(self, slot: int, until_s: float) -> None:
        j, since_s = self._since.pop(slot)
        self.ready_s[j] += np.diff(np.clip(self._edge_s, since_s, max(since_s, until_s)))
