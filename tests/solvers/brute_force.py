"""The optimum of a tiny provisioning problem by enumeration: the oracle of the solvers' tests.

It shares nothing with `solvers` but the arrays of `ProvisioningProblem`. Every vector of counts of every window is
looked at; the cheapest recourse of each is one small linear program; the windows are joined by dynamic programming
over the machines running, since starts depend on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

UNSERVED_PRICE = 1e4  # against function prices scaled to at most 1: demand stays unserved only where it must
SERVED_WITHIN = 1e-6  # requests/s; what the linear program leaves by rounding alone
MOST_VECTORS = 20_000  # of counts in one window; more is no longer tiny


@dataclass(frozen=True)
class Optimum:
    """Least cost and counts ``[g, t]`` that reach it; both None where nothing serves the demand."""

    objective_usd: float | None
    instances: IntArray | None


def enumerate_optimum(problem: ProvisioningProblem) -> Optimum:
    """Return the optimum of `problem` over all whole counts."""
    windows = len(problem.window_h)
    counts = count_vectors(problem)
    machines = counts @ belongs(problem.option_machine, len(problem.machines))
    recourse = recourse_costs(problem, counts)
    reached: list[tuple[IntArray, IntArray]] = []
    cost = np.zeros(1)
    before = problem.initial_count[None, :]
    for t in range(windows):
        kept = allowed(problem, counts, machines, t) & np.isfinite(recourse[:, t])
        if not kept.any():
            return Optimum(None, None)
        fleet, chosen = cheapest_of_each_fleet(machines[kept], recourse[kept, t])
        rises = np.maximum(fleet[:, None, :] - before[None, :, :], 0)
        total = rises @ problem.start_usd + cost[None, :]
        own = problem.window_h[t] * (fleet @ problem.price_usd_per_h[:, t])
        reached.append((np.flatnonzero(kept)[chosen], total.argmin(axis=1)))
        cost = total.min(axis=1) + own + recourse[kept, t][chosen]
        before = fleet
    best = int(cost.argmin())
    objective = float(cost[best])
    path = []
    for vectors, predecessor in reversed(reached):
        path.append(counts[vectors[best]])
        best = int(predecessor[best])
    return Optimum(objective, np.array(path[::-1]).T)


def belongs(owner: IntArray, owners: int) -> IntArray:
    """Return ``[member, owner]`` with 1 where the member is the owner's."""
    return (np.asarray(owner)[:, None] == np.arange(owners)).astype(int)


def count_vectors(problem: ProvisioningProblem) -> IntArray:
    """Return ``[vector, g]`` all counts of the options, 0 to the largest any window can use in the option's group.

    A machine above the count at which its group carries all it may serve is useful only while it is kept for a
    later window, and then that window's count covers it.
    """
    top = problem.demand_rps[:, :, -1].T @ problem.serves  # [t, j]
    most = []
    for j, row in enumerate(problem.capacity_rps):
        row = row[: problem.count_max[j] + 1]
        enough = np.flatnonzero(row >= top[:, j].max() - 1e-12)
        most.append(int(enough[0]) if len(enough) else int(problem.count_max[j]))
    ranges = [np.arange(most[j] + 1) for j in problem.option_group]
    size = int(np.prod([len(values) for values in ranges]))
    if size > MOST_VECTORS:
        raise ValueError(f"{size} count vectors a window: too many to enumerate")
    return np.stack([axis.ravel() for axis in np.meshgrid(*ranges, indexing="ij")], axis=1)


def allowed(problem: ProvisioningProblem, counts: IntArray, machines: IntArray, t: int) -> NDArray[np.bool_]:
    """Return which vectors keep quotas, count limits and the on-demand floor in window t."""
    groups = len(problem.groups)
    total = counts @ belongs(problem.option_group, groups)
    on_demand = np.where(problem.is_spot[problem.option_machine], 0, counts) @ belongs(
        problem.option_group, groups
    )
    return (
        (machines <= problem.count_limit[:, t]).all(axis=1)
        & (machines @ problem.quota_use.T <= problem.quota_limit + 1e-9).all(axis=1)
        & (on_demand >= problem.on_demand_floor_share * total - 1e-9).all(axis=1)
    )


