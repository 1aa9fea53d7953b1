"""Losses of spot pools: whether any one is survived, and the normal bound on all of them in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from tests.solvers.brute_force.counts import belongs, linear_groups
from tests.solvers.brute_force.recourse import SERVED_WITHIN, Ways, least_left_rps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.limits import SpotRisk
    from solvers.problem import ProvisioningProblem
    from tests.solvers.brute_force.counts import Fleets

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

ROUNDING = 1e-7  # requests/s, of a spare against what it must cover


def fed_by(problem: ProvisioningProblem, risk: SpotRisk, z: int) -> BoolArray:
    """Return ``[j]`` groups that have an option in pool z."""
    fed = np.zeros(len(problem.groups), dtype=bool)
    fed[problem.option_group[risk.pool_of_machine[problem.option_machine] == z]] = True
    return fed


def sizes_without(problem: ProvisioningProblem, risk: SpotRisk, fleets: Fleets, z: int) -> IntArray:
    """Return ``[v, j]`` machines of each group once pool z is lost and what stood by runs."""
    stays = risk.pool_of_machine[problem.option_machine] != z
    return np.asarray((fleets.counts * stays) @ belongs(problem.option_group, len(problem.groups)))


def survivors(ways: Ways, fleets: Fleets, t: int) -> BoolArray:
    """Return ``[v]`` which fleets serve everything at the risk's level without any one pool."""
    problem, risk = ways.problem, ways.problem.spot_risk
    kept = np.ones(len(fleets.counts), dtype=bool)
    if risk is None or not risk.survive_any_loss:
        return kept
    for z in range(len(risk.pools)):
        if not fed_by(problem, risk, z).any():
            continue
        sizes = sizes_without(problem, risk, fleets, z)
        counted = np.where(linear_groups(problem), sizes, np.minimum(sizes, problem.count_max))
        distinct, of_fleet = np.unique(counted, axis=0, return_inverse=True)
        left = least_left_rps(ways, distinct, problem.demand_rps[:, t, risk.level])
        kept &= (left <= SERVED_WITHIN)[of_fleet.ravel()]
    return kept


def risks(ways: Ways, fleets: Fleets, t: int) -> tuple[BoolArray, Array]:
    """Return ``[v]`` which fleets keep bound_spot_risk, and ``[v]`` USD that the variance of their losses is priced at."""
    problem, risk = ways.problem, ways.problem.spot_risk
    kept, usd = np.ones(len(fleets.counts), dtype=bool), np.zeros(len(fleets.counts))
    if risk is None or (risk.violation_share is None and risk.aversion_usd == 0):
        return kept, usd
    for classes in risk.guard_classes:
        rate = guarded_rates(problem, classes)
        lost = np.zeros((len(fleets.counts), len(risk.pools)))
        for z in range(len(risk.pools)):
            after = sizes_without(problem, risk, fleets, z)
            change = carried(problem, fleets.sizes, rate) - carried(problem, after, rate)
            lost[:, z] = np.maximum(change[:, fed_by(problem, risk, z)].sum(axis=1), 0.0)
        variance = np.einsum("vz,zy,vy->v", lost, risk.covariance, lost)
        usd += problem.window_h[t] * risk.aversion_usd * variance
        if risk.violation_share is not None:
            demand = np.where(classes, problem.demand_rps[:, t, risk.level], 0.0)
            no_machines = np.zeros((1, len(problem.groups)), dtype=int)
            burst = demand.sum() - least_left_rps(ways, no_machines, demand)[0]
            spare = carried(problem, fleets.sizes, rate).sum(axis=1) + burst - demand.sum()
            deviation = norm.isf(risk.violation_share) * np.sqrt(variance)
            kept &= lost @ risk.loss_share + deviation <= spare + ROUNDING
    return kept, usd


def guarded_rates(problem: ProvisioningProblem, classes: BoolArray) -> Array:
    """Return ``[j]`` rate per machine of linear groups, the least over the guard's classes; 1 for its tables, 0 for others."""
    rate = np.zeros(len(problem.groups))
    for j, linear in enumerate(linear_groups(problem)):
        served = np.flatnonzero(problem.serves[:, j] & classes)
        if len(served):
            rate[j] = 1.0 if problem.linear_rps is None or not linear else problem.linear_rps[served, j].min()
    return rate


def carried(problem: ProvisioningProblem, sizes: IntArray, rate: Array) -> Array:
    """Return ``[v, j]`` what groups of these sizes carry by the guard's rates, whatever is asked of them."""
    counted = np.minimum(sizes, problem.count_max)
    table = np.take_along_axis(problem.capacity_rps, counted.T, axis=1).T
    return np.where(linear_groups(problem), sizes, table) * rate
