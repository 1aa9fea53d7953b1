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


def cheapest_flows(
    problem: ProvisioningProblem,
    room: Array,
    overflow_budget_usd: float = np.inf,
    looked_at: BoolArray | None = None,
) -> Flows:
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
    looked_at
        ``[t]`` windows whose flows will be used; in the others functions may be sent rates outside their ranges. None: all.

    Raises
    ------
    BackendError
        A program failed for a reason of the solver's own.
    """
    flows = flows_at_any_rate(problem, room, overflow_budget_usd)
    wrong = switched_wrongly(problem, flows)
    again = np.flatnonzero(wrong if looked_at is None else wrong & looked_at)
    if len(again) == 0:
        return flows
    if np.isfinite(overflow_budget_usd):
        return flows_with(problem, room, calls_of(problem, room, overflow_budget_usd), overflow_budget_usd)
    called = np.zeros((len(problem.functions), len(again), len(problem.level_share)), dtype=bool)
    for alike in windows_alike(problem, room, again):
        own = again[alike[:1]]
        called[:, alike] = calls_of(problem.taking(windows=own), room[:, own])
    found = flows_with(problem.taking(windows=again), room[:, again], called)
    flows.carried_rps[:, :, again] = found.carried_rps
    flows.overflow_rps[:, :, again] = found.overflow_rps
    flows.unserved_rps[:, again] = found.unserved_rps
    return flows


def windows_alike(problem: ProvisioningProblem, room: Array, windows: IntArray) -> list[IntArray]:
    """Positions in `windows` of those with the same demand, length and room: searches price many fleets of few windows."""
    demand = problem.demand_rps.transpose(1, 0, 2).reshape(len(problem.window_h), -1)
    looks = np.hstack([demand, room.T, problem.window_h[:, None]])[windows]
    _, kind = np.unique(looks, axis=0, return_inverse=True)
    return [np.flatnonzero(kind.ravel() == one) for one in np.unique(kind)]


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


def calls_of(problem: ProvisioningProblem, room: Array, overflow_budget_usd: float = np.inf) -> BoolArray:
    """``[f, t, q]`` which functions the cheapest flows call; those that are not switched always count as called.

    What must be served is not for sale at first: a price of standing ready may be above that of any last resort.
    """
    program, routes = switched_program(problem, room, overflow_budget_usd)
    scale = 1.0 / dearest_route_usd(problem)
    first = program if problem.value is not None else serving_all(program, routes)
    found = solve(first, cost_scale=scale, gap=WHOLE_GAP).values
    values = solved(program, scale, WHOLE_GAP) if found is None else found
    called = np.ones((len(problem.functions), len(problem.window_h), len(problem.level_share)), dtype=bool)
    called[problem.is_switched] = (values[program.integer] > 0.5).reshape(-1, *called.shape[1:])
    return called


def flows_with(
    problem: ProvisioningProblem, room: Array, called: BoolArray, overflow_budget_usd: float = np.inf
) -> Flows:
    """Cheapest flows with the calls ``[f, t, q]`` held: one linear program, free of the solver's whole-number tolerance."""
    program, routes = switched_program(problem, room, overflow_budget_usd)
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[program.integer] = upper[program.integer] = called[problem.is_switched].ravel()
    held = replace(program, lower=lower, upper=upper, integer=np.zeros_like(program.integer))
    flows = flows_of(problem, routes, solved(held, 1.0 / dearest_route_usd(problem)))
    return replace(flows, overflow_rps=np.where(called, flows.overflow_rps, 0.0))


def switched_program(
    problem: ProvisioningProblem, room: Array, overflow_budget_usd: float
) -> tuple[LinearProgram, Routes]:
    """The program of routes with its switches, and with the budget where there is one."""
    routes = routes_of(problem, room)
    program = with_switches(problem, routing_program(problem, room, routes), routes)
    if np.isfinite(overflow_budget_usd):
        bill = bill_usd(problem, routes)
        bill = np.concatenate([bill, program.cost[len(bill) :]])
        program = within_budget(program, bill, overflow_budget_usd)
    return program, routes


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
