"""What machines cost, as the provider bills them: by the second from launch to stop, kept by window and by part."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.results import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.replay.machine import Machine
    from planner.replay.results import Notice
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0
MACHINES, STARTS, LOADS, _ = range(len(COST_PARTS))


class Bills:
    """The account of a fleet: indices as in `planner.replay.results.Replayed`.

    What falls before the first window counts in it. The end of the last one is the end of the account: nothing is billed beyond
    it, and a machine taken back later counts in it.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` rising edges of the windows.
    """

    def __init__(self, supply: Supply, window_edge_s: Iterable[float]) -> None:
        edge_s = [float(one) for one in window_edge_s]
        self._inner_s, self._end_s = edge_s[1:-1], edge_s[-1]
        self._rental = {one.id: i for i, one in enumerate(supply.rentals)}
        windows = len(edge_s) - 1
        self.usd = np.zeros((len(COST_PARTS), windows))
        self.machines_s, self.starts, self.lost = (np.zeros((len(self._rental), windows)) for _ in range(3))
        self.notices: list[Notice] = []

    def launch(self, machine: Machine) -> None:
        """Count a launch."""
        self.starts[self._rental[machine.rental.id], self._window(machine.launched_s)] += 1

    def lose(self, rental: str, count: int, at_s: float) -> None:
        """Count machines that the provider takes back."""
        self.lost[self._rental[rental], self._window(at_s)] += count

    def pay(self, machine: Machine, until_s: float) -> None:
        """Bill a machine from its launch to an instant: boot, model loads, and the rest."""
        end_s = min(until_s, max(self._end_s, machine.launched_s))
        price = machine.rental.running_usd_per_h / SECONDS_PER_HOUR
        self._spread(self.machines_s[self._rental[machine.rental.id]], machine.launched_s, end_s, 1.0)
        at_s = machine.launched_s
        spans = [(STARTS, (at_s, machine.booted_s)), *((LOADS, span) for span in machine.loads_s)]
        for part, (begin_s, span_end_s) in spans:
            if begin_s >= end_s:
                break
            self._spread(self.usd[MACHINES], at_s, begin_s, price)
            at_s = min(span_end_s, end_s)
            self._spread(self.usd[part], begin_s, at_s, price)
        self._spread(self.usd[MACHINES], at_s, end_s, price)

    def pay_stopped(self, usd_per_h: float, count: int, begin_s: float, until_s: float) -> None:
        """Bill machines that stand stopped: they cost money, but are no machine time."""
        price = count * usd_per_h / SECONDS_PER_HOUR
        self._spread(self.usd[MACHINES], begin_s, min(until_s, self._end_s), price)

    def _spread(self, row: Array, begin_s: float, end_s: float, price: float) -> None:
        """Add a span, times a price per second, to the windows ``[t]`` that it lies in."""
        first, last = bisect_right(self._inner_s, begin_s), bisect_right(self._inner_s, end_s)
        if first == last:
            row[first] += price * (end_s - begin_s)
        else:
            row[first : last + 1] += price * np.diff([begin_s, *self._inner_s[first:last], end_s])

    def _window(self, at_s: float) -> int:
        return bisect_right(self._inner_s, at_s)
