"""The requests of a replay: when each arrives and of which class it is, in order, as many at a time as fit in little memory.

The same seed gives the same requests to every policy and in every mode: a request depends on seed, trace and segment only.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError, nearest
from planner.replay.compiled import compiled_entry, luck
from planner.replay.pages import PAGE_S, PagedTrace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from planner.replay.pages import Page
    from planner.replay.requests import Requests
    from planner.replay.supply import ServedClass

    Array = NDArray[np.float64]
    Classes = NDArray[np.int64]

BIN_S = 1.0  # ours: policies see arrivals this finely, for Model-Switching looks every second
CHUNK_REQUESTS = 200_000  # ours: at most about so many requests are held at once, a few megabytes


class Arrivals:
    """Requests of all classes in order of arrival.

    Parameters
    ----------
    requests
        Traces and the stretch that is replayed.
    classes
        Who sends them; index k.
    seed
        Which draw this is.

    Raises
    ------
    InputError
        With every class whose trace is not among the requests.
    """

    def __init__(self, requests: Requests, classes: Sequence[ServedClass], seed: int) -> None:
        problems = [
            f"class {one.name!r} is part of trace {one.trace!r}, which is not given;"
            f" there are {', '.join(sorted(requests.traces)) or 'none'}.{nearest(one.trace, requests.traces)}"
            for one in classes
            if one.trace not in requests.traces
        ]
        if problems:
            raise InputError(problems)
        self._traces = []
        for name in sorted({one.trace for one in classes}):
            own = [k for k, one in enumerate(classes) if one.trace == name]
            paged = PagedTrace(requests, name, [classes[k] for k in own], seed)
            self._traces.append((paged, np.array(own, dtype=np.int64)))
        self._bins = np.zeros((len(classes), int(np.ceil(requests.duration_s / BIN_S - 1e-9))))
        self._binned = [0 for _ in self._traces]

    def chunks(self, from_s: float, until_s: float) -> Iterator[tuple[Array, Classes, float]]:
        """Requests of [from_s, until_s) in order.

        Yields
        ------
        times_s, classes, end_s
            ``[n]`` instants, ``[n]`` classes, and the instant up to which these are all.
        """
        while from_s < until_s:
            end_s = min(until_s, from_s + PAGE_S)
            first = int(from_s / BIN_S)
            so_far = np.cumsum(self._counted(end_s)[:, first : int(np.ceil(end_s / BIN_S))].sum(axis=0))
            full = np.searchsorted(so_far, np.arange(CHUNK_REQUESTS, so_far[-1], CHUNK_REQUESTS))
            cuts = (first + 1 + np.unique(full)) * BIN_S
            for one, other in pairwise([from_s, *cuts[(cuts > from_s) & (cuts < end_s)], end_s]):
                yield *self.between(one, other), other
            from_s = end_s

    def between(self, from_s: float, until_s: float) -> tuple[Array, Classes]:
        """``[n]`` instants and ``[n]`` classes of the requests of [from_s, until_s)."""
        parts = [
            placed(page, own, from_s, until_s)
            for paged, own in self._traces
            for page in map(paged.page, paged.pages_between(from_s, until_s))
        ]
        times = np.concatenate([part[0] for part in parts])
        classes = np.concatenate([part[1] for part in parts])
        if len(self._traces) > 1:
            order = np.argsort(times, kind="stable")
            times, classes = times[order], classes[order]
        return times, classes

    def seen(self, now_s: float) -> Array:
        """``[class, bin]`` requests that arrived in every bin of `BIN_S` that has ended by `now_s`.

        A second that crosses the edge of a bin counts where its middle lies.
        """
        bins = min(self._bins.shape[1], max(0, int(now_s / BIN_S + 1e-9)))
        past = self._counted(bins * BIN_S)[:, :bins]
        past.flags.writeable = False
        return past

    def _counted(self, until_s: float) -> Array:
        """``[class, bin]`` requests of all bins; those that end by `until_s` are complete."""
        for at, (paged, own) in enumerate(self._traces):
            pages = paged.pages_between(0.0, until_s)
            for number in range(max(pages.start, self._binned[at]), pages.stop):
                page = paged.page(number)
                into = (0.5 * (page.edge_s[1:] + page.edge_s[:-1]) / BIN_S).astype(np.int64)
                inside = (page.edge_s[:-1] >= 0.0) & (into < self._bins.shape[1])
                for column, k in enumerate(own):
                    np.add.at(self._bins[k], into[inside], page.counts[inside, column])
                self._binned[at] = number + 1
        return self._bins


def placed(page: Page, classes: Classes, from_s: float, until_s: float) -> tuple[Array, Classes]:
    """Requests of a page within [from_s, until_s): ``[n]`` instants, rising, and ``[n]`` classes."""
    first = max(0, int(np.searchsorted(page.edge_s, from_s, side="right")) - 1)
    last = min(len(page.counts), int(np.searchsorted(page.edge_s, until_s, side="left")))
    if last <= first:
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    number = int(page.before[last] - page.before[first])
    times, columns = np.empty(number), np.empty(number, dtype=np.int64)
    left = np.empty(page.counts.shape[1], dtype=np.int64)
    place(page.edge_s, page.counts, page.before, np.uint64(page.key), first, last, times, columns, left)
    own = slice(*np.searchsorted(times, [from_s, until_s]))
    return times[own], classes[columns[own]]


@compiled_entry
def place(
    edge_s: Array,
    counts: Classes,
    before: Classes,
    key: np.uint64,
    first: int,
    last: int,
    times: Array,
    columns: Classes,
    left: Classes,
) -> None:
    """Place the requests of segments first to last - 1 into `times` and `columns`, which hold exactly as many.

    n sorted uniform instants are sums of the first n of n + 1 exponential gaps over the sum of all (Devroye, Non-Uniform Random
    Variate Generation, 1986, V.2.2). Classes are in random order, drawn without replacement. `before` ``[n + 1]`` requests of the
    page before each segment: they number the draws, of which a segment of n requests has n + 1 for instants and n for classes.
    `left` is room for ``[class]`` counts.
    """
    kinds = counts.shape[1]
    at = 0
    for segment in range(first, last):
        total = before[segment + 1] - before[segment]
        if total == 0:
            continue
        draw = 2 * before[segment] + segment
        reached = 0.0
        for i in range(at, at + total):
            reached -= np.log1p(-luck(key, draw))
            times[i] = reached
            draw += 1
        reached -= np.log1p(-luck(key, draw))
        scale = (edge_s[segment + 1] - edge_s[segment]) / reached
        for i in range(at, at + total):
            times[i] = edge_s[segment] + scale * times[i]
            columns[i] = 0
        if kinds > 1:
            for kind in range(kinds):
                left[kind] = counts[segment, kind]
            for i in range(at, at + total):
                draw += 1
                pick = luck(key, draw) * (at + total - i)
                kind = 0
                while kind < kinds - 1 and pick >= left[kind]:
                    pick -= left[kind]
                    kind += 1
                while left[kind] == 0:  # rounding at the upper edge
                    kind -= 1
                left[kind] -= 1
                columns[i] = kind
        at += total
