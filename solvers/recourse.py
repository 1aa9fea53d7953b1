"""What a fleet costs and carries once its machines are fixed: the exact program with `instances` given.

Each window and level is then a small transport problem; all of them are handed over as one linear program, since
stacking them is faster than calling a solver for each.
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

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem

UNSERVED_USD_PER_REQUEST = (
    1.0  # far above any function's price per request, so that demand is left only where it must be
)
UNSERVED_SHARE = 1e-7  # of a class's demand: below the solver's feasibility tolerance, not a shortfall


@dataclass(frozen=True)
class Evaluation:
    """A fleet under the exact capacities.

    `machines` ``[i, t]``, `sizes` ``[j, t]``, `starts` ``[i, t]``, `carried_rps` ``[k, j, t, q]``, `overflow_rps`
    ``[k, f, t, q]``, `unserved_rps` ``[k, t, q]``; costs in USD, `window_usd` ``[t]`` without starts.
    `window_kept` ``[t]`` says where quotas, count limits and the on-demand floor hold.
    """

    instances: IntArray
    machines: IntArray
    sizes: IntArray
    starts: IntArray
    carried_rps: Array
    overflow_rps: Array
    unserved_rps: Array
    window_usd: Array
    window_kept: BoolArray
    start_usd: float

    @property
    def feasible(self) -> bool:
        """Everything is served within every limit."""
        return bool(self.window_kept.all()) and not self.unserved_rps.any()

    @property
    def cost_usd(self) -> float:
        """Machines, starts and expected overflow over the horizon."""
        return float(self.window_usd.sum()) + self.start_usd


def machines_of(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """``[i, t]`` machines over all groups; ``[i]`` of a single window's instances."""
    return (incidence(problem.option_machine, len(problem.machines)) @ instances).astype(int)


