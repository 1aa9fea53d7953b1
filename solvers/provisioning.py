"""Window provisioning MILP (solvers/FORMULATION.md; sources named there).

Sets         k classes, j groups, i machines, g options (group, machine), f functions, t windows, q levels,
             e pairs (k, j) that may serve, o pairs (k, f) that may serve, r candidate counts (j, n)
Parameters   see Parameters          Variables    see Variables
Constraints  serve_demand  share_capacity  pick_count  count_starts  hold_floor  keep_quota  limit_functions  wait_for_boot
Objective    total_cost_usd
Departures   groups are picked with one binary per (group, count) instead of a convex capacity: capacity(j, n) is convex in n, so
             any continuous form of it would understate the machines a load needs
Assumes      machines of one group share one queue, whatever their market
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem

Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class Boundary:
    """What the block knows of the windows around it.

    Parameters
    ----------
    before
        ``[i]`` machines running just before the block; None lets the block start free of charge.
    after
        ``[i]`` machines running just after it; None ends the block free.
    """

    before: Array | None = None
    after: Array | None = None


@dataclass(frozen=True)
class Parameters:
    """The block of windows that one program covers.

    Parameters
    ----------
    problem
        Already cut to the block's windows.
    count_group, count
        ``[r]`` the candidates (j, n) offered to pick_count.
    count_allowed
        ``[r, t]`` candidate r is offered in window t.
    boundary
        See `Boundary`.
    rate_rps
        ``[j, t]`` requests/s per machine; given, it replaces pick_count by the linear form
        ``carried <= rate * N`` and `count_group` must be empty.
    """

    problem: ProvisioningProblem
    count_group: IntArray
    count: IntArray
    count_allowed: BoolArray
    boundary: Boundary
    rate_rps: Array | None = None

    @cached_property
    def levels(self) -> int:
        """Number of demand levels Q."""
        return len(self.problem.level_share)

    @cached_property
    def windows(self) -> int:
        """Number of windows T of the block."""
        return len(self.problem.window_h)

    @cached_property
    def spread(self) -> sparse.csr_array:
        """``[t, (t, q)]`` repeats a window's column for each of its levels."""
        return sparse.csr_array(np.repeat(np.eye(self.windows), self.levels, axis=1))

    @cached_property
    def pair_class(self) -> IntArray:
        """``[e]`` class of pair e."""
        return np.nonzero(self.problem.serves)[0]

    @cached_property
    def pair_group(self) -> IntArray:
        """``[e]`` group of pair e."""
        return np.nonzero(self.problem.serves)[1]

    @cached_property
    def function_pair_class(self) -> IntArray:
        """``[o]`` class of pair o."""
        return np.nonzero(self.problem.function_serves)[0]

    @cached_property
    def function_pair_function(self) -> IntArray:
        """``[o]`` function of pair o."""
        return np.nonzero(self.problem.function_serves)[1]

    @cached_property
    def option_of_machine(self) -> sparse.csr_array:
        """``[i, g]`` sums options to machines."""
        return incidence(self.problem.option_machine, len(self.problem.machines))

    @cached_property
    def option_of_group(self) -> sparse.csr_array:
        """``[j, g]`` sums options to groups."""
        return incidence(self.problem.option_group, len(self.problem.groups))

    @cached_property
    def count_of_group(self) -> sparse.csr_array:
        """``[j, r]`` sums candidate counts to groups."""
        return incidence(self.count_group, len(self.problem.groups))

    @cached_property
    def picked_capacity_rps(self) -> Array:
        """``[r, (t, q)]`` min(capacity(j, n), all that j may serve): the cap loses nothing and tightens the relaxation."""
        p = self.problem
        reachable = np.einsum("kj,ktq->jtq", p.serves.astype(float), p.demand_rps).reshape(len(p.groups), -1)
        capacity = p.capacity_rps[self.count_group, self.count]
        return np.asarray(np.minimum(capacity[:, None], reachable[self.count_group]))


@dataclass(frozen=True)
class Variables:
    """Decisions of one block; matrices are ``[row, window]`` or ``[row, (window, level)]``."""

    instances: Expression  # [g, t] machines
    pick: Expression | None  # [r, t] 1 where group j counts n machines towards its capacity
    carried_rps: cp.Variable  # [e, (t, q)] requests/s
    overflow_rps: cp.Variable | None  # [o, (t, q)] requests/s
    starts: cp.Variable  # [i, t] machines launched


