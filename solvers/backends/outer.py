"""Programs whose norms and squares are replaced by tangents.

With u = root x[columns], a norm's tangent in a direction d of length 1 is the row matrix[row] x + scale d' u <= row_upper[row]. A
square is split into one curve a part of u, w >= u^2 with w in the objective (Vielma, Dunning, Huchette and Lubin, 2017), whose
tangents at the point v are w >= 2 v u - v^2: split, a few points do where the square itself would need very many. Either holds for
every x, so a tangent found once serves every program with the same terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends.status import Tangents

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

SQUARE_TOLERANCE = 1e-9  # of the objective: no tangent of a square improves the bound by more
SAME_POINT = 1e-9  # tangents whose points differ by less are one


@dataclass(frozen=True)
class Outer:
    """A program whose curves are replaced by tangents: a linear relaxation of it.

    Parameters
    ----------
    original
        The program with its norms and squares.
    program
        The relaxation. Columns: those of the original, then one w for every part of every square. Rows: those of the original,
        then the tangents.
    tangents
        What the rows added stand for.
    """

    original: LinearProgram
    program: LinearProgram
    tangents: Tangents

    @classmethod
    def of(cls, original: LinearProgram, tangents: Tangents) -> Outer:
        """Return the relaxation by these tangents."""
        scales = [np.full(len(term.root), term.scale) for term in original.squares]
        cost = np.concatenate([original.cost, *scales])
        parts = len(cost) - len(original.cost)
        matrix = original.matrix
        linear = replace(
            original,
            cost=cost,
            matrix=sparse.csr_array(
                (matrix.data, matrix.indices, matrix.indptr), shape=(matrix.shape[0], len(cost))
            ),
            lower=np.concatenate([original.lower, np.zeros(parts)]),
            upper=np.concatenate([original.upper, np.full(parts, np.inf)]),
            integer=np.concatenate([original.integer, np.zeros(parts, dtype=bool)]),
            column_names=None,
            row_names=None,
            norms=(),
            squares=(),
        )
        return cls(original, linear, Tangents()).with_tangents(tangents)

    def parts(self, term: int, values: Array) -> Array:
        """Return root x[columns] of a term: norms first, then squares."""
        own = self.original.terms[term]
        return np.asarray(own.root @ values[own.columns], dtype=np.float64)

    @property
    def first_w(self) -> IntArray:
        """``[square + 1]`` column of each square's first w, then one past the last."""
        ends = np.cumsum([len(self.original.cost), *(len(term.root) for term in self.original.squares)])
        return ends.astype(np.int64)

    def with_tangents(self, found: Tangents) -> Outer:
        """Return the relaxation with more tangents."""
        if not found.terms:
            return self
        program, width = self.program, len(self.program.cost)
        rows, limits = [], []
        for term, point in found.pairs():
            row, limit = self.tangent(term, point)
            rows.append(row)
            limits.append(limit)
        count = np.cumsum([0, *(len(limit) for limit in limits)])
        number = np.concatenate([first + row for first, (row, _, _) in zip(count[:-1], rows, strict=True)])
        column = np.concatenate([column for _, column, _ in rows])
        value = np.concatenate([value for _, _, value in rows])
        added = sparse.coo_array((value, (number, column)), shape=(int(count[-1]), width)).tocsr()
        extended = replace(
            program,
            matrix=sparse.csr_array(sparse.vstack([program.matrix, added], format="csr")),
            row_lower=np.concatenate([program.row_lower, np.full(int(count[-1]), -np.inf)]),
            row_upper=np.concatenate([program.row_upper, *limits]),
        )
        return Outer(self.original, extended, self.tangents.joined(found.pairs()))

    def tightened(self, values: Array) -> LinearProgram:
        """Return the relaxation with the limits of norms, and of their tangents, lowered by what a solution exceeds them by."""
        original, norms = self.original, len(self.original.norms)
        x = values[: len(original.cost)]
        excess = np.maximum(original.activity(x) - original.row_upper, 0.0)
        margin = [excess[norm.row] for norm in original.norms]
        added = [
            np.full(1, margin[term]) if term < norms else np.zeros(len(point))
            for term, point in self.tangents.pairs()
        ]
        lowered = np.zeros(len(excess))
        lowered[[norm.row for norm in original.norms]] = margin
        return replace(self.program, row_upper=self.program.row_upper - np.concatenate([lowered, *added]))

    def tangent(self, term: int, point: Array) -> tuple[tuple[IntArray, IntArray, Array], Array]:
        """Return row, column and value of the coefficients of one tangent, and its upper limits: one row a part of a square."""
        original, norms = self.original, len(self.original.norms)
        if term < norms:
            norm = original.norms[term]
            own = slice(original.matrix.indptr[norm.row], original.matrix.indptr[norm.row + 1])
            column = np.concatenate([original.matrix.indices[own], norm.columns])
            value = np.concatenate([original.matrix.data[own], norm.scale * (point @ norm.root)])
            return (np.zeros(len(column), dtype=np.int64), column, value), original.row_upper[[norm.row]]
        square = original.squares[term - norms]
        part = np.arange(len(point))
        row = np.concatenate([np.repeat(part, len(square.columns)), part])
        column = np.concatenate([np.tile(square.columns, len(point)), self.first_w[term - norms] + part])
        value = np.concatenate([(2 * point[:, None] * square.root).reshape(-1), np.full(len(point), -1.0)])
        return (row, column, value), point**2

    def extend(self, values: Array) -> Array:
        """Return ``[col]`` values of all columns, those of the original program given."""
        norms, squares = len(self.original.norms), len(self.original.squares)
        return np.concatenate([values, *(self.parts(norms + n, values) ** 2 for n in range(squares))])

    def cut(self, values: Array, tolerance: float) -> Outer | None:
        """Add the tangents at a solution of the relaxation; None where it keeps every norm and understates no square."""
        original, norms = self.original, len(self.original.norms)
        x = values[: len(original.cost)]
        excess = original.activity(x) - original.row_upper
        small = SQUARE_TOLERANCE * abs(original.objective(x))
        found = []
        for term, norm in enumerate(original.norms):
            point = self.parts(term, x)
            length = float(np.linalg.norm(point))
            if length > 0 and excess[norm.row] > tolerance * max(1.0, abs(original.row_upper[norm.row])):
                found.append((term, point / length))
        for n, square in enumerate(original.squares):
            point = self.parts(norms + n, x)
            w = values[self.first_w[n] : self.first_w[n + 1]]
            if square.scale * float((point**2 - w).sum()) > small:
                found.append((norms + n, point))
        new = Tangents().joined(pair for pair in found if self.tangents.is_new(*pair, SAME_POINT))
        return self.with_tangents(new) if new.terms else None
