"""Why nothing serves a window, and the least relaxation that would: elastic re-solves of that window.

Each family of limits is stretched alone, so that the least relaxation of every one that would do is named; where none does alone,
they are stretched together. What ties windows together is explained by the cheapest plan without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.elastic_window import ElasticWindow
from solvers.fleet_limits import churn_of, scale_in_kept
from solvers.horizon import compile_free_block
from solvers.recourse import evaluate

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem


def explain_shortfall(problem: ProvisioningProblem, window: int) -> tuple[str, ...]:
    """Name the smallest relaxation of each limit that would do, and the demand nobody can serve at all, in one window.

    A window that lacks nothing by itself fails for what ties it to others: then `explain_seams` answers.
    """
    elastic = ElasticWindow(
        problem, window, compile_free_block(without_seams(problem), slice(window, window + 1))
    )
    together = elastic.relaxed(elastic.families)
    if together is None:
        return (f"window {window}: no plan exists even with every limit lifted",)
    unservable = elastic.unserved(together)
    if unservable:
        share = largest_floor(problem, window)
        if share is not None:
            floor = f"{problem.on_demand_floor_share:g} of every group's machines"
            return (
                f"on-demand share: {floor} cannot be on demand in window {window}; at most {share:g} can",
            )
        return (*elastic.stretched(together), *unservable)
    if not elastic.stretched(together):
        return explain_seams(problem)
    ways = [elastic.relaxed((name,)) for name in elastic.families] if len(elastic.families) > 1 else []
    alone = [way for way in ways if way is not None and not elastic.unserved(way) and elastic.stretched(way)]
    if len(alone) < 2:
        return elastic.stretched(alone[0] if alone else together)
    return tuple(f"one way of {len(alone)}: {'; '.join(elastic.stretched(way))}" for way in alone)


def largest_floor(problem: ProvisioningProblem, window: int) -> float | None:
    """The largest on-demand share, to two digits, that leaves nothing unserved in a window; None where even none would not do."""

    def serves_all(hundredths: int) -> bool:
        lower = replace(without_seams(problem), on_demand_floor_share=hundredths / 100)
        elastic = ElasticWindow(lower, window, compile_free_block(lower, slice(window, window + 1)))
        amounts = elastic.relaxed(())
        return amounts is not None and not elastic.unserved(amounts)

    low, high = (
        0,
        int(np.floor(100 * problem.on_demand_floor_share + 1e-9)),
    )  # high does not, or is not known to
    if high == 0 or not serves_all(low):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if serves_all(middle) else (low, middle)
    return low / 100


def explain_seams(problem: ProvisioningProblem, time_limit_s: float | None = None) -> tuple[str, ...]:
    """Say what the cheapest plan needs of the limits that tie windows together, where no plan within them was found.

    The horizon is solved once more without churn, delay of scale-in and budget.
    """
    from solvers.plan_horizon import plan_horizon  # it explains its own failures with this module

    limits, free = problem.limits, without_seams(problem)
    if limits is None or free is problem:
        return ("no plan was found within the limits of the search",)
    plan = plan_horizon(free, time_limit_s=time_limit_s)
    if plan.status == "infeasible":
        return plan.infeasible_reasons
    found, reasons = evaluate(problem, plan.instances), []
    changes = churn_of(problem, plan.instances)
    if limits.max_churn is not None and changes.max() > limits.max_churn:
        t = int(changes.argmax())
        reasons.append(
            f"max_churn {limits.max_churn}: no plan was found; raise it to {changes[t]}, what the cheapest plan without it "
            f"needs in window {t} (less may do)"
        )
    stays = scale_in_kept(problem, plan.instances)
    if not stays.all():
        reasons.append(
            f"scale_in_delay_s: the cheapest plan without it stops machines early, first in window {stays.argmin()}"
        )
    if limits.budget_usd is not None and found.spend_usd > limits.budget_usd:
        proof = (
            f"proven to {plan.gap:.2%}"
            if np.isfinite(plan.gap)
            else "nothing proven in the time that was left"
        )
        reasons.append(
            f"budget_usd {limits.budget_usd:g}: the cheapest plan without it spends {found.spend_usd:.6g} USD, {proof}"
        )
    return tuple(reasons) or ("no plan was found within the limits of the search",)


def without_seams(problem: ProvisioningProblem) -> ProvisioningProblem:
    """The problem without churn, delay of scale-in and budget; itself where it has none of them."""
    limits = problem.limits
    if limits is None or (
        limits.max_churn is None and limits.budget_usd is None and not (limits.scale_in_windows > 1).any()
    ):
        return problem
    free = replace(
        limits, max_churn=None, budget_usd=None, scale_in_windows=np.zeros_like(limits.scale_in_windows)
    )
    return replace(problem, limits=free)
