"""What losses of spot pools do to a given fleet: any one loss survived, joint losses within their bound, and their variance.

The limits are those of `solvers.spot_loss` and `solvers.spot_risk`, in closed form once the machines are given: the lost capacity
is what the loss takes, no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.fleets import PoolLosses, room_of
from solvers.flows import cheapest_flows
from solvers.spot_risk import groups_of_guards, most_burst_rps

if TYPE_CHECKING:
    from solvers.limits import SpotRisk
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem

ROUNDING_SHARE = 1e-7  # of the demand: what the programs' own tolerance leaves


def survives_any_loss(
    problem: ProvisioningProblem, instances: IntArray, rate_rps: Array | None = None
) -> BoolArray:
    """``[t]`` without any one pool every class is served at level q*; True everywhere where that is not asked for.

    The pairs (window, pool) in which something changes for the worse are served in one linear program. A pool that lends nothing
    to a window is looked at too where a loss asks more than every day does.
    """
    risk, kept = problem.spot_risk, np.ones(instances.shape[1], dtype=bool)
    if risk is None or not risk.survive_any_loss:
        return kept
    losses = PoolLosses(problem, instances)
    pools = np.flatnonzero(losses.fed.any(axis=0))
    looked_at = losses.lost[:, pools].any(axis=0) | problem.loss_asks_more
    pool, window = np.nonzero(looked_at)
    if len(window) == 0:
        return kept
    after = losses.sizes_after[:, pools[pool], window]
    at_level = replace(
        problem.taking(windows=window),
        demand_rps=problem.demand_rps[:, window, risk.level, None],
        level_share=np.ones(1),
        function_serves=problem.function_serves & problem.takes_any_rate,
        rates=None,
        value=None,
        accuracy=None,
    )
    room = room_of(problem, after, None if rate_rps is None else rate_rps[:, window])
    flows = cheapest_flows(at_level, room)
    kept[window[flows.unserved_rps.any(axis=(0, 2))]] = False
    return kept


@dataclass(frozen=True)
class GuardLosses:
    """What the guards of a fleet stand to lose.

    Parameters
    ----------
    lost_rps
        ``[s, z, t]`` capacity that goes with each pool.
    spare_rps
        ``[s, t]`` capacity and function burst above the demand at level q*.
    """

    risk: SpotRisk
    lost_rps: Array
    spare_rps: Array

    @property
    def variance(self) -> Array:
        """``[s, t]`` of the lost capacity, (requests/s)^2."""
        return np.asarray(np.einsum("szt,zy,syt->st", self.lost_rps, self.risk.covariance, self.lost_rps))

    @property
    def needed_rps(self) -> Array:
        """``[s, t]`` spare capacity that bound_spot_risk asks for: mean + quantile x deviation."""
        mean = np.einsum("z,szt->st", self.risk.loss_share, self.lost_rps)
        return np.asarray(mean + self.risk.normal_quantile * np.sqrt(np.maximum(self.variance, 0.0)))


def guard_losses(
    problem: ProvisioningProblem, instances: IntArray, rate_rps: Array | None = None
) -> GuardLosses | None:
    """Losses and spare capacity of every guard; None where losses are not weighed or no option is of a spot pool.

    Parameters
    ----------
    instances
        ``[g, t]`` whole machines.
    rate_rps
        ``[j, t]`` requests/s per machine in place of the capacity tables.
    """
    risk = problem.spot_risk
    if risk is None or not risk.weighs_losses:
        return None
    losses = PoolLosses(problem, instances)
    if not losses.fed.any() or len(risk.guards) == 0:
        return None
    member, rate = groups_of_guards(problem, risk)
    share = np.where(problem.is_linear, rate, member)  # [s, j] requests/s per unit of room
    before = room_of(problem, losses.sizes, rate_rps)
    J, Z, T = losses.sizes_after.shape
    each = None if rate_rps is None else np.repeat(rate_rps[:, None], Z, axis=1).reshape(J, -1)
    after = room_of(problem, losses.sizes_after.reshape(J, -1), each).reshape(J, Z, T)
    taken = np.where(losses.fed[:, :, None], before[:, None] - after, 0.0)
    needed = risk.guard_classes.astype(float) @ problem.demand_rps[:, :, risk.level]
    return GuardLosses(
        risk,
        np.maximum(np.tensordot(share, taken, axes=(1, 0)), 0.0),
        share @ before + most_burst_rps(problem, risk) - needed,
    )


def risk_kept(problem: ProvisioningProblem, losses: GuardLosses | None) -> BoolArray:
    """``[t]`` bound_spot_risk holds for every guard."""
    if losses is None or losses.risk.violation_share is None:
        return np.ones(len(problem.window_h), dtype=bool)
    demand = losses.risk.guard_classes.astype(float) @ problem.demand_rps[:, :, losses.risk.level]
    rounding = ROUNDING_SHARE * np.maximum(demand, 1.0)
    return np.asarray((losses.needed_rps <= losses.spare_rps + rounding).all(axis=0))


def aversion_usd(problem: ProvisioningProblem, losses: GuardLosses | None) -> Array:
    """``[t]`` price of the variance of lost capacity: h[t] aversion sum_s lost' covariance lost."""
    if losses is None:
        return np.zeros(len(problem.window_h))
    return np.asarray(losses.risk.aversion_usd * problem.window_h * losses.variance.sum(axis=0))
