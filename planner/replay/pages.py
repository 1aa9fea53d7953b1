"""A page of a trace: how many requests of every class fall into each short stretch of about an hour.

The counts of intervals are those that happened. Inside an interval requests are placed independently of each other, which is
what Poisson arrivals are once their number is known (Cox and Lewis, The Statistical Analysis of Series of Events, 1966): evenly,
or, where the trace states an index of dispersion above 1, in proportion to a rate that switches between two values, the MMPP(2)
that planning assumes (`workloads.rate_moments.mmpp_with`). So a page is a list of segments of constant rate, and its numbers
are a multinomial draw.

A page is drawn from a stream of its own, named by seed, trace and page: any part of a trace is the same however it is reached.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from workloads.rate_moments import mmpp_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.replay.requests import Requests
    from planner.replay.supply import ServedClass
    from workloads.arrival_process import ArrivalProcess

    Array = NDArray[np.float64]
    Counts = NDArray[np.int64]

PAGE_S = 3600.0  # ours: long enough that drawing it costs little per request, short enough to hold in memory
CELL_S = 1.0  # ours: longest segment; part of a page costs no more than what it is asked for
PAGES_KEPT = 4  # ours: blocks, chunks and bins look back by less than two pages
SPARE_VISITS = (
    4.0  # standard deviations drawn beyond the expected number of visits, so that one round does as a rule
)


@dataclass(frozen=True, eq=False)
class Page:
    """Requests of one trace in about an hour.

    Parameters
    ----------
    edge_s
        ``[n + 1]`` edges of the segments, seconds since the start of the replay.
    counts
        ``[n, c]`` requests in each segment, of each class of the trace.
    key
        Names the stream that places them.
    """

    edge_s: Array
    counts: Counts
    key: int

    @cached_property
    def before(self) -> Counts:
        """``[n + 1]`` requests before each segment."""
        return np.concatenate([[0], np.cumsum(self.counts.sum(axis=1))])


class PagedTrace:
    """One trace, page by page.

    Parameters
    ----------
    requests, name
        The stretch that is replayed, and which of its traces.
    classes
        The classes that are part of the trace; each request is of one of them, or of none where shares sum to less than 1.
    seed
        Which draw this is.
    """

    def __init__(self, requests: Requests, name: str, classes: Sequence[ServedClass], seed: int) -> None:
        trace = requests.traces[name]
        self._counts = requests.counts[name]
        self._interval_s = trace.interval_s
        self._offset_s = requests.offset_s(name)
        self._index = trace.dispersion_index or 1.0
        deadlines = [one.deadline_s for one in classes if math.isfinite(one.deadline_s)]
        self._scale_s = min(deadlines, default=trace.interval_s)  # the scale that planning takes the index at
        shares = np.array([one.share for one in classes])
        rest = 1.0 - shares.sum()
        self._shares = shares / shares.sum() if rest < 1e-9 else np.append(shares, rest)
        self._classes = len(classes)
        self._seed = (seed, zlib.crc32(name.encode()))
        self._intervals = max(1, int(PAGE_S / trace.interval_s))
        self.page = lru_cache(PAGES_KEPT)(self._page)

    def pages_between(self, from_s: float, until_s: float) -> range:
        """Numbers of the pages that reach into [from_s, until_s), seconds since the start of the replay."""
        page_s = self._intervals * self._interval_s
        last = -(-len(self._counts) // self._intervals)
        first = max(0, math.floor((from_s - self._offset_s) / page_s))
        return range(first, min(last, math.ceil((until_s - self._offset_s) / page_s)))

    def _page(self, number: int) -> Page:
        rng = np.random.default_rng([*self._seed, number])
        key = int(rng.integers(2**63))
        first = number * self._intervals
        expected = self._counts[first : first + self._intervals]
        whole = np.floor(expected)
        drawn = (whole + (rng.random(expected.size) < expected - whole)).astype(np.int64)
        cells = math.ceil(self._interval_s / CELL_S)
        grid: Array = np.arange(expected.size * cells + 1.0) * (self._interval_s / cells)
        start_s = self._offset_s + first * self._interval_s
        rate = float(expected.mean()) / self._interval_s
        if self._index > 1.0 and rate > 0.0:
            edges, weight = switching(mmpp_with(rate, self._index, self._scale_s), grid, rng)
            counts = self._spread(drawn, edges, weight, rng)
            return Page(start_s + edges, counts, key)
        shares = np.tile(self._shares, cells) / cells
        counts = rng.multinomial(drawn, shares).reshape(grid.size - 1, self._shares.size)
        return Page(start_s + grid, np.ascontiguousarray(counts[:, : self._classes]), key)

    def _spread(self, drawn: Counts, edge_s: Array, weight: Array, rng: np.random.Generator) -> Counts:
        """``[n, c]`` the requests of every interval over its segments by weight; evenly where all its weights are 0."""
        into = (0.5 * (edge_s[1:] + edge_s[:-1]) / self._interval_s).astype(np.int64)
        bounds = np.searchsorted(into, np.arange(drawn.size + 1))
        counts = np.zeros((into.size, self._shares.size), dtype=np.int64)
        for interval in np.flatnonzero(drawn):
            own = slice(bounds[interval], bounds[interval + 1])
            part = weight[own] if weight[own].sum() > 0 else np.diff(edge_s)[own]
            odds = np.outer(part / part.sum(), self._shares)
            counts[own] = rng.multinomial(drawn[interval], odds.ravel()).reshape(odds.shape)
        return np.ascontiguousarray(counts[:, : self._classes])


def switching(process: ArrivalProcess, grid_s: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """A path of an MMPP(2)'s rate.

    Parameters
    ----------
    process
        With two phases.
    grid_s
        ``[m + 1]`` edges that segments may not cross, from 0.
    rng
        Draws the visits to the phases, the first from their shares of time.

    Returns
    -------
    edges, weights
        ``[n + 1]`` edges of the segments, and ``[n]`` requests expected in each.
    """
    leave = np.diag(process.d0[:, ::-1])
    length_s = float(grid_s[-1])
    first = int(rng.random() < process.phase_share[1])
    pairs = length_s / float((1.0 / leave).sum())
    phases = np.tile([first, 1 - first], math.ceil(pairs + SPARE_VISITS * math.sqrt(pairs + 1.0)))
    phase, stay_s = phases, rng.exponential(1.0 / leave[phases])
    while stay_s.sum() < length_s:
        phase = np.concatenate([phase, phases])
        stay_s = np.concatenate([stay_s, rng.exponential(1.0 / leave[phases])])
    until_s = np.cumsum(stay_s)
    edges = np.union1d(grid_s, until_s[until_s < length_s])
    middle = 0.5 * (edges[1:] + edges[:-1])
    rates = np.diag(process.d1)
    return edges, rates[phase[np.searchsorted(until_s, middle)]] * np.diff(edges)
