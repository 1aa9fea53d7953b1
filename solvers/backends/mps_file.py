"""A program as a text in the free MPS format, which every solver reads; the same bytes for the same program.

Names, and rows with two limits, are those of the LP file; norms and squares are written over columns of their own
(`solvers.backends.lifted`) in the sections QCMATRIX and QUADOBJ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends.lifted import LiftedProgram
from solvers.backends.lp_file import fitted_names, number, row_limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from solvers.backends.program import LinearProgram

KINDS = {"=": "E", ">=": "G", "<=": "L"}


def write_mps(program: LinearProgram, path: Path) -> None:
    """Write `program` to `path` in the free MPS format."""
    path.write_text("".join(f"{line}\n" for line in mps_lines(program)), encoding="utf-8")


def mps_lines(program: LinearProgram) -> Iterator[str]:
    """Yield the lines of the file."""
    lifted = LiftedProgram(program) if program.is_curved else None
    program = with_constant(program if lifted is None else lifted.linear)
    columns, rows = fitted_names(program)
    limits = list(row_limits(program))
    cones = [] if lifted is None else [f"{columns[size]}_cone" for size in lifted.size_columns]
    yield "NAME program"
    yield "ROWS"
    yield " N cost"
    yield from (f" {KINDS[sense]} {name}" for name, (_, _, sense, _) in zip(rows, limits, strict=True))
    yield from (f" L {name}" for name in cones)
    yield "COLUMNS"
    yield from column_lines(program, columns, rows)
    yield "RHS"
    yield from (
        f" RHS {name} {number(limit)}" for name, (_, _, _, limit) in zip(rows, limits, strict=True) if limit
    )
    yield "BOUNDS"
    for n, name in enumerate(columns):
        yield from bound_lines(name, float(program.lower[n]), float(program.upper[n]))
    if lifted is not None:
        yield from curved_lines(lifted, columns, cones)
    yield "ENDATA"


def with_constant(program: LinearProgram) -> LinearProgram:
    """Return the program with its constant as a last column held at 1: readers disagree on the sign of one on the cost row."""
    if not program.offset:
        return program
    names = program.column_names or [f"x{n}" for n in range(len(program.cost))]
    return replace(
        program,
        cost=np.append(program.cost, program.offset),
        matrix=sparse.csr_array(
            sparse.hstack([program.matrix, sparse.csr_array((len(program.row_lower), 1))])
        ),
        lower=np.append(program.lower, 1.0),
        upper=np.append(program.upper, 1.0),
        integer=np.append(program.integer, False),
        offset=0.0,
        column_names=(*names, "constant"),
    )


def column_lines(program: LinearProgram, columns: list[str], rows: list[str]) -> Iterator[str]:
    """Yield the coefficients column by column, integer ones between markers; one without any gets a cost of 0."""
    by_column = program.matrix[[row for row, _, _, _ in row_limits(program)]].tocsc()
    whole = False
    for n, name in enumerate(columns):
        if bool(program.integer[n]) != whole:
            whole = not whole
            yield f" MARKER 'MARKER' '{'INTORG' if whole else 'INTEND'}'"
        entries = slice(by_column.indptr[n], by_column.indptr[n + 1])
        held = by_column.indices[entries]
        if program.cost[n] or not len(held):
            yield f" {name} cost {number(float(program.cost[n]))}"
        for row, value in zip(held.tolist(), by_column.data[entries].tolist(), strict=True):
            yield f" {name} {rows[row]} {number(value)}"
    if whole:
        yield " MARKER 'MARKER' 'INTEND'"


def bound_lines(name: str, low: float, high: float) -> Iterator[str]:
    """Yield the bounds of a column, all written out: readers differ on what is meant where one is missing."""
    if low == high:
        yield f" FX BND {name} {number(low)}"
    elif np.isinf(low) and np.isinf(high):
        yield f" FR BND {name}"
    else:
        yield f" MI BND {name}" if np.isinf(low) else f" LO BND {name} {number(low)}"
        yield f" PL BND {name}" if np.isinf(high) else f" UP BND {name} {number(high)}"


def curved_lines(lifted: LiftedProgram, columns: list[str], cones: list[str]) -> Iterator[str]:
    """Yield the quadratic sections; the objective's is halved by the format."""
    norms = len(cones)
    if lifted.original.squares:
        yield "QUADOBJ"
    for term, part in zip(lifted.part_term, lifted.part_columns, strict=True):
        if term >= norms:
            yield f" {columns[part]} {columns[part]} {number(2 * lifted.original.terms[term].scale)}"
    for n, cone in enumerate(cones):
        yield f"QCMATRIX {cone}"
        yield from (
            f" {columns[part]} {columns[part]} 1" for part in lifted.part_columns[lifted.part_term == n]
        )
        size = columns[lifted.size_columns[n]]
        yield f" {size} {size} -1"
