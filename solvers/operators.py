"""What operators insist on: floors, few groups, few changes, machines that stay, a budget (solvers/FORMULATION.md).

Variables    zone_open[(k,u),t], open_group[j,t] whole, 0 or 1; stops[i,t] machines given up
Constraints  hold_floor  limit_groups  limit_churn  hold_scale_in  limit_budget
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
    from solvers.problem import IntArray, ProvisioningProblem
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class OperatorVariables:
    """Decisions that only operators' limits need; None where no such limit is set."""

    zone_open: cp.Variable | None  # [(k, u), t] 1 where class k has a machine in zone u
    open_group: cp.Variable | None  # [j, t] 1 where group j may have machines
    stops: cp.Variable | None  # [i, t] machines given up


def add_operator_variables(p: Parameters) -> OperatorVariables:
    """Those of the limits that are set."""
    limits, T = p.problem.limits, p.windows
    zoned = len(zone_pairs(p.problem)[0])
    grouped = limits is not None and limits.max_groups is not None
    changing = limits is not None and limits.max_churn is not None
    return OperatorVariables(
        zone_open=zero_or_one("zone_open", zoned, T) if zoned else None,
        open_group=zero_or_one("open_group", len(p.problem.groups), T) if grouped else None,
        stops=cp.Variable((len(p.problem.machines), T), bounds=[0, None], name="stops") if changing else None,
    )


def hold_floor(p: Parameters, x: Variables) -> Family:
    """What must always run: a share on demand, least machines of a class, zones of a class.

    sum_{g of j, on demand} instances[g,t] >= floor N[j,t]  for all j that spot may feed, all t
    sum_{j that may serve k} N[j,t] >= min_instances[k]  for all k that ask, all t
    zone_open[(k,u),t] <= sum_{g of a j that may serve k, in zone u} instances[g,t]  for all k that machines may serve, all u,t
    sum_u zone_open[(k,u),t] >= min_zones  for all k that machines may serve, all t

    Since machines are whole, a picked count n needs ceil(floor n) of them on demand: a constraint of its own, implied by the
    first, tightens the relaxation. Standby machines count nowhere.
    """
    return Family("hold_floor", (*floor_on_demand(p, x), *floor_of_classes(p, x), *floor_of_zones(p, x)))


def floor_on_demand(p: Parameters, x: Variables) -> tuple[cp.Constraint, ...]:
    """Rows of the on-demand share."""
    floor = p.problem.on_demand_floor_share
    spot_option = p.problem.is_spot[p.problem.option_machine]
    fed = np.unique(p.problem.option_group[spot_option])
    if floor == 0 or len(fed) == 0:
        return ()
    machines = p.problem.group_count[fed]
    on_demand = machines @ sparse.diags_array((~spot_option).astype(float)) @ x.instances
    constraints = [on_demand >= floor * (machines @ x.instances)]
    if x.pick is not None:
        needed = np.ceil(floor * p.count - 1e-9)
        constraints.append(on_demand >= p.count_of_group[fed] @ sparse.diags_array(needed) @ x.pick)
    return tuple(constraints)


def floor_of_classes(p: Parameters, x: Variables) -> tuple[cp.Constraint, ...]:
    """Rows of the least machines."""
    if p.problem.limits is None:
        return ()
    least = p.problem.limits.min_instances
    asking = np.flatnonzero(least > 0)
    if len(asking) == 0:
        return ()
    machines = sparse.csr_array(p.problem.serves[asking].astype(float)) @ p.problem.group_count
    return (machines @ x.instances >= np.repeat(least[asking, None].astype(float), p.windows, axis=1),)


def floor_of_zones(p: Parameters, x: Variables) -> tuple[cp.Constraint, ...]:
    """Rows of the zones."""
    if p.problem.limits is None or x.operators.zone_open is None:
        return ()
    k, u = zone_pairs(p.problem)
    feeding = p.problem.serves.astype(float) @ p.problem.group_count  # [k, g]
    zone = p.problem.limits.zone_of_machine[p.problem.option_machine]
    machines = sparse.csr_array(feeding[k] * (zone[None] == u[:, None]))
    served, pair = np.unique(k, return_inverse=True)
    zones = sparse.csr_array(
        (np.ones(len(pair)), (pair, np.arange(len(pair)))), shape=(len(served), len(pair))
    )
    return (
        x.operators.zone_open <= machines @ x.instances,
        zones @ x.operators.zone_open >= p.problem.limits.min_zones,
    )


