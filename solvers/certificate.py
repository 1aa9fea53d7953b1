"""What a solve found, with its proof: the tightest bound met, the gap, and every bound that was tried."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import BackendError
from solvers.infeasibility import explain_seams, explain_shortfall
from solvers.solution import ProvisioningSolution, relative_gap

if TYPE_CHECKING:
    from solvers.fixed_capacity import FixedCapacity
    from solvers.search import Search
    from solvers.solution import Baseline

BOUND_SLACK_SHARE, BOUND_SLACK_USD = (
    1e-4,
    1e-6,
)  # feasibility tolerances of the solvers, on both sides of the comparison


def report_infeasible(
    search: Search, baselines: tuple[Baseline, ...], unservable: tuple[int, ...]
) -> ProvisioningSolution:
    """A solution without a plan, with the least relaxation of the first window that cannot be served."""
    p = search.problem
    reasons = explain_shortfall(p, unservable[0]) if unservable else explain_seams(p, search.left_s())
    K, J, F, T, Q = len(p.classes), len(p.groups), len(p.functions), len(p.window_h), len(p.level_share)
    return ProvisioningSolution(
        status="infeasible",
        instances=np.zeros((len(p.option_group), T), dtype=int),
        carried_rps=np.zeros((K, J, T, Q)),
        overflow_rps=np.zeros((K, F, T, Q)),
        starts=np.zeros((len(p.machines), T)),
        objective_usd=float("inf"),
        bound_usd=search.bound_usd,
        bound_name="",
        fixed_capacity_bound_usd=0.0,
        fixed_capacity_objective_usd=float("inf"),
        reproducible=not search.timed_out,
        runtime_s=time.perf_counter() - search.begun,
        bounds=tuple(search.bounds),
        baselines=baselines,
        phases_s=search.phases_s,
        infeasible_reasons=reasons,
    )


def report_plan(
    search: Search, baselines: tuple[Baseline, ...], fixed: FixedCapacity
) -> ProvisioningSolution:
    """The incumbent with its certificate."""
    best = search.best
    assert best is not None
    tightest = max(search.bounds, key=lambda report: report.bound_usd)
    if tightest.bound_usd > best.cost_usd + slack_usd(best.cost_usd):
        raise BackendError(
            f"bound {tightest.name} is {tightest.bound_usd:.6g} USD, above the plan's {best.cost_usd:.6g}: one of the two is "
            "wrong; report this as a defect with the scenario"
        )
    cheapest = min((one.objective_usd for one in baselines if one.objective_usd is not None), default=np.inf)
    if best.cost_usd > cheapest + slack_usd(best.cost_usd):
        raise BackendError(
            f"the plan costs {best.cost_usd:.6g} USD and a baseline {cheapest:.6g}: report this as a defect with the scenario"
        )
    bound = min(tightest.bound_usd, best.cost_usd)
    met = relative_gap(best.cost_usd, bound) <= search.settings.gap
    return ProvisioningSolution(
        status="optimal" if met else ("limit" if search.timed_out else "gap_missed"),
        instances=best.instances,
        carried_rps=best.carried_rps,
        overflow_rps=best.overflow_rps,
        starts=best.starts.astype(float),
        objective_usd=best.cost_usd,
        bound_usd=bound,
        bound_name=tightest.name,
        fixed_capacity_bound_usd=min(fixed.bound_usd, best.cost_usd),
        fixed_capacity_objective_usd=fixed.objective_usd,
        shadow_usd=fixed.shadow_usd,
        reproducible=not search.timed_out,
        runtime_s=time.perf_counter() - search.begun,
        bounds=tuple(dict.fromkeys((*search.bounds, *fixed.bounds))),  # one problem without tables
        baselines=baselines,
        phases_s=search.phases_s,
        memory=search.learned(),
    )


def slack_usd(objective_usd: float) -> float:
    """What two figures of one objective may differ by through the solvers' feasibility tolerances."""
    return BOUND_SLACK_SHARE * abs(objective_usd) + BOUND_SLACK_USD
