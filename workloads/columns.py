"""Which columns of a trace file hold the time and the load, and whether that is counts, rates or requests."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from workloads.tables import Table

KINDS = ("auto", "counts", "rates", "requests")
TIME_NAMES = frozenset(
    {
        "timestamp",
        "time",
        "datetime",
        "date",
        "date_time",
        "period",
        "ts",
        "t",
        "start",
        "window",
        "arrival_time",
    }
)
COUNT_NAMES = frozenset(
    {"count", "counts", "requests", "request_count", "requestcount", "value", "n", "hits", "invocations"}
)
RATE_NAMES = frozenset({"rate", "rate_rps", "rps", "qps", "req_per_s", "requests_per_second"})


@dataclass(frozen=True)
class Columns:
    """The chosen columns: time, load (None for one row per request), the kind, and what was assumed."""

    time: str
    load: str | None
    kind: str
    notes: tuple[str, ...]


def choose_columns(table: Table, time_column: str | None, count_column: str | None, kind: str) -> Columns:
    """Settle time column, load column and kind from what the caller states and the names in the file.

    Raises
    ------
    WorkloadError
        When a stated column is absent, or the names leave more than one reading.
    """
    names = list(table.columns)
    problems = [] if kind in KINDS else [f"kind is {kind!r}; it must be one of {', '.join(KINDS)}"]
    problems += [
        _absent(table, column)
        for column in (time_column, count_column)
        if column is not None and column not in names
    ]
    if kind == "requests" and count_column is not None:
        problems.append(
            f"{table.name}: kind requests counts rows, so count_column {count_column!r} cannot be used"
        )
    if problems:
        raise WorkloadError(problems)
    notes = []
    time = time_column
    if time is None:
        time = _only(table, TIME_NAMES, "time_column") or names[0]
        notes.append(f"time column taken to be {time!r}")
    load = count_column
    if load is None and kind != "requests":
        load = _load_column(table, time, kind)
        notes.append(
            f"load column taken to be {load!r}" if load else "no load column: one row is one request"
        )
    if kind == "auto":
        kind = "requests" if load is None else "rates" if load.lower() in RATE_NAMES else "counts"
    return Columns(time, load, kind, tuple(notes))


def _load_column(table: Table, time: str, kind: str) -> str | None:
    """The column of counts or rates; None when nothing is named so and the kind may be requests."""
    wanted = {"counts": COUNT_NAMES, "rates": RATE_NAMES}.get(kind, COUNT_NAMES | RATE_NAMES)
    found = _only(table, wanted - {time.lower()}, "count_column")
    others = [column for column in table.columns if column != time]
    if found is None and len(others) == 1 and (kind != "auto" or not table.header):
        return others[0]
    if found is None and kind != "auto":
        raise WorkloadError(
            [
                f"{table.name}: no column is named as {kind} ({', '.join(others) or 'none left'}); "
                "state count_column"
            ]
        )
    if found is None and not table.header and len(others) > 1:
        raise WorkloadError(
            [
                f"{table.name}: has no header and {len(table.columns)} columns; "
                "state time_column and count_column as numbers from 0"
            ]
        )
    return found


def _only(table: Table, wanted: frozenset[str], setting: str) -> str | None:
    found = [column for column in table.columns if column.lower() in wanted]
    if len(found) > 1:
        raise WorkloadError(
            [f"{table.name}: columns {' and '.join(found)} could all be meant; state {setting}"]
        )
    return found[0] if found else None


def _absent(table: Table, column: str) -> str:
    near = get_close_matches(column, list(table.columns), n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{table.name}: there is no column {column!r}; the columns are {', '.join(table.columns)}.{hint}"
