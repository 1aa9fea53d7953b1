"""GLPK's glpsol, called by PuLP as a command on files; how it ended and its bound are read from its log.

PuLP calls every solution of an integer program optimal, one that the time limit left behind too. glpsol counts seconds and knows
no limit of nodes: where only nodes are limited, each stands for `NODE_S`.
"""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from solvers.backends.pulp_programs import build, read_values
from solvers.backends.status import BackendInfo, Report, Settings, Status
from solvers.errors import BackendError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from solvers.backends.program import LinearProgram

NAME = "pulp-glpk"
NODE_S = 0.05  # our rate of exchange; 40 columns and 8 rows take glpsol 5.0 about 0.0002 s a node
ENDS: Mapping[str, Status] = {  # words of glpsol 5.0; the last line that holds one of them counts
    "OPTIMAL LP SOLUTION FOUND": Status.OPTIMAL,
    "OPTIMAL SOLUTION FOUND BY LP PREPROCESSOR": Status.OPTIMAL,
    "INTEGER OPTIMAL SOLUTION FOUND": Status.OPTIMAL,
    "RELATIVE MIP GAP TOLERANCE REACHED": Status.OPTIMAL,
    "NO PRIMAL FEASIBLE SOLUTION": Status.INFEASIBLE,
    "NO INTEGER FEASIBLE SOLUTION": Status.INFEASIBLE,
    "UNBOUNDED PRIMAL SOLUTION": Status.UNBOUNDED,
    "NO DUAL FEASIBLE SOLUTION": Status.INFEASIBLE_OR_UNBOUNDED,
    "LIMIT EXCEEDED": Status.LIMIT,
}
INCUMBENT = re.compile(r"Solution found by heuristic|>>>>>|mip = +[-+0-9]")


def describe() -> BackendInfo | None:
    """Version and abilities of the glpsol found, None where there is none."""
    path = find()
    if path is None:
        return None
    printed = subprocess.run(
        [path, "--version"], capture_output=True, text=True, check=False, timeout=30
    ).stdout
    found = re.search(r"Solver ([0-9.]+)", printed)
    version = found.group(1) if found else "unknown"
    return BackendInfo(NAME, version, integer=True, quadratic=False, gives_bound=True, limits_nodes=False)


def run(program: LinearProgram, settings: Settings) -> Report:
    """Solve with glpsol; it takes no start and no seed, and PuLP reads none of its duals."""
    import pulp

    path = find()
    if path is None:
        raise BackendError("glpsol was not found on the PATH; install GLPK")
    built = build(program)
    with tempfile.TemporaryDirectory(prefix="planner-glpk-") as folder:
        log = Path(folder) / "glpk.log" if settings.log is None else settings.log
        options = ["--log", str(log)]
        if program.integer.any():
            options += ["--mipgap", repr(settings.gap)]
        solver = pulp.GLPK_CMD(path=path, msg=False, timeLimit=seconds(settings), options=options)
        solver.tmpDir = folder
        failure = ""
        try:
            built.problem.solve(solver)
        except (
            pulp.PulpSolverError,
            AssertionError,
        ) as error:  # PuLP asserts that two of glpsol's files agree
            failure = f"GLPK: {error}"
        words = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    status = read_status(words, whole=bool(program.integer.any()))
    found = not failure and status in (Status.OPTIMAL, Status.FEASIBLE)
    values = read_values(built, program) if found else None
    if failure and status in (Status.OPTIMAL, Status.FEASIBLE, Status.FAILED):
        return Report(Status.FAILED, message=failure)
    proved = status is Status.OPTIMAL and "GAP TOLERANCE REACHED" not in words and values is not None
    bound = program.objective(values) if proved and values is not None else read_bound(words, program.offset)
    return Report(status, values, bound)


def find() -> str | None:
    """Return the glpsol on the PATH."""
    return shutil.which("glpsol")


def seconds(settings: Settings) -> int | None:
    """Return the limit in the whole seconds that glpsol takes, None for none."""
    if settings.time_limit_s is not None:
        return max(1, math.ceil(settings.time_limit_s))
    return None if settings.node_limit is None else max(1, math.ceil(settings.node_limit * NODE_S))


def read_status(words: str, *, whole: bool) -> Status:
    """Return how the run of this log ended; of a program with whole numbers, an unbounded relaxation proves little."""
    ends = [status for line in words.splitlines() for end, status in ENDS.items() if end in line]
    status = ends[-1] if ends else Status.FAILED
    if status is Status.LIMIT and INCUMBENT.search(words):
        return Status.FEASIBLE
    return Status.INFEASIBLE_OR_UNBOUNDED if whole and status is Status.UNBOUNDED else status


def read_bound(words: str, offset: float) -> float | None:
    """Return the last bound in a log, None where it names none."""
    found = re.findall(r"^\+.*>= +([-+0-9.e]+) ", words, re.MULTILINE)
    return float(found[-1]) + offset if found else None
