"""Functions that are called within a range of rates or not at all, and those that cost something while they stand ready.

What a batch of requests costs depends on how fast it fills, so a batched function is offered once for each range of rates, at the
price of the range's dearer end (solvers/FORMULATION.md).

Variables    called[(f),(t,q)] whole, 0 or 1, and ready[(f),t], of the functions that are switched
Constraints  bracket_rate  hold_ready
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.families import Family
from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.parameters import Parameters
    from solvers.problem import Array, IntArray, ProvisioningProblem
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class RateVariables:
    """Decisions of functions that are switched; None where no function is, or none costs something while ready."""

    called: cp.Variable | None  # [(f), (t, q)] 1 where the function is called at the level
    ready: cp.Variable | None  # [(f), t] 1 where the function is called at some level of the window


def add_rate_variables(p: Parameters) -> RateVariables:
    """Those of the functions that are switched."""
    switched, held = len(switched_functions(p.problem)), len(held_functions(p.problem))
    S = p.windows * p.levels
    return RateVariables(
        called=cp.Variable((switched, S), bounds=[0, 1], integer=True, name="called") if switched else None,
        ready=cp.Variable((held, p.windows), bounds=[0, 1], name="ready") if held else None,
    )


def switched_functions(problem: ProvisioningProblem) -> IntArray:
    """``[(f)]`` functions that each level calls or does not: those with a least rate or a price of standing ready."""
    return np.flatnonzero(problem.is_switched)


def held_functions(problem: ProvisioningProblem) -> IntArray:
    """``[(f)]`` functions that cost something while they stand ready."""
    return np.flatnonzero(problem.ready_usd_per_h > 0)


def most_called_rps(problem: ProvisioningProblem) -> Array:
    """``[f, (t, q)]`` requests/s: the upper end of a function's range, at most all that it may serve (which cuts nothing off)."""
    reach = problem.function_serves.T.astype(float) @ problem.demand_rps.reshape(len(problem.classes), -1)
    return reach if problem.rates is None else np.minimum(problem.rates.most_rps[:, None], reach)


def bracket_rate(p: Parameters, x: Variables) -> Family:
    """A function is sent a rate within its range, or nothing.

    least[f] called[f,t,q] <= sum_k overflow[k,f,t,q] <= min(most[f], demand it may serve) called[f,t,q]  for all switched f, t,q
    sum_k overflow[k,f,t,q] <= most[f]  for all other f with an upper end, all t,q
    """
    rates = p.problem.rates
    if rates is None or x.overflow_rps is None:
        return Family("bracket_rate", ())
    sent = incidence(p.function_pair_function, len(p.problem.functions)) @ x.overflow_rps
    most, switched = most_called_rps(p.problem), switched_functions(p.problem)
    limited = np.flatnonzero(np.isfinite(rates.most_rps) & ~p.problem.is_switched)
    constraints = [sent[limited] <= most[limited]] if len(limited) else []
    if x.rates.called is not None:
        constraints.append(sent[switched] <= cp.multiply(most[switched], x.rates.called))
        least = sparse.diags_array(rates.least_rps[switched])
        constraints.append(sent[switched] >= least @ x.rates.called)
    return Family("bracket_rate", tuple(constraints))


def hold_ready(p: Parameters, x: Variables) -> Family:
    """ready[f,t] >= called[f,t,q]  for all f that cost something while they stand ready, all t,q.

    Provisioned concurrency is held for a whole window, before its level is known.
    """
    if x.rates.called is None or x.rates.ready is None:
        return Family("hold_ready", ())
    switched, held = switched_functions(p.problem), held_functions(p.problem)
    return Family(
        "hold_ready", (x.rates.ready @ p.spread >= x.rates.called[np.searchsorted(switched, held)],)
    )


def ready_cost_usd(p: Parameters, x: Variables) -> Expression:
    """Sum h[t] usd_per_h[f] ready[f,t] over f and t."""
    if x.rates.ready is None:
        return 0.0
    price = p.problem.ready_usd_per_h[held_functions(p.problem)]
    return price @ x.rates.ready @ p.problem.window_h
