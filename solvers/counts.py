"""Which machine counts a program offers to pick_count: all of them for a bound, those near a plan for polish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class Candidates:
    """Counts on offer: `group` ``[r]``, `count` ``[r]``, `allowed` ``[r, t]``."""

    group: IntArray
    count: IntArray
    allowed: BoolArray


def no_counts(windows: int) -> Candidates:
    """No candidate counts, for the linear form."""
    none = np.empty(0, dtype=int)
    return Candidates(none, none, np.empty((0, windows), dtype=bool))


def least_counts(problem: ProvisioningProblem, rate_rps: Array) -> IntArray:
    """``[j, t]`` least n with capacity(j, n) >= rate[j, t]; the group's last n where none carries it."""
    reached = [
        np.searchsorted(row[: last + 1], rates * (1 - 1e-12), side="left")
        for row, last, rates in zip(problem.capacity_rps, problem.count_max, rate_rps, strict=True)
    ]
    least = np.array(reached, dtype=int).reshape(rate_rps.shape)
    return np.asarray(np.minimum(least, problem.count_max[:, None]))


def reachable_rps(problem: ProvisioningProblem) -> Array:
    """``[j, t]`` top-level demand of all the classes that group j may serve, requests/s."""
    return np.asarray(problem.serves.T.astype(float) @ problem.demand_rps[:, :, -1])


def all_counts(problem: ProvisioningProblem) -> Candidates:
    """Every n from 1 to the least that carries all the group may serve, window by window: nothing is lost.

    A higher count adds cost and no useful capacity, since carried requests cannot exceed what the classes send and the
    machines themselves (`instances`) have no upper end.
    """
    return offer(problem, np.ones_like(reachable_rps(problem), dtype=int), enough_counts(problem))


def enough_counts(problem: ProvisioningProblem) -> IntArray:
    """``[j, t]`` least n that carries all that group j may serve in window t."""
    return least_counts(problem, reachable_rps(problem))


def near_counts(candidates: Candidates, sizes: IntArray, reach: int, spare: int, span: int) -> BoolArray:
    """``[r, t]`` the candidates within `reach` of a plan's sizes, and 1..`spare` of every group.

    Parameters
    ----------
    sizes
        ``[j, t]`` machines of the plan at hand.
    span
        Sizes of so many windows before and after count as near too, since starts make a neighbour's size worth keeping.
    """
    low = minimum_filter1d(sizes, 2 * span + 1, axis=1, mode="nearest")[candidates.group]
    high = maximum_filter1d(sizes, 2 * span + 1, axis=1, mode="nearest")[candidates.group]
    count = candidates.count[:, None]
    near = (count >= low - reach) & (count <= high + reach)
    return np.asarray(candidates.allowed & (near | (count <= spare)))


def offer(problem: ProvisioningProblem, low: IntArray, high: IntArray) -> Candidates:
    """Candidates low..high ``[j, t]``, as one list over groups with the windows each is offered in."""
    top = high.max(axis=1)
    group = np.repeat(np.arange(len(problem.groups)), top)
    count = np.concatenate([np.arange(1, n + 1) for n in top]) if len(top) else np.empty(0, dtype=int)
    inside = (count[:, None] >= low[group]) & (count[:, None] <= high[group])
    offered = inside.any(axis=1)
    return Candidates(group[offered], count[offered].astype(int), inside[offered])
