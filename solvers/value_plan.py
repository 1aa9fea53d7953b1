"""A plan of the most value for a budget, with the multipliers that prove how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.solution import ProvisioningSolution


@dataclass(frozen=True)
class Trial:
    """One multiplier on the budget.

    Parameters
    ----------
    multiplier
        Score per USD; inf: the plan of least cost.
    spend_usd, score
        What its plan costs and scores.
    least_usd
        Bound on the cost of every plan, less its value in USD.
    bound
        No plan within the budget scores more, by this multiplier.
    """

    multiplier: float
    spend_usd: float
    score: float
    least_usd: float
    bound: float


@dataclass(frozen=True)
class ValuePlan:
    """The best plan met, with its proof.

    Parameters
    ----------
    solution
        The plan; `objective_usd` is what it costs, `bound_usd` what any plan of its value costs at least. Status ``optimal``
        where the gap of the score was reached, ``gap_missed``, ``limit`` or ``infeasible``.
    value_share
        Value of the requests it serves over the number of requests that come.
    score
        The value share less the weighted cost: what was maximised.
    bound
        No plan within the budget scores more.
    trials
        Every multiplier that was tried.
    """

    solution: ProvisioningSolution
    value_share: float
    score: float
    bound: float
    trials: tuple[Trial, ...]

    @property
    def gap(self) -> float:
        """|score - bound| / |score|; 0 where both are equal, inf where only the score is 0."""
        return relative_shortfall(self.score, self.bound)


def relative_shortfall(score: float, bound: float) -> float:
    """Return (bound - score) / |score|; 0 where the score reaches the bound, inf where only the score is 0."""
    if score >= bound:
        return 0.0
    return (bound - score) / abs(score) if score else float("inf")
