"""The complete public traces: spans, means, and every trap that their description names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workloads.burstiness import dispersion_at, trace_dispersion
from workloads.importers.inferall import load_inferall
from workloads.importers.servegen import ClientGroup, group_servegen, load_servegen
from workloads.loading import load_trace

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def traces(shared_data: Path) -> Path:
    return shared_data / "traces"


def test_worldcup98_has_ten_missing_minutes(traces: Path) -> None:
    trace = load_trace(traces / "worldcup98_requests_per_minute.csv.gz")
    assert (trace.start, trace.end) == (
        datetime(1998, 4, 30, 21, 30, tzinfo=UTC),
        datetime(1998, 6, 8, tzinfo=UTC),
    )
    assert trace.interval_s == 60
    assert np.isnan(trace.counts).sum() == 10
    assert sum(gap.intervals for gap in trace.report.gaps) == 10
    assert trace.report.zero_runs == ()
    may = trace.between(datetime(1998, 5, 1, tzinfo=UTC), datetime(1998, 6, 1, tzinfo=UTC))
    assert may.mean_rps == pytest.approx(26.5, abs=0.1)
    windows = trace.resample(300)
    assert np.nansum(windows.counts) == pytest.approx(np.nansum(trace.counts), rel=2e-4)


def test_the_load_balancer_lacks_eight_intervals(traces: Path) -> None:
    trace = load_trace(traces / "elb_request_count.csv")
    assert (trace.interval_s, trace.report.rows) == (300, 4032)
    assert trace.start == datetime(2014, 4, 10, 0, 4, tzinfo=UTC)
    assert [gap.intervals for gap in trace.report.gaps] == [1] * 8


def test_taxi_is_whole(traces: Path) -> None:
    trace = load_trace(traces / "nyc_taxi.csv")
    assert (trace.interval_s, len(trace.counts), trace.missing_share) == (1800, 10_320, 0)
    local = load_trace(traces / "nyc_taxi.csv", timezone="America/New_York")
    assert [gap.intervals for gap in local.report.gaps] == [2], (
        "one showing of the hour when summer time ends"
    )


def test_azure_requests_are_counted_and_their_empty_seconds_believed(traces: Path) -> None:
    trace = load_trace(traces / "azure_llm2023_code.csv.gz", interval_s=1)
    assert trace.report.kind == "requests"
    assert trace.counts.sum() == trace.report.rows == 8819
    assert trace.missing_share == 0
    assert (trace.counts == 0).mean() == pytest.approx(0.73, abs=0.01)
    assert trace.counts.std() / trace.counts.mean() == pytest.approx(2.27, abs=0.02)
    by_minute = load_trace(traces / "azure_llm2023_code.csv.gz")
    assert by_minute.missing_share == 0
    assert by_minute.counts.sum() == trace.counts.sum()


@pytest.mark.parametrize(
    ("file", "layout", "seconds", "mean_rps", "missing"),
    [
        ("WITS", "t, 2n, class, n", 46_798, 142.98, 0),
        ("berkeley", "t, class, n/2, n", 204_517, 141.03, 9_350),
        ("twitter_2017-05-25", "t, 0, 1, n", 82_783, 52.29, 0),
    ],
)
def test_per_second_files(
    traces: Path, file: str, layout: str, seconds: int, mean_rps: float, missing: int
) -> None:
    trace = load_inferall(traces / "inferall" / f"{file}.csv.gz")
    assert f"columns are {layout}" in trace.report.notes
    assert len(trace.counts) == seconds
    assert trace.mean_rps == pytest.approx(mean_rps, abs=0.01)
    assert np.isnan(trace.counts).sum() == missing


def test_twitter_day_is_nearly_poisson_within_a_second_and_not_within_a_minute(traces: Path) -> None:
    """Carried down from the minute the index stays above the measured one, and far below the minute's."""
    trace = load_inferall(traces / "inferall" / "twitter_2017-05-25.csv.gz")
    assert "22 seconds have more than one row and carry the sum of them" in trace.report.notes
    second = trace_dispersion(trace)
    minute = trace_dispersion(trace.resample(60))
    assert second.index == pytest.approx(1.12, abs=0.02)
    assert minute.index == pytest.approx(7.7, abs=0.2)
    assert second.index < dispersion_at(trace.resample(60), 1).index < 1.5
    per_minute = trace.resample(60).counts
    assert per_minute.max() / np.median(per_minute) == pytest.approx(2.18, abs=0.01)


def test_servegen_clients_sum_and_their_common_zeros_are_missing(traces: Path) -> None:
    folder = load_servegen(traces / "servegen_m-small")
    trace = folder.trace()
    assert len(folder.clients) == 43
    assert (len(trace.counts), trace.duration_s) == (2016, 14 * 86_400)
    assert sum(run.intervals for run in trace.report.zero_runs) == np.isnan(trace.counts).sum() == 37
    assert trace.mean_rps * 1979 / 2016 == pytest.approx(1174.4, abs=0.1)
    windows = trace.resample(300)
    np.testing.assert_array_equal(windows.rate_rps[::2], windows.rate_rps[1::2])
    groups = {
        "steady": ClientGroup(cv_below=1.5),
        "bursty": ClientGroup(cv_from=1.5, cv_below=4),
        "wild": ClientGroup(cv_from=4),
    }
    parts = group_servegen(folder, groups)
    np.testing.assert_allclose(sum(part.counts for part in parts.values()), trace.counts)
    indices = [folder.dispersion(group).index for group in groups.values()]
    assert indices == sorted(indices)
    assert indices[0] == pytest.approx(1.32, abs=0.02)


def test_servegen_other_service(traces: Path) -> None:
    trace = load_servegen(traces / "servegen_deepseek-r1").trace()
    assert (len(trace.counts), trace.missing_share) == (144, 0)
    assert trace.mean_rps == pytest.approx(16.01, abs=0.01)