def zone_pairs(problem: ProvisioningProblem) -> tuple[IntArray, IntArray]:
    """``[y]`` class and zone of every pair: all zones, of every class that some group may serve; none without a limit on zones."""
    if problem.limits is None or problem.limits.min_zones <= 1:
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    served = np.flatnonzero(problem.serves.any(axis=1))
    zones = max(int(problem.limits.zone_of_machine.max(initial=-1)) + 1, 1)
    k, u = np.meshgrid(served, np.arange(zones), indexing="ij")
    return k.ravel(), u.ravel()


def limit_groups(p: Parameters, x: Variables) -> Family:
    """A machine stands in an open group, and few groups are open.

    instances[g,t] <= useful[g,t] open_group[j,t]  for all t, all g = (j,i) whose machines are not on standby
    sum_j open_group[j,t] <= max_groups  for all t
    sum_n pick[j,n,t] <= open_group[j,t]  for all j,t: implied, tightens the relaxation
    sum_k carried[k,j,t,q] / linear_rps[k,j] <= (the same of demand[k,t,q]) open_group[j,t]  for all linear j, all t,q: likewise
    """
    limits, opened = p.problem.limits, x.operators.open_group
    if limits is None or limits.max_groups is None or opened is None:
        return Family("limit_groups", ())
    working = np.flatnonzero(~p.problem.is_standby[p.problem.option_machine])
    group = p.problem.option_group[working]
    useful = useful_machines(p.problem)[working]
    constraints = [
        x.instances[working] <= cp.multiply(useful, opened[group]),
        cp.sum(opened, axis=0) <= limits.max_groups,
    ]
    if x.pick is not None:
        counted = np.flatnonzero(~p.problem.is_linear)
        constraints.append(p.count_of_group[counted] @ x.pick <= opened[counted])
    linear = np.flatnonzero(p.problem.is_linear)
    if len(linear):
        busy = p.busy_per_rps[linear]
        all_demand = p.problem.demand_rps.reshape(len(p.problem.classes), -1)[p.pair_class]
        constraints.append(busy @ x.carried_rps <= cp.multiply(busy @ all_demand, opened[linear] @ p.spread))
    return Family("limit_groups", tuple(constraints))


def limit_churn(p: Parameters, x: Variables) -> Family:
    """Few machines start and stop from one window to the next; the first follows the initial fleet.

    stops[i,t] >= N[i,t-1] - N[i,t]  for all i,t
    sum_i starts[i,t] + stops[i,t] <= max_churn  for all t, over the i that are not on standby
    """
    limits, stops = p.problem.limits, x.operators.stops
    if limits is None or limits.max_churn is None or stops is None:
        return Family("limit_churn", ())
    running = p.problem.machine_count @ x.instances
    working = np.flatnonzero(~p.problem.is_standby)
    constraints = [cp.sum(x.starts[working] + stops[working], axis=0) <= limits.max_churn]
    if p.windows > 1:
        constraints.append(stops[:, 1:] >= running[:, :-1] - running[:, 1:])
    if p.from_fleet:
        constraints.append(stops[:, 0] >= p.problem.initial_count - running[:, 0])
    return Family("limit_churn", tuple(constraints))


def hold_scale_in(p: Parameters, x: Variables) -> Family:
    """N[i,t] >= sum_{t'=t-L[i]+1..t} starts[i,t']  for all i with L[i] > 1, all t: what starts stays L windows."""
    limits = p.problem.limits
    if limits is None or not (limits.scale_in_windows > 1).any():
        return Family("hold_scale_in", ())
    held = np.flatnonzero(limits.scale_in_windows > 1)
    running = p.problem.machine_count[held] @ x.instances
    constraints = []
    for windows in np.unique(limits.scale_in_windows[held]):  # one banded matrix for each delay there is
        own = limits.scale_in_windows[held] == windows
        back = np.arange(min(windows, p.windows))
        band = sparse.diags_array(np.ones(len(back)), offsets=back, shape=(p.windows, p.windows))
        constraints.append(running[own] >= x.starts[held[own]] @ band)
    return Family("hold_scale_in", tuple(constraints))


def limit_budget(p: Parameters, spent_usd: Expression) -> Family:
    """Machines, launches, loads and the expected cost of overflow, over all windows <= budget: one row, for all t together."""
    if p.problem.limits is None or p.problem.limits.budget_usd is None:
        return Family("limit_budget", ())
    return Family("limit_budget", (spent_usd <= p.problem.limits.budget_usd,))
