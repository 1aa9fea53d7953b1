"""HiGHS called directly through highspy: the default backend.

One thread and a fixed seed, so one program gives one answer; parallelism is over independent
programs.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.backends.status import BackendInfo, Report, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solvers.backends.program import LinearProgram

NAME = "highs"
LIMITS = frozenset(
    (
        "kTimeLimit",
        "kIterationLimit",
        "kSolutionLimit",
        "kInterrupt",
        "kMemoryLimit",
        "kObjectiveBound",
        "kObjectiveTarget",
    )
)
PROVED: Mapping[str, Status] = {
    "kOptimal": Status.OPTIMAL,
    "kModelEmpty": Status.OPTIMAL,
    "kInfeasible": Status.INFEASIBLE,
    "kUnbounded": Status.UNBOUNDED,
    "kUnboundedOrInfeasible": Status.INFEASIBLE_OR_UNBOUNDED,
}


def describe() -> BackendInfo:
    """Version and abilities of the installed HiGHS; it solves no integer program with a quadratic part."""
    return BackendInfo(NAME, version("highspy"), integer=True, quadratic=False, gives_bound=True)


def run(program: LinearProgram, settings: Settings) -> Report:
    """Solve `program` with HiGHS."""
    import highspy

    model = highspy.Highs()
    for option, value in options(settings).items():
        model.setOptionValue(option, value)
    pass_program(model, program)
    if settings.start is not None:
        known = np.flatnonzero(np.isfinite(settings.start)).astype(np.int32)
        model.setSolution(len(known), known, settings.start[known])
    run_model(model)
    return read_report(model, is_linear=program.is_linear)


def options(settings: Settings) -> dict[str, Any]:
    """HiGHS options for `settings`; also used where another layer (PuLP, cvxpy) calls HiGHS."""
    chosen: dict[str, Any] = {
        "output_flag": settings.log is not None,
        "log_to_console": False,
        "threads": 1,
        "random_seed": settings.seed,
        "mip_rel_gap": settings.gap,
        "mip_allow_restart": False,  # halves the time of a window's program (six windows, CPU 1.18 to 0.66 s)
        # Searches in sub-programs: without them eight windows took 1.25 in place of 1.31 CPU s, six GPU mixes 4.7 in place of 7.6
        "mip_heuristic_run_rens": False,
        "mip_heuristic_run_rins": False,
    }
    if settings.log is not None:
        chosen["log_file"] = str(settings.log)
    if settings.time_limit_s is not None:
        chosen["time_limit"] = float(settings.time_limit_s)
    if settings.node_limit is not None:
        chosen["mip_max_nodes"] = int(settings.node_limit)
    return chosen


def pass_program(model: Any, program: LinearProgram) -> None:
    """Hand the arrays over in one call."""
    import highspy

    matrix = program.matrix
    model.passModel(
        len(program.cost),
        len(program.row_lower),
        matrix.nnz,
        highspy.MatrixFormat.kRowwise.value,
        highspy.ObjSense.kMinimize.value,
        program.offset,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        program.integer.astype(np.int32),
    )


def run_model(model: Any) -> None:
    """Run; where the process ran HiGHS with more threads before, reset its scheduler and run again."""
    import highspy

    ended = model.run()
    if ended == highspy.HighsStatus.kError and model.getModelStatus() == highspy.HighsModelStatus.kNotset:
        reset_scheduler()
        model.run()


def reset_scheduler() -> None:
    """Let the next run choose its number of threads anew; HiGHS keeps that of the process's first run."""
    import highspy

    highspy.Highs.resetGlobalScheduler(True)


def read_report(model: Any, *, is_linear: bool, offset: float = 0.0) -> Report:
    """Read status, values, dual bound and row duals of a model that was run."""
    end = model.getModelStatus().name
    return read_results(end, model.getInfo(), model.getSolution(), is_linear=is_linear, offset=offset)


def read_results(end: str, info: Any, solution: Any, *, is_linear: bool, offset: float = 0.0) -> Report:
    """Read HiGHS's model status (by name), information and solution.

    `offset` is what the model's objective lacks: PuLP and cvxpy keep the constant to themselves.
    """
    import highspy

    found = highspy.SolutionStatus.kSolutionStatusFeasible
    incumbent = solution.value_valid and info.primal_solution_status == found
    status = Status.FEASIBLE if incumbent else Status.LIMIT
    if end not in LIMITS:
        status = PROVED.get(end, Status.FAILED)
    solved = status in (Status.OPTIMAL, Status.FEASIBLE, Status.LIMIT)
    bound = None
    if is_linear and status is Status.OPTIMAL:
        bound = float(info.objective_function_value) + offset
    elif not is_linear and solved and np.isfinite(info.mip_dual_bound):
        bound = float(info.mip_dual_bound) + offset
    return Report(
        status,
        values=np.array(solution.col_value) if incumbent or status is Status.OPTIMAL else None,
        bound=bound,
        row_duals=np.array(solution.row_dual) if is_linear and solution.dual_valid else None,
        nodes=max(0, int(info.mip_node_count)),
        message="" if status is not Status.FAILED else f"HiGHS ended with {end}",
    )
