"""CBC, called by PuLP as a command on files.

PuLP's own status is not taken: CBC stopped by its time limit is called "Optimal" there. `sol_status` (PuLP 3) or the reason it
stopped (PuLP 4) is read, and the bound in its log.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends.pulp_programs import build, give_start, read_status, read_values
from solvers.backends.status import BackendInfo, Report, Settings, Status
from solvers.errors import BackendError

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram

NAME = "pulp-cbc"


def describe() -> BackendInfo | None:
    """Version and abilities of the CBC found, None where there is none."""
    path = find()
    if path is None:
        return None
    return BackendInfo(NAME, read_version(path), integer=True, quadratic=False, gives_bound=True)


def run(program: LinearProgram, settings: Settings) -> Report:
    """Solve with CBC, as a command on files."""
    import pulp

    path = find()
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
    status = read_status(built.problem, outcome)
    if status is Status.FAILED and "infeasibility proved" in words:
        status = Status.INFEASIBLE  # the CBC of cbcbox 2.935 then writes "Status unknown" for PuLP
    values = read_values(built, program) if status in (Status.OPTIMAL, Status.FEASIBLE) else None
    solved_linear = program.is_linear and status is Status.OPTIMAL
    bound = (
        program.objective(values)
        if solved_linear and values is not None
        else read_bound(words, program.offset)
    )
    duals = None
    if solved_linear:
        duals = np.zeros(len(program.row_lower))
        np.add.at(duals, [row for row, _ in built.rows], [row.pi or 0.0 for _, row in built.rows])
    return Report(status, values, bound, duals, nodes=read_nodes(words))


def read_bound(words: str, offset: float) -> float | None:
    """Return the last lower bound in CBC's log; it prints none where it closed the gap to its tolerance.

    The log rounds to a few decimals, so half a unit of the last is taken off.
    """
    found = re.findall(r"^Lower bound:\s+(\S+)", words, re.MULTILINE)
    if not found:
        return None
    decimals = len(found[-1].partition(".")[2])
    return float(found[-1]) - 0.5 * 10.0**-decimals + offset


def read_nodes(words: str) -> int:
    """Return the number of nodes in CBC's log."""
    found = re.findall(r"^Enumerated nodes:\s+(\d+)", words, re.MULTILINE)
    return int(found[-1]) if found else 0


def find() -> str | None:
    """Return the CBC beside PuLP 3, else the one of the package cbcbox or on the PATH, as PuLP 4 does."""
    import pulp

    bundled = getattr(pulp, "PULP_CBC_CMD", None)
    candidates = [bundled.pulp_cbc_path] if bundled is not None else []
    candidates.append(pulp.COIN_CMD(msg=False).path)
    return next((found for path in candidates if (found := shutil.which(path)) is not None), None)


def read_version(path: str) -> str:
    """Return the version that CBC prints when told to stop at once."""
    printed = subprocess.run([path, "-stop"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.search(r"^(?:Version:|CBC)\s+(.+?)\s*(?:—.*)?$", printed, re.MULTILINE)
    return found.group(1) if found else "unknown"
