"""Options compared: what capacity is of use and adds up, how many machines stand in for one, and what ties their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replacements import OptionKinds
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem

TABLE_ERROR_SHARE = 2e-6  # capacity tables are exact to 1e-6 (planner.queueing.capacity_rps), twice in a sum
ROUNDING_SHARE = 1e-12  # of a quotient of prices: a double's 15 digits


def useful_capacity_rps(problem: ProvisioningProblem) -> Array:
    """``[j, n]`` capacity up to all that the group may ever be asked to carry: no plan can use more of it."""
    return np.minimum(problem.capacity_rps, reach_rps(problem)[:, None])


def reach_rps(problem: ProvisioningProblem) -> Array:
    """``[j]`` largest top-level demand of all the classes that group j may serve together."""
    asked = problem.serves.T.astype(float) @ problem.demand_rps[:, :, -1]
    return np.asarray(asked.max(axis=1, initial=0.0))


def superadditive(capacity_rps: Array, count_max: IntArray) -> BoolArray:
    """``[j]`` capacity(a + b) >= capacity(a) + capacity(b) up to the last size that counts.

    A row that is convex from 0 is superadditive; the other rows are checked size by size.
    """
    slack = TABLE_ERROR_SHARE * capacity_rps.max(axis=1, initial=0.0)
    inside = np.arange(2, capacity_rps.shape[1])[None, :] <= count_max[:, None]
    result: NDArray[np.bool_] = ((np.diff(capacity_rps, 2, axis=1) >= -slack[:, None]) | ~inside).all(axis=1)
    for j in np.flatnonzero(~result):
        row = capacity_rps[j, : count_max[j] + 1]
        result[j] = all(
            (row[a:] + slack[j] >= row[a] + row[: len(row) - a]).all() for a in range(1, len(row) // 2 + 1)
        )
    return result


def machine_ratios(p: ProvisioningProblem, kinds: OptionKinds) -> IntArray:
    """``[h, h']`` most machines of h' for one of h by price, quota and launch; 0: no swap."""
    hosts = int(kinds.host.max(initial=-1)) + 1
    ratios = np.full((hosts, hosts), np.inf)
    loads = [] if p.loads is None else [p.loads.load_usd]
    cost = np.concatenate(
        [np.unique(p.price_usd_per_h, axis=1), p.quota_use.T, p.start_usd[:, None], *loads], axis=1
    )
    for place in np.unique(kinds.place):
        there = np.flatnonzero(kinds.place == place)
        own = kinds.host[there]
        ratios[np.ix_(own, np.setdiff1d(np.arange(hosts), own))] = 0
        ways = np.minimum(whole_ratios(cost[there]), limit_ratios(p.count_limit[there]))
        ratios[np.ix_(own, own)] = np.minimum(ratios[np.ix_(own, own)], ways)
    ratios[np.isinf(ratios)] = 1  # nothing costs anything: one for one will do
    ratios[kinds.host[p.initial_count > 0]] = 0
    if p.loads is not None:
        ratios[kinds.host[p.loads.initial_loaded.any(axis=1)]] = 0
    if p.owned_count is not None:
        owned = kinds.host[np.isfinite(p.owned_count)]
        ratios[owned] = ratios[:, owned] = 0
    np.fill_diagonal(ratios, 0)
    return ratios.astype(int)


def whole_ratios(cost: Array) -> Array:
    """``[i, i']`` largest whole x with x cost[i'] <= cost[i] in every entry; inf where i' costs nothing."""
    ratios = np.full((len(cost), len(cost)), np.inf)
    for entry in cost.T:
        theirs = np.broadcast_to(entry, ratios.shape)
        times = np.divide(entry[:, None], theirs, out=np.full_like(ratios, np.inf), where=theirs > 0)
        whole = np.floor(times * (1 + ROUNDING_SHARE))
        too_many = np.isfinite(whole) & (np.where(np.isfinite(whole), whole, 0) * theirs > entry[:, None])
        ratios = np.minimum(ratios, whole - too_many)
    return ratios


def limit_ratios(count_limit: Array) -> Array:
    """``[i, i']`` machines for one under count limits: any without; 1 if i' is free where i may stand."""
    limited = np.isfinite(count_limit)
    broken = (count_limit > 0).astype(float) @ limited.T.astype(float) > 0
    free = ~np.asarray(limited.any(axis=1))
    return np.where(free[:, None] & free[None, :], np.inf, np.where(broken, 0.0, 1.0))


def ties_types(problem: ProvisioningProblem) -> bool:
    """Whether operators' limits look at single machines: their zones, their starts and stops, how long they stay."""
    limits = problem.limits
    if limits is None:
        return False
    stays = bool((limits.scale_in_windows > 1).any())
    return limits.min_zones > 1 or limits.max_churn is not None or stays
