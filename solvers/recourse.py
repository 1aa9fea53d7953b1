"""What a given fleet costs and carries, and whether it keeps every limit: the exact program with `instances` given.

What depends on one window only (`price_windows`) stands apart from what ties windows together (`evaluate`), since searches price
thousands of fleets of single windows at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.fleet_limits import churn_kept, limits_kept, scale_in_kept
from solvers.fleets import machines_of, rises_of, room_of, sizes_of, slowest_load_s
from solvers.flows import cheapest_flows
from solvers.spot_check import aversion_usd, guard_losses, risk_kept, survives_any_loss

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem
    from solvers.routing import Flows

BUDGET_ROUNDING_SHARE = 1e-7  # of the budget: the feasibility tolerance of the solvers


@dataclass(frozen=True)
class WindowPrices:
    """Windows of a fleet, each on its own.

    `flows` at every level; `spend_usd` ``[t]`` machines and expected overflow, `earned_usd` ``[t]`` value of served requests,
    `risk_usd` ``[t]`` price of the variance of losses; `kept` ``[t]`` every limit of the window holds and all is served that must
    be.
    """

    flows: Flows
    spend_usd: Array
    earned_usd: Array
    risk_usd: Array
    kept: BoolArray

    @property
    def objective_usd(self) -> Array:
        """``[t]`` what the window adds to the objective."""
        return np.asarray(self.spend_usd + self.risk_usd - self.earned_usd)


@dataclass(frozen=True)
class Evaluation:
    """A fleet under the exact capacities.

    Parameters
    ----------
    instances, machines, sizes
        ``[g, t]``, ``[i, t]``, ``[j, t]`` whole machines; sizes without those on standby.
    rises
        ``[c, t]`` launches, then loads that cost something.
    carried_rps, overflow_rps, unserved_rps
        ``[k, j, t, q]``, ``[k, f, t, q]``, ``[k, t, q]`` requests/s.
    window_usd
        ``[t]`` objective of each window on its own.
    window_kept
        ``[t]`` all is served that must be, within every limit of the window.
    seam_usd
        Launches, loads, and the price of waiting for loads.
    seams_kept
        Churn, the delay of scale-in and the budget hold.
    spend_usd
        Bills of the whole horizon: neither prices of risk or waiting nor value.
    earned_usd
        Value of served requests.
    """

    instances: IntArray
    machines: IntArray
    sizes: IntArray
    rises: Array
    carried_rps: Array
    overflow_rps: Array
    unserved_rps: Array
    window_usd: Array
    window_kept: BoolArray
    seam_usd: float
    seams_kept: bool
    spend_usd: float
    earned_usd: float

    @property
    def starts(self) -> IntArray:
        """``[i, t]`` launches."""
        return self.rises[: len(self.machines)].astype(int)

    @property
    def feasible(self) -> bool:
        """Everything is served within every limit."""
        return bool(self.window_kept.all()) and self.seams_kept

    @property
    def cost_usd(self) -> float:
        """The objective over the horizon: bills, prices of risk and waiting, less the value of served requests."""
        return float(self.window_usd.sum()) + self.seam_usd


def evaluate(problem: ProvisioningProblem, instances: IntArray, rate_rps: Array | None = None) -> Evaluation:
    """Price a fleet: the cheapest recourse it leaves, its changes, and every limit.

    Where served requests have a value and the cheapest recourse is over the budget, the best one within the budget is taken.

    Parameters
    ----------
    instances
        ``[g, t]`` whole machines.
    rate_rps
        ``[j, t]`` given, groups with a table carry rate x machines in place of their exact capacity.

    Raises
    ------
    BackendError
        A linear program failed for a reason of the solver's own.
    """
    rises = rises_of(problem, instances)
    changes_usd = float(problem.rises.usd @ rises.sum(axis=1))
    budget = (
        np.inf if problem.limits is None or problem.limits.budget_usd is None else problem.limits.budget_usd
    )
    slack = BUDGET_ROUNDING_SHARE * abs(budget) if np.isfinite(budget) else 0.0
    windows = price_windows(problem, instances, rate_rps)
    spend = float(windows.spend_usd.sum()) + changes_usd
    if problem.value is not None and spend > budget + slack:
        fixed = changes_usd + float(rent_usd(problem, instances).sum())
        if fixed <= budget:
            windows = price_windows(problem, instances, rate_rps, budget - fixed)
            spend = float(windows.spend_usd.sum()) + changes_usd
    kept = churn_kept(problem, instances).all() and scale_in_kept(problem, instances).all()
    waiting = 0.0
    if problem.loads is not None:
        waiting = problem.loads.wait_usd_per_s * float(slowest_load_s(problem, instances).sum())
    return Evaluation(
        instances=instances,
        machines=machines_of(problem, instances),
        sizes=sizes_of(problem, instances),
        rises=rises,
        carried_rps=windows.flows.carried_rps,
        overflow_rps=windows.flows.overflow_rps,
        unserved_rps=windows.flows.unserved_rps,
        window_usd=windows.objective_usd,
        window_kept=windows.kept,
        seam_usd=changes_usd + waiting,
        seams_kept=bool(kept and spend <= budget + slack),
        spend_usd=spend,
        earned_usd=float(windows.earned_usd.sum()),
    )


def price_windows(
    problem: ProvisioningProblem,
    instances: IntArray,
    rate_rps: Array | None = None,
    overflow_budget_usd: float = np.inf,
) -> WindowPrices:
    """Price every window on its own; windows may repeat, with another fleet each. Those that break a limit are priced roughly.

    Parameters
    ----------
    instances, rate_rps
        As in `evaluate`.
    overflow_budget_usd
        Most that the expected overflow of all windows may cost.
    """
    room = room_of(problem, sizes_of(problem, instances), rate_rps)
    losses = guard_losses(problem, instances, rate_rps)
    kept = limits_kept(problem, instances) & risk_kept(problem, losses)
    flows = cheapest_flows(problem, room, overflow_budget_usd, kept)
    if problem.value is None:
        kept &= ~flows.unserved_rps.any(axis=(0, 2))
    hopeful = np.flatnonzero(kept)
    if problem.spot_risk is not None and problem.spot_risk.survive_any_loss and len(hopeful):
        rate = None if rate_rps is None else rate_rps[:, hopeful]
        kept[hopeful] = survives_any_loss(problem.taking(windows=hopeful), instances[:, hopeful], rate)
    return WindowPrices(
        flows=flows,
        spend_usd=rent_usd(problem, instances) + overflow_usd(problem, flows.overflow_rps),
        earned_usd=earned_usd(problem, flows),
        risk_usd=aversion_usd(problem, losses),
        kept=kept,
    )


def rent_usd(problem: ProvisioningProblem, instances: IntArray) -> Array:
    """``[t]`` USD of machines: h[t] sum_i c[i,t] N[i,t]."""
    machines = machines_of(problem, instances)
    return np.asarray((problem.price_usd_per_h * machines).sum(axis=0) * problem.window_h)


def overflow_usd(problem: ProvisioningProblem, overflow_rps: Array) -> Array:
    """``[t]`` expected cost of functions, USD.

    3600 h[t] sum_{k,f,q} w[q] phi[f] overflow[k,f,t,q], and h[t] usd_per_h[f] for every f that is called at some level.
    """
    sent = overflow_rps.sum(axis=0)
    rate = np.tensordot(problem.usd_per_request, sent, axes=(0, 0))
    ready = problem.ready_usd_per_h @ (sent > 0).any(axis=2)
    return np.asarray(problem.window_h * (3600.0 * rate @ problem.level_share + ready))


def earned_usd(problem: ProvisioningProblem, flows: Flows) -> Array:
    """``[t]`` expected value of served requests, USD; 0 where they have none."""
    part = problem.value
    if part is None:
        return np.zeros(len(problem.window_h))
    rate = np.einsum("kjtq,kj->tq", flows.carried_rps, part.group_usd)
    rate = rate + np.einsum("kftq,kf->tq", flows.overflow_rps, part.function_usd)
    return np.asarray(3600.0 * problem.window_h * (rate @ problem.level_share))
