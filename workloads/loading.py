"""A trace from a file: counts per interval, rates per interval, or one row per request.

Rule for what is not known: an interval without a row, with an empty cell, or in a run of zeros that the
local level makes impossible (`workloads.gaps`) is missing (NaN), never zero. `absent="zero"` is for exports
that leave out idle intervals, `zeros="keep"` for traffic that really stops.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workloads.clocks import EPOCH, UNKNOWN_TIME, Clock, read_times
from workloads.columns import choose_columns
from workloads.errors import WorkloadError
from workloads.gaps import judge_missing
from workloads.grids import Grid, load_grid, order_problems, read_loads, request_grid
from workloads.tables import read_table
from workloads.trace_report import TraceReport
from workloads.traces import MICROSECOND, Trace

if TYPE_CHECKING:
    from datetime import datetime
    from os import PathLike

    from workloads.clocks import Times
    from workloads.columns import Columns
    from workloads.tables import Table

REQUESTS_INTERVAL_S = 60.0  # one row per request is counted by the minute unless the caller says otherwise
ABSENT = ("missing", "zero")
ZEROS = ("judge", "keep")


def load_trace(
    path: str | PathLike[str],
    *,
    time_column: str | int | None = None,
    count_column: str | int | None = None,
    interval_s: float | None = None,
    timezone: str = "UTC",
    kind: str = "auto",
    start: datetime | None = None,
    time_format: str | None = None,
    absent: str = "missing",
    zeros: str = "judge",
    name: str | None = None,
) -> Trace:
    """Read a trace from a CSV or Parquet file, plain or gzip.

    Parameters
    ----------
    path
        The file.
    time_column, count_column
        Columns of the time and of the counts or rates, by name, or by number from 0 in a file without a
        header; None finds them by their usual names.
    interval_s
        Seconds that one row covers, from its time on; None takes the most common step. For one row per
        request, the interval to count by (60 s when None).
    timezone
        IANA zone of times that carry no offset.
    kind
        "counts" per interval, "rates" (requests/s) per interval, "requests" (one row each), or "auto", which
        goes by the column names.
    start
        The instant of second 0 of a file with relative seconds.
    time_format
        A strptime format for times that are not ISO 8601.
    absent
        What an interval without a row is: "missing" or "zero".
    zeros
        "judge" takes zeros that the local level makes impossible for missing; "keep" believes every zero.
    name
        What to call the trace; the file's name without its suffixes when None.

    Raises
    ------
    WorkloadError
        With every problem found: unreadable cells, negative counts, duplicates, disorder, times off the grid,
        each with its row numbers.
    """
    _check_settings(absent, zeros, interval_s)
    file = Path(path)
    time, load = (None if column is None else str(column) for column in (time_column, count_column))
    table = read_table(file, header=False if time is not None and time.isdigit() else None)
    columns = choose_columns(table, time, load, kind)
    where = f"{table.name} column {columns.time!r}"
    clock = Clock(timezone, time_format, start)
    reading = read_times(table.columns[columns.time], table.rows, where, clock)
    grid, grid_problems = _to_grid(table, columns, reading.times, interval_s, sparse=absent == "zero")
    problems = (*table.problems, *reading.problems, *grid_problems)
    if kind == "auto" and columns.kind == "requests" and _is_regular(reading.times):
        others = ", ".join(column for column in table.columns if column != columns.time)
        looks = f"{table.name}: times are evenly spaced, as those of counts, but no column is named as a load"
        problems += (f"{looks} (others: {others or 'none'}). State count_column, or kind requests.",)
    if problems or grid is None:
        raise WorkloadError(problems)
    first = EPOCH + grid.first_us * MICROSECOND
    counts = grid.loads * (grid.interval_us / 1e6) if columns.kind == "rates" else grid.loads
    judged = judge_missing(counts, first, grid.interval_us, absent, zeros)
    notes = (*columns.notes, *reading.notes)
    report = TraceReport(columns.kind, len(table.rows), judged.gaps, judged.zero_runs, judged.rule, notes)
    called = name if name is not None else file.name.split(".")[0]
    return Trace(called, first, grid.interval_us / 1e6, judged.counts, report, file.as_posix(), table.digest)


def _to_grid(
    table: Table, columns: Columns, times: Times, interval_s: float | None, sparse: bool
) -> tuple[Grid | None, tuple[str, ...]]:
    """Read the loads and place them; without one readable time there is no grid."""
    interval_us = None if interval_s is None else round(interval_s * 1e6)
    problems = order_problems(table, times, requests=columns.load is None)
    anything = bool((times != UNKNOWN_TIME).any())
    if columns.load is None:
        if not anything:
            return None, problems
        grid, wrong = request_grid(table, times, interval_us or round(REQUESTS_INTERVAL_S * 1e6))
        return grid, (*problems, *wrong)
    loads, unread = read_loads(table, columns.load)
    lost = bool(problems or table.problems or (times == UNKNOWN_TIME).any())
    if not anything or (lost and interval_us is None):  # the interval is inferred from a whole file only
        return None, (*problems, *unread)
    grid, wrong = load_grid(table, times, loads, interval_us, sparse)
    return grid, (*problems, *unread, *wrong)


def _check_settings(absent: str, zeros: str, interval_s: float | None) -> None:
    problems = [
        f"{setting} is {value!r}; it must be one of {', '.join(allowed)}"
        for setting, value, allowed in (("absent", absent, ABSENT), ("zeros", zeros, ZEROS))
        if value not in allowed
    ]
    if interval_s is not None and not 1e-6 <= interval_s < float("inf"):
        problems.append(f"interval_s is {interval_s}; it must be at least a microsecond")
    if problems:
        raise WorkloadError(problems)


def _is_regular(times: Times) -> bool:
    steps = np.unique(np.diff(times))
    return times.size > 2 and steps.size == 1 and bool(steps[0] > 0)
