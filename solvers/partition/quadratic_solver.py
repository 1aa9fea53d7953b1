"""A partition by its quadratic program, through SCIP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import bilinear
from solvers.backends.bilinear import BilinearProgram
from solvers.backends.status import Settings
from solvers.errors import ProblemError
from solvers.partition.column_solver import MICRO, checked, require_search
from solvers.partition.columns import columns_between
from solvers.partition.quadratic_program import build
from solvers.partition.quadratic_variables import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.status import Report
    from solvers.partition.columns import Columns
    from solvers.partition.quadratic_program import QuadraticProgram
    from solvers.partition.relaxation import Relaxation

    Array = NDArray[np.float64]


def solve_quadratic(
    relaxation: Relaxation, *, gap: float, time_limit_s: float | None
) -> tuple[Columns | None, float, Report]:
    """Return the best partition found, if any, a bound (-inf: none), and what SCIP said.

    Raises
    ------
    ProblemError
        The problem has forks: the program has no decision for them.
    BackendError
        SCIP is not installed, gives up, or calls for what breaks the limit.
    """
    if relaxation.problem.forks is not None:
        raise ProblemError(["the quadratic program knows no forks; solve with labels or pulp"])
    program = build(Parameters(relaxation.prices, relaxation.goal))
    scale = MICRO if relaxation.goal.minimise == "cost" else 1.0
    arrays = BilinearProgram(program.arrays.linear.scaled(scale), program.products)
    report = bilinear.run(arrays, Settings(gap=gap, time_limit_s=time_limit_s))
    bound = -np.inf if report.bound is None else report.bound / scale
    require_search(report.status, "scip")
    if report.values is None:
        return None, bound, report
    path = path_of(relaxation, program, report.values)
    return checked(path, relaxation.goal, "scip"), bound, report


def path_of(relaxation: Relaxation, program: QuadraticProgram, values: Array) -> Columns:
    """The columns that cuts, modes and sizes amount to, priced as columns are."""
    prices, at = relaxation.prices, program.compiled.columns
    cut, mode = np.nonzero(values[at["cut"]] > 0.5)
    node = np.array(
        [
            int(np.flatnonzero((prices.cut == c) & (prices.mode == h))[0])
            for c, h in zip(cut, mode, strict=True)
        ]
    )
    size = values[at["size"]].argmax(axis=1)[cut[:-1]]
    offered = columns_between(prices, node[:-1], node[1:])
    same = (offered.begin == node[:-1, None]) & (offered.memory == size[:, None])  # [segment, column]
    return offered.taking(np.nonzero(same)[1])
