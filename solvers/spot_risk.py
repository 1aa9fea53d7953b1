"""Joint losses of spot pools bounded in probability, and their variance priced (solvers/FORMULATION.md).

Sets         s guards, z pools
Variables    lost_rps[(s,z),t]
Constraints  bound_spot_risk, a second-order cone: the losses are taken as normal
Objective    aversion_cost_usd, a square
Assumes      capacity(j, n) is convex in n, so that losses added up pool by pool never understate a joint loss
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.counts import useful_machines
from solvers.families import Family, Norms, Squares, Stack

if TYPE_CHECKING:
    from solvers.limits import SpotRisk
    from solvers.parameters import Parameters
    from solvers.problem import Array, BoolArray, ProvisioningProblem
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


def add_lost_rps(p: Parameters) -> cp.Variable | None:
    """``[(s, z), t]`` capacity that guard s loses with pool z, requests/s; None where losses are not weighed."""
    risk = p.problem.spot_risk
    if risk is None or not risk.weighs_losses or len(p.losses.pools) == 0 or len(risk.guards) == 0:
        return None
    return cp.Variable((len(risk.guards) * len(risk.pools), p.windows), bounds=[0, None], name="lost_rps")


def bound_spot_risk(p: Parameters, x: Variables) -> Family:
    """With probability 1 - eps, what spot pools lose leaves every guard's classes their demand at level q*.

    lost_rps[s,z,t] >= sum_{j of s fed by z} capacity(j, N[j,t]) - capacity(j, N_after[j,t,z])  for all s,z,t
    sum_z r[z] lost_rps[s,z,t] + Phi^-1(1 - eps) ||root lost_rps[s,:,t]|| <= spare[s,t]  for all s,t, where
    spare[s,t] = sum_{j of s} capacity(j, N[j,t]) + burst[s,t] - sum_{k of s} demand[k,t,q*]
    N[j,t] <= sum_n n pick[j,n,t] + useful pick[j,n_max,t]  for all j fed by a pool, all t

    The last says that these groups count all their machines: a smaller pick would hide what they may lose. root is the square
    root of the covariance, burst the most that functions carry.
    """
    risk, lost = p.problem.spot_risk, x.lost_rps
    if risk is None or lost is None:
        return Family("bound_spot_risk", ())
    constraints = [lost >= losses_of_guards(p, x, risk), *count_whole_groups(p, x)]
    if risk.violation_share is None:
        return Family("bound_spot_risk", tuple(constraints))
    expected = sparse.kron(sparse.eye_array(len(risk.guards)), risk.loss_share[None], format="csr") @ lost
    needed = risk.guard_classes.astype(float) @ p.problem.demand_rps[:, :, risk.level]
    spare = capacity_of_guards(p, x, risk) + most_burst_rps(p.problem, risk) - needed
    norms = Norms(len(constraints), Stack(lost, root_of(risk.covariance)), risk.normal_quantile)
    return Family("bound_spot_risk", (*constraints, expected <= spare), (norms,))


def aversion_cost_usd(p: Parameters, x: Variables) -> Squares | None:
    """Sum of h[t] aversion lost_rps[s,:,t]' covariance lost_rps[s,:,t] over s and t: the price of variance."""
    risk = p.problem.spot_risk
    if risk is None or x.lost_rps is None or risk.aversion_usd == 0:
        return None
    return Squares(Stack(x.lost_rps, root_of(risk.covariance)), risk.aversion_usd * p.problem.window_h)


