"""The default solver of a partition: Lagrangian bound, arc fixing, exact labels on what is left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.goal import widened
from solvers.partition.labels import Graph, OutOfTimeError, labels_of
from solvers.solution import relative_gap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.partition.columns import Columns
    from solvers.partition.relaxation import Bounded, Relaxation

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


def best_labels(
    relaxation: Relaxation, bounded: Bounded, columns: Columns, time_limit_s: float | None
) -> tuple[Columns, bool, int]:
    """Return the best partition, whether that is proved, and the number of labels it took.

    Parameters
    ----------
    relaxation, bounded
        The problem, and what its relaxation leaves.
    columns
        What a better partition may use, see `Relaxation.survivors`.
    """
    goal, is_end = relaxation.goal, relaxation.prices.is_end
    until = time.monotonic() + (float("inf") if time_limit_s is None else time_limit_s)
    graph = graph_of(relaxation, columns)
    try:
        labels = labels_of(graph, Promise(relaxation, bounded), until)
    except OutOfTimeError:
        return bounded.best, False, 0
    whole = is_end[labels.node] & (labels.column >= 0)
    sought = np.where(whole, labels.sought, np.inf)
    best = int(sought.argmin())
    if sought[best] >= goal.sought(bounded.best):
        return bounded.best, True, len(labels.node)
    return columns.taking(labels.columns_to(best)), True, len(labels.node)


def graph_of(relaxation: Relaxation, columns: Columns) -> Graph:
    """The columns as labels see them: what is minimised, what is limited, and functions where their number is limited."""
    sought, limited = relaxation.goal.weights(0.0), relaxation.goal.limited_weights
    return Graph(
        begin=columns.begin,
        end=columns.end,
        sought=columns.weight(*sought),
        limited=columns.weight(*limited),
        functions=columns.functions if relaxation.limit is not None else np.zeros_like(columns.functions),
        is_start=relaxation.prices.is_start,
    )


class Promise:
    """Says which labels may still become a better partition than the best known.

    Parameters
    ----------
    relaxation, bounded
        The problem, and what its relaxation leaves.
    """

    def __init__(self, relaxation: Relaxation, bounded: Bounded) -> None:
        goal = relaxation.goal
        self._multiplier = bounded.multiplier
        self._least_after = bounded.after
        self._used_after = relaxation.tightest_after
        self._limit = widened(goal.limit)
        self._most = widened(goal.sought(bounded.best)) + bounded.multiplier * goal.limit

    def __call__(self, node: int, sought: Array, limited: Array, functions: IntArray) -> BoolArray:
        """``[p]`` of labels at one node."""
        last = len(self._used_after) - 1
        left = np.maximum(last - functions, 0)
        weight = sought + self._multiplier * limited + self._least_after[left, node]
        return (
            (limited + self._used_after[left, node] <= self._limit)
            & (weight <= self._most)
            & (functions <= last if last else np.True_)
        )


def gap_closed(bounded: Bounded, relaxation: Relaxation, gap: float) -> bool:
    """Whether the relaxation alone proves its best path to the gap asked for."""
    return relative_gap(relaxation.goal.sought(bounded.best), bounded.bound) <= gap
