"""Solvers reached through PuLP: CBC, HiGHS and SCIP, by one adapter for PuLP 3.3 and PuLP 4.

PuLP's own status is not taken: CBC stopped by its time limit is called "Optimal" there. HiGHS and SCIP are
asked themselves; of CBC, `sol_status` (PuLP 3) or the reason it stopped (PuLP 4) is read, and the bound in
its log.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import solvers.backends.highs as highs
import solvers.backends.scip as scip
from solvers.backends.status import BackendInfo, Report, Settings, Status
from solvers.errors import BackendError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]

CBC, HIGHS, SCIP = "pulp-cbc", "pulp-highs", "pulp-scip"


@dataclass(frozen=True)
class PulpProgram:
    """A program in PuLP's form: `variables` one a column, `rows` the PuLP rows with the number of ours."""

    problem: Any
    variables: tuple[Any, ...]
    rows: tuple[tuple[int, Any], ...]


def describe() -> tuple[BackendInfo, ...]:
    """Return what PuLP can call here."""
    found = [BackendInfo(HIGHS, version("highspy"), integer=True, quadratic=False, gives_bound=True)]
    path = cbc_path()
    if path is not None:
        found.append(BackendInfo(CBC, cbc_version(path), integer=True, quadratic=False, gives_bound=True))
    if scip.installed():
        found.append(BackendInfo(SCIP, scip.version(), integer=True, quadratic=False, gives_bound=True))
    return tuple(found)


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


def run_highs(program: LinearProgram, settings: Settings) -> Report:
    """Solve with the HiGHS that PuLP drives; its model is read in HiGHS's own words."""
    import pulp

    built = build(program)
    solver = pulp.HiGHS(msg=False)
    solver.createAndConfigureSolver(built.problem)
    model = built.problem.solverModel
    for option, value in highs.options(settings).items():
        model.setOptionValue(option, value)
    solver.buildSolverModel(built.problem)
    names = [variable.name for variable in solver_columns(built.problem)]
    order = np.array([int(name[1:]) for name in names if name != "__dummy"], dtype=np.int64)
    if settings.start is not None:
        known = np.flatnonzero(np.isfinite(settings.start[order])).astype(np.int32)
        model.setSolution(len(known), known, settings.start[order][known])
    highs.run_model(model)
    report = highs.read_report(model, is_linear=program.is_linear, offset=program.offset)
    values = duals = None
    if report.values is not None:
        values = unused_columns(program)
        values[order] = report.values[: len(order)]
    if report.row_duals is not None:
        duals = np.zeros(len(program.row_lower))
        np.add.at(duals, [row for row, _ in built.rows], report.row_duals[: len(built.rows)])
    return replace(report, values=values, row_duals=duals)


def solver_columns(problem: Any) -> list[Any]:
    """Return the variables in the solver's column order; PuLP 4 leaves out those that nothing uses."""
    exported = getattr(problem, "exported_variables", None)
    return list(problem.variables() if exported is None else exported())


def unused_columns(program: LinearProgram) -> Array:
    """Return a value within the limits of every column, for those that no row and no cost mentions."""
    return np.clip(np.zeros(len(program.cost)), program.lower, program.upper)


def run_cbc(program: LinearProgram, settings: Settings) -> Report:
    """Solve with CBC, as a command on files."""
    import pulp

    path = cbc_path()
    if path is None:
        raise BackendError("CBC was found neither beside PuLP nor on the PATH; install the package cbcbox")
    built = build(program)
    with tempfile.TemporaryDirectory(prefix="planner-cbc-") as folder:
        log = Path(folder) / "cbc.log" if settings.log is None else settings.log
        solver = pulp.COIN_CMD(
            path=path,
            msg=False,
            timeLimit=settings.time_limit_s,
            maxNodes=settings.node_limit,
            gapRel=settings.gap,
            logPath=str(log),
            options=[f"randomSeed {settings.seed}", f"randomCbcSeed {settings.seed}"],
            warmStart=give_start(built, settings),
        )
        solver.tmpDir = folder
        try:
            outcome = built.problem.solve(solver)
        except pulp.PulpSolverError as error:
            return Report(Status.FAILED, message=f"CBC: {error}")
        words = log.read_text(encoding="utf-8", errors="replace")
    status = cbc_status(built.problem, outcome)
    if status is Status.FAILED and "infeasibility proved" in words:
        status = (
            Status.INFEASIBLE
        )  # the CBC of the package cbcbox 2.935 then writes "Status unknown" for PuLP
    values = read_values(built, program) if status in (Status.OPTIMAL, Status.FEASIBLE) else None
    solved_linear = program.is_linear and status is Status.OPTIMAL
    bound = (
        program.objective(values)
        if solved_linear and values is not None
        else cbc_bound(words, program.offset)
    )
    duals = None
    if solved_linear:
        duals = np.zeros(len(program.row_lower))
        np.add.at(duals, [row for row, _ in built.rows], [row.pi or 0.0 for _, row in built.rows])
    return Report(status, values, bound, duals, nodes=cbc_nodes(words))


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


def cbc_status(problem: Any, outcome: Any) -> Status:
    """Read why CBC stopped: from `sol_status` in PuLP 3, from the statistics `solve` returns in PuLP 4."""
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


def cbc_bound(words: str, offset: float) -> float | None:
    """Return the last lower bound in CBC's log; it prints none where it closed the gap to its tolerance."""
    found = re.findall(r"^Lower bound:\s+(\S+)", words, re.MULTILINE)
    return float(found[-1]) + offset if found else None


def cbc_nodes(words: str) -> int:
    """Return the number of nodes in CBC's log."""
    found = re.findall(r"^Enumerated nodes:\s+(\d+)", words, re.MULTILINE)
    return int(found[-1]) if found else 0


def cbc_path() -> str | None:
    """Return the CBC beside PuLP 3, else the one of the package cbcbox or on the PATH, as PuLP 4 does."""
    import pulp

    bundled = getattr(pulp, "PULP_CBC_CMD", None)
    candidates = [bundled.pulp_cbc_path] if bundled is not None else []
    candidates.append(pulp.COIN_CMD(msg=False).path)
    return next((found for path in candidates if (found := shutil.which(path)) is not None), None)


def cbc_version(path: str) -> str:
    """Return the version that CBC prints when told to stop at once."""
    printed = subprocess.run([path, "-stop"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.search(r"^(?:Version:|CBC)\s+(.+?)\s*(?:—.*)?$", printed, re.MULTILINE)
    return found.group(1) if found else "unknown"


def run_scip(program: LinearProgram, settings: Settings) -> Report:
    """Solve with the SCIP that PuLP drives; its model is read in SCIP's own words."""
    import pulp

    scip.require()
    built = build(program)
    solver = pulp.SCIP_PY(msg=False, logPath=str(settings.log) if settings.log else None)
    solver.optionsDict["warmStart"] = give_start(built, settings)
    solver.buildSolverModel(built.problem)
    model = built.problem.solverModel
    for name, value in scip.parameters(settings).items():
        model.setParam(name, value)
    solver.callSolver(built.problem)
    status = scip.read_status(model)
    values = None
    if status in (Status.OPTIMAL, Status.FEASIBLE):
        best = model.getBestSol()
        columns = {variable.name: variable for variable in model.getVars()}
        values = unused_columns(program)
        for column in range(len(values)):
            if f"x{column}" in columns:
                values[column] = best[columns[f"x{column}"]]
    return Report(status, values, scip.read_bound(model, program.offset), nodes=int(model.getNTotalNodes()))
