"""Traces from files: kinds, clocks, formats."""

from __future__ import annotations

import gzip
import hashlib
import sys
from datetime import UTC, datetime, timedelta
from subprocess import run
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workloads.errors import WorkloadError
from workloads.loading import load_trace
from workloads.tables import list_rows

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=UTC)


def write(folder: Path, text: str, name: str = "web.csv") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_counts_per_interval(tmp_path: Path) -> None:
    file = write(tmp_path, "timestamp,count\n2026-03-02 00:00,5\n2026-03-02 00:05,7\n2026-03-02 00:10,9.0\n")
    trace = load_trace(file)
    assert (trace.name, trace.start, trace.interval_s) == ("web", START, 300)
    np.testing.assert_array_equal(trace.counts, [5, 7, 9])
    assert trace.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert trace.report.kind == "counts"
    assert trace.report.rows == 3
    assert "load column taken to be 'count'" in trace.report.notes


def test_rates_become_counts(tmp_path: Path) -> None:
    file = write(tmp_path, "time;rps\n2026-03-02T00:00Z;0.5\n2026-03-02T00:01Z;2\n")
    trace = load_trace(file)
    assert trace.report.kind == "rates"
    np.testing.assert_array_equal(trace.counts, [30, 120])
    stated = write(tmp_path, "time,load\n2026-03-02T00:00Z,0.5\n2026-03-02T00:01Z,2\n", "b.csv")
    np.testing.assert_array_equal(load_trace(stated, kind="rates", name="x").rate_rps, [0.5, 2])


def test_one_row_per_request_is_counted_on_the_full_minute(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "arrival_time,tokens\n2026-03-02 00:00:30.1234567,4\n2026-03-02 00:00:30.2,4\n"
        "2026-03-02 00:03:59.999,1\n",
    )
    trace = load_trace(file)
    assert (trace.start, trace.report.kind) == (START, "requests")
    np.testing.assert_array_equal(trace.counts, [2, 0, 0, 1])
    np.testing.assert_array_equal(load_trace(file, interval_s=120).counts, [2, 1])


def test_two_requests_may_share_an_instant(tmp_path: Path) -> None:
    file = write(tmp_path, "ts\n1772409600\n1772409600\n1772409605\n")
    assert load_trace(file).counts.sum() == 3


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_epoch_numbers_in_any_unit(tmp_path: Path, scale: int) -> None:
    rows = "".join(f"{(1772409600 + 60 * i) * scale},{i}\n" for i in range(3))
    trace = load_trace(write(tmp_path, "ts,count\n" + rows))
    assert (trace.start, trace.interval_s) == (START, 60)


def test_relative_seconds_count_from_the_start(tmp_path: Path) -> None:
    file = write(tmp_path, "0,4\n60,5\n120,6\n")
    trace = load_trace(file, start=START)
    assert trace.end == START + timedelta(minutes=3)
    with pytest.raises(WorkloadError, match="State the start"):
        load_trace(file)
    epoch = write(tmp_path, "1772409600,4\n1772409660,5\n", "epoch.csv")
    with pytest.raises(WorkloadError, match="Drop the start"):
        load_trace(epoch, start=START)


def test_columns_by_number_in_a_file_without_header(tmp_path: Path) -> None:
    file = write(tmp_path, "7,2026-03-02 00:00,1\n8,2026-03-02 00:01,2\n")
    np.testing.assert_array_equal(load_trace(file, time_column="1", count_column="0").counts, [7, 8])
    np.testing.assert_array_equal(load_trace(file, time_column=1, count_column=0).counts, [7, 8])


def test_a_stated_time_format(tmp_path: Path) -> None:
    file = write(tmp_path, "date,hits\n02/03/2026 00:00,4\n02/03/2026 01:00,5\n")
    assert load_trace(file, time_format="%d/%m/%Y %H:%M").start == START


def test_offsets_are_believed_whatever_the_stated_zone(tmp_path: Path) -> None:
    file = write(tmp_path, "time,count\n2026-03-02T02:00:00+02:00,1\n2026-03-02T00:01:00Z,2\n")
    assert load_trace(file, timezone="Asia/Tokyo").start == START


def test_naive_times_are_local_to_the_stated_zone(tmp_path: Path) -> None:
    file = write(tmp_path, "time,count\n2026-03-02 00:00,1\n2026-03-02 01:00,2\n")
    assert load_trace(file, timezone="Europe/Berlin").start == START - timedelta(hours=1)


def test_the_hour_shown_twice_is_read_in_file_order(tmp_path: Path) -> None:
    local = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"]
    text = "time,count\n" + "".join(f"2026-11-01 {at},{i}\n" for i, at in enumerate(local))
    trace = load_trace(write(tmp_path, text), timezone="America/New_York")
    assert trace.start == datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    np.testing.assert_array_equal(trace.counts, [0, 1, 2, 3, 4, 5])
    assert (
        "4 rows stand in an hour that America/New_York shows twice; read in file order" in trace.report.notes
    )


