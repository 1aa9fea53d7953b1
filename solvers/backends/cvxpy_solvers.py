"""Solvers reached through cvxpy: HiGHS and SCIP, always by name.

cvxpy raises where a limit leaves SCIP without an incumbent and hides one found under a node limit, so the
compiled problem is handed over and the solver's own status and bound are read before cvxpy's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

import solvers.backends.highs as highs
import solvers.backends.scip as scip
from solvers.backends.status import BackendInfo, Report, Settings, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram, NormRow, SquareTerm

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

HIGHS, SCIP = "cvxpy-highs", "cvxpy-scip"


@dataclass(frozen=True)
class CvxpyProgram:
    """A program in cvxpy's form.

    `columns` are cvxpy's variables with the numbers of our columns; `limits` the constraints with the numbers
    of our rows and the sign that turns cvxpy's multiplier into the change of the objective per unit of the
    limit.
    """

    problem: Any
    columns: tuple[tuple[Any, IntArray], ...]
    limits: tuple[tuple[Any, IntArray, float], ...]


def describe() -> tuple[BackendInfo, ...]:
    """Return what cvxpy can call here; SCIP also takes quadratic and conic programs."""
    found = [BackendInfo(HIGHS, version("highspy"), integer=True, quadratic=False, gives_bound=True)]
    if scip.installed():
        found.append(BackendInfo(SCIP, scip.version(), integer=True, quadratic=True, gives_bound=True))
    return tuple(found)


def build(program: LinearProgram) -> CvxpyProgram:
    """Write the arrays as a cvxpy problem: whole and other columns, equations, upper and lower limits, cones.

    Rows without coefficients and norms are left out: `solve` has checked them.
    """
    import cvxpy as cp

    by_column = program.matrix.tocsc()
    columns, parts = [], []
    for whole, kind in ((True, program.integer), (False, ~program.integer)):
        chosen = np.flatnonzero(kind)
        if len(chosen):
            bounds = [program.lower[chosen], program.upper[chosen]]
            variable: Any = cp.Variable(len(chosen), integer=whole, bounds=bounds)
            columns.append((variable, chosen))
            parts.append((by_column[:, chosen].tocsr(), variable))
    low, high = program.row_lower, program.row_upper
    curved = np.zeros(len(low), dtype=bool)
    curved[[norm.row for norm in program.norms]] = True
    filled = (np.diff(program.matrix.indptr) > 0) & ~curved
    kinds = (
        ("equal", filled & (low == high), -1.0),
        ("upper", filled & (low < high) & np.isfinite(high), -1.0),
        ("lower", filled & (low < high) & np.isfinite(low), 1.0),
    )
    limits = []
    for kind_name, kept, sign in kinds:
        rows = np.flatnonzero(kept)
        if not len(rows):
            continue
        total: Any = sum(part[rows] @ variable for part, variable in parts)
        limit = low[rows] if kind_name == "lower" else high[rows]
        constraint = {"equal": total == limit, "upper": total <= limit, "lower": total >= limit}[kind_name]
        limits.append((constraint, rows, sign))
    constraints = [constraint for constraint, _, _ in limits]
    for row in np.flatnonzero(curved & np.isfinite(high)):
        norms = [norm.scale * cp.norm(under(norm, columns), 2) for norm in program.norms if norm.row == row]
        constraints.append(sum(part[[row]] @ variable for part, variable in parts) + sum(norms) <= high[row])
    cost: Any = sum(program.cost[chosen] @ variable for variable, chosen in columns)
    squares = sum(term.scale * cp.sum_squares(under(term, columns)) for term in program.squares)
    objective: Any = cp.Minimize(cost + squares)
    problem = cp.Problem(objective, constraints)
    return CvxpyProgram(problem, tuple(columns), tuple(limits))


def under(term: NormRow | SquareTerm, columns: list[tuple[Any, IntArray]]) -> Any:
    """Return root x[columns] over cvxpy's variables; each holds its columns in ascending order."""
    total: Any = 0
    for variable, chosen in columns:
        own = np.isin(term.columns, chosen)
        if own.any():
            total = total + term.root[:, own] @ variable[np.searchsorted(chosen, term.columns[own])]
    return total


def run_highs(program: LinearProgram, settings: Settings) -> Report:
    """Solve with the HiGHS that cvxpy drives; it takes no start."""
    import cvxpy as cp

    built = build(program)
    data, chain, inverse = built.problem.get_problem_data(cp.HIGHS)
    results = chain.solve_via_data(built.problem, data, solver_opts=highs.options(settings))
    if results["model_status"] == "kNotset":
        highs.reset_scheduler()
        results = chain.solve_via_data(built.problem, data, solver_opts=highs.options(settings))
    report = highs.read_results(
        results["model_status"],
        results["info"],
        results["solution"],
        is_linear=program.is_linear,
        offset=program.offset,
    )
    if report.status is Status.FEASIBLE:
        results["model_status"] = "kOptimal"  # cvxpy warns of an incumbent at a limit; our status says so
    if report.status in (Status.OPTIMAL, Status.FEASIBLE):
        built.problem.unpack_results(results, chain, inverse)
    return replace(report, values=read_values(built, report), row_duals=read_duals(built, program, report))


def run_scip(program: LinearProgram, settings: Settings) -> Report:
    """Solve with the SCIP that cvxpy drives.

    It takes no start, and gives no duals: cvxpy reads some of SCIP's as 0.
    """
    import cvxpy as cp

    scip.require()
    built = build(program)
    data, chain, inverse = built.problem.get_problem_data(cp.SCIP)
    chosen: dict[str, Any] = {"scip_params": scip.parameters(settings, curved=program.is_curved)}
    results = chain.solve_via_data(built.problem, data, solver_opts=chosen)
    model = results["model"]
    report = Report(
        scip.read_status(model),
        bound=scip.read_bound(model, program.offset),
        nodes=int(model.getNTotalNodes()),
    )
    if report.status in (Status.OPTIMAL, Status.FEASIBLE):
        results["status"] = cp.OPTIMAL  # else cvxpy leaves an incumbent at a node limit unread
        built.problem.unpack_results(results, chain, inverse)
    return replace(report, values=read_values(built, report))


def read_values(built: CvxpyProgram, report: Report) -> Array | None:
    """Return the columns in our order, once cvxpy has unpacked a solution."""
    if report.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    values = np.zeros(sum(len(chosen) for _, chosen in built.columns))
    for variable, chosen in built.columns:
        values[chosen] = variable.value
    return values


def read_duals(built: CvxpyProgram, program: LinearProgram, report: Report) -> Array | None:
    """Return the rows' duals in our order and sign, of a linear program solved to its optimum."""
    if not program.is_linear or report.status is not Status.OPTIMAL:
        return None
    duals = np.zeros(len(program.row_lower))
    for constraint, rows, sign in built.limits:
        if constraint.dual_value is None:
            return None
        duals[rows] += sign * np.asarray(constraint.dual_value, dtype=float).reshape(-1)
    return duals
