"""Configurations: whole fleets of single windows, as columns of the horizon program (Dantzig and Wolfe 1960).

Once every window has a pool of configurations, only launches and loads tie the windows together. A linear program over the pools
gives multipliers worth quoting a bound with; the cheapest path through the pools (`solvers.paths`) gives a plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve
from solvers.backends.program import LinearProgram
from solvers.errors import BackendError
from solvers.recourse import price_windows

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem


AT_ONCE = 4096  # fleets priced together: their rates by class, group and level take 20 MB for 60 groups


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
    kept, usd = np.zeros(len(window), dtype=bool), np.zeros(len(window))
    for first in range(0, len(window), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        rate = None if rate_rps is None else rate_rps[:, window[part]]
        priced = price_windows(problem.taking(windows=window[part]), instances[part].T, rate)
        kept[part], usd[part] = priced.kept, priced.objective_usd
    return Pool(window[kept], instances[kept], usd[kept])


def changes_of_pool(problem: ProvisioningProblem, pool: Pool) -> Array:
    """``[c, x]`` what costs when it rises, x, in each configuration: machines, then machines that hold a model."""
    return np.asarray(pool.instances @ problem.rises.count.T)


def change_multipliers(
    whole: ProvisioningProblem, problems: list[ProvisioningProblem], pools: list[Pool]
) -> Array:
    """Duals of count_starts and count_loads in the linear program over the pools of all parts, ``[x, t]`` USD per rise.

    minimise sum cost weight + sum s rises  subject to  sum_c weight[c,t] = 1 for every part and t,
    rises[x,t] >= N[x,t] - N[x,t-1] with N the weighted counts over all parts  for all x,t
    """
    changes = np.concatenate(
        [changes_of_pool(problem, pool) for problem, pool in zip(problems, pools, strict=True)]
    )
    priced = np.flatnonzero(changes.any(axis=0) & (whole.rises.usd > 0))
    X, T = len(priced), len(whole.window_h)
    weights = sum(len(pool.window) for pool in pools)
    cost = np.concatenate([*(pool.cost_usd for pool in pools), np.repeat(whole.rises.usd[priced], T)])
    one_each = [
        sparse.csr_array(
            (np.ones(len(pool.window)), (pool.window, np.arange(len(pool.window)))),
            shape=(T, len(pool.window)),
        )
        for pool in pools
    ]
    window = np.concatenate([pool.window for pool in pools])
    c, x = np.nonzero(changes[:, priced])
    counts = changes[:, priced][c, x]
    rise = sparse.coo_array((counts, (x * T + window[c], c)), shape=(X * T, weights)).tocsr()
    stays = window[c] + 1 < T
    fall = sparse.coo_array(
        (counts[stays], ((x * T + window[c] + 1)[stays], c[stays])), shape=(X * T, weights)
    ).tocsr()
    initial = np.zeros((X, T))
    initial[:, 0] = whole.rises.initial_count[priced]
    convexity = sparse.hstack([sparse.block_diag(one_each), sparse.csr_array((T * len(pools), X * T))])
    rises = sparse.hstack([fall - rise, sparse.eye_array(X * T)])
    program = LinearProgram(
        cost=cost,
        matrix=sparse.csr_array(sparse.vstack([convexity, rises])),
        row_lower=np.concatenate([np.ones(T * len(pools)), -initial.ravel()]),
        row_upper=np.concatenate([np.ones(T * len(pools)), np.full(X * T, np.inf)]),
        lower=np.zeros(len(cost)),
        upper=np.full(len(cost), np.inf),
        integer=np.zeros(len(cost), dtype=bool),
    )
    answer = solve(program)
    if answer.row_duals is None:
        raise BackendError(
            f"the program over the pools ended as {answer.status.name}; report this as a defect"
        )
    multipliers = np.zeros((len(whole.rises.usd), T))
    multipliers[priced] = answer.row_duals[T * len(pools) :].reshape(X, T)
    return usable_multipliers(whole, multipliers)


def usable_multipliers(problem: ProvisioningProblem, multipliers: Array) -> Array:
    """Clip to [0, s] and so that no window pays for keeping a machine: its price covers what pi rises by.

    Any multipliers in [0, s] give a bound; without the second condition a window's program could be unbounded. A machine's
    launch is served first, the load of the one model it holds from what is left.
    """
    usable = np.clip(multipliers, 0.0, problem.rises.usd[:, None])
    price = problem.price_usd_per_h * problem.window_h
    machines, (loading, _) = len(problem.machines), problem.rises.load_pairs
    for t in range(1, usable.shape[1]):
        launch = usable[:machines]
        launch[:, t] = np.minimum(launch[:, t], launch[:, t - 1] + price[:, t - 1])
        left = price[:, t - 1] + launch[:, t - 1] - launch[:, t]
        load = usable[machines:]
        load[:, t] = np.minimum(load[:, t], load[:, t - 1] + left[loading])
    return usable
