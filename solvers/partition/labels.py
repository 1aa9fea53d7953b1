"""Exact Pareto labels over the columns that the relaxation leaves (resource-constrained shortest path).

A label is a partition of the blocks before a node: what it costs, what it uses up of the limit, and the functions it is cut into.
Of two labels at a node the one that is no better in any of the three is dropped, and so is every label that, at the least that can
follow, breaks the limit or cannot beat the best partition known (Desrochers and Soumis 1988; bounds as in Dumitrescu and Boland 2003).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

AT_ONCE = 2_000_000  # labels extended in one go: bounds the memory a node takes to some 100 MB


@dataclass(frozen=True)
class Labels:
    """Labels ``[p]`` that stay, in the order of the nodes; label 0 is the empty partition.

    Parameters
    ----------
    sought, limited
        What is minimised, what is limited, of the partition so far.
    functions
        Functions of it; 0 throughout where their number is not limited.
    column
        The last column; -1 for the empty partition.
    previous
        The label it extends.
    node
        Where it ends.
    """

    sought: Array
    limited: Array
    functions: IntArray
    column: IntArray
    previous: IntArray
    node: IntArray

    def columns_to(self, label: int) -> IntArray:
        """Columns of the partition a label stands for, in the order of the chain."""
        found = []
        while self.column[label] >= 0:
            found.append(int(self.column[label]))
            label = int(self.previous[label])
        return np.array(found[::-1], dtype=int)


@dataclass(frozen=True)
class Graph:
    """Columns as labels see them, ``[a]``, by end node and begin node; nodes ``[n]``.

    Parameters
    ----------
    begin, end
        Nodes.
    sought, limited
        What a column adds to what is minimised and to what is limited.
    functions
        Functions of a column; 0 throughout where their number is not limited.
    is_start
        Nodes where partitions begin.
    """

    begin: IntArray
    end: IntArray
    sought: Array
    limited: Array
    functions: IntArray
    is_start: BoolArray


class OutOfTimeError(Exception):
    """The time for labels is over."""


def labels_of(
    graph: Graph,
    promising: Callable[[int, Array, Array, IntArray], BoolArray],
    deadline_s: float = float("inf"),
) -> Labels:
    """Extend labels node by node and keep those that are promising and not dominated.

    Parameters
    ----------
    promising
        Says, of labels at a node (what they sought, used up, functions), which may still become the answer.
    deadline_s
        Reading of `time.monotonic` at which to stop.

    Raises
    ------
    OutOfTimeError
        The deadline has passed.
    """
    starts = np.flatnonzero(graph.is_start)
    nodes = len(graph.is_start)
    first, count = np.zeros(nodes, dtype=int), np.zeros(nodes, dtype=int)
    first[starts], count[starts] = np.arange(len(starts)), 1
    nothing, none = np.zeros(len(starts)), np.full(len(starts), -1)
    kept = _Table((nothing, nothing, none + 1, none, none, starts))
    order = np.lexsort((graph.begin, graph.end))
    into = np.searchsorted(graph.end[order], np.arange(nodes + 1))
    for node in np.unique(graph.end).tolist():
        found = None
        arcs = order[into[node] : into[node + 1]]
        for some in _portions(arcs, count[graph.begin[arcs]]):
            if time.monotonic() > deadline_s:
                raise OutOfTimeError
            new = _extended(graph, kept, some, first, count)
            new = tuple(values[promising(node, *new[:3])] for values in new)
            found = new if found is None else tuple(map(np.concatenate, zip(found, new, strict=True)))
            found = tuple(values[_undominated(*found[:3])] for values in found)
        if found is not None:
            first[node], count[node] = len(kept), len(found[0])
            kept.append((*found, np.full(len(found[0]), node)))
    return Labels(*kept.columns())


def _portions(arcs: IntArray, labels: IntArray) -> list[IntArray]:
    """The arcs that begin where labels are, in portions that extend at most `AT_ONCE` labels each (one arc at least)."""
    arcs, labels = arcs[labels > 0], labels[labels > 0]
    if not len(arcs):
        return []
    portion = np.cumsum(labels) // AT_ONCE
    return np.split(arcs, np.flatnonzero(np.diff(portion)) + 1)


def _extended(
    graph: Graph, kept: _Table, arcs: IntArray, first: IntArray, count: IntArray
) -> tuple[Array, Array, IntArray, IntArray, IntArray]:
    """Every label where an arc begins, extended by that arc: sought, limited, functions, column, previous."""
    begin = graph.begin[arcs]
    each = count[begin]
    column = np.repeat(arcs, each)
    within = np.arange(len(column)) - np.repeat(np.cumsum(each) - each, each)
    previous = np.repeat(first[begin], each) + within
    sought, limited, functions = kept.taking(previous)
    return (
        sought + graph.sought[column],
        limited + graph.limited[column],
        functions + graph.functions[column],
        column,
        previous,
    )


def _undominated(sought: Array, limited: Array, functions: IntArray) -> BoolArray:
    """``[p]`` labels that no other is at least as good as in all three; of labels alike the first stays."""
    keep = np.zeros(len(sought), dtype=bool)
    ahead = np.zeros(0, dtype=int)  # undominated labels with fewer functions
    for number in np.unique(functions).tolist():
        own = np.concatenate([ahead, np.flatnonzero(functions == number)])
        own = own[np.lexsort((sought[own], limited[own]))]
        least = np.minimum.accumulate(sought[own])
        better = np.concatenate([[True], sought[own][1:] < least[:-1]])
        ahead = own[better]
        keep[ahead[functions[ahead] == number]] = True
    return keep


class _Table:
    """Columns of labels that grow, in arrays that double."""

    def __init__(self, parts: tuple[Array | IntArray, ...]) -> None:
        self._arrays, self._size = list(parts), len(parts[0])

    def __len__(self) -> int:
        return self._size

    def append(self, parts: tuple[Array | IntArray, ...]) -> None:
        """Add labels behind the others."""
        size = self._size + len(parts[0])
        for n, values in enumerate(parts):
            if size > len(self._arrays[n]):
                room = np.empty(2 * size - self._size, dtype=self._arrays[n].dtype)
                self._arrays[n] = np.concatenate([self._arrays[n][: self._size], room])
            self._arrays[n][self._size : size] = values
        self._size = size

    def taking(self, labels: IntArray) -> tuple[Array, Array, IntArray]:
        """What labels sought and used up, and their functions."""
        sought, limited, functions = (values[labels] for values in self._arrays[:3])
        return sought, limited, functions

    def columns(self) -> list[Array | IntArray]:
        """All columns, cut to size."""
        return [values[: self._size] for values in self._arrays]
