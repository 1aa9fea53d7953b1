"""Requests on their way to the kernel: all of them, or those of the blocks of time that are simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.arrivals import BIN_S, Arrivals
from planner.replay.dispatch import RATE_MEMORY_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.replay.kernel import Kernel
    from planner.replay.requests import Requests
    from planner.replay.sampling import Phase
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

MEMORIES = 5.0  # of the dispatcher, looked back on before a block: what lies beyond weighs e^-5, under 1 %


class Traffic:
    """The requests of one replay, handed to its kernel phase by phase.

    Attributes
    ----------
    simulated
        Whether requests were simulated since this was last set to False.
    """

    def __init__(
        self, requests: Requests, supply: Supply, seed: int, kernel: Kernel, phases: Sequence[Phase]
    ) -> None:
        self._kernel, self._phases = kernel, phases
        self._phase = 0
        self._arrivals = Arrivals(requests, supply.classes, seed)
        first_s = np.array([0.0, min(RATE_MEMORY_S, requests.duration_s)])
        self._first_rps = requests.rate_rps(supply.classes, first_s)[:, 0]
        self.simulated = False

    @property
    def counted_s(self) -> float:
        """Seconds whose requests are simulated and counted."""
        begins_s = [0.0, *(one.until_s for one in self._phases)]
        pairs = zip(self._phases, begins_s, strict=False)
        return sum(one.until_s - begin_s for one, begin_s in pairs if one.weight)

    def begin(self, now_s: float) -> None:
        """Let the dispatcher's measurement start from the rates at the start."""
        self._kernel.set_rates(self._first_rps, now_s)

    def arrived(self, now_s: float) -> Array:
        """``[k, bin]`` requests that arrived in every past bin of `BIN_S`, simulated or not."""
        return self._arrivals.seen(now_s)

    def serve(self, now_s: float, until_s: float) -> None:
        """Let requests arrive and be served up to an instant."""
        reached_s = max(0.0, now_s)
        while reached_s < until_s:
            phase = self._phases[self._phase]
            end_s = min(until_s, phase.until_s)
            if phase.weight is None:
                self._kernel.skip_to(end_s)
            else:
                self.simulated = True
                for times_s, classes, chunk_end_s in self._arrivals.chunks(reached_s, end_s):
                    self._kernel.advance(times_s, classes, chunk_end_s, phase.weight)
            if end_s == phase.until_s:
                self._phase += 1
                if phase.weight is None and self._phase < len(self._phases):
                    self._kernel.set_rates(self._measured_rps(end_s), end_s)
            reached_s = end_s

    def _measured_rps(self, now_s: float) -> Array:
        """``[k]`` rates as the dispatcher would have measured them, had it seen all requests."""
        recent = self.arrived(now_s)[:, -int(MEMORIES * RATE_MEMORY_S / BIN_S) :]
        if recent.shape[1] == 0:
            return self._first_rps
        weight = np.exp(np.arange(-recent.shape[1], 0.0) * (BIN_S / RATE_MEMORY_S))
        rates: Array = recent @ weight / (weight.sum() * BIN_S)
        return rates
