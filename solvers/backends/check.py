"""A solver's word, held against our own arithmetic: feasibility, objective, bound and gap are recomputed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends.status import Answer, Report, Settings, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]

FEASIBILITY_TOLERANCE = 1e-5  # ten times the 1e-6 the solvers promise per row: presolve and scaling add to it
OBJECTIVE_TOLERANCE = 1e-6  # what the solvers' own 1e-6 per value can move the objective
DUAL_TOLERANCE = 1e-7  # relative to the largest cost: the solvers' own dual feasibility tolerance


def check_report(
    program: LinearProgram, report: Report, settings: Settings, *, solver: str, runtime_s: float
) -> Answer:
    """Turn a backend's report into an `Answer`.

    Values that break a limit, a bound above a feasible objective, and the word "infeasible" beside a feasible
    start make it FAILED; "optimal" with a gap larger than asked for makes it FEASIBLE. A feasible start that
    beats the backend's values, or stands alone, takes their place.
    """
    report = check_bound(program, use_start(program, check_values(program, report), settings.start), settings)
    values, bound = report.values, report.bound
    objective = None if values is None else program.objective(values)
    return Answer(
        status=report.status,
        values=values,
        objective=objective,
        bound=bound,
        gap=None if objective is None or bound is None else relative_gap(objective, bound),
        row_duals=check_duals(program, report, objective),
        nodes=report.nodes,
        runtime_s=runtime_s,
        solver=solver,
        max_violation=0.0 if values is None else program.violation(values),
        message=report.message,
        tangents=report.tangents,
    )


def check_values(program: LinearProgram, report: Report) -> Report:
    """Return the report with tidied values, or FAILED without them where they break a limit."""
    if report.values is None or report.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return replace(report, values=None)
    values, violation = tidy(program, report.values)
    if violation <= FEASIBILITY_TOLERANCE:
        return replace(report, values=values)
    return Report(
        Status.FAILED, nodes=report.nodes, message=f"the solver's values break a limit by {violation:.3g}"
    )


def use_start(program: LinearProgram, report: Report, start: Array | None) -> Report:
    """Return the report with the start in place of worse or missing values, where the start is feasible."""
    if start is None or not np.isfinite(start).all():
        return report
    start, violation = tidy(program, start)
    if violation > FEASIBILITY_TOLERANCE:
        return report
    if report.status in (Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED):
        message = f"the solver says {report.status.value}, yet the start is feasible"
        return Report(Status.FAILED, values=start, nodes=report.nodes, message=message)
    if report.status is Status.UNBOUNDED:
        return report
    if report.values is None or program.objective(start) < program.objective(report.values):
        status = Status.FEASIBLE if report.status is Status.LIMIT else report.status
        return replace(report, status=status, values=start)
    return report


def check_bound(program: LinearProgram, report: Report, settings: Settings) -> Report:
    """Return the report with a bound that agrees with the values, and a status that agrees with the gap."""
    if report.values is None or report.bound is None:
        return report
    objective = program.objective(report.values)
    weight = np.maximum(np.abs(report.values), program.integer)
    slack = OBJECTIVE_TOLERANCE * float(np.abs(program.cost) @ weight)
    slack += OBJECTIVE_TOLERANCE * sum(term.size(report.values) for term in program.squares)
    if report.bound > objective + slack:
        message = f"the solver's bound {report.bound:.9g} lies above a feasible objective of {objective:.9g}"
        return replace(report, status=Status.FAILED, bound=None, message=message)
    bound = min(report.bound, objective)
    size = max(abs(objective), abs(objective - program.offset))
    if report.status is Status.OPTIMAL and objective - bound > settings.gap * size + slack:
        message = "the solver says optimal, yet its bound leaves a larger gap than asked for"
        return replace(report, status=Status.FEASIBLE, bound=bound, message=message)
    return replace(report, bound=bound)


def check_duals(program: LinearProgram, report: Report, objective: float | None) -> Array | None:
    """Return the row duals where they prove the objective (strong duality), else None.

    Presolve of some solvers turns a row of one column into a bound and then reports its dual as 0.
    """
    duals = report.row_duals
    if duals is None or objective is None or report.status is not Status.OPTIMAL or not program.is_linear:
        return None
    reduced_cost = program.cost - program.matrix.T @ duals
    scale = float(np.abs(program.cost).max(initial=0.0))
    proved = program.offset
    for weight, lower, upper in (
        (duals, program.row_lower, program.row_upper),
        (reduced_cost, program.lower, program.upper),
    ):
        counted = np.abs(weight) > DUAL_TOLERANCE * scale
        limit = np.where(weight > 0, lower, upper)
        proved += float(weight[counted] @ limit[counted])
    slack = OBJECTIVE_TOLERANCE * max(abs(objective), scale)
    return duals if abs(proved - objective) <= slack else None


def relative_gap(objective: float, bound: float) -> float:
    """Return |objective - bound| / |objective|; 0 where they are equal, inf where only the objective is 0."""
    if objective == bound:
        return 0.0
    return abs(objective - bound) / abs(objective) if objective else float("inf")


def tidy(program: LinearProgram, values: Array) -> tuple[Array, float]:
    """Return `values` with limits kept and integers exactly whole, where that leaves them feasible, and their violation."""
    neat = np.clip(values, program.lower, program.upper)
    neat = np.where(program.integer, np.rint(neat), neat) + 0.0  # + 0.0 turns -0.0 into 0.0
    violation = program.violation(neat)
    return (neat, violation) if violation <= FEASIBILITY_TOLERANCE else (values, program.violation(values))
