"""Exact Pareto labels over the columns that the relaxation leaves (resource-constrained shortest path).

A label is a partition of the blocks before a node: what it costs, what it takes, and the functions it is cut into. Of two labels
at a node the one that is no better in any of the three is dropped, and so is every label that, at the least that can follow,
breaks the limit or cannot beat the best partition known (Desrochers and Soumis 1988; bounds as in Dumitrescu and Boland 2003).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from solvers.partition.columns import Columns

    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]
    LabelArray = NDArray[np.void]

LABEL = np.dtype(
    [
        ("usd", float),  # price of the partition so far
        ("latency_ms", float),  # its latency
        ("functions", int),  # it is cut into; 0 throughout where their number is not limited
        ("column", int),  # its last one; -1 for the empty partition
        ("previous", int),  # label it extends
        ("node", int),  # where it ends
    ]
)
AT_ONCE = 1_000_000  # labels extended in one go: bounds the memory a node takes to some 100 MB


class OutOfTimeError(Exception):
    """The time for labels is over."""


def labels_of(
    columns: Columns,
    is_start: BoolArray,
    promising: Callable[[int, LabelArray], BoolArray],
    *,
    count_functions: bool,
    until_s: float = float("inf"),
) -> LabelArray:
    """Extend labels node by node and keep those that are promising and not dominated.

    Parameters
    ----------
    is_start
        ``[n]`` nodes where partitions begin.
    promising
        Says of labels at a node which may still become part of the answer.
    count_functions
        Labels with fewer functions may be worth keeping for that.
    until_s
        Reading of `time.monotonic` at which to stop.

    Returns
    -------
    Labels ``[p]`` of type `LABEL`, a label behind the one it extends.

    Raises
    ------
    OutOfTimeError
        The time is over.
    """
    starts, nodes = np.flatnonzero(is_start), len(is_start)
    first, count = np.zeros(nodes, dtype=int), np.zeros(nodes, dtype=int)
    first[starts], count[starts] = np.arange(len(starts)), 1
    kept, size = np.zeros(len(starts), dtype=LABEL), len(starts)
    kept["column"], kept["previous"], kept["node"] = -1, -1, starts
    order = np.lexsort((columns.begin, columns.end))
    into = np.searchsorted(columns.end[order], np.arange(nodes + 1))
    for node in np.unique(columns.end).tolist():
        arcs = order[into[node] : into[node + 1]]
        found = np.zeros(0, dtype=LABEL)
        for some in _portions(arcs, count[columns.begin[arcs]]):
            if time.monotonic() > until_s:
                raise OutOfTimeError
            new = _extended(columns, kept, some, first, count)
            if not count_functions:
                new["functions"] = 0
            found = np.concatenate([found, new[promising(node, new)]])
            found = found[undominated(found)]
        first[node], count[node] = size, len(found)
        if size + len(found) > len(kept):
            kept = np.concatenate([kept[:size], np.zeros(size + len(found), dtype=LABEL)])
        kept[size : size + len(found)] = found
        size += len(found)
    return kept[:size]


def columns_to(labels: LabelArray, label: int) -> IntArray:
    """Columns of the partition a label stands for, in the order of the chain."""
    found = []
    while labels["column"][label] >= 0:
        found.append(int(labels["column"][label]))
        label = int(labels["previous"][label])
    return np.array(found[::-1], dtype=int)


def _portions(arcs: IntArray, labels: IntArray) -> list[IntArray]:
    """The arcs that begin where labels are, in portions that extend at most `AT_ONCE` labels each (one arc at least)."""
    arcs, labels = arcs[labels > 0], labels[labels > 0]
    if not len(arcs):
        return []
    portion = np.cumsum(labels) // AT_ONCE
    return np.split(arcs, np.flatnonzero(np.diff(portion)) + 1)


def _extended(
    columns: Columns, kept: LabelArray, arcs: IntArray, first: IntArray, count: IntArray
) -> LabelArray:
    """Every label where an arc begins, extended by that arc; the first label of each node, and how many it has, are given."""
    begin = columns.begin[arcs]
    each = count[begin]
    column = np.repeat(arcs, each)
    within = np.arange(len(column)) - np.repeat(np.cumsum(each) - each, each)
    previous = np.repeat(first[begin], each) + within
    new: LabelArray = kept[previous]
    new["usd"] += columns.usd[column]
    new["latency_ms"] += columns.latency_ms[column]
    new["functions"] += columns.functions[column]
    new["column"], new["previous"], new["node"] = column, previous, columns.end[column]
    return new


def undominated(labels: LabelArray) -> BoolArray:
    """``[p]`` labels of one node that no other is at least as good as in all three; of labels alike the first stays."""
    keep = np.zeros(len(labels), dtype=bool)
    usd, latency_ms, functions = labels["usd"], labels["latency_ms"], labels["functions"]
    ahead = np.zeros(0, dtype=int)  # those kept that are cut into fewer functions
    for number in np.unique(functions).tolist():
        own = np.concatenate([ahead, np.flatnonzero(functions == number)])
        own = own[np.lexsort((usd[own], latency_ms[own]))]
        least = np.minimum.accumulate(usd[own])
        ahead = own[np.concatenate([[True], usd[own][1:] < least[:-1]])]
        keep[ahead[functions[ahead] == number]] = True
    return keep
