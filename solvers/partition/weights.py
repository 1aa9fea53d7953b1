"""The least weight of any column between two nodes, for a weighted sum of price and latency.

All memory sizes are weighed, yet no column is ever stored: a band of begin nodes at a time, small enough for the processor's cache,
goes through the sizes and keeps the least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from solvers.partition.columns import Columns
    from solvers.partition.prices import ColumnPrices

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BAND = 48  # begin nodes at a time: 48 x 500 numbers fill 190 kB, within a second-level cache (measured: 32 to 64 are alike)


def least_weights(
    prices: ColumnPrices, forks: Columns, usd_weight: float, ms_weight: float, memories: IntArray
) -> Mapping[int, Array]:
    """Return the least weights by the number of functions a column is made of: 1 for plain ones, more for forks.

    Parameters
    ----------
    forks
        What `fork_columns` gives.
    memories
        Memory sizes to weigh, as indices; forks keep their own.

    Returns
    -------
    ``[n, n]`` from begin node to end node, inf where there is no column.
    """
    least = {1: plain_weights(prices, usd_weight, ms_weight, memories)}
    weight = forks.weight(usd_weight, ms_weight)
    for functions in np.unique(forks.functions).tolist():
        own = forks.functions == functions
        table = least.setdefault(functions, np.full(prices.need_mib.shape, np.inf))
        np.minimum.at(table, (forks.begin[own], forks.end[own]), weight[own])
    return least


def plain_weights(prices: ColumnPrices, usd_weight: float, ms_weight: float, memories: IntArray) -> Array:
    """``[n, n]`` least weights of plain columns."""
    least = np.full(prices.need_mib.shape, np.inf)
    for first in range(0, len(least), BAND):
        fits = np.flatnonzero(np.isfinite(prices.need_mib[first : first + BAND]).any(axis=0))
        if len(fits):
            begin = np.arange(first, min(first + BAND, len(least)))
            end = np.arange(fits[0], fits[-1] + 1)
            band = band_weights(prices, begin[:, None], end[None, :], usd_weight, ms_weight, memories)
            least[begin[0] : begin[-1] + 1, end[0] : end[-1] + 1] = band
    return least


def band_weights(
    prices: ColumnPrices,
    begin: IntArray,
    end: IntArray,
    usd_weight: float,
    ms_weight: float,
    memories: IntArray,
) -> Array:
    """``[begin, end]`` least weights between a few begin nodes ``[b, 1]`` and a stretch of end nodes ``[1, e]``."""
    p, need_mib = prices.problem, prices.need_mib[begin, end]
    start_ms = prices.start_ms(begin, end)
    least = np.full(need_mib.shape, np.inf)
    most_mib = need_mib.max(where=np.isfinite(need_mib), initial=0.0)
    for memory in memories.tolist():
        warm_ms = prices.warm_ms(begin, end, memory)
        weight = ms_weight * warm_ms
        if usd_weight:
            weight += prices.billed_ms(warm_ms, start_ms) * (usd_weight * p.usd_per_ms[memory])
        if most_mib > p.memory_mb[memory]:
            weight[need_mib > p.memory_mb[memory]] = np.inf
        if prices.may_time_out:
            weight[~prices.ends_in_time(warm_ms, start_ms)] = np.inf
        np.minimum(least, weight, out=least)
    least[np.isinf(need_mib)] = np.inf
    least += usd_weight * prices.fixed_usd(begin, end) + ms_weight * prices.added_ms(start_ms)
    return least


def fastest_memories(prices: ColumnPrices) -> IntArray:
    """Memory sizes that may be fastest somewhere: a smaller one at which no block is faster than at a larger never is."""
    block_ms = prices.problem.block_ms
    kept = [block_ms.shape[1] - 1]
    for memory in range(block_ms.shape[1] - 2, -1, -1):
        if all((block_ms[:, memory] < block_ms[:, larger]).any() for larger in kept):
            kept.append(memory)
    return np.array(kept[::-1])
