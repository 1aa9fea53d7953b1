"""Programs with products of columns, solved by SCIP through PySCIPOpt.

A product z = x y of two columns is indefinite, and cvxpy hands over convex programs only (version 1.9.3 refuses ``quad_form`` of
an indefinite matrix), so the linear part comes compiled and the products are added to SCIP's model beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import solvers.backends.scip as scip
from solvers.backends.check import OBJECTIVE_TOLERANCE, relative_gap
from solvers.backends.lp_file import fitted_names, lp_lines
from solvers.backends.pulp_programs import finite
from solvers.backends.status import Report, Settings, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

SECTIONS = ("Bounds", "General", "Binary", "End")  # what may follow the rows of an LP file


@dataclass(frozen=True)
class Product:
    """A family of products of columns, ``result[p] = left[p] right[p]``, under the name it has on the formulation's page."""

    name: str
    result: IntArray
    left: IntArray
    right: IntArray

    def triples(self) -> Iterator[tuple[int, int, int]]:
        """Columns of every product."""
        return zip(self.result.tolist(), self.left.tolist(), self.right.tolist(), strict=True)


@dataclass(frozen=True)
class BilinearProgram:
    """A mixed-integer linear program some of whose columns are products of two others; `linear` is without norms and squares."""

    linear: LinearProgram
    products: tuple[Product, ...]


def run(program: BilinearProgram, settings: Settings) -> Report:
    """Solve with SCIP; it takes no start.

    Rows and products are held to SCIP's own tolerance of 1e-6: held to 1e-9, SCIP 10.0 was seen to cut an optimum off.

    Raises
    ------
    BackendError
        SCIP is not installed.
    """
    scip.require()
    model, columns = build(program)
    for name, value in scip.parameters(settings).items():
        model.setParam(name, value)
    model.optimize()
    status, bound, values = scip.read_status(model), scip.read_bound(model, 0.0), None
    if status in (Status.OPTIMAL, Status.FEASIBLE):
        best = model.getBestSol()
        values = np.array([best[column] for column in columns])
        if (
            bound is None
            or relative_gap(model.getSolObjVal(best), bound) > settings.gap + OBJECTIVE_TOLERANCE
        ):
            status = (
                Status.FEASIBLE
            )  # where numerical trouble leaves nodes open SCIP says "optimal" all the same
    return Report(status, values, bound, nodes=int(model.getNTotalNodes()))


def build(program: BilinearProgram) -> tuple[Any, list[Any]]:
    """Write the program as a model of SCIP, with its variables in the order of the columns."""
    from pyscipopt import Model, quicksum

    linear, model = program.linear, Model()
    model.hideOutput()
    columns = [
        model.addVar(lb=finite(low), ub=finite(high), vtype="I" if whole else "C")
        for low, high, whole in zip(linear.lower, linear.upper, linear.integer, strict=True)
    ]
    priced = np.flatnonzero(linear.cost)
    cost = quicksum(float(linear.cost[column]) * columns[column] for column in priced)
    model.setObjective(cost + linear.offset, "minimize")
    matrix = linear.matrix
    for row, (low, high) in enumerate(zip(linear.row_lower, linear.row_upper, strict=True)):
        entries = range(matrix.indptr[row], matrix.indptr[row + 1])
        total = quicksum(float(matrix.data[n]) * columns[matrix.indices[n]] for n in entries)
        if low == high:
            model.addCons(total == float(low))
            continue
        if np.isfinite(low):
            model.addCons(total >= float(low))
        if np.isfinite(high):
            model.addCons(total <= float(high))
    for family in program.products:
        for result, left, right in family.triples():
            model.addCons(columns[result] == columns[left] * columns[right])
    return model, columns


def write_bilinear_lp(program: BilinearProgram, path: Path) -> None:
    """Write the program to `path` in the LP format, the products as quadratic rows behind the linear ones."""
    names, _ = fitted_names(program.linear)
    rows = [
        f" {family.name}_{n}: - {names[result]} + [ {names[left]} * {names[right]} ] = 0"
        for family in program.products
        for n, (result, left, right) in enumerate(family.triples())
    ]
    lines = list(lp_lines(program.linear))
    behind = next(n for n, line in enumerate(lines) if line in SECTIONS)
    path.write_text(
        "".join(f"{line}\n" for line in [*lines[:behind], *rows, *lines[behind:]]), encoding="utf-8"
    )
