"""Linear, mixed-integer and quadratic programs solved by one function, whichever solver does the work.

`solve` takes a `LinearProgram` (arrays; norms and squares where it has any) and returns an `Answer` whose feasibility and
objective are recomputed here.
"""

from __future__ import annotations

import difflib
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import cbc, cvxpy_solvers, glpk, highs, pulp_solvers, tangents
from solvers.backends.check import check_report
from solvers.backends.lp_file import write_lp
from solvers.backends.mps_file import write_mps
from solvers.backends.program import LinearProgram, NormRow, SquareTerm
from solvers.backends.status import Answer, BackendInfo, Report, Settings, Status, Tangents
from solvers.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Backend = Callable[[LinearProgram, Settings], Report]

__all__ = [
    "Answer",
    "BackendInfo",
    "LinearProgram",
    "NormRow",
    "SquareTerm",
    "Status",
    "Tangents",
    "installed_backends",
    "solve",
    "write_lp",
    "write_mps",
]

RUNNERS: Mapping[str, Backend] = {
    highs.NAME: highs.run,
    pulp_solvers.HIGHS: pulp_solvers.run_highs,
    cbc.NAME: cbc.run,
    glpk.NAME: glpk.run,
    pulp_solvers.SCIP: pulp_solvers.run_scip,
    cvxpy_solvers.HIGHS: cvxpy_solvers.run_highs,
    cvxpy_solvers.SCIP: cvxpy_solvers.run_scip,
}
# Reduced costs are asked to be right to 1e-7, and are sums of costs that doubles hold to 1e-16 of their size: beyond 1e8 nothing
# is left for the sums. HiGHS 1.15 gives up on 21 columns of 1e10 (kSolveError), of 1e4 it solves them.
COST_MAX = 1e8
QUADRATIC = frozenset({cvxpy_solvers.SCIP})  # take norms and squares as they are; the others see tangents


def solve(
    program: LinearProgram,
    *,
    solver: str = "highs",
    gap: float = 1e-4,
    time_limit_s: float | None = None,
    node_limit: int | None = None,
    seed: int = 0,
    start: Array | None = None,
    relax: bool = False,
    cost_scale: float = 1e6,
    log: Path | None = None,
    start_tangents: Tangents | None = None,
) -> Answer:
    """Solve one program and check the answer.

    Parameters
    ----------
    program
        What to minimise.
    solver
        Name of a backend, one of `installed_backends`.
    gap, time_limit_s, node_limit, seed, log
        As in `Settings`.
    start
        ``[col]`` values to start from, NaN where unknown. A feasible one is never returned worse.
    relax
        Drop the whole-number condition of every column.
    cost_scale
        The solver sees costs times this, the answer is in the program's own units: 1e6 turns dollars into
        micro-dollars, because a solver's absolute gap of 1e-6 exceeds the price of a request. No more than leaves the largest
        cost at `COST_MAX`.
    log
        File the solver's own log goes to.
    start_tangents
        `Answer.tangents` of an earlier solve of a program with the same norms and squares under other prices or limits.

    Raises
    ------
    BackendError
        The backend is unknown or not installed.
    """
    backend = find_backend(solver)
    if relax:
        program = program.relaxed()
    call = partial(settle_or_run, backend)
    if program.is_curved and solver not in QUADRATIC:
        call = partial(tangents.run, call)
    settings = Settings(gap, time_limit_s, node_limit, seed, start, log, start_tangents)
    cost_scale = min(cost_scale, COST_MAX / max(float(np.abs(program.cost).max(initial=0.0)), 1e-300))
    began = time.perf_counter()
    report = unscale(call(program.scaled(cost_scale), settings), cost_scale)
    return check_report(program, report, settings, solver=solver, runtime_s=time.perf_counter() - began)


def installed_backends() -> tuple[BackendInfo, ...]:
    """Every backend that can be called here, the default first."""
    commands = [found for found in (cbc.describe(), glpk.describe()) if found is not None]
    through_pulp = (*pulp_solvers.describe(), *commands, *pulp_solvers.describe_others())
    return (highs.describe(), *through_pulp, *cvxpy_solvers.describe())


def find_backend(name: str) -> Backend:
    """Return the function that runs `name`; raise `BackendError` naming the nearest and what is installed."""
    found = RUNNERS.get(name) or (pulp_solvers.runner(name) if name.startswith("pulp-") else None)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, RUNNERS, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    offered = ", ".join(info.name for info in installed_backends())
    raise BackendError(f"solver {name!r} is unknown.{guess} Installed here: {offered}.")


def settle_or_run(backend: Backend, program: LinearProgram, settings: Settings) -> Report:
    """Answer what needs no solver, and ask the solver otherwise."""
    return settle_trivial(program) or backend(program, settings)


def settle_trivial(program: LinearProgram) -> Report | None:
    """Answer what solvers treat each their own way: contradicting limits, empty rows, no rows that say anything."""
    contradiction = program.contradiction()
    if contradiction is not None:
        return Report(Status.INFEASIBLE, message=contradiction)
    empty = np.diff(program.matrix.indptr) == 0
    unreachable = np.flatnonzero(empty & ((program.row_lower > 0) | (program.row_upper < 0)))
    if len(unreachable):
        return Report(
            Status.INFEASIBLE, message=f"row {unreachable[0]} has no coefficients and cannot reach its limit"
        )
    if not empty.all() or program.is_curved:
        return None
    lower, upper = program.whole_limits()
    values = np.where(program.cost > 0, lower, np.where(program.cost < 0, upper, np.clip(0.0, lower, upper)))
    if not np.isfinite(values).all():
        return Report(Status.UNBOUNDED)
    return Report(Status.OPTIMAL, values, program.objective(values), np.zeros(len(program.row_lower)))


def unscale(report: Report, cost_scale: float) -> Report:
    """Return the report in the program's own units of cost."""
    bound = None if report.bound is None else report.bound / cost_scale
    duals = None if report.row_duals is None else report.row_duals / cost_scale
    return replace(report, bound=bound, row_duals=duals)
