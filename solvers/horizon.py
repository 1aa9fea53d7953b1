"""The program of a whole horizon, compiled once, and the blocks of windows cut from it.

Every column belongs to one window (variables end in ``[t]`` or ``[(t, q)]``), and so does every row but those of launches, loads
and what operators ask of neighbouring windows. A block keeps the columns of its windows and the rows that touch nothing else; of
the rows that reach out of it, those that reach back stay where the windows before are known, the others are dropped, which relaxes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends.program import LinearProgram
from solvers.blocks import compile_block
from solvers.counts import all_counts, no_counts
from solvers.parameters import Parameters
from solvers.window_index import WindowIndex

if TYPE_CHECKING:
    from solvers.blocks import Compiled
    from solvers.counts import Candidates
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem

AGAINST_FLEET = (
    "count_starts",
    "count_loads",
)  # families whose first window looks at the machines running before it


@dataclass(frozen=True)
class Block:
    """Some windows of a horizon's program.

    Parameters
    ----------
    arrays
        The program.
    columns, rows
        Numbers, in the horizon's program, of the block's columns and rows.
    """

    arrays: LinearProgram
    columns: IntArray
    rows: IntArray


@dataclass(frozen=True)
class HorizonProgram:
    """The compiled program of all windows of a problem (or of one of its parts).

    Parameters
    ----------
    problem
        What it was compiled from.
    candidates
        Counts on offer to pick_count.
    compiled
        Arrays, with the way back to variables and families.
    """

    problem: ProvisioningProblem
    candidates: Candidates
    compiled: Compiled

    @cached_property
    def by_window(self) -> WindowIndex:
        """Which window each column and row belongs to."""
        return WindowIndex(self.compiled, len(self.problem.window_h))

    @cached_property
    def against_fleet(self) -> BoolArray:
        """``[row]`` launches and loads of the first window, counted against the machines before it."""
        found = np.zeros(self.compiled.arrays.matrix.shape[0], dtype=bool)
        for name in AGAINST_FLEET:
            found[self.compiled.rows.get(name, np.empty(0, dtype=int))] = True
        return np.asarray(found & (self.by_window.row_windows[1] == 0))

    @cached_property
    def unit(self) -> Array | None:
        """``[col]`` what one unit of a column stands for in a block; None: itself.

        If all groups are linear, rates are counted in shares of their class's demand. That halves the time of GPU mixes of hundreds
        of buckets, whose rates differ by orders of magnitude; beside tables it is of no use.
        """
        p = self.problem
        if not p.is_linear.all():
            return None
        unit = np.ones(len(self.compiled.arrays.cost))
        demand = p.demand_rps.reshape(len(p.classes), -1)
        for name, own in (
            ("carried_rps", np.nonzero(p.serves)[0]),
            ("overflow_rps", np.nonzero(p.function_serves)[0]),
            ("unserved_rps", np.arange(len(p.classes))),
        ):
            columns = self.columns_of(name)
            if columns.size:
                unit[columns] = np.where(demand[own] > 0, demand[own], 1.0)
        return unit

    def columns_of(self, name: str) -> IntArray:
        """``[row, t or (t, q)]`` column numbers of the variable of this name; empty where the program has none."""
        none = np.empty((0, len(self.problem.window_h)), dtype=int)
        return self.compiled.columns.get(name, none)

    @cached_property
    def machine_columns(self) -> IntArray:
        """``[g, t]`` columns of the machines."""
        return self.columns_of("instances")

    @cached_property
    def start_columns(self) -> IntArray:
        """``[i, t]`` columns of the launches."""
        return self.columns_of("starts")

    @cached_property
    def pick_columns(self) -> IntArray:
        """``[r, t]`` columns of the picked counts."""
        return self.columns_of("pick")

    def block(
        self,
        windows: slice,
        *,
        from_fleet: bool = True,
        known: Array | None = None,
        upper: Array | None = None,
    ) -> Block:
        """Cut the columns of some windows and the rows they need.

        Parameters
        ----------
        windows
            First and one past the last.
        from_fleet
            The first window of the horizon counts its launches and loads against the initial fleet; else it begins free.
        known
            ``[col]`` values of the columns of the windows before the block, where they are decided; NaN or None: they are free.
        upper
            ``[col]`` tighter upper limits; columns held at 0 are left out.
        """
        arrays = self.compiled.arrays
        columns: IntArray = np.sort(np.concatenate(self.by_window.columns_by_window[windows]))
        top = arrays.upper[columns] if upper is None else np.minimum(arrays.upper[columns], upper[columns])
        used = (arrays.lower[columns] < 0) | (top > 0)
        columns, top = columns[used], top[used]
        rows = np.sort(np.concatenate(self.by_window.rows_by_last_window[windows]))
        first, _ = self.by_window.row_windows
        rows = rows[first[rows] >= (windows.start if known is None else 0)]
        if not from_fleet and windows.start == 0:
            rows = rows[~self.against_fleet[rows]]
        matrix, before = split_columns(arrays.matrix[rows], columns)
        shift: Array = np.zeros(len(rows))
        if known is not None:
            shift = np.asarray(before @ np.where(self.by_window.column_window < windows.start, known, 0.0))
            decided = np.isfinite(shift)
            rows, matrix, shift = rows[decided], matrix[decided], shift[decided]
        block = Block(
            LinearProgram(
                cost=arrays.cost[columns],
                matrix=matrix,
                row_lower=arrays.row_lower[rows] - shift,
                row_upper=arrays.row_upper[rows] - shift,
                lower=arrays.lower[columns],
                upper=top,
                integer=arrays.integer[columns],
                norms=self.by_window.norms_of(windows, rows, columns),
                squares=self.by_window.squares_of(windows, columns),
            ),
            columns,
            rows,
        )
        return block if self.unit is None else in_units(block, self.unit[columns])

    def values(self, found: Array, columns: IntArray) -> Array:
        """A block's solution in the units of the horizon's program."""
        return found if self.unit is None else found * self.unit[columns]

    def machines(self, values: Array, columns: IntArray) -> IntArray:
        """``[g, t]`` whole machines of a solution of some columns; 0 in the windows they leave out."""
        whole = np.zeros(len(self.compiled.arrays.cost))
        whole[columns] = values
        return np.rint(whole[self.machine_columns]).astype(np.int64)


def in_units(block: Block, unit: Array) -> Block:
    """The block with columns in other units ``[col]``, and its equations scaled to a right-hand side of 1."""
    p = block.arrays
    even = (p.row_lower == p.row_upper) & (p.row_lower != 0)
    scale = np.where(even, 1.0 / np.where(even, np.abs(p.row_lower), 1.0), 1.0)
    matrix = sparse.csr_array(sparse.diags_array(scale) @ p.matrix @ sparse.diags_array(unit))
    arrays = replace(
        p,
        cost=p.cost * unit,
        matrix=matrix,
        row_lower=p.row_lower * scale,
        row_upper=p.row_upper * scale,
        lower=p.lower / unit,
        upper=p.upper / unit,
    )
    return replace(block, arrays=arrays)


def split_columns(matrix: sparse.csr_array, columns: IntArray) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the matrix over some columns (ascending), and what is left of it at its full width."""
    place = np.searchsorted(columns, matrix.indices)
    member = columns[np.minimum(place, len(columns) - 1)] == matrix.indices
    kept = np.concatenate([[0], np.cumsum(member)])
    inner = sparse.csr_array(
        (matrix.data[member], place[member], kept[matrix.indptr]), shape=(matrix.shape[0], len(columns))
    )
    outer = matrix.copy()
    outer.data = np.where(member, 0.0, outer.data)
    return inner, outer


def compile_horizon(problem: ProvisioningProblem, rate_rps: Array | None = None) -> HorizonProgram:
    """Compile the exact program with all counts on offer, or, with rates ``[j, t]``, the one with fixed capacities.

    It begins with the initial fleet.
    """
    candidates = all_counts(problem) if rate_rps is None else no_counts(len(problem.window_h))
    parameters = Parameters(
        problem=problem,
        count_group=candidates.group,
        count=candidates.count,
        count_allowed=candidates.allowed,
        from_fleet=True,
        rate_rps=rate_rps,
    )
    return HorizonProgram(problem, candidates, compile_block(parameters))


def compile_free_block(problem: ProvisioningProblem, windows: slice) -> Compiled:
    """Compile the exact program of some windows alone, begun free of charge."""
    part = problem.taking(windows=windows)
    candidates = all_counts(part)
    return compile_block(
        Parameters(
            problem=part,
            count_group=candidates.group,
            count=candidates.count,
            count_allowed=candidates.allowed,
            from_fleet=False,
        )
    )
