"""Published layouts in small: folders of clients, per-second files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workloads.errors import WorkloadError
from workloads.importers.inferall import load_inferall
from workloads.importers.servegen import ClientGroup, group_servegen, load_servegen
from workloads.sources import load_source

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    """Twelve bins: client 0 steady at 2 req/s, 2 bursty at 1 req/s, 10 silent; all silent in bin 5."""
    for name, rate, cv in (("0", 2.0, 1.0), ("2", 1.0, 4.0), ("10", 0.0, 0.0)):
        rows = [
            f"{600 * i},{0 if i == 5 else rate},{0 if i == 5 else cv},{'' if i == 5 else 'Gamma'},1,1"
            for i in range(12)
        ]
        (tmp_path / f"chunk-{name}-trace.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_clients_are_summed_and_common_silence_is_missing(clients: Path) -> None:
    folder = load_servegen(clients, start=START)
    trace = folder.trace()
    assert folder.clients == ("0", "2", "10")
    assert (trace.start, trace.interval_s, trace.report.rows) == (START, 600, 36)
    np.testing.assert_allclose(trace.rate_rps, [3] * 5 + [np.nan] + [3] * 6)
    assert [run.intervals for run in trace.report.zero_runs] == [1]


def test_a_bin_holds_its_rate_for_both_of_its_windows(clients: Path) -> None:
    windows = load_servegen(clients).trace().resample(300)
    np.testing.assert_allclose(windows.rate_rps, [3] * 10 + [np.nan] * 2 + [3] * 12)


def test_clients_are_grouped_by_cv_or_by_name(clients: Path) -> None:
    folder = load_servegen(clients)
    np.testing.assert_allclose(folder.client_cv, [1, 4, np.nan])
    groups = {"steady": ClientGroup(("0", "10")), "bursty": ClientGroup(cv_from=1.5)}
    traces = group_servegen(folder, groups)
    assert traces["steady"].counts[0] == 1200
    assert traces["bursty"].counts[0] == 600
    assert np.isnan(traces["bursty"].counts[5])
    assert folder.dispersion(groups["bursty"]).index == 16
    assert traces["bursty"].dispersion_index == 16
    assert folder.dispersion().index == pytest.approx((2 * 1 + 1 * 16) / 3)


def test_a_client_in_two_groups_or_in_none_is_an_error(clients: Path) -> None:
    folder = load_servegen(clients)
    with pytest.raises(WorkloadError, match=r"more than one group: 2 \(a, b\)"):
        group_servegen(folder, {"a": ClientGroup(), "b": ClientGroup(("2",))})
    with pytest.raises(WorkloadError, match="clients in no group: 10"):
        group_servegen(folder, {"a": ClientGroup(("0",)), "b": ClientGroup(("2",))})
    with pytest.raises(WorkloadError) as caught:
        group_servegen(folder, {"a": ClientGroup(("7",)), "b": ClientGroup(cv_from=9)})
    assert "group 'a': " in str(caught.value)
    assert "no client 7; the clients are 0, 2, 10" in str(caught.value)
    assert "no client has a cv from 9 to below inf; they lie between 1 and 4" in str(caught.value)


def test_the_digest_covers_every_client_file(clients: Path) -> None:
    before = load_servegen(clients).digest
    file = clients / "chunk-10-trace.csv"
    file.write_text(file.read_text().replace("Gamma", "Weibull"))
    assert load_servegen(clients).digest != before


def test_a_folder_without_clients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="holds no client file"):
        load_servegen(tmp_path)


def test_one_door_for_all_layouts(clients: Path) -> None:
    np.testing.assert_allclose(load_source(clients, clients=[2], start=START).rate_rps[0], 1)
    np.testing.assert_allclose(load_source(clients, cv_below=1.5).rate_rps[0], 2)
    (clients / "t.csv").write_text("time,count\n2026-03-02 00:00,5\n2026-03-02 00:05,7\n")
    assert load_source(clients / "t.csv", name="web", kind="counts", timezone=None).name == "web"


@pytest.mark.parametrize(
    ("rows", "layout"),
    [
        (["1,9,0,4", "2,21,2,10", "3,22,1,11"], "t, 2n, class, n"),
        (["1,0,2,4", "2,2,5,10", "4,1,7,14"], "t, class, n/2, n"),
        (["1,0,1,4", "2,0,1,10", "3,0,1,11"], "t, 0, 1, n"),
    ],
)
def test_the_order_of_columns_is_told_by_its_relation(tmp_path: Path, rows: list[str], layout: str) -> None:
    file = tmp_path / "day_2017-05-25.csv"
    file.write_text("\n".join(rows) + "\n")
    trace = load_inferall(file)
    assert f"columns are {layout}" in trace.report.notes
    assert trace.start == datetime(2017, 5, 25, 0, 0, 1, tzinfo=UTC)
    known = trace.counts[~np.isnan(trace.counts)]
    np.testing.assert_array_equal(known, [int(row.split(",")[-1]) for row in rows])


def test_a_second_with_two_rows_carries_their_sum(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text("0,0,1,4\n1,0,1,10\n1,0,1,20\n2,0,1,4\n4,0,1,6\n")
    trace = load_inferall(file, start=START)
    np.testing.assert_array_equal(trace.counts, [4, 30, 4, np.nan, 6])
    assert "1 seconds have more than one row and carry the sum of them" in trace.report.notes


def test_other_files_are_refused_by_their_columns(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("1,2\n2,3\n")
    with pytest.raises(WorkloadError, match="has 2 columns; files of this form have 4"):
        load_inferall(file)


def test_four_columns_of_numbers_without_a_header_are_a_per_second_file(tmp_path: Path) -> None:
    rows, found = "0,0,1,44\n1,0,1,46\n2,0,1,45\n3,0,1,40\n", []
    for name, header, settings in (
        ("bare.csv", "", {}),
        ("named.csv", "t,a,b,count\n", {"start": START, "count_column": "count"}),
    ):
        (tmp_path / name).write_text(header + rows)
        found.append(load_source(tmp_path / name, **settings))
        np.testing.assert_array_equal(found[-1].counts, [44, 46, 45, 40])
    assert ["columns are t, 0, 1, n" in trace.report.notes for trace in found] == [True, False]
