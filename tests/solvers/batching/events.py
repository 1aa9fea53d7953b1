"""Event simulation of one batching buffer: requests drawn and batches closed one by one, by no formula of the planner."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WARM_UP = 1000  # steps before the first request counted: the phase starts anywhere


def arrival_times(rng: np.random.Generator, d0: Array, d1: Array, count: int) -> Array:
    """``[x]`` seconds of `count` requests of an arrival process, phase by phase."""
    phases = len(d0)
    rates = np.hstack([np.where(np.eye(phases, dtype=bool), 0.0, d0), d1])
    mean_s = (1.0 / rates.sum(axis=1)).tolist()
    edges = (np.cumsum(rates, axis=1) / rates.sum(axis=1, keepdims=True)).tolist()
    phase, now, skipped, found = 0, 0.0, 0, []
    while len(found) < count:
        for stay, chance in zip(rng.exponential(size=4096).tolist(), rng.random(4096).tolist(), strict=True):
            now += stay * mean_s[phase]
            move = min(bisect_right(edges[phase], chance), 2 * phases - 1)
            phase = move % phases
            skipped += 1
            if move >= phases and skipped > WARM_UP:
                found.append(now)
    return np.array(found[:count])


@dataclass(frozen=True)
class Batched:
    """Of each request ``[x]`` `wait_s` until its batch closed and the `requests` in that batch; of each batch its size."""

    wait_s: Array
    requests: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def latency_s(self, service_s: Array) -> Array:
        """``[x]`` with `service_s` ``[n]`` of n + 1 requests."""
        return self.wait_s + service_s[self.requests - 1]

    def usd_per_request(self, bill_usd: Array) -> float:
        """With `bill_usd` ``[n]`` of n + 1 requests."""
        return float(bill_usd[self.sizes - 1].sum() / self.sizes.sum())


def batched(times: Array, size: int, timeout_s: float) -> Batched:
    """Fill batches of `size`, closed `timeout_s` after their first request at the latest; the last, cut short, is left out."""
    listed = times.tolist()
    first, sizes, closes = 0, [], []
    while first < len(listed):
        due = listed[first] + timeout_s
        after = min(bisect_right(listed, due, first, min(first + size, len(listed))), first + size)
        sizes.append(after - first)
        closes.append(listed[after - 1] if after - first == size else due)
        first = after
    del sizes[-1], closes[-1]
    counts = np.array(sizes)
    wait_s = np.repeat(closes, counts) - times[: counts.sum()]
    return Batched(wait_s, np.repeat(counts, counts), counts)
