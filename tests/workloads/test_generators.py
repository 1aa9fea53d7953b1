"""Synthetic traces: seeded, with the mean and the variance that their settings promise, and labelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from workloads.errors import WorkloadError
from workloads.generators import GENERATORS, generate_trace, mmpp_trace, poisson_trace, surge_trace
from workloads.load_shapes import Bursts, Span, Surge

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK_S = 7 * 86_400
SETTINGS: dict[str, Any] = {
    "start": MONDAY,
    "duration_s": WEEK_S,
    "interval_s": 300,
    "mean_rps": 20,
    "seed": 11,
}
EXTRA: dict[str, dict[str, Any]] = {
    "poisson": {},
    "mmpp": {"burst_ratio": 4},
    "surge": {"surge_start": MONDAY + timedelta(days=1), "surge_duration_s": 7200},
}


@pytest.mark.parametrize("generator", GENERATORS)
def test_same_settings_same_trace_and_it_says_that_it_is_synthetic(generator: str) -> None:
    one, two = (generate_trace(generator, **SETTINGS, **EXTRA[generator]) for _ in range(2))
    np.testing.assert_array_equal(one.counts, two.counts)
    assert one.digest == two.digest
    assert one.report.synthetic
    assert f"synthetic, not measured: generator {generator}, seed 11" in one.report.notes
    other = generate_trace(generator, **{**SETTINGS, "seed": 12}, **EXTRA[generator])
    assert other.digest != one.digest
    assert (other.counts != one.counts).any()
    assert (one.duration_s, one.interval_s, one.start) == (WEEK_S, 300, MONDAY)


@pytest.mark.parametrize("generator", ["poisson", "mmpp"])
@pytest.mark.parametrize("shape", [{}, {"daily_swing_share": 0.7, "peak_hour": 20, "weekend_share": 0.4}])
def test_the_mean_over_whole_weeks_is_the_one_asked_for(generator: str, shape: dict[str, Any]) -> None:
    settings = {**SETTINGS, "duration_s": 8 * WEEK_S, **shape, **EXTRA[generator]}
    assert generate_trace(generator, **settings).mean_rps == pytest.approx(20, rel=0.02)


def test_the_profile_peaks_at_its_hour_and_rests_at_the_weekend() -> None:
    span = Span(MONDAY, WEEK_S, 3600, 100, daily_swing_share=0.5, peak_hour=15.5, weekend_share=0.5)
    expected = span.expected_counts().reshape(7, 24)
    assert (expected.argmax(axis=1) == 15).all()
    assert expected[0, 15] / expected[0, 3] == pytest.approx(3)
    np.testing.assert_allclose(expected[5:].sum(axis=1), expected[0].sum() / 2)
    assert expected.sum() == pytest.approx(100 * WEEK_S)


def test_the_profile_follows_the_utc_clock_wherever_the_start_is_written() -> None:
    plus_five = MONDAY.astimezone(__import__("zoneinfo").ZoneInfo("Asia/Karachi"))
    shape = {"daily_swing_share": 0.5, "weekend_share": 0.5}
    np.testing.assert_array_equal(
        Span(MONDAY, WEEK_S, 300, 10, **shape).expected_counts(),
        Span(plus_five, WEEK_S, 300, 10, **shape).expected_counts(),
    )


def test_poisson_counts_scatter_as_poisson_counts() -> None:
    counts = poisson_trace(Span(MONDAY, 300 * 20_000, 300, 0.1, seed=2)).counts
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.04)


def test_an_mmpp_spends_its_time_in_two_rates() -> None:
    """Stays far longer than an interval: counts gather at the two rates, in the shares of the stays."""
    span = Span(MONDAY, 40 * WEEK_S, 300, 100, seed=3)
    counts = mmpp_trace(span, Bursts(burst_ratio=4, burst_s=36_000, calm_s=108_000)).counts
    calm = 100 * 300 / (0.75 + 0.25 * 4)
    burst = counts > 2.5 * calm
    assert burst.mean() == pytest.approx(0.25, abs=0.04)
    assert np.median(counts[burst]) == pytest.approx(4 * calm, rel=0.01)
    assert np.median(counts[~burst]) == pytest.approx(calm, rel=0.01)


def test_a_ratio_of_one_is_poisson() -> None:
    counts = mmpp_trace(Span(MONDAY, 300 * 20_000, 300, 0.1, seed=4), Bursts(burst_ratio=1)).counts
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.04)


def test_a_surge_rises_holds_and_falls() -> None:
    span = Span(MONDAY, 7200, 600, 1000, seed=5)
    surge = Surge(MONDAY + timedelta(seconds=1200), 3600, surge_ratio=5, ramp_share=1 / 3)
    np.testing.assert_allclose(surge.multiple(span), [1, 1, 2, 4, 5, 5, 4, 2, 1, 1, 1, 1])
    rate = surge_trace(span, surge).rate_rps
    np.testing.assert_allclose(rate, 1000 * surge.multiple(span), rtol=0.01)
    flat = Surge(MONDAY, 600, surge_ratio=2, ramp_share=0).multiple(span)
    np.testing.assert_array_equal(flat, [2] + [1] * 11)


def test_everything_wrong_with_the_settings_is_said_at_once() -> None:
    with pytest.raises(WorkloadError) as caught:
        generate_trace("mmpp", start=MONDAY, duration_s=60, interval_s=300, mean_rps=-1, burst_ratio=0.5)
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    for field in ("duration_s is 60", "mean_rps is -1", "burst_ratio is 0.5"):
        assert field in text
    with pytest.raises(WorkloadError) as caught:
        generate_trace("surge", start="now", interval_s=300, mean_rps="many", mean_rate=4)
    text = str(caught.value)
    for fragment in (
        "start is 'now'; it must be an instant",
        "mean_rps is 'many'; it must be a number",
        "no setting 'mean_rate'. Did you mean 'mean_rps'?",
        "needs duration_s",
        "needs surge_start, surge_duration_s",
    ):
        assert fragment in text


def test_an_unknown_generator_offers_the_near_one() -> None:
    with pytest.raises(WorkloadError, match="Did you mean 'poisson'"):
        generate_trace("poison", **SETTINGS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start", datetime(2026, 3, 2)),
        ("interval_s", 0),
        ("seed", -1),
        ("seed", 1.5),
        ("daily_swing_share", 1.5),
        ("peak_hour", 24),
        ("weekend_share", 0),
        ("mean_rps", float("nan")),
    ],
)
def test_ranges_are_checked(field: str, value: Any) -> None:
    with pytest.raises(WorkloadError, match=field):
        generate_trace("poisson", **{**SETTINGS, field: value})
