"""The public door: forecasts from histories of every length, with their warnings and errors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.workloads.load_cases import START, daily_rate, noisy, trace_of
from workloads.errors import WorkloadError
from workloads.forecast import Forecast, forecast_rates
from workloads.forecast_checks import METHODS
from workloads.loading import load_trace
from workloads.members import SEASONAL_MEMBERS
from workloads.series import RateCurve
from workloads.short_memory import SHORT_MEMBERS

if TYPE_CHECKING:
    from pathlib import Path

    from workloads.traces import Trace

LEVELS = (0.5, 0.8, 0.95, 0.99)


def forecast_of(history: Trace, windows: int = 48, window_s: float = 1_800.0, **settings: Any) -> Forecast:
    return forecast_rates(history, history.end, window_s, windows, settings.pop("levels", LEVELS), **settings)


@pytest.fixture(scope="module")
def sixteen_days() -> Trace:
    """Sixteen noisy days in steps of half an hour: a daily season, and no step up."""
    return trace_of(noisy(daily_rate(16), seed=1))


@pytest.fixture(scope="module")
def day_ahead(sixteen_days: Trace) -> Forecast:
    return forecast_of(sixteen_days)


def test_shapes_and_order(day_ahead: Forecast, sixteen_days: Trace) -> None:
    assert day_ahead.start == sixteen_days.end
    assert day_ahead.rate_rps.shape == (48, 4)
    assert day_ahead.mean_rps.shape == (48,)
    np.testing.assert_array_equal(day_ahead.levels, LEVELS)
    assert np.isfinite(day_ahead.rate_rps).all()
    assert (day_ahead.rate_rps > 0).all()
    assert (np.diff(day_ahead.rate_rps, axis=1) >= 0).all()


def test_the_day_is_recognised(day_ahead: Forecast) -> None:
    """Noise of 10 % without memory: the median within 4 % of the clean day, the .95 level 10 to 25 % above it."""
    clean = daily_rate(17)[-48:]
    assert np.abs(day_ahead.rate_rps[:, 0] / clean - 1.0).mean() < 0.04
    assert np.abs(day_ahead.mean_rps / clean - 1.0).mean() < 0.04
    above = day_ahead.rate_rps[:, 2] / clean
    assert 1.10 < above.mean() < 1.25


def test_back_test_table_has_every_candidate_best_first(day_ahead: Forecast) -> None:
    rows = day_ahead.backtest.rows
    assert {row.method for row in rows} == {"auto", *SEASONAL_MEMBERS}
    assert [row.pinball_percent for row in rows] == sorted(row.pinball_percent for row in rows)
    for row in rows:
        assert 10 <= row.origins <= 60
        assert len(row.coverage_share) == 4
        assert row.first_hour_pinball_percent > 0.0
        assert 5.0 < row.wape_percent < 30.0


def test_measured_coverage_is_near_the_levels(day_ahead: Forecast) -> None:
    auto = day_ahead.backtest.row("auto")
    assert auto is not None
    np.testing.assert_allclose(auto.coverage_share, LEVELS, atol=0.06)


def test_same_history_same_bytes_whatever_came_after(sixteen_days: Trace, day_ahead: Forecast) -> None:
    """What comes after the start changes nothing once it is cut off, and nothing is random."""
    longer = trace_of(np.concatenate([sixteen_days.rate_rps, np.full(48, 1e6)]))
    cut = forecast_of(longer.before(sixteen_days.end))
    assert cut.rate_rps.tobytes() == day_ahead.rate_rps.tobytes()
    assert cut.backtest == day_ahead.backtest


def test_the_named_method_is_used() -> None:
    history = trace_of(noisy(daily_rate(4), seed=16))
    named = forecast_of(history, 4, method="autoregression")
    assert named.method == "autoregression"
    assert not np.array_equal(named.rate_rps, forecast_of(history, 4, method="seasonal-naive").rate_rps)


def test_held_capacity_gets_the_quantile_of_the_largest_window() -> None:
    """Twelve windows held: one quantile for all twelve, above every single window's, covering the hourly maxima."""
    history = trace_of(noisy(daily_rate(5, 300.0), seed=2), 300.0)
    single = forecast_of(history, 36, 300.0, step_up=False)
    held = forecast_of(history, 36, 300.0, hold_s=3_600.0, step_up=False)
    hourly = held.rate_rps.reshape(3, 12, 4)
    assert (hourly == hourly[:, :1]).all()
    assert (hourly[:, 0] > single.rate_rps.reshape(3, 12, 4).max(axis=1)).all()
    np.testing.assert_allclose(held.mean_rps, single.mean_rps)
    auto = held.backtest.row("auto")
    assert auto is not None
    np.testing.assert_allclose(auto.coverage_share, LEVELS, atol=0.08)


def test_a_last_period_that_is_cut_short_is_filled() -> None:
    history = trace_of(noisy(daily_rate(4), seed=3))
    held = forecast_of(history, 5, hold_s=3_600.0)
    assert held.rate_rps.shape == (5, 4)
    np.testing.assert_array_equal(held.rate_rps[0], held.rate_rps[1])


