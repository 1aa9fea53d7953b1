"""The grid of buffers: every memory size, batch size and timeout that is a choice, and what requests meet there at any rate."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.functions.brackets import PROMISE_RATES, SEARCH_RATES, rates_in
from planner.functions.buffers import BufferLaws, buffers_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.tariffs import FunctionTariff
    from planner.functions.arrivals import BufferArrivals
    from planner.functions.brackets import Bracket
    from planner.functions.buffers import Buffers
    from planner.functions.call_times import CallTimes
    from planner.scenario import Functions

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Buffer:
    """One point of the grid, and the range of rates that it is offered for."""

    memory_mb: int
    batch: int
    timeout_s: float
    bracket: Bracket


@dataclass(frozen=True, eq=False)
class BufferGrid:
    """The points for one model on one provider's functions; indices: memory size m, batch size b, timeout u.

    Parameters
    ----------
    times
        Of calls, by memory size and requests.
    tariff
        What calls cost.
    arrivals
        Of every trace whose requests may come; the worst of them counts.
    timeouts_s
        How long the first request of a batch may wait.
    laws
        Of buffers seen before, shared by all models.
    """

    times: CallTimes
    tariff: FunctionTariff
    arrivals: tuple[BufferArrivals, ...]
    timeouts_s: tuple[float, ...]
    settings: Functions
    laws: BufferLaws
    _alone: dict[Buffer, list[Buffers]] = field(default_factory=dict, repr=False)

    @cached_property
    def batch_sizes(self) -> tuple[int, ...]:
        """Batch sizes asked for that were measured at some memory size."""
        most = int(self.times.batch_most.max())
        return tuple(size for size in self.settings.bracketed_batch_sizes if size <= most)

    @cached_property
    def offered(self) -> BoolArray:
        """``[m, b, u]`` points that are choices: no batch larger than measured, and one timeout where nothing is gathered."""
        sizes = np.array(self.batch_sizes)
        found = np.repeat(
            (sizes[None, :] <= self.times.batch_most[:, None])[:, :, None], len(self.timeouts_s), axis=2
        )
        found[:, sizes == 1, 1:] = False
        return np.asarray(found)

    def buffer(self, memory: int, batch: int, timeout: int, bracket: Bracket) -> Buffer:
        """The buffer of a point, by its indices; one that gathers nothing waits for nothing."""
        size = self.batch_sizes[batch]
        waits_s = 0.0 if size == 1 else self.timeouts_s[timeout]
        return Buffer(int(self.times.memory_mb[memory]), size, waits_s, bracket)

    def rated(self, bracket: Bracket) -> list[Buffers]:
        """The whole grid at the rates that a range is searched by, under every trace's arrivals."""
        sizes = np.array(self.batch_sizes), np.array(self.timeouts_s)
        return self._at(rates_in(bracket, SEARCH_RATES), self.times, sizes)

    def alone(self, buffer: Buffer) -> list[Buffers]:
        """One buffer at the rates that it is promised by, under every trace's arrivals."""
        if buffer not in self._alone:
            row = self.times.taking(np.flatnonzero(self.times.memory_mb == buffer.memory_mb))
            sizes = np.array([buffer.batch]), np.array([buffer.timeout_s])
            self._alone[buffer] = self._at(rates_in(buffer.bracket, PROMISE_RATES), row, sizes)
        return self._alone[buffer]

    def _at(self, rates_rps: Array, times: CallTimes, sizes: tuple[IntArray, Array]) -> list[Buffers]:
        keep_alive_s = self.settings.keep_alive_s
        return [
            buffers_at(rate, one, times, self.tariff, sizes, self.laws, keep_alive_s)
            for one in self.arrivals
            for rate in rates_rps.tolist()
        ]
