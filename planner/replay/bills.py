"""What machines cost, as the provider bills them: by the second from launch to stop, kept by window and by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.results import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.replay.fleet import Machine
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0
MACHINES, STARTS, LOADS, _ = range(len(COST_PARTS))


class Bills:
    """The account of a fleet: indices as in `planner.replay.results.Replayed`.

    What falls before the first window counts in it, and so in the last what falls behind it.
    """

    def __init__(self, supply: Supply, window_edge_s: Iterable[float]) -> None:
        self.edge_s = np.array(list(window_edge_s), dtype=np.float64)
        self.rental = {one.id: i for i, one in enumerate(supply.rentals)}
        windows = len(self.edge_s) - 1
        self.usd = np.zeros((len(COST_PARTS), windows))
        self.machines_s, self.starts, self.lost = (np.zeros((len(self.rental), windows)) for _ in range(3))
        self.interruptions = np.zeros(windows)

    def launch(self, machine: Machine) -> None:
        """Count a launch."""
        self.starts[self.rental[machine.rental.id], self._window(machine.launched_s)] += 1

    def lose(self, rental: str, count: int, at_s: float) -> None:
        """Count machines that the provider takes back."""
        self.lost[self.rental[rental], self._window(at_s)] += count

    def interrupt(self, at_s: float) -> None:
        """Count the loss of a spot pool with machines."""
        self.interruptions[self._window(at_s)] += 1

    def pay(self, machine: Machine, until_s: float) -> None:
        """Bill a machine from its launch to an instant: boot, model loads, and the rest."""
        end_s = min(until_s, max(float(self.edge_s[-1]), machine.launched_s))
        price = machine.rental.price_usd_per_h / SECONDS_PER_HOUR
        total = self._spread(machine.launched_s, end_s)
        boot = self._spread(machine.launched_s, min(machine.booted_s, end_s))
        load: Array = np.zeros_like(total)
        for begin_s, loaded_s in machine.loads_s:
            load += self._spread(begin_s, min(loaded_s, end_s))
        self.machines_s[self.rental[machine.rental.id]] += total
        self.usd[STARTS] += boot * price
        self.usd[LOADS] += load * price
        self.usd[MACHINES] += (total - boot - load) * price

    def _spread(self, begin_s: float, end_s: float) -> Array:
        """``[t]`` seconds of a span in each window."""
        edge_s = np.concatenate([[-np.inf], self.edge_s[1:-1], [np.inf]])
        return np.asarray(np.maximum(np.minimum(end_s, edge_s[1:]) - np.maximum(begin_s, edge_s[:-1]), 0.0))

    def _window(self, at_s: float) -> int:
        return int(np.clip(np.searchsorted(self.edge_s, at_s, side="right") - 1, 0, len(self.edge_s) - 2))
