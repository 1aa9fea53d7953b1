"""Broken trace files: each is refused with one error that names every problem and its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workloads.errors import WorkloadError
from workloads.sources import load_source

BAD = Path(__file__).parents[1] / "data" / "bad" / "trace"
CASES: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("negative_count.csv", {}, ("rows 5, 7: '-3', '-1.5' is negative",)),
    ("duplicate_time.csv", {}, ("row 6: the time repeats",)),
    ("disorder.csv", {}, ("row 5: earlier than a row before",)),
    ("unparsable_count.csv", {}, ("column 'count' row 8: 'many' is not a number",)),
    ("unparsable_time.csv", {}, ("column 'timestamp' row 3: '2nd of March' is not an ISO 8601 time",)),
    ("ragged_rows.csv", {}, ("rows 6, 9: 1, 3 cells where the file has 2 columns (timestamp, count)",)),
    ("empty.csv", {}, ("the file is empty",)),
    ("header_only.csv", {}, ("a header and no rows",)),
    ("off_grid.csv", {}, ("row 7: off the grid of 300 s",)),
    (
        "skipped_local_hour.csv",
        {"timezone": "America/New_York"},
        ("rows 4 to 5: the local time 2026-03-08 02:00:00", "02:30:00 does not exist in America/New_York"),
    ),
    ("relative_without_start.csv", {}, ("up to 420, seconds from an unstated start",)),
    ("infinite_count.csv", {}, ("row 10: 'inf' is not finite",)),
    ("two_load_columns.csv", {}, ("columns count and requests could all be meant; state count_column",)),
    ("no_load_column.csv", {}, ("evenly spaced, as those of counts", "others: latency")),
    ("not_utf8.csv", {}, ("row 3: byte 0xa0 is not UTF-8",)),
    ("cut_short.csv.gz", {}, ("gzip data is damaged or cut short",)),
    ("damaged.parquet", {}, ("not readable as Parquet",)),
    ("column_named_twice.csv", {}, ("column 'count' appears twice",)),
    ("single_row.csv", {}, ("one time only, so the interval is not known",)),
    ("far_future.csv", {}, ("intervals of 300 s; at most 20000000 are read",)),
    ("no_header_three_columns.csv", {}, ("has no header and 3 columns; state time_column",)),
    ("requests_disorder.csv", {}, ("row 4: earlier than a row before",)),
    (
        "everything_at_once.csv",
        {},
        (
            "row 12: 3 cells",
            "row 3: 'yesterday'",
            "row 10: earlier than a row before",
            "row 6: the time repeats",
            "row 8: 'x' is not a number",
            "row 4: '-2' is negative",
        ),
    ),
    ("mixed_epoch.csv", {}, ("row 7: the time is not a number as the others are",)),
    (
        "per_second_mixed_order.csv",
        {"layout": "inferall"},
        ("row 4: not in the order t, 2n, class, n that the other rows keep",),
    ),
    (
        "client_without_cv",
        {},
        (
            "chunk-0-trace.csv row 2: a rate above 0 without a cv",
            "chunk-1-trace.csv column '1' row 2: '-2' is negative",
        ),
    ),
    ("clients_of_other_times", {}, ("chunk-1-trace.csv cover other times than the rest",)),
    ("not_there.csv", {}, ("there is no such file",)),
    (
        "disorder.csv",
        {"timezone": "Europe/Pariss"},
        ("time zone 'Europe/Pariss' is not known", "Europe/Paris"),
    ),
    ("disorder.csv", {"count_column": "counts"}, ("there is no column 'counts'", "Did you mean 'count'?")),
    ("disorder.csv", {"kind": "sums"}, ("kind is 'sums'; it must be one of auto, counts, rates, requests",)),
    ("disorder.csv", {"interval_s": 60}, ("most rows are 300 s apart but interval_s is 60",)),
    ("disorder.csv", {"absent": "gone", "zeros": "no"}, ("absent is 'gone'", "zeros is 'no'")),
    ("disorder.csv", {"clients": ["1"]}, ("layout table has no setting clients",)),
    ("disorder.csv", {"layout": "tables"}, ("layout is 'tables'; it must be one of",)),
]


@pytest.mark.parametrize(
    ("file", "settings", "expected"), CASES, ids=[f"{c[0]}-{'-'.join(c[1])}" for c in CASES]
)
def test_a_broken_trace_is_refused_with_every_problem(
    file: str, settings: dict[str, Any], expected: tuple[str, ...]
) -> None:
    with pytest.raises(WorkloadError) as caught:
        load_source(BAD / file, **settings)
    for fragment in expected:
        assert any(fragment in problem for problem in caught.value.problems), str(caught.value)
    assert str(caught.value) == "\n".join(f"- {line}" for line in caught.value.problems)


def test_nothing_is_reported_twice() -> None:
    with pytest.raises(WorkloadError) as caught:
        load_source(BAD / "everything_at_once.csv")
    assert len(caught.value.problems) == 6


def test_every_broken_file_is_in_the_table() -> None:
    named = {file for file, _, _ in CASES}
    assert {entry.name for entry in BAD.iterdir()} <= named
