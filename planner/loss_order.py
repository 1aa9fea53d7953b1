"""Which groups may still be compared where losses of spot pools are weighed together (bound_spot_risk, aversion).

A stronger group also loses more. Let g(v) = r'v + Phi^-1(1 - eps) ||root v|| be what a guard needs against losses v. Where j'
carries at least what j does at every size, moving j's machines to j' raises the guard's capacity by some e >= 0 and the loss of no
pool by more than e: capacity after the loss does not fall either. The covariance is >= 0, so g grows with v and g(v + w) <= g(v) +
g(w), so the spare grows by at least e (1 - gamma), gamma = g(1, ..., 1): nothing is lost while gamma < 1. Past the last size of
its table j' gains nothing more; there it must satisfy its guards by itself: capacity (1 - gamma) >= their demand.

The price of variance (aversion) rises with every loss, so groups that a pool feeds stay side by side under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.limits import SpotRisk
    from solvers.problem import Array, BoolArray, ProvisioningProblem


def loss_factor(risk: SpotRisk) -> float:
    """Gamma, what a loss of 1 request/s in every pool asks for in spare."""
    if risk.violation_share is None:
        return 0.0
    return float(risk.loss_share.sum() + risk.normal_quantile * np.sqrt(risk.covariance.sum()))


def stays_apart(problem: ProvisioningProblem) -> tuple[BoolArray, BoolArray]:
    """``[j]`` groups that never give way, ``[j]`` groups that none gives way to, for what they lose with spot pools."""
    groups, risk = len(problem.groups), problem.spot_risk
    if risk is None or not risk.weighs_losses:
        return np.zeros(groups, dtype=bool), np.zeros(groups, dtype=bool)
    gamma = loss_factor(risk)
    if gamma >= 1:
        return np.ones(groups, dtype=bool), np.ones(groups, dtype=bool)
    fixed = np.zeros(groups, dtype=bool)
    if risk.aversion_usd > 0:
        fixed[problem.option_group[risk.pool_of_machine[problem.option_machine] >= 0]] = True
    if risk.violation_share is None:
        return fixed, fixed
    demand = risk.guard_classes.astype(float) @ problem.demand_rps[:, :, risk.level]  # [s, t]
    member = (risk.guard_classes[:, :, None] & problem.serves[None]).any(axis=1)  # [s, j]
    needed = np.where(member, demand.max(axis=1)[:, None], 0.0).max(axis=0, initial=0.0)
    ends = ~problem.is_linear & (problem.capacity_rps.max(axis=1, initial=0.0) * (1 - gamma) < needed)
    return fixed, fixed | ends


def guarded_rates(problem: ProvisioningProblem) -> Array:
    """``[s, j]`` requests/s of a machine of a linear group that each guard counts: the least over the classes it shares."""
    risk = problem.spot_risk
    if risk is None or problem.linear_rps is None or not risk.weighs_losses:
        return np.zeros((0, len(problem.groups)))
    shared = risk.guard_classes[:, :, None] & (problem.serves & problem.is_linear)[None]
    least = np.where(shared, problem.linear_rps[None], np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, 0.0)
