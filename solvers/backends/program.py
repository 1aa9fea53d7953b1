"""A program as arrays: the one form every backend takes.

Minimise cost' x + offset + squares(x), subject to row_lower <= matrix x + norms(x) <= row_upper and lower <= x <= upper, where the
integer columns of x are whole numbers. The norms and squares are convex and mostly absent: then the program is linear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import ProblemError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class NormRow:
    """A norm added to one row, which makes it a second-order cone: matrix[row] x + scale ||root x[columns]|| <= row_upper[row].

    Parameters
    ----------
    row
        Number of the row; its lower limit must be -inf.
    columns
        ``[n]`` numbers of the columns under the norm.
    root
        ``[m, n]`` dense coefficients: of a covariance, its square root.
    scale
        Weight of the norm, >= 0.
    """

    row: int
    columns: IntArray
    root: Array
    scale: float = 1.0

    def size(self, values: Array) -> float:
        """Return scale ||root x[columns]||."""
        return self.scale * float(np.linalg.norm(self.root @ values[self.columns]))


@dataclass(frozen=True)
class SquareTerm:
    """A convex quadratic term of the objective: scale ||root x[columns]||^2.

    Parameters
    ----------
    columns
        ``[n]`` numbers of the columns under the norm.
    root
        ``[m, n]`` dense coefficients.
    scale
        Weight of the term, >= 0.
    """

    columns: IntArray
    root: Array
    scale: float = 1.0

    def size(self, values: Array) -> float:
        """Return scale ||root x[columns]||^2."""
        inside = self.root @ values[self.columns]
        return self.scale * float(inside @ inside)


@dataclass(frozen=True)
class LinearProgram:
    """A (mixed-integer) linear program to be minimised, with second-order rows and convex squares where it has any.

    Parameters
    ----------
    cost
        ``[col]`` objective coefficients, finite.
    matrix
        ``[row, col]`` sparse coefficients, finite.
    row_lower, row_upper
        ``[row]`` limits of every row; -inf and inf where there is none, equal where the row is an equation.
    lower, upper
        ``[col]`` limits of every column; -inf and inf where there is none.
    integer
        ``[col]`` the column takes whole values only.
    offset
        Constant of the objective.
    column_names, row_names
        Names for files and messages; ``x0, x1, ...`` and ``row0, row1, ...`` where absent.
    norms
        Norms added to rows.
    squares
        Quadratic terms of the objective.
    """

    cost: Array
    matrix: csr_array
    row_lower: Array
    row_upper: Array
    lower: Array
    upper: Array
    integer: BoolArray
    offset: float = 0.0
    column_names: tuple[str, ...] | None = None
    row_names: tuple[str, ...] | None = None
    norms: tuple[NormRow, ...] = ()
    squares: tuple[SquareTerm, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and values once; raise `ProblemError` with all that is wrong."""
        columns = (len(self.cost),)
        rows = (len(self.row_lower),)
        shapes: dict[str, tuple[int, ...]] = {"matrix": rows + columns, "cost": columns, "row_lower": rows}
        shapes |= {"row_upper": rows, "lower": columns, "upper": columns, "integer": columns}
        problems = [
            f"{name} has shape {getattr(self, name).shape}; it must be {shape}"
            for name, shape in shapes.items()
            if getattr(self, name).shape != shape
        ]
        for name, names, count in (
            ("column_names", self.column_names, columns[0]),
            ("row_names", self.row_names, rows[0]),
        ):
            if names is not None and len(names) != count:
                problems.append(f"{name} has {len(names)} names; it must have {count}")
        for name, values in (("cost", self.cost), ("matrix", self.matrix.data)):
            if not np.isfinite(values).all():
                problems.append(f"{name} holds values that are not finite; limits belong in the bounds")
        problems += [
            f"{name} holds values that are not numbers; write -inf or inf where there is no limit"
            for name in ("row_lower", "row_upper", "lower", "upper")
            if np.isnan(getattr(self, name)).any()
        ]
        if not np.isfinite(self.offset):
            problems.append(f"offset is {self.offset}; it must be finite")
        problems += self._wrong_norms()
        if problems:
            raise ProblemError(problems)

    def _wrong_norms(self) -> list[str]:
        """Return what is wrong with the norms and squares, given the shapes of the rest."""
        problems = []
        for n, term in enumerate(self.terms):
            where = f"norms[{n}]" if n < len(self.norms) else f"squares[{n - len(self.norms)}]"
            root, columns, scale = term.root, term.columns, term.scale
            if root.ndim != 2 or root.shape[1] != len(columns):
                problems.append(f"{where}.root has shape {root.shape}; it must be (any, {len(columns)})")
            if len(columns) and not 0 <= columns.min() <= columns.max() < len(self.cost):
                problems.append(f"{where}.columns must lie between 0 and {len(self.cost) - 1}")
            if not (np.isfinite(scale) and scale >= 0 and np.isfinite(root).all()):
                problems.append(f"{where}: root must be finite, scale finite and >= 0; scale is {scale}")
        for n, norm in enumerate(self.norms):
            if not 0 <= norm.row < len(self.row_lower):
                problems.append(f"norms[{n}].row is {norm.row}; rows run from 0 to {len(self.row_lower) - 1}")
            elif self.row_lower[norm.row] != -np.inf:
                problems.append(
                    f"norms[{n}]: row {norm.row} has a lower limit of {self.row_lower[norm.row]:g}; a norm has an upper one only"
                )
        return problems

    @property
    def terms(self) -> tuple[NormRow | SquareTerm, ...]:
        """Norms, then squares."""
        return (*self.norms, *self.squares)

    @property
    def is_curved(self) -> bool:
        """It has norms or squares."""
        return bool(self.norms or self.squares)

    @property
    def is_linear(self) -> bool:
        """No column is integer, and there are neither norms nor squares."""
        return not (self.is_curved or self.integer.any())

    def relaxed(self) -> LinearProgram:
        """Return the same program with every column continuous."""
        return replace(self, integer=np.zeros_like(self.integer))

    def scaled(self, cost_scale: float) -> LinearProgram:
        """Return the same program with its objective in other units: cost and offset times `cost_scale`."""
        squares = tuple(replace(term, scale=term.scale * cost_scale) for term in self.squares)
        return replace(self, cost=self.cost * cost_scale, offset=self.offset * cost_scale, squares=squares)

    def objective(self, values: Array) -> float:
        """Return cost' values + offset + squares."""
        return float(self.cost @ values) + self.offset + sum(term.size(values) for term in self.squares)

    def activity(self, values: Array) -> Array:
        """Return ``[row]`` matrix values + norms: what the row limits hold."""
        activity = np.asarray(self.matrix @ values, dtype=float)
        for norm in self.norms:
            activity[norm.row] += norm.size(values)
        return activity

    def violation(self, values: Array) -> float:
        """Return how far `values` are from feasible; 0 where they keep every limit.

        The largest of: excess over a row or column limit, divided by max(1, |limit|); distance of an integer
        column from the nearest whole number.
        """
        activity = self.activity(values)
        whole = values[self.integer]
        return max(
            _excess(self.row_lower, activity),
            _excess(activity, self.row_upper),
            _excess(self.lower, values),
            _excess(values, self.upper),
            float(np.abs(whole - np.rint(whole)).max(initial=0.0)),
        )

    def whole_limits(self) -> tuple[Array, Array]:
        """Return ``[col]`` lower and upper limits, those of integer columns moved to the nearest whole number within."""
        low, high = self.lower.copy(), self.upper.copy()
        low[self.integer] = np.ceil(low[self.integer] - 1e-9)  # 1e-9: limits computed in floating point
        high[self.integer] = np.floor(high[self.integer] + 1e-9)
        return low, high

    def contradiction(self) -> str | None:
        """Return the first limit no value can keep (lower above upper, no whole number between), or None."""
        low, high = self.whole_limits()
        for what, lower, upper, names in (
            ("row", self.row_lower, self.row_upper, self.row_names),
            ("column", low, high, self.column_names),
        ):
            crossed = np.flatnonzero((lower > upper) | (lower == np.inf) | (upper == -np.inf))
            if len(crossed):
                first = int(crossed[0])
                name = names[first] if names else str(first)
                return f"{what} {name} must be at least {lower[first]:g} and at most {upper[first]:g}"
        return None


def _excess(low: Array, high: Array) -> float:
    """Return the largest low - high, relative to the larger of 1 and the finite magnitude; 0 where none is above."""
    with np.errstate(invalid="ignore"):
        excess = low - high
    if not (excess > 0).any():
        return 0.0
    above = excess > 0
    size = np.maximum(1.0, np.minimum(np.abs(low[above]), np.abs(high[above])))
    return float((excess[above] / size).max())