@pytest.mark.parametrize(
    ("windows", "least"), [(48, "under two weeks"), (24, "under 14 times the 12 h ahead")]
)
def test_the_next_quantile_is_published_where_the_history_is_short_for_the_reach(
    windows: int, least: str
) -> None:
    history = trace_of(noisy(daily_rate(4), seed=4))
    stepped = forecast_of(history, windows, levels=(0.5, 0.95))
    plain = forecast_of(history, windows, levels=(0.5, 0.75, 0.95, 0.99), step_up=False)
    np.testing.assert_allclose(stepped.rate_rps, plain.rate_rps[:, [0, 3]])
    assert any("one quantile higher" in warning for warning in stepped.warnings)
    assert any(least in warning and "no step up" in warning for warning in plain.warnings)


def test_a_few_hours_ahead_four_days_are_long() -> None:
    history = trace_of(noisy(daily_rate(4), seed=4))
    found = forecast_of(history, 12, levels=(0.5, 0.95))
    plain = forecast_of(history, 12, levels=(0.5, 0.95), step_up=False)
    np.testing.assert_array_equal(found.rate_rps, plain.rate_rps)
    assert not any("too narrow" in warning for warning in found.warnings)


@pytest.mark.parametrize("hours", [1, 13, 47])
def test_under_two_seasons_short_memory_forecasts_a_level(hours: int) -> None:
    history = trace_of(noisy(np.full(hours * 60, 30.0), seed=hours), 60.0)
    found = forecast_of(history, 24, 300.0)
    assert {row.method for row in found.backtest.rows} == {"auto", *SHORT_MEMBERS}
    assert "short-memory" in found.method
    assert any("under two daily seasons" in warning for warning in found.warnings)
    np.testing.assert_allclose(found.mean_rps, 30.0, rtol=0.1)


def test_leads_beyond_the_history_are_announced() -> None:
    """A day ahead from six hours: other loads tell what it may rise to. Four days ahead from two and a half: nothing does."""
    found = forecast_of(trace_of(noisy(np.full(72, 30.0), seed=5), 300.0), 288, 300.0)
    assert any("too short to know what comes more than 1.5 h ahead" in warning for warning in found.warnings)
    assert np.isfinite(found.rate_rps).all()
    found = forecast_of(trace_of(noisy(np.full(120, 30.0), seed=5)), 192)
    assert any("too short to learn errors more than" in warning for warning in found.warnings)


def test_missing_counts_are_carried_over_and_announced() -> None:
    """A missing day and a missing fifth of the steps: the median stays within 15 % of the clean day."""
    rate = noisy(daily_rate(15), seed=6)
    rate[200:248] = np.nan
    rate[np.random.default_rng(7).random(rate.size) < 0.2] = np.nan
    found = forecast_of(trace_of(rate))
    np.testing.assert_allclose(found.rate_rps[:, 0], daily_rate(1), rtol=0.15)
    assert any("of the history is missing" in warning for warning in found.warnings)


def test_rates_of_long_intervals_are_held_over_their_windows() -> None:
    found = forecast_of(trace_of(noisy(daily_rate(4), seed=8)), 12, 300.0)
    assert any("held over its windows" in warning for warning in found.warnings)
    assert found.dispersion_index == 1.0
    assert any("Poisson arrivals are assumed" in warning for warning in found.warnings)


def test_hourly_and_daily_traces_are_accepted() -> None:
    hourly = forecast_of(trace_of(noisy(daily_rate(4, 3_600.0), seed=9), 3_600.0), 24, 3_600.0)
    assert hourly.method.startswith("auto (median of 5")
    daily = forecast_of(trace_of(noisy(np.full(40, 5.0), seed=10), 86_400.0), 3, 86_400.0)
    assert "cannot show a day" in daily.method


def test_poisson_counts_have_a_dispersion_of_one() -> None:
    rng = np.random.default_rng(11)
    poisson = rng.poisson(20.0 * 60, 13 * 60) / 60.0
    assert forecast_of(trace_of(poisson, 60.0), 2, 300.0).dispersion_index == pytest.approx(1.0, abs=0.15)
    bursty = rng.negative_binomial(400, 0.25, 13 * 60) / 60.0
    assert forecast_of(trace_of(bursty, 60.0), 2, 300.0).dispersion_index == pytest.approx(4.0, rel=0.2)


def test_no_load_forecasts_no_load() -> None:
    found = forecast_of(trace_of(np.zeros(4 * 48)), 6)
    assert (found.rate_rps == 0.0).all()
    assert (found.mean_rps == 0.0).all()
    assert found.backtest.rows == ()


