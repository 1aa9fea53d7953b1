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
    machines themselves (`instances`) have no upper end. Where spare capacity is worth something (`bound_spot_risk`), every
    tabulated count is offered.
    """
    return offer(problem, np.ones_like(reachable_rps(problem), dtype=int), useful_counts(problem))


def useful_counts(problem: ProvisioningProblem) -> IntArray:
    """``[j, t]`` largest n whose capacity is of any use."""
    enough = enough_counts(problem)
    risk = problem.spot_risk
    if risk is None or not risk.weighs_losses:
        return enough
    return np.repeat(problem.count_max[:, None], enough.shape[1], axis=1)


def useful_machines(problem: ProvisioningProblem) -> Array:
    """``[g, t]`` finite number of machines above which no option gains: what the program's own limits leave, or a sum of uses.

    A machine carries load (or is spare) in some window, is there for a floor, or was there before; whatever else it does in
    other windows, such as waiting to be used again, it is counted once. An on-demand machine may be there for a spot one.
    """
    counts = useful_counts(problem).max(axis=1, initial=0) + linear_counts(problem)
    uses = counts[problem.option_group].sum() + problem.initial_count.sum()
    if problem.limits is not None:
        uses += problem.limits.min_instances.sum() + problem.limits.min_zones * len(problem.classes)
    floor = problem.on_demand_floor_share
    most = np.ceil(uses / (1.0 - floor)) if floor < 1 else uses
    limit = np.minimum(problem.count_limit, most)
    if problem.owned_count is not None:
        limit = np.minimum(limit, problem.owned_count[:, None])
    per_quota = np.divide(
        problem.quota_limit[:, None],
        problem.quota_use,
        out=np.full(problem.quota_use.shape, np.inf),
        where=problem.quota_use > 0,
    )
    limit = np.minimum(limit, np.floor(per_quota.min(axis=0, initial=np.inf) + 1e-9)[:, None])
    return np.asarray(limit[problem.option_machine])


def enough_counts(problem: ProvisioningProblem) -> IntArray:
    """``[j, t]`` least n that carries all that group j may serve in window t."""
    return least_counts(problem, reachable_rps(problem))


def linear_counts(problem: ProvisioningProblem) -> Array:
    """``[j]`` machines of a linear group that carry all it may serve in any window; 0 for a group with a table.

    Where losses are weighed, they also cover the loss of as much by every other option, each with what its own risk leaves of it.
    """
    counts = np.zeros(len(problem.groups))
    if problem.linear_rps is None:
        return counts
    served = problem.serves & problem.is_linear
    per_rps = np.divide(1.0, problem.linear_rps, out=np.zeros_like(problem.linear_rps), where=served)
    counts = np.asarray(np.ceil(problem.demand_rps[:, :, -1].T @ per_rps).max(axis=0, initial=0.0))
    risk = problem.spot_risk
    if risk is None or not risk.weighs_losses:
        return counts
    left = 1.0 - risk.loss_share - risk.normal_quantile * np.sqrt(np.diag(risk.covariance))
    return np.asarray(counts * (1 + len(problem.option_group)) / left[left > 0].min(initial=1.0))


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
