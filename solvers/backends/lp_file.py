"""A program as a text in the LP format: readable, and the same bytes for the same program.

Norms and squares are written over columns of their own (`solvers.backends.lifted`), as quadratic limits and a quadratic objective.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.backends.lifted import LiftedProgram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]

LINE_WIDTH = 100  # readers accept at least 255 characters; this is for people
NAME_LENGTH = 200  # the format allows 255; the rest is kept for what makes a name unique
# fmt: off
RESERVED = frozenset((  # section titles and keywords of the format
    "min", "max", "minimize", "maximize", "minimise", "maximise", "minimum", "maximum", "st",
    "such", "subject", "bound", "bounds", "free", "inf", "infinity", "gen", "general", "generals",
    "int", "integer", "integers", "bin", "binary", "binaries", "semi", "semis", "sos", "sos1",
    "sos2", "end",
))
# fmt: on


def write_lp(program: LinearProgram, path: Path) -> None:
    """Write `program` to `path` in the LP format.

    Rows and columns keep their order; a row with two limits becomes ``name_low`` and ``name_high``; a row
    without limits is left out. Names are made to fit the format (`fit_names`).
    """
    path.write_text("".join(f"{line}\n" for line in lp_lines(program)), encoding="utf-8")


def lp_lines(program: LinearProgram) -> Iterator[str]:
    """Yield the lines of the file."""
    lifted = LiftedProgram(program) if program.is_curved else None
    if lifted is not None:
        program = lifted.linear
    columns, row_names = fitted_names(program)
    yield f"\\ {len(columns)} columns ({int(program.integer.sum())} integer), {len(program.row_lower)} rows"
    yield "Minimize"
    priced = np.flatnonzero(program.cost)
    constant = (
        [f"{'+' if program.offset >= 0 else '-'} {number(abs(program.offset))}"] if program.offset else []
    )
    squares = [] if lifted is None else quadratic_objective(lifted, columns)
    yield from wrap("cost:", [*terms(priced, program.cost[priced], columns), *squares, *constant])
    yield "Subject To"
    for name, (row, _, sense, limit) in zip(row_names, row_limits(program), strict=True):
        entries = slice(program.matrix.indptr[row], program.matrix.indptr[row + 1])
        total = terms(program.matrix.indices[entries], program.matrix.data[entries], columns)
        yield from wrap(f"{name}:", [*total, f"{sense} {number(limit)}"])
    if lifted is not None:
        for n, size in enumerate(lifted.size_columns):
            inside = [f"+ {columns[part]} ^2" for part in lifted.part_columns[lifted.part_term == n]]
            yield from wrap(f"{columns[size]}_cone:", ["[", *inside, f"- {columns[size]} ^2", "]", "<= 0"])
    yield from column_lines(program, columns)
    yield "End"


def fitted_names(program: LinearProgram) -> tuple[list[str], list[str]]:
    """Return the names of the columns, and of the lines under "Subject To"."""
    given = program.row_names or [f"row{n}" for n in range(len(program.row_lower))]
    columns = fit_names(program.column_names or [f"x{n}" for n in range(len(program.cost))])
    return columns, fit_names([given[row] + ending for row, ending, _, _ in row_limits(program)])


def quadratic_objective(lifted: LiftedProgram, columns: list[str]) -> list[str]:
    """Return the squares of the objective; the format halves what stands in the brackets."""
    norms = len(lifted.original.norms)
    inside = [
        f"+ {number(2 * lifted.original.terms[term].scale)} {columns[part]} ^2"
        for term, part in zip(lifted.part_term, lifted.part_columns, strict=True)
        if term >= norms
    ]
    return ["+ [", *inside, "] / 2"] if inside else []


def column_lines(program: LinearProgram, columns: list[str]) -> Iterator[str]:
    """Yield the sections on the columns: their bounds and which of them are whole."""
    binary = program.integer & (program.lower == 0) & (program.upper == 1)
    bounds = [
        bound_of(columns[column], float(program.lower[column]), float(program.upper[column]))
        for column in np.flatnonzero(~binary)
    ]
    if any(bounds):
        yield "Bounds"
        yield from (f" {bound}" for bound in bounds if bound)
    for title, kind in (("General", program.integer & ~binary), ("Binary", binary)):
        if kind.any():
            yield title
            yield from (f" {columns[column]}" for column in np.flatnonzero(kind))


def row_limits(program: LinearProgram) -> Iterator[tuple[int, str, str, float]]:
    """Yield row number, ending of the name, sense and limit of every line under "Subject To"."""
    for row, (low, high) in enumerate(
        zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)
    ):
        if low == high:
            yield row, "", "=", low
            continue
        both = np.isfinite(low) and np.isfinite(high)
        if np.isfinite(low):
            yield row, "_low" if both else "", ">=", low
        if np.isfinite(high):
            yield row, "_high" if both else "", "<=", high


def terms(numbers: Any, values: Array, columns: list[str]) -> list[str]:
    """Return signed terms; a zero term of the first column where there is none: the format needs one."""
    found = [
        f"{'-' if value < 0 else '+'} {number(abs(value))} {columns[column]}"
        for column, value in zip(numbers.tolist(), values.tolist(), strict=True)
    ]
    return found or [f"+ 0 {columns[0]}"]


def bound_of(name: str, low: float, high: float) -> str:
    """Return the bound line of a column, empty for the format's default of 0 to infinity."""
    if low == high:
        return f"{name} = {number(low)}"
    if np.isinf(low) and np.isinf(high):
        return f"{name} free"
    if low == 0:
        return "" if np.isinf(high) else f"{name} <= {number(high)}"
    return f"{number(low)} <= {name}" + ("" if np.isinf(high) else f" <= {number(high)}")


def number(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def wrap(title: str, parts: list[str]) -> Iterator[str]:
    """Yield `title` and `parts` over lines of `LINE_WIDTH`."""
    line = f" {title}"
    for part in parts:
        if len(line) + 1 + len(part) > LINE_WIDTH:
            yield line
            line = f"  {part}"
        else:
            line += f" {part}"
    yield line


def fit_names(names: Iterable[str]) -> list[str]:
    """Return names of letters, digits and _ that do not begin like a number, each used once.

    Where two become the same, the later ones get _2, _3, ...; a name the format reserves gets a leading n_.
    """
    fitted: list[str] = []
    used: set[str] = set()
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", re.sub(r"[^A-Za-z0-9_]+$", "", name))[:NAME_LENGTH]
        if not re.match(r"(?![eE][0-9]*$|[eE][0-9])[A-Za-z]", plain) or plain.lower() in RESERVED:
            plain = f"n_{plain}"
        unique, copies = plain, 1
        while unique.lower() in used:
            copies += 1
            unique = f"{plain}_{copies}"
        used.add(unique.lower())
        fitted.append(unique)
    return fitted
