"""The most value for a budget: the program of least cost, turned round (design/FORMULATION.md, sections 5 and 6.3).

A request that is served has a value, the share it adds to the plan's score (its accuracy times its share in time); requests may be
left unserved, for nothing. With C the cost of a plan, V its value over all requests that come, B the budget and w a weight on cost:
maximise V - w C subject to C <= B. Any multiplier mu >= 0 on the budget gives a bound,

    V - w C  <=  mu B - (w + mu) L(mu),   L(mu) the least of C - V / (w + mu) over all plans,

and L(mu) is what `plan_horizon` bounds once values are turned into USD. Of two plans, one within the budget and one above it, the
slope between their values is the next multiplier, until the bound meets the best plan or the multipliers meet each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.errors import ProblemError
from solvers.served_value import most_usd
from solvers.value_search import TIE_SHARE, ValueSearch

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem
    from solvers.value_plan import ValuePlan


def maximise_value(
    problem: ProvisioningProblem,
    *,
    budget_usd: float | None = None,
    cost_weight_per_usd: float = 0.0,
    gap: float = 0.01,
    time_limit_s: float | None = None,
    **settings: Any,
) -> ValuePlan:
    """Plan for the largest value share, less a weight on cost where one is given, within a budget.

    Parameters
    ----------
    problem
        Its `value` holds shares per request, not USD; a budget among its limits is left to `budget_usd`.
    budget_usd
        Most that the horizon may cost, prices of risk and of waiting included; None: what the problem's own limits let it cost.
    cost_weight_per_usd
        Score that one USD takes off.
    gap
        Stop once |score - bound| / |score| is at most this.
    time_limit_s, settings
        As in `plan_horizon`; the time is that of all solves together.

    Raises
    ------
    ProblemError
        The problem has no `value`, or neither budget, weight nor limits keep the cost finite.
    """
    if problem.value is None:
        raise ProblemError(["value is None; the most value needs a value of every served request"])
    most = most_usd(problem) if budget_usd is None else budget_usd
    if not np.isfinite(most) and cost_weight_per_usd == 0:
        raise ProblemError(
            [
                "nothing keeps the cost finite; state a budget, a weight on cost, or limits on every machine that has a price"
            ]
        )
    search = ValueSearch(problem, most, cost_weight_per_usd, gap, time_limit_s, settings)
    if cost_weight_per_usd > 0:
        search.attempt(0.0)
    elif budget_usd is None:
        search.attempt(TIE_SHARE / most if most > 0 else 1.0)
    if not search.is_settled() and (budget_usd is not None or search.best is None):
        search.close_in()
    if not search.is_settled() and search.last is not None and search.last.status != "infeasible":
        search.solve_whole()
    return search.result()
