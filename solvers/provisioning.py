"""Window provisioning program (solvers/FORMULATION.md; sources named there).

Sets         k classes, j groups, i machines, g options (group, machine), f functions, t windows, q levels,
             e pairs (k, j) that may serve, o pairs (k, f) that may serve, r candidate counts (j, n)
Parameters   see solvers.parameters          Variables    see solvers.variables
Constraints  serve_demand  share_capacity  pick_count  count_starts  keep_quota  limit_functions  use_commitments  wait_for_boot
             and those of solvers.function_rates, operators, model_loads, accuracy, spot_loss, spot_risk
Objective    total_cost_usd, aversion_cost_usd
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

from solvers.accuracy import meet_mean_accuracy, served_value_usd
from solvers.families import Family
from solvers.function_rates import bracket_rate, hold_ready, ready_cost_usd
from solvers.model_loads import count_loads, load_cost_usd, wait_for_loads, waiting_cost_usd
from solvers.operators import hold_floor, hold_scale_in, limit_budget, limit_churn, limit_groups
from solvers.problem import incidence
from solvers.spot_loss import pick_after_loss, survive_spot_loss
from solvers.spot_risk import aversion_cost_usd, bound_spot_risk
from solvers.variables import add_variables

if TYPE_CHECKING:
    from solvers.families import Squares
    from solvers.parameters import Parameters
    from solvers.variables import Variables

Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class Program:
    """The cvxpy program of one block, with its parts at hand; `cost_usd` is the linear part of the objective."""

    parameters: Parameters
    variables: Variables
    families: tuple[Family, ...]
    cost_usd: Expression
    squares: Squares | None

    @cached_property
    def problem(self) -> cp.Problem:
        """The families and the objective as one cvxpy problem, norms and squares included."""
        cost = self.cost_usd if self.squares is None else self.cost_usd + self.squares.expression()
        return cp.Problem(cp.Minimize(cost), [c for family in self.families for c in family.curved()])

    @cached_property
    def linear(self) -> cp.Problem:
        """The same without norms and squares."""
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
            bracket_rate(p, x),
            hold_ready(p, x),
            use_commitments(p, x),
            wait_for_boot(p, x),
            meet_mean_accuracy(p, x),
            count_loads(p, x),
            wait_for_loads(p, x),
            limit_groups(p, x),
            limit_churn(p, x),
            hold_scale_in(p, x),
            limit_budget(p, bills_usd(p, x)),
            pick_after_loss(p, x),
            survive_spot_loss(p, x),
            bound_spot_risk(p, x),
        ),
        cost_usd=total_cost_usd(p, x),
        squares=aversion_cost_usd(p, x),
    )


def machines_running(p: Parameters, x: Variables) -> Expression:
    """``[i, t]`` machines of i over all the groups they work in."""
    return p.problem.machine_count @ x.instances


def serve_demand(p: Parameters, x: Variables) -> Family:
    """sum_j carried[k,j,t,q] + sum_f overflow[k,f,t,q] + unserved[k,t,q] = demand[k,t,q]  for all k,t,q.

    Requests may go unserved only where served ones have a value, which is then lost.
    """
    K = len(p.problem.classes)
    served = incidence(p.pair_class, K) @ x.carried_rps
    if x.overflow_rps is not None:
        served = served + incidence(p.function_pair_class, K) @ x.overflow_rps
    if x.unserved_rps is not None:
        served = served + x.unserved_rps
    return Family("serve_demand", (served == p.problem.demand_rps.reshape(K, -1),))


def share_capacity(p: Parameters, x: Variables) -> Family:
    """Classes share a group.

    sum_k carried[k,j,t,q] <= sum_n capacity(j,n) pick[j,n,t], or rate[j,t] N[j,t]  for all j with a table, all t,q
    sum_k carried[k,j,t,q] / linear_rps[k,j] <= N[j,t]  for all linear j, all t,q
    """
    tabulated, linear = np.flatnonzero(~p.problem.is_linear), np.flatnonzero(p.problem.is_linear)
    carried = incidence(p.pair_group, len(p.problem.groups))[tabulated] @ x.carried_rps
    machines = p.problem.group_count @ x.instances
    if p.rate_rps is not None:
        capacity = cp.multiply(p.rate_rps[tabulated], machines[tabulated]) @ p.spread
    elif x.pick is not None:
        capacity = p.count_of_group[tabulated] @ cp.multiply(p.picked_capacity_rps, x.pick @ p.spread)
    else:
        capacity = np.zeros(carried.shape)
    constraints = [carried <= capacity] if len(tabulated) else []
    if len(linear):
        constraints.append(p.busy_per_rps[linear] @ x.carried_rps <= machines[linear] @ p.spread)
    return Family("share_capacity", tuple(constraints))


def pick_count(p: Parameters, x: Variables) -> Family:
    """sum_n pick[j,n,t] <= 1,  sum_n n pick[j,n,t] <= N[j,t]  for all j with a table, all t.

    Machines above the picked count stand idle, so N itself has no upper end.
    """
    if x.pick is None:
        return Family("pick_count", ())
    tabulated = np.flatnonzero(~p.problem.is_linear)
    picked = p.count_of_group[tabulated]
    counted = picked @ sparse.diags_array(p.count.astype(float)) @ x.pick
    return Family(
        "pick_count", (picked @ x.pick <= 1, counted <= p.problem.group_count[tabulated] @ x.instances)
    )


def count_starts(p: Parameters, x: Variables) -> Family:
    """starts[i,t] >= N[i,t] - N[i,t-1]  for all i,t; the first t against the machines before the block.

    Where the state before is free, the first window starts free of charge, or at what `solvers.lagrangian` adds to its prices.
    """
    running = machines_running(p, x)
    constraints = []
    if p.windows > 1:
        constraints.append(x.starts[:, 1:] >= running[:, 1:] - running[:, :-1])
    if p.from_fleet:
        constraints.append(x.starts[:, 0] >= running[:, 0] - p.problem.initial_count)
    return Family("count_starts", tuple(constraints))


def keep_quota(p: Parameters, x: Variables) -> Family:
    """sum_i vcpu[a,i] N[i,t] <= quota[a]  for all a,t."""
    if not p.problem.quotas:
        return Family("keep_quota", ())
    used = p.problem.quota_use @ machines_running(p, x)
    return Family("keep_quota", (used <= np.repeat(p.problem.quota_limit[:, None], p.windows, axis=1),))


def limit_functions(p: Parameters, x: Variables) -> Family:
    """sum_{k,f} d[f] overflow[k,f,t,q] <= concurrency limit  for all t,q."""
    if x.overflow_rps is None or not np.isfinite(p.problem.concurrency_limit):
        return Family("limit_functions", ())
    busy = p.problem.concurrency_s[p.function_pair_function] @ x.overflow_rps
    return Family("limit_functions", (busy <= p.problem.concurrency_limit,))


def use_commitments(p: Parameters, x: Variables) -> Family:
    """N[i,t] <= owned[i]  for all i that are paid for already, all t."""
    if p.problem.owned_count is None or not np.isfinite(p.problem.owned_count).any():
        return Family("use_commitments", ())
    owned = np.flatnonzero(np.isfinite(p.problem.owned_count))
    limit = np.repeat(p.problem.owned_count[owned, None], p.windows, axis=1)
    return Family("use_commitments", (machines_running(p, x)[owned] <= limit,))


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
    """sum_{i,t} s[i] starts[i,t]."""
    return cp.sum(p.problem.start_usd @ x.starts)


def overflow_cost_usd(p: Parameters, x: Variables) -> Expression:
    """Sum 3600 h[t] w[q] phi[f] overflow[k,f,t,q]: the expected cost of recourse."""
    if x.overflow_rps is None:
        return 0.0
    return p.problem.usd_per_request[p.function_pair_function] @ x.overflow_rps @ p.seconds


def bills_usd(p: Parameters, x: Variables) -> Expression:
    """What is paid for: machines, starts, loads, the expected cost of overflow, and functions that stand ready."""
    machines = machine_cost_usd(p, x) + start_cost_usd(p, x) + load_cost_usd(p, x)
    return machines + overflow_cost_usd(p, x) + ready_cost_usd(p, x)


def total_cost_usd(p: Parameters, x: Variables) -> Expression:
    """Bills and the price of waiting for loads, less the value of served requests."""
    return bills_usd(p, x) + waiting_cost_usd(p, x) - served_value_usd(p, x)