@dataclass(frozen=True)
class Family:
    """One family of constraints, under the name it has on the formulation's page."""

    name: str
    constraints: tuple[cp.Constraint, ...]


@dataclass(frozen=True)
class Program:
    """The cvxpy program of one block, with its parts at hand."""

    parameters: Parameters
    variables: Variables
    families: tuple[Family, ...]
    cost_usd: Expression

    @cached_property
    def problem(self) -> cp.Problem:
        """The families and the objective as one cvxpy problem."""
        return cp.Problem(
            cp.Minimize(self.cost_usd), [c for family in self.families for c in family.constraints]
        )


def build(p: Parameters) -> Program:
    """Assemble the program; these lines are the table of contents."""
    x = add_variables(p)
    return Program(
        parameters=p,
        variables=x,
        families=(
            serve_demand(p, x),
            share_capacity(p, x),
            pick_count(p, x),
            count_starts(p, x),
            hold_floor(p, x),
            keep_quota(p, x),
            limit_functions(p, x),
            wait_for_boot(p, x),
        ),
        cost_usd=total_cost_usd(p, x),
    )


def add_variables(p: Parameters) -> Variables:
    """All variables non-negative; machines and picks whole."""
    T, S = p.windows, p.windows * p.levels
    overflowing = len(p.function_pair_class) > 0
    return Variables(
        instances=whole("instances", np.full((len(p.problem.option_group), T), np.inf)),
        pick=whole("pick", p.count_allowed.astype(float)) if len(p.count) else None,
        carried_rps=cp.Variable((len(p.pair_class), S), bounds=[0, None], name="carried_rps"),
        overflow_rps=cp.Variable((len(p.function_pair_class), S), bounds=[0, None], name="overflow_rps")
        if overflowing
        else None,
        starts=cp.Variable((len(p.problem.machines), T), bounds=[0, None], name="starts"),
    )


def whole(name: str, upper: Array) -> cp.Variable:
    """``[row, t]`` whole numbers between 0 and `upper`."""
    return cp.Variable(upper.shape, bounds=[np.zeros(upper.shape), upper], integer=True, name=name)


def machines_running(p: Parameters, x: Variables) -> Expression:
    """``[i, t]`` machines of i over all the groups they work in."""
    return p.option_of_machine @ x.instances


def machines_of_group(p: Parameters, x: Variables) -> Expression:
    """``[j, t]`` N[j,t] over all markets."""
    return p.option_of_group @ x.instances


def serve_demand(p: Parameters, x: Variables) -> Family:
    """sum_j carried[k,j,t,q] + sum_f overflow[k,f,t,q] = demand[k,t,q]  for all k,t,q."""
    K = len(p.problem.classes)
    served = incidence(p.pair_class, K) @ x.carried_rps
    if x.overflow_rps is not None:
        served = served + incidence(p.function_pair_class, K) @ x.overflow_rps
    return Family("serve_demand", (served == p.problem.demand_rps.reshape(K, -1),))


def share_capacity(p: Parameters, x: Variables) -> Family:
    """sum_k carried[k,j,t,q] <= sum_n capacity(j,n) pick[j,n,t], or rate[j,t] N[j,t]  for all j,t,q."""
    carried = incidence(p.pair_group, len(p.problem.groups)) @ x.carried_rps
    if p.rate_rps is not None:
        capacity = cp.multiply(p.rate_rps, machines_of_group(p, x)) @ p.spread
    elif x.pick is not None:
        capacity = p.count_of_group @ cp.multiply(p.picked_capacity_rps, x.pick @ p.spread)
    else:
        capacity = np.zeros(carried.shape)
    return Family("share_capacity", (carried <= capacity,))


def pick_count(p: Parameters, x: Variables) -> Family:
    """sum_n pick[j,n,t] <= 1,  sum_n n pick[j,n,t] <= N[j,t]  for all j,t.

    Machines above the picked count stand idle, so N itself has no upper end.
    """
    if x.pick is None:
        return Family("pick_count", ())
    counted = (
        incidence(p.count_group, len(p.problem.groups)) @ sparse.diags_array(p.count.astype(float)) @ x.pick
    )
    return Family("pick_count", (p.count_of_group @ x.pick <= 1, counted <= machines_of_group(p, x)))