def test_a_file_that_lacks_the_second_showing_has_a_gap_there(tmp_path: Path) -> None:
    local = ["00:30", "01:00", "01:30", "02:00"]
    text = "time,count\n" + "".join(f"2026-11-01 {at},{i}\n" for i, at in enumerate(local))
    trace = load_trace(write(tmp_path, text), timezone="America/New_York")
    np.testing.assert_array_equal(trace.counts, [0, 1, 2, np.nan, np.nan, 3])


def test_the_skipped_hour_leaves_no_gap(tmp_path: Path) -> None:
    local = ["01:00", "01:30", "03:00", "03:30"]
    text = "time,count\n" + "".join(f"2026-03-08 {at},{i}\n" for i, at in enumerate(local))
    trace = load_trace(write(tmp_path, text), timezone="America/New_York")
    np.testing.assert_array_equal(trace.counts, [0, 1, 2, 3])


def test_absent_rows_and_empty_cells_are_missing(tmp_path: Path) -> None:
    minutes = [0, 1, 2, 4, 5, 6]
    cells = ["3", "4", "", "NaN", "6", "7"]
    text = "time,count\n" + "".join(f"2026-03-02 00:0{m},{c}\n" for m, c in zip(minutes, cells, strict=True))
    file = write(tmp_path, text)
    trace = load_trace(file)
    np.testing.assert_array_equal(trace.counts, [3, 4, np.nan, np.nan, np.nan, 6, 7])
    assert [gap.intervals for gap in trace.report.gaps] == [3]
    np.testing.assert_array_equal(load_trace(file, absent="zero").counts, [3, 4, 0, 0, 0, 6, 7])


def test_a_sparse_export_needs_its_interval_stated(tmp_path: Path) -> None:
    file = write(tmp_path, "time,count\n2026-03-02 00:00,3\n2026-03-02 00:10,4\n2026-03-02 00:20,4\n")
    assert len(load_trace(file, absent="zero", interval_s=60).counts) == 21


def test_impossible_zeros_are_missing_unless_kept(tmp_path: Path) -> None:
    counts = [50, 52, 47, 51, 49, 50, 0, 0, 48, 53, 50, 51, 49, 50]
    text = "time,count\n" + "".join(f"2026-03-02 00:{m:02},{c}\n" for m, c in enumerate(counts))
    file = write(tmp_path, text)
    trace = load_trace(file)
    assert np.isnan(trace.counts[6:8]).all()
    assert trace.report.zero_runs[0].intervals == 2
    assert load_trace(file, zeros="keep").missing_share == 0


def test_gzip_and_parquet_are_known_by_their_content(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    text = "time,count\n2026-03-02 00:00,5\n2026-03-02 00:05,7\n"
    plain = load_trace(write(tmp_path, text))
    packed = tmp_path / "packed.csv"
    packed.write_bytes(gzip.compress(text.encode()))
    columns = {
        "time": pa.array([START, START + timedelta(minutes=5)], pa.timestamp("ns", tz="UTC")),
        "count": pa.array([5, 7], pa.int64()),
    }
    parquet.write_table(pa.table(columns), tmp_path / "trace.bin")
    (tmp_path / "trace.gz").write_bytes(gzip.compress((tmp_path / "trace.bin").read_bytes()))
    for name in ("packed.csv", "trace.bin", "trace.gz"):
        other = load_trace(tmp_path / name)
        np.testing.assert_array_equal(other.counts, plain.counts)
        assert other.start == plain.start


def test_parquet_with_naive_local_times_and_nulls(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    at = [datetime(2026, 3, 2, 9, minute) for minute in range(3)]
    columns = {"time": pa.array(at, pa.timestamp("us")), "rps": pa.array([1.5, None, 2.5], pa.float32())}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")
    trace = load_trace(tmp_path / "t.parquet", timezone="Asia/Tokyo")
    assert trace.start == START
    np.testing.assert_array_equal(trace.rate_rps, [1.5, np.nan, 2.5])


def test_byte_order_mark_blank_lines_and_spaces_do_no_harm(tmp_path: Path) -> None:
    file = write(tmp_path, "\ufefftime , count\n2026-03-02 00:00, 5\n\n2026-03-02 00:05 ,7\n")
    np.testing.assert_array_equal(load_trace(file).counts, [5, 7])


def test_row_lists_stay_short() -> None:
    assert list_rows([4]) == "row 4"
    assert list_rows([9, 3, 4, 5]) == "rows 3 to 5, 9"
    assert list_rows(range(1, 101, 2)).endswith("39 and 30 more places")


def test_importing_workloads_stays_cheap() -> None:
    code = "import sys, workloads.sources, workloads.generators; print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pandas", "pyarrow", "scipy", "statsmodels"} & set(loaded)