def sizes_of(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """``[j, t]`` machines of each group over all markets."""
    return (incidence(problem.option_group, len(problem.groups)) @ instances).astype(int)


def starts_of(problem: ProvisioningProblem, machines: IntArray) -> IntArray:
    """``[i, t]`` launches: rises of each machine's count, the first window against the initial fleet."""
    before = np.concatenate([problem.initial_count[:, None], machines[:, :-1]], axis=1)
    return np.asarray(np.maximum(machines - before, 0))


def capacity_at(problem: ProvisioningProblem, sizes: IntArray) -> Array:
    """``[j, t]`` requests/s of groups of these sizes; beyond a group's last tabulated count nothing is added."""
    counted = np.minimum(sizes, problem.count_max[:, None])
    return np.take_along_axis(problem.capacity_rps, counted, axis=1)


def limits_kept(problem: ProvisioningProblem, instances: IntArray) -> BoolArray:
    """``[t]`` quotas, count limits and the on-demand floor of every group hold."""
    machines, sizes = machines_of(problem, instances), sizes_of(problem, instances)
    on_demand = sizes_of(problem, np.where(problem.is_spot[problem.option_machine][:, None], 0, instances))
    return np.asarray(
        (machines <= problem.count_limit).all(axis=0)
        & (problem.quota_use @ machines <= problem.quota_limit[:, None] + 1e-9).all(axis=0)
        & (on_demand >= problem.on_demand_floor_share * sizes - 1e-9).all(axis=0)
    )


def evaluate(problem: ProvisioningProblem, instances: IntArray, rate_rps: Array | None = None) -> Evaluation:
    """Price a fleet: the cheapest recourse it leaves, its starts, and what it cannot serve.

    Parameters
    ----------
    instances
        ``[g, t]`` whole machines.
    rate_rps
        ``[j, t]`` given, groups carry rate x machines in place of their exact capacity.

    Raises
    ------
    BackendError
        The linear program failed for a reason of the solver's own.
    """
    machines, sizes = machines_of(problem, instances), sizes_of(problem, instances)
    capacity = capacity_at(problem, sizes) if rate_rps is None else rate_rps * sizes
    carried, overflow, unserved = recourse(problem, capacity)
    starts = starts_of(problem, machines)
    per_window = (problem.price_usd_per_h * machines).sum(axis=0) * problem.window_h
    per_window += overflow_usd(problem, overflow)
    return Evaluation(
        instances=instances,
        machines=machines,
        sizes=sizes,
        starts=starts,
        carried_rps=carried,
        overflow_rps=overflow,
        unserved_rps=unserved,
        window_usd=per_window,
        window_kept=limits_kept(problem, instances),
        start_usd=float(problem.start_usd @ starts.sum(axis=1)),
    )


def overflow_usd(problem: ProvisioningProblem, overflow_rps: Array) -> Array:
    """``[t]`` expected cost of overflow ``[k, f, t, q]``, USD: 3600 h[t] sum_{k,f,q} w[q] phi[f] overflow."""
    seconds = 3600.0 * problem.window_h[:, None] * problem.level_share
    return np.asarray(np.einsum("kftq,f,tq->t", overflow_rps, problem.usd_per_request, seconds))


def recourse(problem: ProvisioningProblem, capacity_rps: Array) -> tuple[Array, Array, Array]:
    """Cheapest split of every level's demand over fixed capacities and functions.

    minimise expected overflow cost  subject to  serve_demand, carried <= capacity, limit_functions  for all t,q

    Parameters
    ----------
    capacity_rps
        ``[j, t]`` requests/s.

    Returns
    -------
    carried_rps ``[k, j, t, q]``, overflow_rps ``[k, f, t, q]``, unserved_rps ``[k, t, q]``.
    """
    routes = routes_of(problem, capacity_rps)
    answer = solve(recourse_program(problem, capacity_rps, routes))
    if answer.values is None:
        raise BackendError(
            f"the recourse of a fixed fleet ended as {answer.status.name}; report this as a defect"
        )
    K, J, F = len(problem.classes), len(problem.groups), len(problem.functions)
    T, Q = len(problem.window_h), len(problem.level_share)
    flows = np.split(
        np.maximum(answer.values, 0.0), np.cumsum([len(routes.carried[0]), len(routes.overflow[0])])
    )
    carried, overflow, unserved = np.zeros((K, J, T * Q)), np.zeros((K, F, T * Q)), np.zeros((K, T * Q))
    carried[routes.carried], overflow[routes.overflow], unserved[routes.unserved] = flows
    tolerated = UNSERVED_SHARE * np.maximum(problem.demand_rps.reshape(K, T * Q), 1.0)
    unserved = np.where(unserved > tolerated, unserved, 0.0)
    return carried.reshape(K, J, T, Q), overflow.reshape(K, F, T, Q), unserved.reshape(K, T, Q)


@dataclass(frozen=True)
class Routes:
    """Columns of the recourse program, in this order; s numbers the pairs (window, level).

    `carried` (k, j, s) where group j serves class k and has capacity, `overflow` (k, f, s), `unserved` (k, s): as index arrays.
    """

    carried: tuple[IntArray, ...]
    overflow: tuple[IntArray, ...]
    unserved: tuple[IntArray, ...]


def routes_of(problem: ProvisioningProblem, capacity_rps: Array) -> Routes:
    """Ways that requests may take at capacities ``[j, t]``."""
    K, Q = len(problem.classes), len(problem.level_share)
    pairs = len(problem.window_h) * Q
    usable = problem.serves[:, :, None] & (np.repeat(capacity_rps, Q, axis=1) > 0)
    calls = np.broadcast_to(problem.function_serves[:, :, None], (*problem.function_serves.shape, pairs))
    left = np.indices((K, pairs)).reshape(2, -1)
    return Routes(np.nonzero(usable), np.nonzero(calls), (left[0], left[1]))


def recourse_program(problem: ProvisioningProblem, capacity_rps: Array, routes: Routes) -> LinearProgram:
    """The linear program of all windows and levels: demand is met, groups keep to their capacity, functions to their limit."""
    K, J = len(problem.classes), len(problem.groups)
    weight = np.outer(problem.window_h, problem.level_share).ravel() * 3600.0
    pairs = len(weight)
    (k_e, j_e, s_e), (k_o, f_o, s_o), (k_u, s_u) = routes.carried, routes.overflow, routes.unserved
    cost = np.concatenate(
        [
            np.zeros(len(k_e)),
            problem.usd_per_request[f_o] * weight[s_o],
            UNSERVED_USD_PER_REQUEST * weight[s_u],
        ]
    )
    demand = problem.demand_rps.reshape(-1)
    served = incidence(np.concatenate([k_e, k_o, k_u]) * pairs + np.concatenate([s_e, s_o, s_u]), K * pairs)
    used = np.unique(j_e * pairs + s_e)
    loaded = incidence(j_e * pairs + s_e, J * pairs)[used]
    rows = [served, sparse.hstack([loaded, sparse.csr_array((len(used), len(cost) - len(k_e)))])]
    upper = [demand, np.repeat(capacity_rps, len(problem.level_share), axis=1).reshape(-1)[used]]
    if len(problem.functions) and np.isfinite(problem.concurrency_limit):
        held = (problem.concurrency_s[f_o], (s_o, len(k_e) + np.arange(len(f_o))))
        rows.append(sparse.csr_array(held, shape=(pairs, len(cost))))
        upper.append(np.full(pairs, problem.concurrency_limit))
    row_upper = np.concatenate(upper)
    return LinearProgram(
        cost=cost,
        matrix=sparse.csr_array(sparse.vstack(rows)),
        row_lower=np.concatenate([demand, np.full(len(row_upper) - len(demand), -np.inf)]),
        row_upper=row_upper,
        lower=np.zeros(len(cost)),
        upper=np.full(len(cost), np.inf),
        integer=np.zeros(len(cost), dtype=bool),
    )
