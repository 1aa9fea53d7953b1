"""What a better path can use: columns and labels that pass the bounds on every whole path through them (arc fixing).

A ceiling bounds one weighted sum of price and latency. The least sum of a path through a column is the distance of its begin node
from the input, its own weight, and what is left from its end node; where that is too much no path that is sought uses the column.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.columns import Columns, columns_between, joined
from solvers.partition.goal import widened
from solvers.partition.paths import around

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from solvers.partition.relaxation import Bounded, Pass, Relaxation

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    LabelArray = NDArray[np.void]


@dataclass(frozen=True)
class Ceiling:
    """Only paths of at most this weighted sum of price and latency are sought.

    Parameters
    ----------
    solved
        The shortest paths for these weights.
    after
        ``[k, n]`` what is left from a node to the answer.
    most
        The largest sum a path that is sought may have.
    """

    solved: Pass
    after: Array
    most: float

    @cached_property
    def beside(self) -> Mapping[int, Array]:
        """Functions of a column -> ``[n, n]`` least sum of a path beside a column between two nodes."""
        return {each: around(self.solved.before, self.after, each) for each in self.solved.least}

    def pairs(self, functions: int) -> BoolArray:
        """``[n, n]`` pairs of nodes between which some column of so many functions passes."""
        return np.asarray(self.beside[functions] + self.solved.least[functions] <= self.most)

    def columns(self, columns: Columns, functions: int) -> BoolArray:
        """``[a]`` columns of so many functions that pass below it."""
        beside = self.beside[functions][columns.begin, columns.end]
        return np.asarray(columns.weight(*self.solved.weights) + beside <= self.most)

    def labels(self, node: int, labels: LabelArray) -> BoolArray:
        """``[p]`` labels at a node that pass below it."""
        usd_weight, ms_weight = self.solved.weights
        spare = len(self.after) - 1  # functions; 0 where their number is not limited, and counted as 0
        left = self.after[np.maximum(spare - labels["functions"], 0), node]
        weight = usd_weight * labels["usd"] + ms_weight * labels["latency_ms"] + left
        return np.asarray((weight <= self.most) & (labels["functions"] <= spare))


def ceilings_of(relaxation: Relaxation, bounded: Bounded, most: float) -> tuple[Ceiling, ...]:
    """The ceilings of paths that keep the limit and have at most so much of what is minimised.

    By Lagrange's multiplier such a path weighs at most `most` + multiplier x limit.
    """
    limit = relaxation.goal.limit
    return (
        Ceiling(bounded.last, bounded.after, widened(most) + bounded.multiplier * limit),
        Ceiling(relaxation.tightest, relaxation.tightest_after, widened(limit)),
    )


def survivors(relaxation: Relaxation, ceilings: Sequence[Ceiling]) -> Columns:
    """The columns that pass below all ceilings: no path that is sought uses another."""
    kept = []
    for functions in relaxation.tightest.least:
        columns = relaxation.forks.taking(relaxation.forks.functions == functions)
        if functions == 1:
            pairs = np.logical_and.reduce([ceiling.pairs(1) for ceiling in ceilings])
            columns = joined([columns_between(relaxation.prices, *np.nonzero(pairs)), columns])
        for ceiling in ceilings:
            columns = columns.taking(ceiling.columns(columns, functions))
        kept.append(columns)
    return joined(kept)
