"""Models brought into memory: what loads cost, and what waiting for the slowest of them costs (solvers/FORMULATION.md).

Variables    loads[p,t] over the pairs p = (machine, model) whose load costs something; held[m,t] whole, 0 or 1; slowest_load_s[t]
Constraints  count_loads  wait_for_loads
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.counts import useful_machines
from solvers.families import Family, zero_or_one

if TYPE_CHECKING:
    from solvers.parameters import Parameters
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class LoadVariables:
    """Decisions about models in memory; None where they cost nothing."""

    loads: cp.Variable | None  # [p, t] machines that load the model
    held: cp.Variable | None  # [m, t] 1 where some machine holds the model
    slowest_load_s: cp.Variable | None  # [1, t] seconds


def add_load_variables(p: Parameters) -> LoadVariables:
    """Those that cost something."""
    pairs, T = len(p.problem.rises.load_pairs[0]), p.windows
    part = p.problem.loads
    waits = part is not None and part.wait_usd_per_s > 0
    return LoadVariables(
        loads=cp.Variable((pairs, T), bounds=[0, None], name="loads") if pairs else None,
        held=zero_or_one("held", len(part.models), T) if part is not None and waits else None,
        slowest_load_s=cp.Variable((1, T), bounds=[0, None], name="slowest_load_s") if waits else None,
    )


def count_loads(p: Parameters, x: Variables) -> Family:
    """loads[i,m,t] >= N[i,m,t] - N[i,m,t-1]  for all i,m,t, N[i,m] = machines i of groups with model m; at t=0 the loaded ones."""
    part, loads = p.problem.loads, x.loads.loads
    if part is None or loads is None:
        return Family("count_loads", ())
    holding = p.problem.rises.loaded_count @ x.instances
    constraints = []
    if p.windows > 1:
        constraints.append(loads[:, 1:] >= holding[:, 1:] - holding[:, :-1])
    if p.from_fleet:
        before = part.initial_loaded[p.problem.rises.load_pairs].astype(float)
        constraints.append(loads[:, 0] >= holding[:, 0] - before)
    return Family("count_loads", tuple(constraints))


def wait_for_loads(p: Parameters, x: Variables) -> Family:
    """A model is held where some machine has it; what nothing held in the window before is waited for.

    instances[g,t] <= useful[g,t] held[m,t]  for all m, all g with model m, all t
    held[m,t] <= sum_{g with model m} instances[g,t]  for all m,t
    sum_n pick[j,n,t] <= held[m,t]  for all m, all j with model m, all t: implied, tightens the relaxation
    slowest_load_s[t] >= load_s[m] (held[m,t] - held[m,t-1])  for all m,t; before t=0 what the initial fleet had loaded
    """
    part, held, slowest = p.problem.loads, x.loads.held, x.loads.slowest_load_s
    if part is None or held is None or slowest is None:
        return Family("wait_for_loads", ())
    model = part.group_model[p.problem.option_group]
    constraints = [
        x.instances <= cp.multiply(useful_machines(p.problem), held[model]),
        held <= p.problem.model_count @ x.instances,
    ]
    if x.pick is not None:
        counted = np.flatnonzero(~p.problem.is_linear)
        constraints.append(p.count_of_group[counted] @ x.pick <= held[part.group_model[counted]])
    seconds = sparse.diags_array(part.load_s)
    every = np.ones((len(part.models), 1))
    if p.windows > 1:
        constraints.append(every @ slowest[:, 1:] >= seconds @ (held[:, 1:] - held[:, :-1]))
    if p.from_fleet:
        before = (part.initial_loaded.sum(axis=0) > 0).astype(float)[:, None]
        constraints.append(every @ slowest[:, :1] >= seconds @ (held[:, :1] - before))
    return Family("wait_for_loads", tuple(constraints))


def load_cost_usd(p: Parameters, x: Variables) -> Expression:
    """sum_{i,m,t} l[i,m] loads[i,m,t]."""
    if p.problem.loads is None or x.loads.loads is None:
        return 0.0
    return cp.sum(p.problem.loads.load_usd[p.problem.rises.load_pairs] @ x.loads.loads)


def waiting_cost_usd(p: Parameters, x: Variables) -> Expression:
    """sum_t wait_usd_per_s slowest_load_s[t]: a price on time, not a bill (the loading term of InfAdapter's objective)."""
    if p.problem.loads is None or x.loads.slowest_load_s is None:
        return 0.0
    return p.problem.loads.wait_usd_per_s * cp.sum(x.loads.slowest_load_s)
