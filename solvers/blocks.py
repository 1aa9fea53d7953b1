"""From a block of windows to the arrays a backend takes, and from its answer back to counts.

The cvxpy program is compiled once and handed over as a `LinearProgram`, since cvxpy's own call of a solver hides the dual bound,
the node limit and the MIP start that the certificate needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cvxpy as cp
import numpy as np
from scipy import sparse

from solvers.backends.program import LinearProgram, NormRow, SquareTerm
from solvers.provisioning import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solvers.families import Family, Squares, Stack
    from solvers.parameters import Parameters
    from solvers.problem import Array, IntArray


@dataclass(frozen=True)
class Compiled:
    """A program as arrays, with the way back to its variables and families; cvxpy's own objects are let go, being large.

    `columns` maps a variable's name to its column numbers ``[row, t or (t, q)]``; `rows` maps a family's name to its row numbers,
    in the order in which its constraints list them (each constraint column by column).
    """

    arrays: LinearProgram
    columns: dict[str, IntArray]
    rows: dict[str, IntArray]

    def named(self) -> LinearProgram:
        """The arrays with a name for every row and column: for people, and dear where there are many."""
        rows = np.empty(len(self.arrays.row_lower), dtype=object)
        for name, numbers in self.rows.items():
            rows[numbers] = [f"{name}_{n}" for n in range(len(numbers))]
        columns = np.empty(len(self.arrays.cost), dtype=object)
        for name, places in self.columns.items():
            columns[places.ravel()] = [
                "_".join([name, *map(str, index)]) for index in np.ndindex(places.shape)
            ]
        return replace(self.arrays, column_names=tuple(columns), row_names=tuple(rows))


def compile_block(parameters: Parameters) -> Compiled:
    """Build the block's program and compile it."""
    program = build(parameters)
    return compile_program(program.linear, program.families, program.squares)


def compile_program(
    linear: cp.Problem, families: tuple[Family, ...], squares: Squares | None = None
) -> Compiled:
    """Read a program's arrays off cvxpy's canonical form ``A x + s = b``.

    Parameters
    ----------
    linear
        The constraints of `families`, in their order, without norms; the objective without squares.
    families, squares
        Say what the rows are, and which norms and squares lie beside them.
    """
    data, _, inverse = linear.get_problem_data(cp.HIGHS)
    stuffed = data["param_prob"]
    rows = family_rows(families)
    equalities, total = data["dims"].zero, len(data["b"])
    upper = data["b"].astype(float)
    lower = np.full(total, -np.inf)
    lower[:equalities] = upper[:equalities]
    integer = np.zeros(len(data["c"]), dtype=bool)
    integer[np.asarray(data["int_vars_idx"], dtype=int)] = True
    arrays = LinearProgram(
        cost=data["c"].astype(float),
        matrix=sparse.csr_array(data["A"]),
        row_lower=lower,
        row_upper=upper,
        lower=bound_or(data["lower_bounds"], -np.inf, len(integer)),
        upper=bound_or(data["upper_bounds"], np.inf, len(integer)),
        integer=integer,
        offset=float(inverse[-1]["offset"]),  # where cvxpy keeps the constant of the objective
    )
    columns = dict(stuffed.var_id_to_col)
    places = {v.name(): places_of(v, columns) for v in linear.variables() if v.id in columns}
    norms = tuple(one for family in families for one in norm_rows(family, rows[family.name], columns))
    return Compiled(replace(arrays, norms=norms, squares=square_terms(squares, columns)), places, rows)


def norm_rows(family: Family, rows: IntArray, columns: dict[int, int]) -> Iterator[NormRow]:
    """Yield the norms of a family, row by row."""
    for one in family.norms:
        first = sum(constraint.size for constraint in family.constraints[: one.constraint])
        stacked = stacked_columns(one.inside, columns)
        for row, inside in zip(rows[first : first + len(stacked)], stacked, strict=True):
            yield NormRow(int(row), inside, one.inside.root, one.scale)


def square_terms(squares: Squares | None, columns: dict[int, int]) -> tuple[SquareTerm, ...]:
    """The squares of the objective, piece by piece."""
    if squares is None:
        return ()
    inside = squares.inside
    weight = np.repeat(squares.weight, inside.pieces)
    stacked = stacked_columns(inside, columns)
    return tuple(SquareTerm(own, inside.root, float(w)) for own, w in zip(stacked, weight, strict=True))


def stacked_columns(inside: Stack, columns: dict[int, int]) -> IntArray:
    """``[(t, s), z]`` column numbers of the variable of a stack."""
    return columns[inside.variable.id] + np.arange(inside.variable.size).reshape(-1, inside.root.shape[1])


def bound_or(values: Any, default: float, size: int) -> Array:
    """Cvxpy's bounds, which are None where no variable has any."""
    return np.full(size, default) if values is None else np.asarray(values, dtype=float)


def family_rows(families: tuple[Family, ...]) -> dict[str, IntArray]:
    """Row numbers of every family: cvxpy puts equalities first and keeps the order within each kind."""
    equalities = sum(
        c.size for f in families for c in f.constraints if isinstance(c, cp.constraints.Equality)
    )
    following = {True: 0, False: equalities}
    rows: dict[str, IntArray] = {}
    for family in families:
        parts = []
        for constraint in family.constraints:
            kind = isinstance(constraint, cp.constraints.Equality)
            parts.append(np.arange(following[kind], following[kind] + constraint.size))
            following[kind] += constraint.size
        rows[family.name] = np.concatenate(parts) if parts else np.empty(0, dtype=int)
    return rows


def places_of(variable: cp.Variable, columns: dict[int, int]) -> IntArray:
    """``[row, t or (t, q)]`` column numbers of a variable."""
    return columns[variable.id] + np.arange(variable.size).reshape(variable.shape, order="F")
