"""The value of served requests, in USD and as a share of all requests, and the most that a horizon can cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.limits import OperatorLimits

if TYPE_CHECKING:
    from solvers.problem import Array, ProvisioningProblem
    from solvers.solution import ProvisioningSolution


def in_usd(
    problem: ProvisioningProblem, usd_per_value: float, budget_usd: float = np.inf
) -> ProvisioningProblem:
    """Return the problem with its values in USD, and this budget in place of its own."""
    value, limits = problem.value, problem.limits
    assert value is not None
    priced = replace(
        value, group_usd=value.group_usd * usd_per_value, function_usd=value.function_usd * usd_per_value
    )
    none = OperatorLimits(
        min_instances=np.zeros(len(problem.classes), dtype=int),
        zone_of_machine=np.full(len(problem.machines), -1),
        scale_in_windows=np.zeros(len(problem.machines), dtype=int),
    )
    budget = budget_usd if np.isfinite(budget_usd) else None
    if limits is None and budget is None:
        return replace(problem, value=priced)
    return replace(problem, value=priced, limits=replace(limits or none, budget_usd=budget))


def requests_by_class(problem: ProvisioningProblem) -> Array:
    """Return ``[k]`` the expected number of requests over the horizon: 3600 h[t] w[q] demand, summed over t and q."""
    seconds = 3600.0 * problem.window_h
    return np.asarray(np.einsum("ktq,t,q->k", problem.demand_rps, seconds, problem.level_share))


def requests(problem: ProvisioningProblem) -> float:
    """Return the expected number of requests of all classes."""
    return float(requests_by_class(problem).sum())


def highest_share(problem: ProvisioningProblem) -> float:
    """Return the value share with every request served by what values it most; no plan exceeds it."""
    value, asked = problem.value, requests_by_class(problem)
    assert value is not None
    offered = (
        np.where(problem.serves, value.group_usd, 0.0),
        np.where(problem.function_serves, value.function_usd, 0.0),
    )
    best = np.concatenate(offered, axis=1).max(axis=1, initial=0.0)
    return float(best @ asked / asked.sum()) if asked.any() else 0.0


def value_share(problem: ProvisioningProblem, solution: ProvisioningSolution) -> float:
    """Return the value of what a plan serves over the number of requests; 0 where none come."""
    value, total = problem.value, requests(problem)
    assert value is not None
    if total == 0:
        return 0.0
    seconds = 3600.0 * np.outer(problem.window_h, problem.level_share)
    by_groups = np.einsum("kjtq,kj,tq->", solution.carried_rps, value.group_usd, seconds)
    by_functions = np.einsum("kftq,kf,tq->", solution.overflow_rps, value.function_usd, seconds)
    return float(by_groups + by_functions) / total


def most_usd(problem: ProvisioningProblem) -> float:
    """Return what no plan within the problem's own limits can exceed; inf where nothing limits a machine that has a price."""
    limit = problem.count_limit.copy()
    if problem.owned_count is not None:
        limit = np.minimum(limit, problem.owned_count[:, None])
    used = problem.quota_use > 0
    allowed = np.divide(
        problem.quota_limit[:, None], problem.quota_use, out=np.full(used.shape, np.inf), where=used
    )
    limit = np.minimum(limit, allowed.min(axis=0, initial=np.inf)[:, None])
    changes_usd = problem.start_usd.copy()
    if problem.loads is not None:
        changes_usd += problem.loads.load_usd.max(axis=1, initial=0.0)
    price = problem.price_usd_per_h * problem.window_h + changes_usd[:, None]
    machines = float(np.multiply(price, limit, out=np.zeros_like(price), where=price > 0).sum())
    dearest = np.where(problem.function_serves, problem.usd_per_request, 0.0).max(axis=1, initial=0.0)
    functions = float(dearest @ requests_by_class(problem))
    waits = 0.0
    if problem.loads is not None:
        waits = (
            problem.loads.wait_usd_per_s
            * float(problem.loads.load_s.max(initial=0.0))
            * len(problem.window_h)
        )
    return machines + functions + waits
