"""Rows of a trace file put on a grid of equal intervals, and everything that stands in the way of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.clocks import UNKNOWN_TIME
from workloads.tables import list_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workloads.clocks import Times
    from workloads.tables import Table
    from workloads.traces import Array

INTERVALS_MAX = 20_000_000  # 38 years of minutes; a longer grid comes from a time read in the wrong unit
BLANKS = frozenset({"", "nan", "null", "none", "na", "n/a"})


@dataclass(frozen=True, eq=False)
class Grid:
    """Loads on a grid.

    Parameters
    ----------
    first_us
        First instant, microseconds of UTC since 1970.
    interval_us
        Length of an interval, microseconds.
    loads
        [n] counts or rates; NaN where there is no row or no value.
    """

    first_us: int
    interval_us: int
    loads: Array


def read_loads(table: Table, column: str) -> tuple[Array, tuple[str, ...]]:
    """Read the counts or rates [n] of a column, NaN for an empty cell; say which cells cannot be a load."""
    cells = table.columns[column]
    loads = np.full(len(cells), np.nan)
    unread: list[int] = []
    for index, cell in enumerate(cells):
        if cell is None or str(cell).strip().lower() in BLANKS:
            continue
        try:
            loads[index] = float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            unread.append(index)
    where = f"{table.name} column {column!r}"
    checks = (
        (np.array(unread, dtype=np.int64), "is not a number", "Correct these rows, or leave the cell empty"),
        (np.flatnonzero(loads < 0), "is negative; a load must be >= 0", "Correct or remove these rows"),
        (np.flatnonzero(np.isinf(loads)), "is not finite", "Correct these rows, or leave the cell empty"),
    )
    problems = tuple(
        f"{where} {_rows(table, bad)}: {_found(cells, bad)} {what}. {remedy}."
        for bad, what, remedy in checks
        if bad.size
    )
    return loads, problems


def order_problems(table: Table, times: Times, requests: bool) -> tuple[str, ...]:
    """Say which rows are earlier than one before them, and which repeat a time (allowed for requests)."""
    known = np.flatnonzero(times != UNKNOWN_TIME)
    stamps = times[known]
    problems = []
    late = known[1:][stamps[1:] < np.maximum.accumulate(stamps)[:-1]] if known.size else known
    if late.size:
        problems.append(
            f"{table.name} {_rows(table, late)}: earlier than a row before. Sort the file by time."
        )
    first = np.unique(stamps, return_index=True)[1]
    again = np.delete(known, first)
    if again.size and not requests:
        problems.append(
            f"{table.name} {_rows(table, again)}: the time repeats that of an earlier row. "
            "Keep one row for each time."
        )
    return tuple(problems)


def request_grid(table: Table, times: Times, interval_us: int) -> tuple[Grid | None, tuple[str, ...]]:
    """Count rows per interval, on multiples of the interval since 1970; unreadable times are passed over."""
    slots = times[times != UNKNOWN_TIME] // interval_us
    first = int(slots.min())
    size = int(slots.max()) - first + 1
    if too_long := _span_problem(table, size, interval_us):
        return None, (too_long,)
    return Grid(
        first * interval_us, interval_us, np.bincount(slots - first, minlength=size).astype(np.float64)
    ), ()


def load_grid(
    table: Table, times: Times, loads: Array, interval_us: int | None, sparse: bool
) -> tuple[Grid | None, tuple[str, ...]]:
    """Put one row per interval on a grid.

    Parameters
    ----------
    table
        The file, for row numbers.
    times
        [n] start of each row's interval, microseconds; UNKNOWN_TIME rows are passed over.
    loads
        [n] counts or rates.
    interval_us
        Interval; None takes the most common step between rows.
    sparse
        True when most intervals may lack a row, so that the common step says nothing about the interval.
    """
    known = np.flatnonzero(times != UNKNOWN_TIME)
    stamps, order = np.unique(times[known], return_index=True)
    step = _most_common(np.diff(stamps)) if stamps.size > 1 else None
    interval = interval_us or step
    if interval is None:
        return None, (f"{table.name}: one time only, so the interval is not known. State the interval.",)
    if step is not None and step != interval and not sparse:
        found = f"most rows are {step / 1e6:g} s apart but interval_s is {interval / 1e6:g}"
        return None, (f"{table.name}: {found}. Leave interval_s out, or resample after loading.",)
    phase = _most_common(stamps % interval)
    off = known[order[stamps % interval != phase]]
    problems = []
    if off.size:
        problems.append(
            f"{table.name} {_rows(table, off)}: off the grid of {interval / 1e6:g} s that the other rows "
            "keep. Correct these times, or give the trace as one row per request."
        )
    first = int(stamps[0])
    size = (int(stamps[-1]) - first) // interval + 1
    if too_long := _span_problem(table, size, interval):
        return None, (*problems, too_long)
    grid = np.full(size, np.nan)
    grid[(stamps - first) // interval] = loads[known[order]]
    return Grid(first, interval, grid), tuple(problems)


def _most_common(values: Times) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[np.argmax(counts)])


def _span_problem(table: Table, intervals: int, interval_us: int) -> str | None:
    if intervals <= INTERVALS_MAX:
        return None
    return (
        f"{table.name}: spans {intervals} intervals of {interval_us / 1e6:g} s; at most {INTERVALS_MAX} are "
        "read. Is a time wrong, or in another unit?"
    )


def _rows(table: Table, places: NDArray[np.int64]) -> str:
    return list_rows([table.rows[int(place)] for place in places])


def _found(cells: Sequence[object], places: NDArray[np.int64]) -> str:
    return ", ".join(repr(cells[int(place)]) for place in places[:3]) + (", ..." if places.size > 3 else "")
