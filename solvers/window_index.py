"""Which window each column and row of a horizon's program belongs to, and what each window has of them.

Every column belongs to one window; a row touches all windows from its first to its last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.backends.program import NormRow, SquareTerm
    from solvers.blocks import Compiled
    from solvers.problem import IntArray


@dataclass(frozen=True)
class WindowIndex:
    """Columns, rows, norms and squares of a compiled program by window.

    Parameters
    ----------
    compiled
        The program.
    windows
        How many it has.
    """

    compiled: Compiled
    windows: int

    @cached_property
    def column_window(self) -> IntArray:
        """``[col]`` window of each column."""
        arrays, windows = self.compiled.arrays, self.windows
        window = np.full(len(arrays.cost), -1)
        for places in self.compiled.columns.values():
            if places.size:
                window[places] = np.arange(places.shape[1]) * windows // places.shape[1]
        return window

    @cached_property
    def row_windows(self) -> tuple[IntArray, IntArray]:
        """``[row]`` first and last window that a row touches; an empty row, which no column can mend, counts to the first."""
        matrix = self.compiled.arrays.matrix
        window = self.column_window[matrix.indices]
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        first = np.full(matrix.shape[0], self.windows)
        last = np.full(matrix.shape[0], -1)
        np.minimum.at(first, row, window)
        np.maximum.at(last, row, window)
        empty = last < 0
        first[empty] = last[empty] = 0
        return first, last

    @cached_property
    def columns_by_window(self) -> list[IntArray]:
        """Ascending column numbers of each window."""
        return numbers_by(self.column_window, self.windows)

    @cached_property
    def rows_by_last_window(self) -> list[IntArray]:
        """Ascending row numbers by the last window they touch."""
        return numbers_by(self.row_windows[1], self.windows)

    @cached_property
    def norms_by_window(self) -> dict[int, list[NormRow]]:
        """Second-order rows of each window."""
        found: dict[int, list[NormRow]] = {}
        for one in self.compiled.arrays.norms:
            found.setdefault(int(self.column_window[one.columns[0]]), []).append(one)
        return found

    @cached_property
    def squares_by_window(self) -> dict[int, list[SquareTerm]]:
        """Quadratic terms of the objective of each window."""
        found: dict[int, list[SquareTerm]] = {}
        for one in self.compiled.arrays.squares:
            found.setdefault(int(self.column_window[one.columns[0]]), []).append(one)
        return found

    def norms_of(self, windows: slice, rows: IntArray, columns: IntArray) -> tuple[NormRow, ...]:
        """The windows' norms, by the positions of their rows and columns in a block."""
        return tuple(
            replace(
                one, row=int(np.searchsorted(rows, one.row)), columns=np.searchsorted(columns, one.columns)
            )
            for t in range(windows.start, windows.stop)
            for one in self.norms_by_window.get(t, ())
        )

    def squares_of(self, windows: slice, columns: IntArray) -> tuple[SquareTerm, ...]:
        """The windows' squares, by the positions of their columns in a block."""
        return tuple(
            replace(one, columns=np.searchsorted(columns, one.columns))
            for t in range(windows.start, windows.stop)
            for one in self.squares_by_window.get(t, ())
        )


def numbers_by(window: IntArray, windows: int) -> list[IntArray]:
    """Ascending positions of each window's number in `window`."""
    order = np.argsort(window, kind="stable")
    ends = np.searchsorted(window[order], np.arange(windows + 1))
    return [order[ends[t] : ends[t + 1]] for t in range(windows)]