def cheapest_of_each_fleet(machines: IntArray, cost: Array) -> tuple[IntArray, IntArray]:
    """Return the distinct rows of `machines` and, for each, the position of its cheapest vector."""
    order = np.argsort(cost, kind="stable")
    fleet, first = np.unique(machines[order], axis=0, return_index=True)
    return fleet, order[first]


def recourse_costs(problem: ProvisioningProblem, counts: IntArray) -> Array:
    """Return ``[vector, t]`` expected cost of the functions beside each vector; inf where demand stays unserved."""
    sizes = np.minimum(counts @ belongs(problem.option_group, len(problem.groups)), problem.count_max)
    distinct, of_vector = np.unique(sizes, axis=0, return_inverse=True)
    capacity = np.take_along_axis(problem.capacity_rps, distinct.T, axis=1).T  # [size, j]
    windows, levels = len(problem.window_h), len(problem.level_share)
    demand = problem.demand_rps.reshape(len(problem.classes), -1)  # [k, (t, q)]
    overflow, unserved = cheapest_split(problem, capacity, demand)
    rate = np.where(unserved > SERVED_WITHIN, np.inf, overflow).reshape(len(distinct), windows, levels)
    expected = (rate * problem.level_share).sum(axis=2) * 3600.0 * problem.window_h
    return expected[of_vector.ravel()]


def cheapest_split(problem: ProvisioningProblem, capacity: Array, demand: Array) -> tuple[Array, Array]:
    """Return ``[size, s]`` USD/s of functions and requests/s left over, for every capacity and every demand column.

    One linear program holds them all: its blocks share no row, so each block is at its own optimum.
    """
    K, J, F = len(problem.classes), len(problem.groups), len(problem.functions)
    carried = list(zip(*np.nonzero(problem.serves), strict=True))
    overflow = list(zip(*np.nonzero(problem.function_serves), strict=True))
    columns = len(carried) + len(overflow) + K
    serve, share, busy = np.zeros((K, columns)), np.zeros((J, columns)), np.zeros((1, columns))
    price = np.zeros(columns)
    scale = max(float(problem.usd_per_request.max(initial=0.0)), 1e-12)
    for n, (k, j) in enumerate(carried):
        serve[k, n] = share[j, n] = 1.0
    for n, (k, f) in enumerate(overflow, start=len(carried)):
        serve[k, n], busy[0, n], price[n] = 1.0, problem.concurrency_s[f], problem.usd_per_request[f] / scale
    for k in range(K):
        serve[k, columns - K + k], price[columns - K + k] = 1.0, UNSERVED_PRICE
    blocks = len(capacity) * demand.shape[1]
    limits, upper = share, np.repeat(capacity, demand.shape[1], axis=0)
    if F and np.isfinite(problem.concurrency_limit):
        limits = np.vstack([share, busy])
        upper = np.hstack([upper, np.full((blocks, 1), problem.concurrency_limit)])
    each = sparse.identity(blocks)
    answer = linprog(
        np.tile(price, blocks),
        A_ub=sparse.kron(each, limits, format="csr"),
        b_ub=upper.ravel(),
        A_eq=sparse.kron(each, serve, format="csr"),
        b_eq=np.tile(demand.T.ravel(), len(capacity)),
        method="highs",
    )
    if answer.x is None:
        raise RuntimeError(f"the oracle's own linear program ended with: {answer.message}")
    split = answer.x.reshape(len(capacity), demand.shape[1], columns)
    served = split[:, :, : columns - K] @ price[: columns - K] * scale
    return served, split[:, :, columns - K :].sum(axis=2)
