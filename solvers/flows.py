"""The cheapest way of requests through a fleet of fixed size: routes at any rate first, then functions called within their ranges.

Most windows call no function, or call them at rates that are allowed: the linear program of `solvers.routing` settles those, all
at once. The others are small programs with a binary for each level and function that is switched, solved one by one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve
from solvers.backends.program import LinearProgram
from solvers.function_rates import held_functions, most_called_rps, switched_functions
from solvers.routing import (
    bill_usd,
    dearest_route_usd,
    flows_at_any_rate,
    flows_of,
    routes_of,
    routing_program,
    sent_to,
    solved,
    within_budget,
)

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem
    from solvers.routing import Flows, Routes

ROUNDING_SHARE = 1e-9  # of a least rate: what a solver may leave of it
WHOLE_GAP = 1e-9  # of a program of one window: recourse is priced to the solver's digits


def cheapest_flows(problem: ProvisioningProblem, room: Array, overflow_budget_usd: float = np.inf) -> Flows:
    """Cheapest split of every level's demand over groups of fixed size and functions.

    minimise expected cost of functions - value of served requests  subject to  serve_demand, share_capacity, limit_functions,
    bracket_rate, hold_ready  for all t,q, and meet_mean_accuracy  for all t. Requests may be left unserved at a price that makes
    it the last resort, or for nothing where served ones have a value.

    Parameters
    ----------
    room
        ``[j, t]`` requests/s of groups with a table, machines of linear ones.
    overflow_budget_usd
        Most that the functions of all windows may cost; it ties them together.

    Raises
    ------
    BackendError
        A program failed for a reason of the solver's own.
    """
    flows = flows_at_any_rate(problem, room, overflow_budget_usd)
    again = np.flatnonzero(switched_wrongly(problem, flows))
    if len(again) == 0:
        return flows
    if np.isfinite(overflow_budget_usd):
        return switched_flows(problem, room, overflow_budget_usd)
    for alike in windows_alike(problem, room, again):
        one = switched_flows(problem.taking(windows=alike[:1]), room[:, alike[:1]])
        flows.carried_rps[:, :, alike] = one.carried_rps
        flows.overflow_rps[:, :, alike] = one.overflow_rps
        flows.unserved_rps[:, alike] = one.unserved_rps
    return flows


def windows_alike(problem: ProvisioningProblem, room: Array, windows: IntArray) -> list[IntArray]:
    """The windows in lists of those with the same demand, length and room: searches price many fleets of few windows."""
    demand = problem.demand_rps.transpose(1, 0, 2).reshape(len(problem.window_h), -1)
    looks = np.hstack([demand, room.T, problem.window_h[:, None]])[windows]
    _, kind = np.unique(looks, axis=0, return_inverse=True)
    return [windows[kind.ravel() == one] for one in np.unique(kind)]


def switched_wrongly(problem: ProvisioningProblem, flows: Flows) -> BoolArray:
    """``[t]`` some function is sent less than its least rate, or one that must stand ready is called, which has its price.

    Where demand is left that must be served no choice of calls mends it, so those windows are not looked at.
    """
    rates = problem.rates
    if rates is None:
        return np.zeros(len(problem.window_h), dtype=bool)
    sent = flows.overflow_rps.sum(axis=0)
    below = (sent > 0) & (sent < (rates.least_rps * (1 - ROUNDING_SHARE))[:, None, None])
    priced = (sent > 0) & (rates.usd_per_h > 0)[:, None, None]
    lacking = flows.unserved_rps.any(axis=(0, 2)) & (problem.value is None)
    return np.asarray((below | priced).any(axis=(0, 2)) & ~lacking)


def switched_flows(problem: ProvisioningProblem, room: Array, overflow_budget_usd: float = np.inf) -> Flows:
    """The same by one program with whole calls, then once more with the calls held, which takes the solver's tolerance off them.

    What must be served is not for sale at first: a price of standing ready may be above that of any last resort.
    """
    routes = routes_of(problem, room)
    program = with_switches(problem, routing_program(problem, room, routes), routes)
    if np.isfinite(overflow_budget_usd):
        bill = bill_usd(problem, routes)
        bill = np.concatenate([bill, program.cost[len(bill) :]])
        program = within_budget(program, bill, overflow_budget_usd)
    scale = 1.0 / dearest_route_usd(problem)
    first = program if problem.value is not None else serving_all(program, routes)
    found = solve(first, cost_scale=scale, gap=WHOLE_GAP).values
    values = solved(program, scale, WHOLE_GAP) if found is None else found
    held = np.where(program.integer, np.rint(values), np.nan)
    lower = np.where(program.integer, held, program.lower)
    upper = np.where(program.integer, held, program.upper)
    flows = flows_of(problem, routes, solved(replace(program, lower=lower, upper=upper), scale))
    called = np.ones(flows.overflow_rps.shape[1:], dtype=bool)
    called[problem.is_switched] = held[program.integer].reshape(-1, *called.shape[1:]) > 0
    return replace(flows, overflow_rps=np.where(called, flows.overflow_rps, 0.0))


def serving_all(program: LinearProgram, routes: Routes) -> LinearProgram:
    """The program without its columns of requests that are left unserved."""
    upper = program.upper.copy()
    upper[routes.columns - len(routes.unserved[0]) : routes.columns] = 0.0
    return replace(program, upper=upper)


def with_switches(problem: ProvisioningProblem, program: LinearProgram, routes: Routes) -> LinearProgram:
    """The program of routes with columns called [(f), s] and ready [(f), t] after its own; s are pairs (window, level)."""
    switched, held = switched_functions(problem), held_functions(problem)
    T, Q = len(problem.window_h), len(problem.level_share)
    calls, readies = len(switched) * T * Q, len(held) * T
    sent = sent_to(problem, routes)[np.repeat(problem.is_switched, T * Q)]
    least = np.zeros(calls) if problem.rates is None else np.repeat(problem.rates.least_rps[switched], T * Q)
    most = most_called_rps(problem)[switched].ravel()
    needs = np.isin(np.repeat(switched, T * Q), held).nonzero()[0]
    one_call = sparse.eye_array(calls, format="csr")
    ready_of_call = sparse.kron(sparse.eye_array(readies), np.ones((Q, 1)), format="csr")
    rows = sparse.block_array(
        [
            [program.matrix, None, None],
            [sent, -sparse.diags_array(most), None],
            [-sent, sparse.diags_array(least), None],
            [None, one_call[needs], -ready_of_call],
        ],
        format="csr",
    )
    added = 2 * calls + len(needs)
    return LinearProgram(
        cost=np.concatenate(
            [
                program.cost,
                np.zeros(calls),
                np.outer(problem.ready_usd_per_h[held], problem.window_h).ravel(),
            ]
        ),
        matrix=sparse.csr_array(rows),
        row_lower=np.concatenate([program.row_lower, np.full(added, -np.inf)]),
        row_upper=np.concatenate([program.row_upper, np.zeros(added)]),
        lower=np.concatenate([program.lower, np.zeros(calls + readies)]),
        upper=np.concatenate([program.upper, np.ones(calls + readies)]),
        integer=np.concatenate([program.integer, np.ones(calls, dtype=bool), np.zeros(readies, dtype=bool)]),
    )
