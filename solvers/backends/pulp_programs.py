"""A program in PuLP's form, and what PuLP says of its solution: one adapter for PuLP 3.3 and PuLP 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.backends.status import Settings, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class PulpProgram:
    """A program in PuLP's form: `variables` one a column, `rows` the PuLP rows with the number of ours."""

    problem: Any
    variables: tuple[Any, ...]
    rows: tuple[tuple[int, Any], ...]


def build(program: LinearProgram) -> PulpProgram:
    """Write the arrays as a PuLP problem: columns x0, x1, ...; a row with two limits becomes two.

    Rows without coefficients are left out: `solve` has checked them.
    """
    import pulp

    problem = pulp.LpProblem("program", pulp.LpMinimize)
    kinds = np.where(program.integer, pulp.LpInteger, pulp.LpContinuous)
    variables = tuple(
        problem.add_variable(f"x{column}", finite(low), finite(high), str(kind))
        for column, (low, high, kind) in enumerate(zip(program.lower, program.upper, kinds, strict=True))
    )
    priced = np.flatnonzero(program.cost)
    problem.setObjective(expression([(variables[c], float(program.cost[c])) for c in priced]))
    rows: list[tuple[int, Any]] = []
    matrix = program.matrix
    start, column, value = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    for row, (low, high) in enumerate(zip(program.row_lower, program.row_upper, strict=True)):
        pairs = [(variables[column[n]], value[n]) for n in range(start[row], start[row + 1])]
        if not pairs:
            continue
        total = expression(pairs)
        limits = [total == float(low)] if low == high else []
        limits += [total >= float(low)] if low != high and np.isfinite(low) else []
        limits += [total <= float(high)] if low != high and np.isfinite(high) else []
        for part, limit in enumerate(limits):
            stored = problem.addConstraint(limit, f"r{row}_{part}")
            rows.append((row, limit if stored is None else stored))
    return PulpProgram(problem, variables, tuple(rows))


def expression(pairs: list[tuple[Any, float]]) -> Any:
    """Return sum coefficient * variable; PuLP 4 made the constructor private and offers `from_list`."""
    from pulp import LpAffineExpression

    from_list = getattr(LpAffineExpression, "from_list", None)
    return LpAffineExpression(pairs) if from_list is None else from_list(pairs)


def finite(limit: float) -> float | None:
    """Return the limit in PuLP's form, which has None for "no limit"."""
    return float(limit) if np.isfinite(limit) else None


def solver_columns(problem: Any) -> list[Any]:
    """Return the variables in the solver's column order; PuLP 4 leaves out those that nothing uses."""
    exported = getattr(problem, "exported_variables", None)
    return list(problem.variables() if exported is None else exported())


def unused_columns(program: LinearProgram) -> Array:
    """Return a value within the limits of every column, for those that no row and no cost mentions."""
    return np.clip(np.zeros(len(program.cost)), program.lower, program.upper)


def give_start(built: PulpProgram, settings: Settings) -> bool:
    """Set the start as the variables' first values, where it is complete; return whether it was."""
    if settings.start is None or not np.isfinite(settings.start).all():
        return False
    for variable, value in zip(built.variables, settings.start, strict=True):
        variable.setInitialValue(float(value), check=False)
    return True


def read_values(built: PulpProgram, program: LinearProgram) -> Array:
    """Return the values PuLP read back; a column that nothing uses has none."""
    read = [variable.varValue for variable in built.variables]
    missing = np.array([value is None for value in read], dtype=bool)
    return np.where(missing, unused_columns(program), np.array([value or 0.0 for value in read]))


def read_status(problem: Any, outcome: Any) -> Status:
    """Read why a solver stopped: from `sol_status` in PuLP 3, from the statistics `solve` returns in PuLP 4."""
    from pulp import constants

    reasons = getattr(constants, "LpSolveStatus", None)
    if reasons is not None:
        proved = {
            reasons.Optimal: Status.OPTIMAL,
            reasons.GapLimit: Status.OPTIMAL,
            reasons.Infeasible: Status.INFEASIBLE,
            reasons.Unbounded: Status.UNBOUNDED,
        }
        failed = (reasons.Undefined, reasons.NumericalError)
        stopped = Status.FEASIBLE if outcome.has_solution else Status.LIMIT
        return Status.FAILED if outcome.status in failed else proved.get(outcome.status, stopped)
    if problem.status == constants.LpStatusUndefined:
        return Status.FAILED
    if (
        problem.status == constants.LpStatusInfeasible
    ):  # "Integer infeasible" leaves `sol_status` at "none found"
        return Status.INFEASIBLE
    found = {
        constants.LpSolutionOptimal: Status.OPTIMAL,
        constants.LpSolutionIntegerFeasible: Status.FEASIBLE,
        constants.LpSolutionUnbounded: Status.UNBOUNDED,
    }
    return found.get(problem.sol_status, Status.LIMIT)