def root_of(covariance: Array) -> Array:
    """The symmetric square root; what rounding leaves below 0 counts as 0."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def groups_of_guards(problem: ProvisioningProblem, risk: SpotRisk) -> tuple[BoolArray, Array]:
    """``[s, j]`` whether group j may serve a class of the guard, and the least rate per machine of a linear one over them."""
    member = np.asarray((risk.guard_classes[:, :, None] & problem.serves[None]).any(axis=1))
    if problem.linear_rps is None:
        return member, np.zeros(member.shape)
    shared = risk.guard_classes[:, :, None] & (problem.serves & problem.is_linear)[None]
    rate = np.asarray(np.where(shared, problem.linear_rps[None], np.inf).min(axis=1))
    return member, np.where(np.isfinite(rate), rate, 0.0)


def capacity_of_guards(p: Parameters, x: Variables, risk: SpotRisk) -> Expression:
    """``[s, t]`` capacity of all the groups of each guard, requests/s."""
    member, rate = groups_of_guards(p.problem, risk)
    machines = p.problem.group_count @ x.instances
    total = sparse.csr_array(rate) @ machines
    if p.rate_rps is not None:
        tabulated = sparse.csr_array((member & ~p.problem.is_linear).astype(float))
        return total + tabulated @ cp.multiply(p.rate_rps, machines)
    if x.pick is None:
        return total
    capacity = p.problem.capacity_rps[p.count_group, p.count]
    return (
        total
        + sparse.csr_array(member.astype(float)) @ p.count_of_group @ sparse.diags_array(capacity) @ x.pick
    )


def losses_of_guards(p: Parameters, x: Variables, risk: SpotRisk) -> Expression:
    """``[(s, z), t]`` capacity of the guard's groups that feed on the pool, before its loss less after it, requests/s."""
    losses = p.losses
    member, rate = groups_of_guards(p.problem, risk)
    S, Z = len(risk.guards), len(risk.pools)
    s, row = np.nonzero(member[:, losses.row_group] & losses.fed)
    group, pool = losses.row_group[row], losses.row_pool[row]
    summing = sparse.csr_array((np.ones(len(s)), (s * Z + pool, np.arange(len(s)))), shape=(S * Z, len(s)))
    machines = (losses.before - losses.after)[row] @ x.instances
    per_machine = rate[s, group][:, None] * np.ones(p.windows)
    if p.rate_rps is not None:
        per_machine = per_machine + np.where(p.problem.is_linear[group][:, None], 0.0, p.rate_rps[group])
    total = summing @ cp.multiply(per_machine, machines)
    if x.pick is None or x.losses.pick is None:
        return total
    capacity = p.problem.capacity_rps[p.count_group, p.count]
    before = p.count_of_group[group] @ sparse.diags_array(capacity) @ x.pick
    return total + summing @ (before - losses.sum_of(capacity)[row] @ x.losses.pick)


def count_whole_groups(p: Parameters, x: Variables) -> list[cp.Constraint]:
    """Rows by which a group that spot feeds counts all its machines, up to the last that its table knows."""
    fed = np.unique(p.losses.row_group[p.losses.fed & ~p.problem.is_linear[p.losses.row_group]])
    if x.pick is None or len(fed) == 0:
        return []
    last = p.count == p.problem.count_max[p.count_group]
    most = p.problem.group_count @ useful_machines(p.problem)
    weight = p.count[:, None] + last[:, None] * most[p.count_group]
    return [p.problem.group_count[fed] @ x.instances <= p.count_of_group[fed] @ cp.multiply(weight, x.pick)]


def most_burst_rps(problem: ProvisioningProblem, risk: SpotRisk) -> Array:
    """``[s, t]`` most of a guard's demand at level q* that functions without a range of rates carry within the concurrency limit.

    Each class goes to the function that holds its requests for the shortest time, and the classes with the shortest times go
    first (a fractional knapsack of equal values, Dantzig 1957).
    """
    serves = problem.function_serves & problem.takes_any_rate
    calls = serves.any(axis=1)
    shortest = np.where(serves, problem.concurrency_s, np.inf).min(axis=1, initial=np.inf)
    order = np.flatnonzero(calls)[np.argsort(shortest[calls], kind="stable")]
    demand = risk.guard_classes[:, order, None] * problem.demand_rps[order, :, risk.level]  # [s, k, t]
    busy = shortest[order][:, None] * demand
    room = np.clip(problem.concurrency_limit - (np.cumsum(busy, axis=1) - busy), 0.0, busy)
    share = np.divide(room, busy, out=np.ones_like(busy), where=busy > 0)
    return np.asarray((share * demand).sum(axis=1))
