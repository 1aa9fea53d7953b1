"""Columns one by one: functions that may run a stretch of blocks, with what each costs and takes (`Columns`)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.prices import ColumnPrices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from solvers.partition.problem import PartitionProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

PAIRS_AT_ONCE = 4096  # pairs of nodes priced in one go: bounds the memory a large problem takes


@dataclass(frozen=True)
class Columns:
    """Columns ``[a]`` (arcs of a graph whose nodes are those of `ColumnPrices`).

    Parameters
    ----------
    begin, end
        Nodes.
    memory
        Memory size, as an index.
    fork
        The fork it stands for, as an index; -1 for a plain function.
    functions
        Functions it is made of: 1, and the workers of a fork.
    usd, latency_ms
        What it adds to the price and to the latency of one call of the chain.
    """

    begin: IntArray
    end: IntArray
    memory: IntArray
    fork: IntArray
    functions: IntArray
    usd: Array
    latency_ms: Array

    def __len__(self) -> int:
        return len(self.begin)

    def taking(self, which: IntArray | BoolArray) -> Columns:
        """Some of the columns."""
        return Columns(*(getattr(self, one.name)[which] for one in fields(self)))

    def weight(self, usd_weight: float, ms_weight: float) -> Array:
        """``[a]`` weighted sum of price and latency."""
        return usd_weight * self.usd + ms_weight * self.latency_ms


def joined(parts: Sequence[Columns]) -> Columns:
    """All columns of the parts, in their order."""
    return Columns(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Columns)))


def columns_of(problem: PartitionProblem) -> Columns:
    """Every column a problem allows, forks last: for inspection, and for programs that are given all of them.

    Nodes of one boundary whose hop mode another is never worse than are left out.
    """
    prices = ColumnPrices(problem)
    begin, end = np.nonzero(np.isfinite(prices.need_mib))
    return joined([columns_between(prices, begin, end), fork_columns(prices)])


def columns_between(prices: ColumnPrices, begin: IntArray, end: IntArray) -> Columns:
    """The allowed plain columns of all memory sizes between pairs of nodes, pair by pair."""
    places = range(0, max(len(begin), 1), PAIRS_AT_ONCE)
    return joined([_priced(prices, begin[n : n + PAIRS_AT_ONCE], end[n : n + PAIRS_AT_ONCE]) for n in places])


def _priced(prices: ColumnPrices, begin: IntArray, end: IntArray) -> Columns:
    """The allowed plain columns between pairs of nodes: ``[pair, memory]`` at once."""
    p = prices.problem
    first, last, memory = begin[:, None], end[:, None], np.arange(len(p.memory_mb))[None, :]
    warm_ms, start_ms = prices.warm_ms(first, last, memory), prices.start_ms(first, last)
    allowed = prices.need_mib[first, last] <= p.memory_mb
    if prices.may_time_out:
        allowed &= prices.ends_in_time(warm_ms, start_ms)
    usd = prices.billed_ms(warm_ms, start_ms) * p.usd_per_ms + prices.fixed_usd(first, last)
    latency_ms = warm_ms + prices.added_ms(start_ms)
    pair, size = np.nonzero(allowed)
    return Columns(
        begin=begin[pair],
        end=end[pair],
        memory=size,
        fork=np.full(len(pair), -1),
        functions=np.ones(len(pair), dtype=int),
        usd=usd[pair, size],
        latency_ms=latency_ms[pair, size],
    )


def fork_columns(prices: ColumnPrices) -> Columns:
    """The allowed forks, once for every pair of modes at their boundaries."""
    p, forks = prices.problem, prices.problem.forks
    if forks is None:
        none, nothing = np.zeros(0, dtype=int), np.zeros(0)
        return Columns(none, none, none, none, none, nothing, nothing)
    node = np.full((p.blocks + 1, len(p.hop_modes)), -1)  # [c, h] the node of a boundary and a mode, -1: none
    node[prices.cut, prices.mode] = np.arange(len(prices.cut))
    first, last = node[forks.begin], node[forks.end]  # [x, h]
    fork, mode_in, mode_out = np.nonzero((first[:, :, None] >= 0) & (last[:, None, :] >= 0))
    begin, end = first[fork, mode_in], last[fork, mode_out]
    memory = forks.memory[fork]
    warm_ms, start_ms = prices.fork_ms(begin, end, fork)
    need_mib = p.base_memory_mib + p.weight_copies * forks.param_mib[fork] + forks.peak_mib[fork]
    allowed = (
        (need_mib <= p.memory_mb[memory])
        & prices.fits_disk(forks.param_mib[fork])
        & prices.ends_in_time(warm_ms, start_ms)
    )
    billed_usd = prices.billed_ms(warm_ms, start_ms) * p.usd_per_ms[memory]
    return Columns(
        begin=begin,
        end=end,
        memory=memory,
        fork=fork,
        functions=1 + forks.workers[fork],
        usd=billed_usd + forks.usd[fork] + prices.fixed_usd(begin, end),
        latency_ms=warm_ms + prices.added_ms(start_ms),
    ).taking(allowed)
