"""The certificate: what the plan reaches, the proof of how good that is, and what it spends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.plan import Amount, BoundTried, Certificate, StatedError
from planner.write_up.planned import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.write_up.planned import Planned

COST_UNIT = "USD per horizon"


@dataclass(frozen=True)
class Verdict:
    """What a plan reaches where that is no cost.

    Parameters
    ----------
    sense, unit
        Direction, and what the values are counted in: a share (effective accuracy), a factor on the deadlines (latency).
    value, bound
        What the plan reaches, and what no plan of the problem on its grids can exceed.
    bound_name
        What the bound is.
    status
        ``optimal`` where the gap asked for was reached, ``gap_missed``, or ``limit`` (stopped by time).
    bounds
        (name, of which problem, bound, seconds) of every bound tried.
    errors
        (which grid, by how much a plan off it could be better at most).
    infeasible
        Largest factor tried that has no plan.
    """

    sense: Literal["minimise", "maximise"]
    unit: str
    value: float
    bound: float
    bound_name: str
    status: str
    bounds: tuple[tuple[str, str, float, float], ...] = ()
    errors: tuple[tuple[str, float], ...] = ()
    infeasible: float | None = None

    @property
    def gap(self) -> float:
        """|value - bound| / |value|."""
        if self.value == self.bound:
            return 0.0
        return abs(self.value - self.bound) / abs(self.value) if self.value else 1.0


def cost(value: float) -> Amount:
    """An amount of money over the horizon."""
    return Amount(value=value, unit=COST_UNIT)


def certificate_of(planned: Planned, verdict: Verdict | None, *, greedy: bool) -> Certificate:
    """Write the certificate of a plan; its cost counts where no verdict is given."""
    solution = planned.solution
    by_cost = verdict is None
    if verdict is None:
        bounds = tuple((one.name, one.problem, one.bound_usd, one.runtime_s) for one in solution.bounds)
        verdict = Verdict(
            sense="minimise",
            unit=COST_UNIT,
            value=solution.objective_usd,
            bound=solution.bound_usd,
            bound_name=solution.bound_name,
            status=solution.status,
            bounds=bounds,
        )

    def amount(value: float) -> Amount:
        return Amount(value=value, unit=verdict.unit)

    return Certificate(
        sense=verdict.sense,
        objective=amount(verdict.value),
        bound=amount(verdict.bound),
        gap=verdict.gap,
        gap_asked=planned.scenario.solver.gap,
        status="heuristic" if greedy else _status(verdict.status),
        bound_name=verdict.bound_name,
        reproducible=solution.reproducible,
        objective_usd=verdict.value if by_cost else None,
        bound_usd=verdict.bound if by_cost else None,
        spend_usd=planned.spend_usd,
        errors=tuple(
            StatedError(name=name, error=amount(value))
            for name, value in (*verdict.errors, *(rate_error(planned) if by_cost else ()))
        ),
        infeasible=None if verdict.infeasible is None else amount(verdict.infeasible),
        fixed_capacity_gap=solution.fixed_capacity_gap if by_cost else None,
        fixed_capacity_bound_usd=solution.fixed_capacity_bound_usd if by_cost else None,
        fixed_capacity_objective_usd=solution.fixed_capacity_objective_usd if by_cost else None,
        fixed_capacity_program_gap=solution.fixed_capacity_program_gap if by_cost else None,
        bounds=tuple(
            BoundTried(name=name, problem=problem, bound=amount(value), runtime_s=seconds)
            for name, problem, value, seconds in verdict.bounds
        ),
        runtime_s=solution.runtime_s,
        phases_s=solution.phases_s,
    )


def rate_error(planned: Planned) -> Iterator[tuple[str, float]]:
    """By how much the plan may cost less than it says, USD: buffers have the price of the dearest rate of their range."""
    p, functions = planned.problem, planned.options.functions
    over_usd = [
        0.0 if one.least_usd_per_request is None else one.usd_per_request - one.least_usd_per_request
        for one in functions
    ]
    if any(one.least_usd_per_request is not None for one in functions):
        rate = np.einsum("kftq,q,f->t", planned.overflow_rps, p.level_share, np.array(over_usd))
        yield "ranges of rates", float(SECONDS_PER_HOUR * p.window_h @ rate)


def _status(status: str) -> Literal["optimal", "gap_missed", "limit"]:
    match status:
        case "optimal" | "gap_missed" | "limit":
            return status
    raise ValueError(f"status is {status!r}; only a solution with a plan is written up")
