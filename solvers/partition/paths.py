"""Shortest paths over the nodes of a chain: every node comes after those that columns reach it from.

Where the number of functions is limited, distances are kept by the functions spent: row k of a table holds the least weight with at
most k of them (Bellman's recursion). Without a limit there is one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    Weights = Mapping[int, Array]  # functions of a column -> [n, n] least weight


def distances(weights: Weights, sources: BoolArray, limit: int | None) -> Array:
    """``[k, n]`` least weight from any source node to a node; one row where `limit` is None.

    Parameters
    ----------
    weights
        What `least_weights` gives.
    sources
        ``[n]`` nodes where paths begin.
    limit
        Most functions, or None.
    """
    free = np.where(sources, 0.0, np.inf)
    if limit is None:
        return _unlimited(overall(weights), free)[None, :]
    reached = np.tile(free, (limit + 1, 1))
    for k in range(1, limit + 1):
        reached[k] = reached[k - 1]
        for functions, weight in weights.items():
            if functions <= k:
                via = (reached[k - functions][:, None] + weight).min(axis=0)
                np.minimum(reached[k], via, out=reached[k])
    return reached


def remaining(weights: Weights, targets: BoolArray, limit: int | None) -> Array:
    """``[k, n]`` least weight from a node to any target node: `distances` along the reversed chain."""
    reversed_weights = {functions: weight[::-1, ::-1].T for functions, weight in weights.items()}
    return np.ascontiguousarray(distances(reversed_weights, targets[::-1], limit)[:, ::-1])


def overall(weights: Weights) -> Array:
    """``[n, n]`` least weight of any column between two nodes, however many functions it is made of."""
    tables = list(weights.values())
    return tables[0] if len(tables) == 1 else np.minimum.reduce(tables)


def _unlimited(weight: Array, free: Array) -> Array:
    """``[n]`` least weights, node after node in the order of the chain."""
    reached, into = free.copy(), np.ascontiguousarray(weight.T)
    for node in range(1, len(free)):
        reached[node] = min(reached[node], (reached[:node] + into[node, :node]).min())
    return reached


def path_to(
    weights: Weights, reached: Array, sources: BoolArray, targets: BoolArray
) -> list[tuple[int, int, int]]:
    """Return the best path as (begin node, end node, functions), in order; empty where no target is reached."""
    limited, spent = len(reached) > 1, len(reached) - 1
    node = int(np.where(targets, reached[-1], np.inf).argmin())
    path: list[tuple[int, int, int]] = []
    if not np.isfinite(reached[-1, node]) or not targets[node]:
        return path
    while not sources[node]:
        steps = [
            (float(via.min()), int(via.argmin()), functions)
            for functions, weight in weights.items()
            if functions <= spent or not limited
            for via in [reached[spent - functions if limited else 0] + weight[:, node]]
        ]
        _, begin, functions = min(steps)
        path.append((begin, node, functions))
        node, spent = begin, spent - functions if limited else 0
    return path[::-1]


def around(before: Array, after: Array, functions: int) -> Array:
    """``[n, n]`` least weight of a whole path beside a column of so many functions between two nodes.

    Parameters
    ----------
    before, after
        `distances` from the input, and what is `remaining` to the answer.
    """
    if len(before) == 1:
        return np.asarray(np.add.outer(before[0], after[0]))
    spare = len(before) - 1 - functions
    least = np.full((before.shape[1], before.shape[1]), np.inf)
    for k in range(spare + 1):
        np.minimum(least, before[k][:, None] + after[spare - k], out=least)
    return least
