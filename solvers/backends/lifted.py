"""A program with norms and squares, with columns of its own for what stands under them.

Every norm and every square gets free columns, its parts, u = root x[columns]; every norm gets one column n >= 0 that takes its
place in the row. What remains curved is sum u^2 <= n^2 of each norm and scale sum u^2 of each square: what files can say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.backends.program import LinearProgram

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class LiftedProgram:
    """The columns and rows that norms and squares add.

    Columns: those of `original`, then the parts (norms first, then squares), then the sizes of the norms. Rows: those of
    `original`, then one equation a part.

    Parameters
    ----------
    original
        The program with its norms and squares.
    """

    original: LinearProgram

    @cached_property
    def part_term(self) -> IntArray:
        """``[p]`` number of the term each part stands under."""
        return np.repeat(
            np.arange(len(self.original.terms)), [len(term.root) for term in self.original.terms]
        )

    @cached_property
    def part_columns(self) -> IntArray:
        """``[p]`` columns of the parts."""
        return len(self.original.cost) + np.arange(len(self.part_term))

    @cached_property
    def size_columns(self) -> IntArray:
        """``[norm]`` columns of the norms' sizes."""
        return len(self.original.cost) + len(self.part_term) + np.arange(len(self.original.norms))

    @cached_property
    def inside(self) -> sparse.csr_array:
        """``[p, col]`` coefficients of the parts over the original columns."""
        columns = len(self.original.cost)
        found = [
            sparse.csr_array(sparse.coo_array(term.root) @ incidence(term.columns, columns))
            for term in self.original.terms
        ]
        return sparse.csr_array(sparse.vstack(found, format="csr"))

    @cached_property
    def linear(self) -> LinearProgram:
        """The lifted program without what is curved: its rows hold n in place of the norm, its objective no square."""
        program, parts, norms = self.original, len(self.part_term), len(self.original.norms)
        sizes = sparse.csr_array(
            (
                [norm.scale for norm in program.norms],
                ([norm.row for norm in program.norms], np.arange(norms)),
            ),
            shape=(len(program.row_lower), norms),
        )
        matrix = sparse.block_array(
            [
                [program.matrix, sparse.csr_array((len(program.row_lower), parts)), sizes],
                [-self.inside, sparse.eye_array(parts), sparse.csr_array((parts, norms))],
            ],
            format="csr",
        )
        free, none = np.full(parts, np.inf), np.zeros(norms)
        return replace(
            program,
            cost=np.concatenate([program.cost, np.zeros(parts + norms)]),
            matrix=sparse.csr_array(matrix),
            row_lower=np.concatenate([program.row_lower, np.zeros(parts)]),
            row_upper=np.concatenate([program.row_upper, np.zeros(parts)]),
            lower=np.concatenate([program.lower, -free, none]),
            upper=np.concatenate([program.upper, free, none + np.inf]),
            integer=np.concatenate([program.integer, np.zeros(parts + norms, dtype=bool)]),
            column_names=(
                *(program.column_names or default_names("x", program.cost)),
                *self.new_column_names(),
            ),
            row_names=(
                *(program.row_names or default_names("row", program.row_lower)),
                *(f"define_{name}" for name in self.new_column_names()[:parts]),
            ),
            norms=(),
            squares=(),
        )

    def new_column_names(self) -> list[str]:
        """Names of the parts, then of the sizes."""
        norms = len(self.original.norms)
        terms = [f"norm{n}" if n < norms else f"square{n - norms}" for n in range(len(self.original.terms))]
        within = np.concatenate([np.arange(len(term.root)) for term in self.original.terms])
        parts = [f"{terms[term]}_part{p}" for term, p in zip(self.part_term, within, strict=True)]
        return [*parts, *terms[:norms]]


def incidence(columns: IntArray, count: int) -> sparse.csr_array:
    """``[n, col]`` matrix that picks the columns."""
    return sparse.csr_array(
        (np.ones(len(columns)), (np.arange(len(columns)), columns)), shape=(len(columns), count)
    )


def default_names(stem: str, values: Array) -> list[str]:
    """Names ``stem0, stem1, ...``, one a value."""
    return [f"{stem}{n}" for n in range(len(values))]