def count_starts(p: Parameters, x: Variables) -> Family:
    """starts[i,t] >= N[i,t] - N[i,t-1]  for all i,t; the first t against the machines before the block.

    Where the state before is free, the first window starts free of charge, or at what `solvers.lagrangian` adds to its prices.
    """
    running = machines_running(p, x)
    constraints = []
    if p.windows > 1:
        constraints.append(x.starts[:, 1:] >= running[:, 1:] - running[:, :-1])
    if p.boundary.before is not None:
        constraints.append(x.starts[:, 0] >= running[:, 0] - p.boundary.before)
    return Family("count_starts", tuple(constraints))


def hold_floor(p: Parameters, x: Variables) -> Family:
    """sum_{g of j, on-demand} instances[g,t] >= floor N[j,t]  for all j that spot may feed, all t.

    Since machines are whole, a picked count n needs ceil(floor n) of them on demand: the second constraint is implied by the
    first and tightens the relaxation.
    """
    floor = p.problem.on_demand_floor_share
    spot_option = p.problem.is_spot[p.problem.option_machine]
    fed = np.unique(p.problem.option_group[spot_option])
    if floor == 0 or len(fed) == 0:
        return Family("hold_floor", ())
    on_demand = p.option_of_group[fed] @ sparse.diags_array((~spot_option).astype(float)) @ x.instances
    constraints = [on_demand >= floor * machines_of_group(p, x)[fed, :]]
    if x.pick is not None:
        needed = np.ceil(floor * p.count - 1e-9)
        constraints.append(on_demand >= p.count_of_group[fed] @ sparse.diags_array(needed) @ x.pick)
    return Family("hold_floor", tuple(constraints))


def keep_quota(p: Parameters, x: Variables) -> Family:
    """sum_i vcpu[a,i] N[i,t] <= quota[a]  for all a,t."""
    if not p.problem.quotas:
        return Family("keep_quota", ())
    used = p.problem.quota_use @ machines_running(p, x)
    return Family("keep_quota", (used <= np.repeat(p.problem.quota_limit[:, None], p.windows, axis=1),))


def limit_functions(p: Parameters, x: Variables) -> Family:
    """sum_{k,f} d[f] overflow[k,f,t,q] <= concurrency limit  for all t,q (the function row of keep_quota on the design's page)."""
    if x.overflow_rps is None or not np.isfinite(p.problem.concurrency_limit):
        return Family("limit_functions", ())
    busy = p.problem.concurrency_s[p.function_pair_function] @ x.overflow_rps
    return Family("limit_functions", (busy <= p.problem.concurrency_limit,))


def wait_for_boot(p: Parameters, x: Variables) -> Family:
    """N[i,t] <= limit[i,t]  for all i,t that have one: what cannot have booted yet, or may not be rented."""
    limited, window = np.nonzero(np.isfinite(p.problem.count_limit))
    if len(limited) == 0:
        return Family("wait_for_boot", ())
    running = machines_running(p, x)
    return Family("wait_for_boot", (running[limited, window] <= p.problem.count_limit[limited, window],))


def machine_cost_usd(p: Parameters, x: Variables) -> Expression:
    """sum_{i,t} h[t] c[i,t] N[i,t]."""
    price = p.problem.price_usd_per_h * p.problem.window_h
    return cp.sum(cp.multiply(price[p.problem.option_machine], x.instances))


def start_cost_usd(p: Parameters, x: Variables) -> Expression:
    """sum_{i,t} s[i] starts[i,t], and what the windows after the block must launch because it does not hand it on."""
    running = machines_running(p, x)
    cost = cp.sum(p.problem.start_usd @ x.starts)
    if p.boundary.after is not None:
        handed = cp.pos(p.boundary.after - running[:, -1])
        cost = cost + p.problem.start_usd @ handed
    return cost


def overflow_cost_usd(p: Parameters, x: Variables) -> Expression:
    """Sum 3600 h[t] w[q] phi[f] overflow[k,f,t,q]: the expected cost of recourse."""
    if x.overflow_rps is None:
        return 0.0
    seconds = np.outer(3600.0 * p.problem.window_h, p.problem.level_share).ravel()
    return p.problem.usd_per_request[p.function_pair_function] @ x.overflow_rps @ seconds


def total_cost_usd(p: Parameters, x: Variables) -> Expression:
    """Machines, starts and the expected cost of overflow."""
    return machine_cost_usd(p, x) + start_cost_usd(p, x) + overflow_cost_usd(p, x)
