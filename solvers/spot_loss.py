"""The loss of any one spot pool survived: N-1 security at one demand level (solvers/FORMULATION.md).

Sets         z pools that feed some group; l pairs (group, pool) whose machines change with the loss: the pool feeds the group, or
             machines on standby do
Variables    pick_after_loss[(r,z),t] whole, 0 or 1; rerouted_rps[(e,z),t], burst_rps[(o,z),t]
Constraints  pick_after_loss  survive_spot_loss
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.families import Family
from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.parameters import Parameters
    from solvers.problem import Array, BoolArray, IntArray
    from solvers.variables import Variables

    Expression = Any  # cvxpy publishes no types


@dataclass(frozen=True)
class Losses:
    """What each loss does to each group. Rows ``[(j, z)]`` run over all groups and the pools that feed some group."""

    p: Parameters

    @cached_property
    def pool_of_option(self) -> IntArray:
        """``[g]`` pool whose loss takes the option's machines; -1 where none does."""
        risk, problem = self.p.problem.spot_risk, self.p.problem
        return (
            np.full(len(problem.option_group), -1)
            if risk is None
            else risk.pool_of_machine[problem.option_machine]
        )

    @cached_property
    def pools(self) -> IntArray:
        """``[z]`` the pools that feed some group, ascending."""
        return np.unique(self.pool_of_option[self.pool_of_option >= 0])

    @cached_property
    def row_group(self) -> IntArray:
        """``[(j, z)]`` group of the row."""
        return np.repeat(np.arange(len(self.p.problem.groups)), len(self.pools))

    @cached_property
    def row_pool(self) -> IntArray:
        """``[(j, z)]`` pool of the row."""
        return np.tile(self.pools, len(self.p.problem.groups))

    @cached_property
    def members(self) -> tuple[IntArray, IntArray]:
        """Row (j, z) and option g of every option of the row's group."""
        every = incidence(self.p.problem.option_group, len(self.p.problem.groups))[self.row_group].tocoo()
        return every.row.astype(int), every.col.astype(int)

    @cached_property
    def before(self) -> sparse.csr_array:
        """``[(j, z), g]`` machines of the group: N[j,t]."""
        return sparse.csr_array(self.p.problem.group_count[self.row_group])

    @cached_property
    def after(self) -> sparse.csr_array:
        """``[(j, z), g]`` machines of the group once the pool is lost and its standby machines run."""
        row, option = self.members
        stays = self.pool_of_option[option] != self.row_pool[row]
        return sparse.csr_array((stays.astype(float), (row, option)), shape=self.before.shape)

    @cached_property
    def changed(self) -> BoolArray:
        """``[(j, z)]`` the loss changes what stands in the group."""
        return np.asarray(abs(self.before - self.after).sum(axis=1) > 0)

    @cached_property
    def fed(self) -> BoolArray:
        """``[(j, z)]`` the pool feeds the group."""
        row, option = self.members
        fed = np.zeros(len(self.row_group), dtype=bool)
        fed[row[self.pool_of_option[option] == self.row_pool[row]]] = True
        return fed

    @cached_property
    def candidates(self) -> tuple[IntArray, IntArray]:
        """``[(r, z)]`` row (j, z) and candidate count r of every size that a changed group may have after the loss."""
        changed = np.flatnonzero(self.changed)
        every = self.p.count_of_group[self.row_group[changed]].tocoo()
        return changed[every.row], every.col.astype(int)

    def sum_of(self, values: Array) -> sparse.csr_array:
        """``[(j, z), (r, z)]`` sums the picked sizes after the loss, each with its value ``[r]``."""
        row, r = self.candidates
        return sparse.csr_array((values[r], (row, np.arange(len(r)))), shape=(len(self.row_group), len(r)))


@dataclass(frozen=True)
class LossVariables:
    """Recourse after each loss; None where no loss is looked at."""

    pick: cp.Variable | None  # [(r, z), t] 1 where the group counts n machines after the loss of z
    rerouted_rps: cp.Variable | None  # [(e, z), t] requests/s
    burst_rps: cp.Variable | None  # [(o, z), t] requests/s


def add_loss_variables(p: Parameters) -> LossVariables:
    """Those of the losses that are looked at."""
    risk, T = p.problem.spot_risk, p.windows
    pools = len(p.losses.pools)
    if risk is None or pools == 0 or not (risk.survive_any_loss or risk.weighs_losses):
        return LossVariables(None, None, None)
    offered = p.count_allowed[p.losses.candidates[1]].astype(float)
    pairs, calls = len(p.pair_class) * pools, len(p.function_pair_class) * pools
    survives = risk.survive_any_loss
    any_rate = np.where(p.problem.takes_any_rate[p.function_pair_function], np.inf, 0.0)
    burst_most = np.repeat(np.repeat(any_rate, pools)[:, None], T, axis=1)
    return LossVariables(
        pick=cp.Variable(offered.shape, bounds=[0, offered], integer=True, name="pick_after_loss")
        if len(offered)
        else None,
        rerouted_rps=cp.Variable((pairs, T), bounds=[0, None], name="rerouted_rps") if survives else None,
        burst_rps=cp.Variable((calls, T), bounds=[0, burst_most], name="burst_rps")
        if survives and calls
        else None,
    )


