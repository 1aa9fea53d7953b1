"""Per-second traces in four columns: WITS, Berkeley, and the Twitter day on which MArk and BATCH were judged.

The files have no header and order their columns differently: the time in seconds comes first and the requests
of that second last; between them lie numbers made from the count. Which order a file has follows from the
relation that its rows keep, and every row must keep it.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workloads.clocks import EPOCH, Clock, read_times
from workloads.errors import WorkloadError
from workloads.gaps import judge_missing
from workloads.grids import load_grid, order_problems, read_loads
from workloads.tables import GZIP_MAGIC, list_rows, read_table
from workloads.trace_report import TraceReport
from workloads.traces import MICROSECOND, Trace

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from workloads.clocks import Times
    from workloads.tables import Table
    from workloads.traces import Array

COLUMNS = 4
ROW_BYTES_MAX = 1000  # far longer than four numbers
SECOND_US = 1_000_000


def load_inferall(
    path: str | PathLike[str],
    *,
    start: datetime | None = None,
    absent: str = "missing",
    name: str | None = None,
) -> Trace:
    """Read one of the per-second files, plain or gzip.

    A second that has two rows (the Twitter day has one at every full hour) carries their sum, so that no
    request is lost.

    Parameters
    ----------
    path
        The file.
    start
        Instant of second 0, aware; None takes the date in the file's name, or else 1970-01-01.
    absent
        What a second without a row is, "missing" or "zero".
    name
        What to call the trace; the file's name without its suffixes when None.

    Raises
    ------
    WorkloadError
        When the file has another form, with the rows that break it.
    """
    file = Path(path)
    table = read_table(file, header=False)
    if len(table.columns) != COLUMNS:
        raise WorkloadError(
            [f"{table.name}: has {len(table.columns)} columns; files of this form have {COLUMNS}"]
        )
    origin, note = (start, None) if start is not None else _dated(file.name)
    reading = read_times(table.columns["0"], table.rows, f"{table.name} column 0", Clock(start=origin))
    columns, problems = zip(*(read_loads(table, column) for column in list(table.columns)[1:]), strict=True)
    found = [
        *table.problems,
        *reading.problems,
        *chain(*problems),
        *order_problems(table, reading.times, True),
    ]
    if found:
        raise WorkloadError(found)
    layout = _layout(table, np.column_stack(columns))
    times, counts, first_rows, repeated = _merge_repeats(reading.times, columns[-1])
    merged = replace(table, rows=[table.rows[int(place)] for place in first_rows])
    grid, unplaced = load_grid(merged, times, counts, SECOND_US, sparse=True)
    if grid is None or unplaced:
        raise WorkloadError(unplaced)
    first = EPOCH + grid.first_us * MICROSECOND
    judged = judge_missing(grid.loads, first, SECOND_US, absent)
    notes = tuple(text for text in (f"columns are {layout}", note, repeated, *reading.notes) if text)
    report = TraceReport("counts", len(table.rows), judged.gaps, judged.zero_runs, judged.rule, notes)
    called = name if name is not None else file.name.split(".")[0]
    return Trace(called, first, 1.0, judged.counts, report, file.as_posix(), table.digest)


def is_inferall(path: str | PathLike[str]) -> bool:
    """Whether a file begins with a row of four whole numbers, as these files do and no table with a header does.

    A file that cannot be read is none; whoever loads it says what is wrong.
    """
    try:
        with Path(path).open("rb") as stored:
            packed = stored.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        with gzip.open(path) if packed else Path(path).open("rb") as rows:
            cells = rows.readline(ROW_BYTES_MAX).split(b",")
    except (OSError, EOFError, zlib.error):
        return False
    return len(cells) == COLUMNS and all(cell.strip().isdigit() for cell in cells)


def _dated(file_name: str) -> tuple[datetime, str | None]:
    """The date in a file's name, or the first day of 1970 with a note that it is nominal."""
    found = re.search(r"\d{4}-\d{2}-\d{2}", file_name)
    if found is None:
        return EPOCH, "the file has no date; its seconds count from 1970-01-01"
    return datetime.fromisoformat(found.group()).replace(tzinfo=UTC), None


def _layout(table: Table, numbers: Array) -> str:
    """Say which order of columns the rows keep; `numbers` [n,3] are the columns after the time."""
    second, third, count = numbers.T
    orders = {
        "t, 2n, class, n": np.abs(second - 2 * count) <= 1,  # WITS doubles a count before it is rounded
        "t, class, n/2, n": 2 * third == count,
        "t, 0, 1, n": (second == 0) & (third == 1),
    }
    layout, kept = max(orders.items(), key=lambda order: int(order[1].sum()))
    if not kept.all():
        bad = list_rows([table.rows[int(place)] for place in np.flatnonzero(~kept)])
        raise WorkloadError([f"{table.name} {bad}: not in the order {layout} that the other rows keep"])
    return layout


def _merge_repeats(times: Times, counts: Array) -> tuple[Times, Array, NDArray[np.intp], str | None]:
    """One value [n] for every second, the sum of the rows that share it, and the first of these rows."""
    seconds, first, place, rows = np.unique(times, return_index=True, return_inverse=True, return_counts=True)
    repeats = int((rows > 1).sum())
    merged = np.bincount(place, weights=counts).astype(np.float64)
    note = f"{repeats} seconds have more than one row and carry the sum of them" if repeats else None
    return seconds, merged, first, note
