"""How requests are routed once every group has its room: a linear program over all windows and levels at once.

Each window and level is a small transport problem of its own, unless a mean accuracy ties the levels of a window. Many of them
are handed over as one program, since stacking them is faster than calling a solver for each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve
from solvers.backends.program import LinearProgram
from solvers.errors import BackendError
from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem

UNSERVED_PRICE = 1e4  # times the dearest function: demand is left only where it must be, though accuracy makes others dearer by
# what a request of theirs is short of the floor, and prices stay within the digits of a simplex
UNSERVED_SHARE = 1e-7  # of a class's demand: below the solver's feasibility tolerance, not a shortfall
COLUMNS_AT_ONCE = 20_000  # of one program: a simplex takes longer than in proportion for more


@dataclass(frozen=True)
class Flows:
    """Requests/s at every level: `carried_rps` ``[k, j, t, q]``, `overflow_rps` ``[k, f, t, q]``, `unserved_rps` ``[k, t, q]``."""

    carried_rps: Array
    overflow_rps: Array
    unserved_rps: Array


def flows_at_any_rate(
    problem: ProvisioningProblem, room: Array, overflow_budget_usd: float = np.inf
) -> Flows:
    """Cheapest split of every level's demand, as `solvers.flows.cheapest_flows`, but without bracket_rate's least and hold_ready.

    Parameters
    ----------
    room, overflow_budget_usd
        As there.

    Raises
    ------
    BackendError
        The linear program failed for a reason of the solver's own.
    """
    windows = len(problem.window_h)
    ways = int(problem.serves.sum() + problem.function_serves.sum()) + len(problem.classes)
    span = max(1, COLUMNS_AT_ONCE // max(ways * len(problem.level_share), 1))
    if windows <= span or np.isfinite(overflow_budget_usd):
        return flows_at_once(problem, room, overflow_budget_usd)
    spans = [slice(first, first + span) for first in range(0, windows, span)]
    parts = [flows_at_once(problem.taking(windows=own), room[:, own]) for own in spans]
    return Flows(
        np.concatenate([part.carried_rps for part in parts], axis=2),
        np.concatenate([part.overflow_rps for part in parts], axis=2),
        np.concatenate([part.unserved_rps for part in parts], axis=1),
    )


def flows_at_once(problem: ProvisioningProblem, room: Array, overflow_budget_usd: float = np.inf) -> Flows:
    """The same by one program."""
    routes = routes_of(problem, room)
    program = routing_program(problem, room, routes)
    if np.isfinite(overflow_budget_usd):
        program = within_budget(program, bill_usd(problem, routes), overflow_budget_usd)
    return flows_of(problem, routes, solved(program, 1.0 / dearest_route_usd(problem)))


def solved(program: LinearProgram, cost_scale: float, gap: float = 1e-4) -> Array:
    """``[col]`` solution of a program of routes, which always has one: demand may be left."""
    answer = solve(program, cost_scale=cost_scale, gap=gap)
    if answer.values is None:
        raise BackendError(
            f"the routes of a fixed fleet ended as {answer.status.name}; report this as a defect"
        )
    return answer.values


def flows_of(problem: ProvisioningProblem, routes: Routes, values: Array) -> Flows:
    """Read the flows off a solution ``[col]``; columns after those of the routes are passed over."""
    K, J, F = len(problem.classes), len(problem.groups), len(problem.functions)
    T, Q = len(problem.window_h), len(problem.level_share)
    flows = np.split(
        np.maximum(values[: routes.columns], 0.0),
        np.cumsum([len(routes.carried[0]), len(routes.overflow[0])]),
    )
    carried, overflow, unserved = np.zeros((K, J, T * Q)), np.zeros((K, F, T * Q)), np.zeros((K, T * Q))
    carried[routes.carried], overflow[routes.overflow], unserved[routes.unserved] = flows
    tolerated = UNSERVED_SHARE * np.maximum(problem.demand_rps.reshape(K, T * Q), 1.0)
    unserved = np.where(unserved > tolerated, unserved, 0.0)
    return Flows(carried.reshape(K, J, T, Q), overflow.reshape(K, F, T, Q), unserved.reshape(K, T, Q))


@dataclass(frozen=True)
class Routes:
    """Columns of the program, in this order; s numbers the pairs (window, level).

    `carried` (k, j, s) where group j serves class k and has room, `overflow` (k, f, s), `unserved` (k, s): as index arrays.
    """

    carried: tuple[IntArray, ...]
    overflow: tuple[IntArray, ...]
    unserved: tuple[IntArray, ...]

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.carried[0]) + len(self.overflow[0]) + len(self.unserved[0])


def routes_of(problem: ProvisioningProblem, room: Array) -> Routes:
    """Ways that requests may take with room ``[j, t]``."""
    K, Q = len(problem.classes), len(problem.level_share)
    pairs = len(problem.window_h) * Q
    usable = problem.serves[:, :, None] & (np.repeat(room, Q, axis=1) > 0)
    calls = np.broadcast_to(problem.function_serves[:, :, None], (*problem.function_serves.shape, pairs))
    left = np.indices((K, pairs)).reshape(2, -1)
    return Routes(np.nonzero(usable), np.nonzero(calls), (left[0], left[1]))


def routing_program(problem: ProvisioningProblem, room: Array, routes: Routes) -> LinearProgram:
    """All windows and levels: demand is met, groups keep to their room, functions to their limit, classes to their accuracy."""
    K, J = len(problem.classes), len(problem.groups)
    pairs = len(problem.window_h) * len(problem.level_share)
    (k_e, j_e, s_e), (k_o, f_o, s_o), (k_u, s_u) = routes.carried, routes.overflow, routes.unserved
    demand = problem.demand_rps.reshape(-1)
    served = incidence(np.concatenate([k_e, k_o, k_u]) * pairs + np.concatenate([s_e, s_o, s_u]), K * pairs)
    used = np.unique(j_e * pairs + s_e)
    busy = incidence(j_e * pairs + s_e, J * pairs)[used] @ sparse.diags_array(room_per_rps(problem)[k_e, j_e])
    rows = [served, sparse.hstack([busy, sparse.csr_array((len(used), routes.columns - len(k_e)))])]
    upper = [demand, np.repeat(room, len(problem.level_share), axis=1).reshape(-1)[used]]
    if len(problem.functions) and np.isfinite(problem.concurrency_limit):
        held = (problem.concurrency_s[f_o], (s_o, len(k_e) + np.arange(len(f_o))))
        rows.append(sparse.csr_array(held, shape=(pairs, routes.columns)))
        upper.append(np.full(pairs, problem.concurrency_limit))
    if problem.rates is not None:
        limited = np.isfinite(problem.rates.most_rps)
        rows.append(sent_to(problem, routes)[np.repeat(limited, pairs)])
        upper.append(np.repeat(problem.rates.most_rps[limited], pairs))
    if problem.accuracy is not None:
        short = -accuracy_rows(problem, routes)
        rows.append(short)
        upper.append(np.zeros(short.shape[0]))
    row_upper = np.concatenate(upper)
    return LinearProgram(
        cost=route_usd(problem, routes),
        matrix=sparse.csr_array(sparse.vstack(rows)),
        row_lower=np.concatenate([demand, np.full(len(row_upper) - len(demand), -np.inf)]),
        row_upper=row_upper,
        lower=np.zeros(routes.columns),
        upper=np.full(routes.columns, np.inf),
        integer=np.zeros(routes.columns, dtype=bool),
    )


def within_budget(program: LinearProgram, bill: Array, budget_usd: float) -> LinearProgram:
    """The program with one more row: what is paid for, `bill` ``[col]``, stays within the budget."""
    scale = max(bill.max(initial=0.0), 1e-12)  # a request costs less than the solver's feasibility tolerance
    return replace(
        program,
        matrix=sparse.csr_array(sparse.vstack([program.matrix, sparse.csr_array(bill[None] / scale)])),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, budget_usd / scale),
    )


def bill_usd(problem: ProvisioningProblem, routes: Routes) -> Array:
    """``[col]`` USD per request/s that a function is paid for; 0 for the other routes."""
    _, f, s = routes.overflow
    bill = np.zeros(routes.columns)
    first = len(routes.carried[0])
    bill[first : first + len(f)] = problem.usd_per_request[f] * seconds_of(problem)[s]
    return bill


def sent_to(problem: ProvisioningProblem, routes: Routes) -> sparse.csr_array:
    """``[(f, s), col]`` sums routes to what a function is sent at each level."""
    _, f, s = routes.overflow
    pairs = len(problem.window_h) * len(problem.level_share)
    entries = (np.ones(len(f)), (f * pairs + s, len(routes.carried[0]) + np.arange(len(f))))
    return sparse.csr_array(entries, shape=(len(problem.functions) * pairs, routes.columns))


def seconds_of(problem: ProvisioningProblem) -> Array:
    """``[(t, q)]`` expected seconds at each level of each window."""
    return np.outer(problem.window_h, problem.level_share).ravel() * 3600.0


def room_per_rps(problem: ProvisioningProblem) -> Array:
    """``[k, j]`` room that one request/s takes: itself, or in a linear group the share of a machine it keeps busy."""
    if problem.linear_rps is None:
        return np.ones(problem.serves.shape)
    shared = problem.is_linear & problem.serves
    return np.divide(1.0, problem.linear_rps, out=np.ones(problem.serves.shape), where=shared)


def route_usd(problem: ProvisioningProblem, routes: Routes) -> Array:
    """Objective of every column: functions' prices less the value of what is served, and the last resort's."""
    (k_e, j_e, s_e), (k_o, f_o, s_o), (_, s_u) = routes.carried, routes.overflow, routes.unserved
    seconds = seconds_of(problem)
    carried, called = np.zeros(len(k_e)), problem.usd_per_request[f_o]
    left = UNSERVED_PRICE * float(problem.usd_per_request.max(initial=0.0)) or 1.0
    if problem.value is not None:
        carried, left = -problem.value.group_usd[k_e, j_e], 0.0
        called = called - problem.value.function_usd[k_o, f_o]
    return np.concatenate([carried * seconds[s_e], called * seconds[s_o], left * seconds[s_u]])


def dearest_route_usd(problem: ProvisioningProblem) -> float:
    """The largest price or value of a request/s over a window: what a solver sees as 1."""
    prices = [problem.usd_per_request]
    if problem.value is not None:
        prices += [problem.value.group_usd.ravel(), problem.value.function_usd.ravel()]
    return (
        float(np.abs(np.concatenate(prices)).max(initial=0.0) * 3600.0 * problem.window_h.max(initial=0.0))
        or 1.0
    )


def accuracy_rows(problem: ProvisioningProblem, routes: Routes) -> sparse.csr_array:
    """One row for each class that asks and window: the mean over the levels of accuracy above the floor."""
    part = problem.accuracy
    assert part is not None
    K, Q, T = len(problem.classes), len(problem.level_share), len(problem.window_h)
    (k_e, j_e, s_e), (k_o, f_o, s_o) = routes.carried, routes.overflow
    k, s = np.concatenate([k_e, k_o]), np.concatenate([s_e, s_o])
    margin = np.concatenate([part.group_margin_share[k_e, j_e], part.function_margin_share[k_o, f_o]])
    entries = (margin * problem.level_share[s % Q], (k * T + s // Q, np.arange(len(k))))
    asked = np.flatnonzero(np.repeat(part.asks, T))
    return sparse.csr_array(entries, shape=(K * T, routes.columns))[asked]
