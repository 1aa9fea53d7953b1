"""Solvers reached through PuLP: HiGHS and SCIP in their own words, and every other one PuLP finds in PuLP's.

CBC and GLPK, called as commands, have modules of their own.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

import solvers.backends.highs as highs
import solvers.backends.scip as scip
from solvers.backends.pulp_programs import (
    build,
    give_start,
    read_status,
    read_values,
    solver_columns,
    unused_columns,
)
from solvers.backends.status import BackendInfo, Report, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from solvers.backends.program import LinearProgram

HIGHS, SCIP = "pulp-highs", "pulp-scip"
KNOWN = frozenset(
    {"HiGHS", "SCIP_PY", "PULP_CBC_CMD", "COIN_CMD", "GLPK_CMD"}
)  # PuLP's names of those we read ourselves


def describe() -> tuple[BackendInfo, ...]:
    """Return HiGHS, and SCIP where it is installed, as PuLP calls them."""
    found = [BackendInfo(HIGHS, version("highspy"), integer=True, quadratic=False, gives_bound=True)]
    if scip.installed():
        found.append(BackendInfo(SCIP, scip.version(), integer=True, quadratic=False, gives_bound=True))
    return tuple(found)


def others() -> dict[str, str]:
    """Return PuLP's own names of the other solvers it finds here, by our names: ``pulp-`` and the same in small letters."""
    import pulp

    found = pulp.listSolvers(onlyAvailable=True)
    return {f"pulp-{name.lower().replace('_', '-')}": name for name in found if name not in KNOWN}


def describe_others() -> tuple[BackendInfo, ...]:
    """Return the other solvers PuLP finds; of their proofs it hands on the word only."""
    return tuple(
        BackendInfo(name, "unknown", integer=True, quadratic=False, gives_bound=False, limits_nodes=False)
        for name in others()
    )


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


def runner(name: str) -> Callable[[LinearProgram, Settings], Report] | None:
    """Return what runs one of `others`, None where there is none of this name."""
    found = others().get(name)
    return None if found is None else partial(run_other, found)


def run_other(name: str, program: LinearProgram, settings: Settings) -> Report:
    """Solve with the solver PuLP knows by this name, given what PuLP can pass on to it.

    Some of PuLP's readers call an incumbent at a limit optimal, so under a limit the word counts as FEASIBLE.
    """
    import pulp

    kind = type(pulp.getSolver(name))
    taken = inspect.signature(kind.__init__).parameters
    wanted: dict[str, Any] = {
        "timeLimit": settings.time_limit_s,
        "maxNodes": settings.node_limit,
        "gapRel": settings.gap,
        "threads": 1,
        "logPath": None if settings.log is None else str(settings.log),
    }
    passed = {key: value for key, value in wanted.items() if key in taken and value is not None}
    built = build(program)
    try:
        outcome = built.problem.solve(kind(msg=False, **passed))
    except (pulp.PulpSolverError, AssertionError, OSError) as error:
        return Report(Status.FAILED, message=f"{name}: {error}")
    status = read_status(built.problem, outcome)
    if status is Status.OPTIMAL and not {"timeLimit", "maxNodes"}.isdisjoint(passed):
        status = Status.FEASIBLE
    values = read_values(built, program) if status in (Status.OPTIMAL, Status.FEASIBLE) else None
    return Report(status, values)
