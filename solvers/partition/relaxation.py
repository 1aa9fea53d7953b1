"""The Lagrangian relaxation of the limit on a path: a bound, and a good path.

A multiplier on the limit turns the constrained shortest path into a plain one, whose length less multiplier x limit bounds the
optimum from below. The best multiplier is found as LARAC finds it (Handler and Zang 1980; Juttner et al. 2001, "Lagrange relaxation
based method for the QoS routing problem"): the line through a path that keeps the limit and one that breaks it gives the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.columns import Columns, columns_between, fork_columns, joined
from solvers.partition.paths import distances, path_to, remaining
from solvers.partition.weights import fastest_memories, least_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from solvers.partition.goal import Goal
    from solvers.partition.prices import ColumnPrices
    from solvers.partition.problem import PartitionProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

COARSE = 12  # memory sizes a first multiplier is sought over; measured: 8 to 16 are alike
SAME = 1e-12  # relative: two path lengths that differ by rounding
MOST_STEPS = 50  # LARAC ends after a handful; a bound on rounding gone round in circles


@dataclass(frozen=True)
class Pass:
    """One plain shortest-path problem over all columns.

    Parameters
    ----------
    weights
        Weights of price and latency.
    least
        Functions of a column -> ``[n, n]`` its least weight between two nodes.
    before
        ``[k, n]`` distances from the input.
    path
        The shortest path, empty where the answer is out of reach.
    """

    weights: tuple[float, float]
    least: Mapping[int, Array]
    before: Array
    path: Columns

    @property
    def length(self) -> float:
        """Weight of the path."""
        return float(self.path.weight(*self.weights).sum()) if len(self.path) else np.inf


@dataclass(frozen=True)
class Bounded:
    """What the relaxation leaves.

    Parameters
    ----------
    best
        The best path found that keeps the limit.
    bound
        No path that keeps the limit does better.
    multiplier
        The one that gives the bound.
    last
        The pass at that multiplier.
    after
        ``[k, n]`` what is then left to the answer.
    """

    best: Columns
    bound: float
    multiplier: float
    last: Pass
    after: Array


@dataclass(frozen=True)
class Relaxation:
    """Plain shortest paths over all columns of one problem.

    Parameters
    ----------
    prices
        Prices of columns.
    goal
        What is minimised within what.
    """

    prices: ColumnPrices
    goal: Goal

    @property
    def problem(self) -> PartitionProblem:
        """The chain."""
        return self.prices.problem

    @cached_property
    def forks(self) -> Columns:
        """The allowed forks."""
        return fork_columns(self.prices)

    @cached_property
    def memories(self) -> IntArray:
        """All memory sizes."""
        return np.arange(len(self.problem.memory_mb))

    @property
    def limit(self) -> int | None:
        """Most functions, None where that cannot bind."""
        return self.problem.function_limit

    @cached_property
    def tightest(self) -> Pass:
        """The path with the least of what is limited: without it within the limit, none is."""
        latency_alone = self.goal.minimise == "cost"
        memories = fastest_memories(self.prices) if latency_alone else self.memories
        return self.run(self.goal.limited_weights, memories)

    @cached_property
    def tightest_after(self) -> Array:
        """``[k, n]`` least of what is limited from a node to the answer."""
        return remaining(self.tightest.least, self.prices.is_end, self.limit)

    def run(self, weights: tuple[float, float], memories: IntArray) -> Pass:
        """Solve one plain shortest path over some memory sizes."""
        least = least_weights(self.prices, self.forks, *weights, memories)
        before = distances(least, self.prices.is_start, self.limit)
        steps = path_to(least, before, self.prices.is_start, self.prices.is_end)
        return Pass(weights, least, before, self._cheapest(steps, weights))

    def bounded(self) -> Bounded:
        """Find the multiplier of the best bound, and the best path met on the way; `tightest` must keep the limit."""
        coarse = self.memories[:: max(1, len(self.memories) // COARSE)]
        over = self.run(self.goal.weights(0.0), coarse)
        if self.goal.keeps(over.path):  # or there is none over these sizes
            over = self.run(self.goal.weights(0.0), self.memories)
        if self.goal.keeps(over.path):
            return self._with_rest(over.path, self.goal.sought(over.path), 0.0, over)
        best, broken = self.tightest.path, over.path
        for memories in (coarse, self.memories):
            best, broken, multiplier, last = self._narrowed(best, broken, memories)
        bound = last.length - multiplier * self.goal.limit
        return self._with_rest(best, min(bound, self.goal.sought(best)), multiplier, last)

    def _with_rest(self, best: Columns, bound: float, multiplier: float, last: Pass) -> Bounded:
        """The same with what is left from every node to the answer."""
        after = remaining(last.least, self.prices.is_end, self.limit)
        return Bounded(best, bound, multiplier, last, after)

    def _narrowed(
        self, under: Columns, over: Columns, memories: IntArray
    ) -> tuple[Columns, Columns, float, Pass]:
        """LARAC from a path that keeps the limit and one that breaks it: the last of either, multiplier and pass."""
        goal = self.goal
        for _ in range(MOST_STEPS):
            saved = goal.sought(under) - goal.sought(over)  # below 0 only if `over` is of fewer memory sizes
            multiplier = max(0.0, saved / (goal.limited(over) - goal.limited(under)))
            found = self.run(goal.weights(multiplier), memories)
            line = goal.sought(over) + multiplier * goal.limited(over)
            if found.length >= line - SAME * abs(line):
                break
            under, over = (found.path, over) if goal.keeps(found.path) else (under, found.path)
            if not multiplier and under is found.path:  # what is sought is least within the limit
                break
        return under, over, multiplier, found

    def _cheapest(self, steps: list[tuple[int, int, int]], weights: tuple[float, float]) -> Columns:
        """The column of least weight for every step of a path."""
        begin, end, functions = (
            (np.array(each, dtype=int) for each in zip(*steps, strict=True))
            if steps
            else (np.zeros(0, dtype=int),) * 3
        )
        offered = joined([columns_between(self.prices, begin, end), self.forks])
        weight = offered.weight(*weights)
        chosen = []
        for step in zip(begin, end, functions, strict=True):
            same = (offered.begin == step[0]) & (offered.end == step[1]) & (offered.functions == step[2])
            chosen.append(int(np.where(same, weight, np.inf).argmin()))
        return offered.taking(np.array(chosen, dtype=int))
