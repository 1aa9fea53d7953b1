"""Configurations: whole fleets of single windows, as columns of the horizon program (Dantzig and Wolfe 1960).

Once every window has a pool of configurations, only launches tie the windows together. A linear program over the pools gives
launch multipliers worth quoting a bound with; the cheapest path through the pools gives a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve
from solvers.backends.program import LinearProgram
from solvers.errors import BackendError
from solvers.problem import incidence
from solvers.recourse import evaluate

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class Pool:
    """Configurations that serve their windows: `window` ``[c]`` ascending, `instances` ``[c, g]``, `cost_usd` ``[c]``.

    The cost is that of machines and expected overflow in the window, without launches.
    """

    window: IntArray
    instances: IntArray
    cost_usd: Array


def empty_pool(problem: ProvisioningProblem) -> Pool:
    """A pool without configurations."""
    return Pool(np.empty(0, dtype=int), np.empty((0, len(problem.option_group)), dtype=int), np.empty(0))


def widen_pool(
    problem: ProvisioningProblem, pool: Pool, fleet: IntArray, reach: int, rate_rps: Array | None = None
) -> Pool:
    """Add a plan's windows to a pool, each in its own window and in those up to `reach` windows away.

    Between two windows of the plan the larger of every count is offered too, since holding a machine over a dip saves its launch.

    Parameters
    ----------
    fleet
        ``[g, t]`` whole machines; windows it cannot serve are left out.
    rate_rps
        ``[j, t]`` as in `evaluate`.
    """
    windows = len(problem.window_h)
    columns = np.concatenate([fleet, np.maximum(fleet[:, 1:], fleet[:, :-1])], axis=1).T
    source = np.concatenate([np.arange(windows), np.arange(windows - 1)])
    target = source[:, None] + np.arange(-reach, reach + 1)
    inside = (target >= 0) & (target < windows)
    rows = np.repeat(columns, inside.sum(axis=1), axis=0)
    keyed = np.unique(np.column_stack([target[inside], rows]), axis=0)
    known = {row.tobytes() for row in np.column_stack([pool.window, pool.instances]).astype(keyed.dtype)}
    fresh = keyed[[row.tobytes() not in known for row in keyed]]
    if not len(fresh):
        return pool
    added = price_fleets(problem, fresh[:, 0], fresh[:, 1:], rate_rps)
    window = np.concatenate([pool.window, added.window])
    order = np.argsort(window, kind="stable")
    return Pool(
        window[order],
        np.concatenate([pool.instances, added.instances])[order],
        np.concatenate([pool.cost_usd, added.cost_usd])[order],
    )


def price_fleets(
    problem: ProvisioningProblem, window: IntArray, instances: IntArray, rate_rps: Array | None = None
) -> Pool:
    """Cost of every (window, fleet) pair; the pairs that cannot serve their window or break a limit are dropped.

    Parameters
    ----------
    window, instances
        ``[c]``, ``[c, g]``.
    """
    rate = None if rate_rps is None else rate_rps[:, window]
    priced = evaluate(problem.taking(windows=window), instances.T, rate)
    served = ~priced.unserved_rps.any(axis=(0, 2)) & priced.window_kept
    return Pool(window[served], instances[served], priced.window_usd[served])


def machines_of_pool(problem: ProvisioningProblem, pool: Pool) -> Array:
    """``[c, i]`` machines of each configuration."""
    return pool.instances @ incidence(problem.option_machine, len(problem.machines)).T


def launch_multipliers(
    whole: ProvisioningProblem, problems: list[ProvisioningProblem], pools: list[Pool]
) -> Array:
    """Duals of count_starts in the linear program over the pools of all parts, ``[i, t]`` USD per launch.

    minimise sum cost weight + sum s starts  subject to  sum_c weight[c,t] = 1 for every part and t,
    starts[i,t] >= N[i,t] - N[i,t-1] with N the weighted machines over all parts  for all i,t
    """
    I, T = len(whole.machines), len(whole.window_h)  # noqa: E741
    weights = sum(len(pool.window) for pool in pools)
    cost = np.concatenate([*(pool.cost_usd for pool in pools), np.repeat(whole.start_usd, T)])
    one_each = [
        sparse.csr_array(
            (np.ones(len(pool.window)), (pool.window, np.arange(len(pool.window)))),
            shape=(T, len(pool.window)),
        )
        for pool in pools
    ]
    machines = np.concatenate(
        [machines_of_pool(problem, pool) for problem, pool in zip(problems, pools, strict=True)]
    )
    window = np.concatenate([pool.window for pool in pools])
    c, i = np.nonzero(machines)
    rise = sparse.coo_array((machines[c, i], (i * T + window[c], c)), shape=(I * T, weights)).tocsr()
    stays = window[c] + 1 < T
    fall = sparse.coo_array(
        (machines[c, i][stays], ((i * T + window[c] + 1)[stays], c[stays])), shape=(I * T, weights)
    ).tocsr()
    initial = np.zeros((I, T))
    initial[:, 0] = whole.initial_count
    convexity = sparse.hstack([sparse.block_diag(one_each), sparse.csr_array((T * len(pools), I * T))])
    starts = sparse.hstack([fall - rise, sparse.eye_array(I * T)])
    program = LinearProgram(
        cost=cost,
        matrix=sparse.csr_array(sparse.vstack([convexity, starts])),
        row_lower=np.concatenate([np.ones(T * len(pools)), -initial.ravel()]),
        row_upper=np.concatenate([np.ones(T * len(pools)), np.full(I * T, np.inf)]),
        lower=np.zeros(len(cost)),
        upper=np.full(len(cost), np.inf),
        integer=np.zeros(len(cost), dtype=bool),
    )
    answer = solve(program)
    if answer.row_duals is None:
        raise BackendError(
            f"the program over the pools ended as {answer.status.name}; report this as a defect"
        )
    return usable_multipliers(whole, answer.row_duals[T * len(pools) :].reshape(I, T))


def usable_multipliers(problem: ProvisioningProblem, multipliers: Array) -> Array:
    """Clip to [0, s] and so that no window pays for keeping a machine: pi[t] <= pi[t-1] + h[t-1] c[t-1].

    Any multipliers in [0, s] give a bound; without the second condition a window's program could be unbounded.
    """
    usable = np.clip(multipliers, 0.0, problem.start_usd[:, None])
    price = problem.price_usd_per_h * problem.window_h
    for t in range(1, usable.shape[1]):
        usable[:, t] = np.minimum(usable[:, t], usable[:, t - 1] + price[:, t - 1])
    return usable


def cheapest_path(problem: ProvisioningProblem, pool: Pool, others: IntArray) -> IntArray | None:
    """One configuration a window at the least cost with launches, by dynamic programming; ``[g, t]``, None if a window has none.

    Parameters
    ----------
    others
        ``[i, t]`` machines that other parts run: launches are counted on the sum.
    """
    T = len(problem.window_h)
    machines = machines_of_pool(problem, pool)
    firsts = np.searchsorted(pool.window, np.arange(T + 1))
    if (np.diff(firsts) == 0).any():
        return None
    value = np.zeros(1)
    before = (problem.initial_count)[None, :].astype(float)
    came_from: list[IntArray] = []
    for t in range(T):
        own = slice(firsts[t], firsts[t + 1])
        now = machines[own] + others[:, t]
        launched = np.maximum(now[None, :, :] - before[:, None, :], 0.0) @ problem.start_usd
        total = value[:, None] + launched
        came_from.append(total.argmin(axis=0))
        value = total.min(axis=0) + pool.cost_usd[own]
        before = now
    path = np.empty(T, dtype=int)
    step = int(value.argmin())
    for t in range(T - 1, -1, -1):
        path[t] = firsts[t] + step
        step = int(came_from[t][step])
    return pool.instances[path].T