def pick_after_loss(p: Parameters, x: Variables) -> Family:
    """What stands in a group after a loss: all but the lost machines of N[j,t], and those on standby.

    sum_n pick_after_loss[j,n,t,z] <= 1  and  sum_n n pick_after_loss[j,n,t,z] <= N_after[j,t,z]  for all (j,z) that the loss
    changes, all t;  N_after[j,t,z] = sum_{g of j, not in z} instances[g,t]
    """
    if x.losses.pick is None:
        return Family("pick_after_loss", ())
    rows = np.unique(p.losses.candidates[0])
    return Family(
        "pick_after_loss",
        (
            p.losses.sum_of(np.ones(len(p.count)))[rows] @ x.losses.pick <= 1,
            p.losses.sum_of(p.count.astype(float))[rows] @ x.losses.pick
            <= p.losses.after[rows] @ x.instances,
        ),
    )


def survive_spot_loss(p: Parameters, x: Variables) -> Family:
    """Without any one pool every class is served at level q*, by the machines left, those on standby and functions.

    sum_j rerouted[k,j,t,z] + sum_f burst[k,f,t,z] >= demand[k,t,q*]  for all k,t,z
    sum_k rerouted[k,j,t,z] <= sum_n capacity(j,n) pick_after_loss[j,n,t,z]  for all (j,z) that the loss changes, all t
    sum_k rerouted[k,j,t,z] <= sum_n capacity(j,n) pick[j,n,t]  for all other (j,z), all t
    sum_k rerouted[k,j,t,z] / linear_rps[k,j] <= N_after[j,t,z]  for all linear j, all t,z
    sum_{k,f} d[f] burst[k,f,t,z] <= concurrency limit  for all t,z

    Capacities are cut at the demand that the group may serve at q*, which loses nothing. Only functions that take any rate have a
    burst above 0.
    """
    risk, rerouted, burst = p.problem.spot_risk, x.losses.rerouted_rps, x.losses.burst_rps
    if risk is None or rerouted is None:
        return Family("survive_spot_loss", ())
    Z, K = len(p.losses.pools), len(p.problem.classes)
    each = sparse.eye_array(Z)
    demand = p.problem.demand_rps[:, :, risk.level]
    served = sparse.kron(incidence(p.pair_class, K), each, format="csr") @ rerouted
    if burst is not None:
        served = served + sparse.kron(incidence(p.function_pair_class, K), each, format="csr") @ burst
    constraints = [served >= np.repeat(demand, Z, axis=0), *carry_after_loss(p, x, rerouted, demand)]
    if burst is not None and np.isfinite(p.problem.concurrency_limit):
        busy = sparse.csr_array(p.problem.concurrency_s[p.function_pair_function][None])
        constraints.append(sparse.kron(busy, each, format="csr") @ burst <= p.problem.concurrency_limit)
    return Family("survive_spot_loss", tuple(constraints))


def carry_after_loss(
    p: Parameters, x: Variables, rerouted: cp.Variable, demand_rps: Array
) -> list[cp.Constraint]:
    """Rows of what groups carry after each loss, at most `demand_rps` ``[k, t]``."""
    losses = p.losses
    each = sparse.eye_array(len(losses.pools))
    is_linear = p.problem.is_linear[losses.row_group]
    tabulated, linear = np.flatnonzero(~is_linear), np.flatnonzero(is_linear)
    constraints = []
    if len(tabulated):
        carried = sparse.kron(incidence(p.pair_group, len(p.problem.groups)), each, format="csr") @ rerouted
        constraints.append(carried[tabulated] <= capacity_after_loss(p, x, demand_rps)[tabulated])
    if len(linear):
        busy = sparse.kron(p.busy_per_rps, each, format="csr")[linear] @ rerouted
        constraints.append(busy <= losses.after[linear] @ x.instances)
    return constraints


def capacity_after_loss(p: Parameters, x: Variables, demand_rps: Array) -> Expression:
    """``[(j, z), t]`` requests/s of groups with a table, cut at what they may serve of `demand_rps` ``[k, t]``."""
    losses = p.losses
    if p.rate_rps is not None:
        return cp.multiply(p.rate_rps[losses.row_group], losses.after @ x.instances)
    reach = p.problem.serves.T.astype(float) @ demand_rps
    capacity = np.minimum(p.problem.capacity_rps[p.count_group, p.count][:, None], reach[p.count_group])
    total = np.zeros((len(losses.row_group), p.windows))
    if x.pick is not None:
        same = sparse.diags_array((~losses.changed).astype(float)) @ p.count_of_group[losses.row_group]
        total = total + same @ cp.multiply(capacity, x.pick)
    if x.losses.pick is not None:
        sizes = losses.sum_of(np.ones(len(p.count)))
        total = total + sizes @ cp.multiply(capacity[losses.candidates[1]], x.losses.pick)
    return total
