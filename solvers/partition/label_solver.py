"""The default solver of a partition: Lagrangian bound, arc fixing, exact labels on what is left.

The optimum mostly lies close above the bound, the best path of the relaxation not always: so partitions are first sought in the
lowest part of the gap between the two. Where there is none the bound rises to the end of that part, and the next is searched.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.partition.labels import OutOfTimeError, columns_to, labels_of
from solvers.partition.survivors import ceilings_of, survivors
from solvers.solution import relative_gap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solvers.partition.columns import Columns
    from solvers.partition.relaxation import Relaxation
    from solvers.partition.survivors import Ceiling

PARTS = (
    1 / 16,
    1 / 4,
    1.0,
)  # of the gap, searched one after another; measured: halves the worst chains, costs others nothing


@dataclass(frozen=True)
class Search:
    """What a search ended with: the best partition, a bound, whether time stopped it, and how much it looked at."""

    best: Columns
    bound: float
    stopped: bool
    arcs: int
    labels: int


def search_labels(relaxation: Relaxation, gap: float, time_limit_s: float | None) -> Search:
    """Find the best partition within the limit; one must exist.

    Parameters
    ----------
    gap
        Relative gap at which to stop.
    time_limit_s
        Wall time after which to stop; None: none.
    """
    until_s = time.monotonic() + (float("inf") if time_limit_s is None else time_limit_s)
    goal, bounded = relaxation.goal, relaxation.bounded()
    best, bound, arcs, labels = bounded.best, bounded.bound, 0, 0
    for part in PARTS:
        known = goal.sought(best)
        if relative_gap(known, bound) <= gap:
            break
        most = bounded.bound + part * (known - bounded.bound)
        ceilings = ceilings_of(relaxation, bounded, most)
        columns = survivors(relaxation, ceilings)
        arcs += len(columns)
        try:
            found, count = best_labels(relaxation, columns, ceilings, until_s)
        except OutOfTimeError:
            return Search(best, bound, True, arcs, labels)
        labels += count
        if found is not None and goal.sought(found) < known:
            best = found
        bound = min(most, goal.sought(best))  # all that lies below `most` was among the labels
    return Search(best, bound, False, arcs, labels)


def best_labels(
    relaxation: Relaxation, columns: Columns, ceilings: Sequence[Ceiling], until_s: float
) -> tuple[Columns | None, int]:
    """Return the best partition of these columns that passes below the ceilings, if any, and the number of labels it took."""
    labels = labels_of(
        columns,
        relaxation.prices.is_start,
        lambda node, new: np.logical_and.reduce([ceiling.labels(node, new) for ceiling in ceilings]),
        count_functions=relaxation.limit is not None,
        until_s=until_s,
    )
    whole = np.flatnonzero(relaxation.prices.is_end[labels["node"]] & (labels["column"] >= 0))
    if not len(whole):
        return None, len(labels)
    sought = labels["usd" if relaxation.goal.minimise == "cost" else "latency_ms"][whole]
    return columns.taking(columns_to(labels, int(whole[sought.argmin()]))), len(labels)