def test_coverage_that_falls_short_is_announced(day_ahead: Forecast) -> None:
    """Noise that grows eightfold in the last three days is not covered by the errors of the quiet ones."""
    quiet = noisy(daily_rate(16), seed=15, spread=0.05)
    loud = noisy(daily_rate(16), seed=15, spread=0.4)
    found = forecast_of(trace_of(np.where(np.arange(16 * 48) < 13 * 48, quiet, loud)))
    assert any("covered" in warning and "plan on a higher one" in warning for warning in found.warnings)
    assert not any("plan on a higher one" in warning for warning in day_ahead.warnings)


def test_a_gap_before_the_start_counts_as_lead() -> None:
    """Six hours after the history, windows are forecast for their own time of day."""
    history = trace_of(noisy(daily_rate(4), seed=12))
    found = forecast_rates(history, history.end + timedelta(hours=6), 1_800.0, 12, (0.5,), step_up=False)
    np.testing.assert_allclose(found.rate_rps[:, 0], daily_rate(1)[12:24], rtol=0.1)


def test_the_simpler_forecaster_is_taken_where_it_wins_and_the_method_says_so() -> None:
    """A jagged week that comes again exactly: only the last week knows it, no harmonic and no lag does."""
    week = np.exp(np.random.default_rng(13).normal(0.0, 1.0, 7 * 48))
    history = trace_of(np.tile(50.0 * week, 4) * daily_rate(28) / 100.0)
    found = forecast_of(history, season="week")
    assert found.method.startswith("seasonal-naive (simpler")
    np.testing.assert_allclose(found.rate_rps[:, 0], history.rate_rps[-7 * 48 :][:48], rtol=0.05)


GOOD = {"start": START + timedelta(days=4), "window_s": 300.0, "windows": 2, "levels": (0.5, 0.9)}


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        (
            {"start": START + timedelta(days=3)},
            ("after the forecast's start", "must not be seen", "before(start)"),
        ),
        ({"start": START + timedelta(days=9)}, ("5.0 days before", "its own length of 4.0 days")),
        ({"start": datetime(2026, 3, 6)}, ("no time zone",)),
        ({"window_s": 0.0}, ("window_s is 0.0",)),
        ({"windows": 0}, ("windows is 0",)),
        ({"levels": ()}, ("levels are []",)),
        ({"levels": (0.9, 0.5)}, ("ascending",)),
        ({"levels": (0.5, 1.0)}, ("below 1",)),
        ({"hold_s": 450.0}, ("hold_s is 450.0", "multiple of the window of 300 s")),
        ({"hold_s": 0.0}, ("hold_s is 0.0",)),
        ({"method": "autoregresion"}, ("'autoregresion'", "did you mean 'autoregression'", "seasonal-naive")),
        ({"season": "weekly"}, ("'weekly'", "auto, none, day or week")),
        ({"method": "smoothed-level", "season": "day"}, ("does not fit trace 'case'", "choose auto")),
        (
            {"windows": 0, "levels": (2.0,), "method": "x", "hold_s": 1.0},
            ("windows is 0", "levels are [2.0]", "method is 'x'", "hold_s is 1.0"),
        ),
    ],
)
def test_requests_that_cannot_be_served(change: dict[str, Any], fragments: tuple[str, ...]) -> None:
    """The message names what is wrong, what is allowed, and all problems at once."""
    request = {**GOOD, **change}
    keywords = {key: request.pop(key) for key in ("method", "season", "hold_s") if key in request}
    history = trace_of(noisy(daily_rate(4), seed=14))
    with pytest.raises(WorkloadError) as caught:
        forecast_rates(history, *request.values(), **keywords)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_a_history_too_short_to_learn_from_is_an_error() -> None:
    history = trace_of(np.arange(1.0, 11.0), 300.0)
    with pytest.raises(WorkloadError, match="too few outcomes"):
        forecast_of(history, 2, 300.0)


def test_a_history_without_counts_is_an_error() -> None:
    with pytest.raises(WorkloadError, match="is known"):
        forecast_of(trace_of(np.full(200, np.nan)))


def test_methods_are_the_forecasters() -> None:
    assert ("auto", *SEASONAL_MEMBERS, *SHORT_MEMBERS) == METHODS


@pytest.mark.real_data
def test_worldcup_day_after_three_weeks(shared_data: Path) -> None:
    """A day in May: raw error within 20 % of the load, and the .95 level above nine windows of ten."""
    trace = load_trace(shared_data / "traces/worldcup98_requests_per_minute.csv.gz")
    start = trace.start + timedelta(days=23, hours=6)
    found = forecast_rates(trace.before(start), start, 300.0, 288, LEVELS)
    first_s = (start - trace.start).total_seconds()
    actual = RateCurve(trace).mean_rps(first_s + 300.0 * np.arange(289))
    assert np.abs(found.rate_rps[:, 0] - actual).sum() < 0.2 * actual.sum()
    assert (actual <= found.rate_rps[:, 2]).mean() > 0.9
    assert found.dispersion_index > 1.0
    auto = found.backtest.row("auto")
    assert auto is not None
    assert auto.pinball_percent < 6.0
