"""Zeros that mean "missing", and zeros that are zeros."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from workloads.gaps import Run, impossible_zeros, judge_missing, runs_of

START = datetime(2026, 3, 2, tzinfo=UTC)


def steady(level: float, zeros: slice, size: int = 60, seed: int = 1) -> np.ndarray:
    counts = np.random.default_rng(seed).poisson(level, size).astype(float)
    counts[zeros] = 0
    return counts


def test_runs_are_found_at_the_ends_too() -> None:
    mask = np.array([True, False, True, True, False, True])
    assert runs_of(mask) == (Run(0, 1), Run(2, 4), Run(5, 6))
    assert runs_of(np.zeros(3, dtype=bool)) == ()


@pytest.mark.parametrize(("level", "missing"), [(200, True), (40, True), (15, False), (3, False)])
def test_zeros_are_missing_where_more_than_twenty_requests_were_expected(level: float, missing: bool) -> None:
    counts = steady(level, slice(30, 34))
    runs = impossible_zeros(counts, 60.0)
    assert runs == ((Run(30, 34),) if missing else ())


def test_a_run_at_either_end_is_judged_by_its_one_side() -> None:
    assert impossible_zeros(steady(100, slice(0, 3)), 60.0) == (Run(0, 3),)
    assert impossible_zeros(steady(100, slice(57, 60)), 60.0) == (Run(57, 60),)
    assert impossible_zeros(np.zeros(10), 60.0) == ()


def test_a_quiet_night_between_busy_days_stays_zero() -> None:
    day = np.concatenate([np.linspace(200, 0, 40), np.zeros(30), np.linspace(0, 200, 40)]).round()
    assert impossible_zeros(day, 300.0) == ()


def test_an_outage_beside_quiet_traffic_on_one_side_is_believed() -> None:
    counts = np.concatenate([np.full(30, 300.0), np.zeros(10), np.full(30, 4.0)])
    assert impossible_zeros(counts, 60.0) == ()


def test_bursts_that_leave_whole_intervals_empty_are_believed() -> None:
    """Expected counts are far above 20, but so is the variance: empty intervals belong to such traffic."""
    rng = np.random.default_rng(5)
    counts = rng.negative_binomial(0.8, 0.8 / 150.8, 400).astype(float)
    assert np.median(counts) > 20
    assert (counts == 0).any()
    assert impossible_zeros(counts, 60.0) == ()


def test_the_rule_reports_what_it_did() -> None:
    counts = steady(100, slice(20, 22))
    counts[40:43] = np.nan
    judged = judge_missing(counts, START, 60_000_000)
    assert np.isnan(judged.counts).sum() == 5
    assert [(gap.start, gap.intervals) for gap in judged.gaps] == [(START + timedelta(minutes=40), 3)]
    assert [(gap.start, gap.end) for gap in judged.zero_runs] == [
        (START + timedelta(minutes=20), START + timedelta(minutes=22))
    ]
    assert "never counted as zero" in judged.rule


def test_zeros_can_be_kept_and_absent_rows_read_as_zero() -> None:
    counts = steady(100, slice(20, 22))
    assert not np.isnan(judge_missing(counts, START, 60_000_000, zeros="keep").counts).any()
    quiet = steady(5, slice(20, 22))
    quiet[40:43] = np.nan
    idle = judge_missing(quiet, START, 60_000_000, absent="zero")
    np.testing.assert_array_equal(idle.counts[40:43], 0)
    assert idle.gaps[0].intervals == 3
