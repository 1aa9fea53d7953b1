"""All trade-offs of price and latency of a chain (`frontier_of`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.answer import answer_of
from solvers.partition.goal import Goal, widened
from solvers.partition.infeasibility import require_feasible
from solvers.partition.labels import columns_to, labels_of, undominated
from solvers.partition.paths import remaining
from solvers.partition.prices import ColumnPrices
from solvers.partition.relaxation import Relaxation
from solvers.partition.survivors import Ceiling, survivors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.partition.answer import PartitionAnswer
    from solvers.partition.columns import Columns
    from solvers.partition.problem import PartitionProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    LabelArray = NDArray[np.void]


@dataclass(frozen=True)
class Frontier:
    """The partitions ``[n]`` that no other beats in price and latency both, the fastest first, the cheapest last.

    Parameters
    ----------
    usd, latency_ms
        Price and latency of one call of the chain; from one to the next the price falls and the latency rises.
    """

    usd: Array
    latency_ms: Array
    _prices: ColumnPrices
    _columns: Columns
    _labels: LabelArray
    _ends: IntArray

    def __len__(self) -> int:
        return len(self.usd)

    def answer(self, n: int) -> PartitionAnswer:
        """The n-th partition: the cheapest within its own latency."""
        path = self._columns.taking(columns_to(self._labels, int(self._ends[n])))
        goal = Goal("cost", float(self.latency_ms[n]), np.inf)
        bound = float(self.usd[n])
        return answer_of(self._prices, goal, path, bound=bound, status="optimal", solver="labels", work={})


def frontier_of(problem: PartitionProblem) -> Frontier:
    """Find all trade-offs in one run of labels.

    There is no limit that a bound could be had from, only the latency of the cheapest partition and the price of the fastest, so
    this is for chains of some 50 blocks and 10 memory sizes (a fraction of a second; 50 sizes take seconds). Beyond, ask
    `solve_partition` for the deadlines of interest.

    Raises
    ------
    InfeasiblePartitionError
        There is no partition at all.
    """
    goal = Goal("cost", np.inf, np.inf)
    relaxation = Relaxation(ColumnPrices(problem), goal)
    require_feasible(relaxation)
    prices, fastest = relaxation.prices, relaxation.tightest
    cheapest = relaxation.run(goal.weights(0.0), relaxation.memories)
    after = remaining(cheapest.least, prices.is_end, relaxation.limit)
    ceilings = (
        Ceiling(fastest, relaxation.tightest_after, widened(float(cheapest.path.latency_ms.sum()))),
        Ceiling(cheapest, after, widened(float(fastest.path.usd.sum()))),
    )
    columns = survivors(relaxation, ceilings)
    labels = labels_of(
        columns,
        prices.is_start,
        lambda node, new: np.logical_and.reduce([ceiling.labels(node, new) for ceiling in ceilings]),
        count_functions=relaxation.limit is not None,
    )
    whole = np.flatnonzero(prices.is_end[labels["node"]])
    reached = labels[whole]
    reached["functions"] = 0  # fewer functions are no merit of their own
    ends = whole[undominated(reached)]
    ends = ends[np.argsort(labels["latency_ms"][ends])]
    return Frontier(labels["usd"][ends], labels["latency_ms"][ends], prices, columns, labels, ends)
