"""One suite for every point forecaster, and what each does by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.workloads.load_cases import daily_rate, noisy
from workloads.members import SEASONAL_MEMBERS, Forecaster, Past, run_member, seasonal_naive, week_departure
from workloads.season import Season
from workloads.series import to_rate, to_root
from workloads.short_memory import SHORT_MEMBERS, last_window

Array = npt.NDArray[np.float64]

DAY = 48
FORECASTERS = {**SEASONAL_MEMBERS, **SHORT_MEMBERS}
every_forecaster = pytest.mark.parametrize("forecaster", FORECASTERS.values(), ids=FORECASTERS)
seasonal_ones = pytest.mark.parametrize("forecaster", SEASONAL_MEMBERS.values(), ids=SEASONAL_MEMBERS)


def past_of(rate: Array, week: bool = False, known: npt.NDArray[np.bool_] | None = None) -> Past:
    root = to_root(rate)
    return Past(root, np.ones(root.size, dtype=bool) if known is None else known, Season(DAY, week, "given"))


@every_forecaster
@pytest.mark.parametrize("days", [2, 3, 8, 16])
@pytest.mark.parametrize("week", [False, True])
def test_path_is_finite_and_within_bounds(forecaster: Forecaster, days: int, week: bool) -> None:
    """Every length from two seasons on gives the steps asked for, finite, from 0 to 1.5 times the largest root."""
    past = past_of(noisy(daily_rate(days), seed=days), week)
    path = run_member(forecaster, past, 60)
    assert path.shape == (60,)
    assert np.isfinite(path).all()
    assert path.min() >= 0.0
    assert path.max() <= 1.5 * past.root.max()


@every_forecaster
def test_same_past_same_path(forecaster: Forecaster) -> None:
    past = past_of(noisy(daily_rate(9), seed=1), week=True)
    np.testing.assert_array_equal(run_member(forecaster, past, 10), run_member(forecaster, past, 10))


@every_forecaster
def test_past_is_left_as_it_was(forecaster: Forecaster) -> None:
    past = past_of(noisy(daily_rate(4), seed=2))
    before = past.root.copy()
    run_member(forecaster, past, 10)
    np.testing.assert_array_equal(past.root, before)


@every_forecaster
@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_load_that_never_moves_stays(forecaster: Forecaster, level: float) -> None:
    path = run_member(forecaster, past_of(np.full(5 * DAY, level)), 20)
    np.testing.assert_allclose(to_rate(path), level)


@every_forecaster
def test_a_longer_path_begins_with_the_shorter_one(forecaster: Forecaster) -> None:
    past = past_of(noisy(daily_rate(5), seed=3))
    np.testing.assert_allclose(
        run_member(forecaster, past, 30)[:7], run_member(forecaster, past, 7), rtol=1e-9
    )


@every_forecaster
def test_twice_the_load_twice_the_path(forecaster: Forecaster) -> None:
    """Fits are linear in the root, and smoothing constants do not depend on the scale, within its search tolerance."""
    rate = noisy(daily_rate(5), seed=4)
    single, double = (to_rate(run_member(forecaster, past_of(k * rate), 12)) for k in (1.0, 2.0))
    np.testing.assert_allclose(double, 2.0 * single, rtol=0.02)


@seasonal_ones
def test_a_clean_day_is_continued(forecaster: Forecaster) -> None:
    """Six sines a day describe the fourth root of one to 0.1 %; every member must find it within 1 % of the rate."""
    path = to_rate(run_member(forecaster, past_of(daily_rate(10)), DAY))
    np.testing.assert_allclose(path, daily_rate(1), rtol=0.01)


@pytest.mark.parametrize(
    ("name", "error_share"),
    [
        ("weekly-harmonics", 0.15),
        ("autoregression", 0.15),
        ("seasonal-naive", 0.0),
        ("exponential-smoothing", 0.35),
    ],
)
def test_a_clean_week_is_continued(name: str, error_share: float) -> None:
    """Nearly four weeks with weekends at 60 %: when Friday ends, all members but the first know the weekend.

    Smoothing believes three weeks to three quarters and blurs midnight; knowing no week it would be two thirds
    too high.
    """
    rate = daily_rate(28, weekend_share=0.6)
    past, future = rate[: 26 * DAY], rate[26 * DAY : 27 * DAY]
    path = to_rate(run_member(SEASONAL_MEMBERS[name], past_of(past, week=True), DAY))
    assert np.abs(path - future).mean() <= error_share * future.mean() + 1e-9


@pytest.mark.parametrize("name", ["weighted-harmonics", "weekly-harmonics"])
def test_trend_is_fitted_and_then_held_flat(name: str) -> None:
    """Growth of 2 % of the root a day: two days on the path has neither fallen to the mean of the past nor grown on."""
    days = np.arange(20 * DAY) / DAY
    root = (1.0 + 0.02 * days) + 0.1 * np.sin(2 * np.pi * days)
    past = Past(root, np.ones(root.size, dtype=bool), Season(DAY, True, "given"))
    path = run_member(SEASONAL_MEMBERS[name], past, 3 * DAY)
    daily_means = path.reshape(3, DAY).mean(axis=1)
    np.testing.assert_allclose(daily_means, 1.4, atol=0.015)


@pytest.mark.parametrize("name", ["weighted-harmonics", "weekly-harmonics"])
def test_steps_that_are_not_known_do_not_enter_the_regression(name: str) -> None:
    """A day of nonsense marked unknown moves the forecast of a clean day by less than 1 %."""
    rate = daily_rate(10)
    known = np.ones(rate.size, dtype=bool)
    known[4 * DAY : 5 * DAY] = False
    rate[4 * DAY : 5 * DAY] = 1.0
    path = to_rate(run_member(SEASONAL_MEMBERS[name], past_of(rate, known=known), DAY))
    np.testing.assert_allclose(path, daily_rate(1), rtol=0.01)


def test_seasonal_naive_repeats_the_last_week_or_day() -> None:
    root = np.arange(8.0 * DAY)
    known = np.ones(root.size, dtype=bool)
    weekly = seasonal_naive(Past(root, known, Season(DAY, True, "given")), 8 * DAY)
    np.testing.assert_array_equal(weekly, np.concatenate([root[DAY:], root[DAY : 2 * DAY]]))
    daily = seasonal_naive(Past(root, known, Season(DAY, False, "given")), 3)
    np.testing.assert_array_equal(daily, root[-DAY:][:3])


def test_week_departure_by_hand() -> None:
    """Two weeks of seven one-step days: weekend 3 lower, no trend left by symmetry; two weeks are believed 2/3."""
    week = np.array([5.0, 5.0, 2.0, 2.0, 2.0, 5.0, 5.0])
    root = np.tile(week, 2)
    past = Past(root, np.ones(14, dtype=bool), Season(1, True, "given"))
    np.testing.assert_allclose(week_departure(past), (week - week.mean()) * 2 / 3)
    np.testing.assert_array_equal(week_departure(past.latest(13)), [0.0])
    flat = Past(np.arange(14.0), past.known, past.season)
    np.testing.assert_allclose(week_departure(flat), 0.0, atol=1e-12)


def test_week_departure_smooths_single_steps() -> None:
    """A spike of 1 at one half hour of every week: spread over five steps, two weeks believed 2/3."""
    root = np.zeros(2 * 7 * DAY)
    root[[100, 100 + 7 * DAY]] = 1.0
    departure = week_departure(past_of(root, week=True))
    assert departure.shape == (7 * DAY,)
    lift = departure - np.median(departure)
    np.testing.assert_allclose(lift[98:103], 2 / 3 / 5, rtol=0.01)
    assert np.abs(np.delete(lift, np.arange(98, 103))).max() < 0.01


def test_last_window_is_the_mean_of_six_steps() -> None:
    root = np.array([99.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    path = last_window(Past(root, np.ones(7, dtype=bool), Season(None, False, "given")), 2)
    np.testing.assert_allclose(path, [3.5, 3.5])


@pytest.mark.parametrize("forecaster", SHORT_MEMBERS.values(), ids=SHORT_MEMBERS)
@pytest.mark.parametrize("steps", [8, 29, 30, 40])
def test_short_memory_works_from_eight_steps_on(forecaster: Forecaster, steps: int) -> None:
    rate = noisy(np.full(steps, 50.0), seed=steps)
    past = Past(to_root(rate), np.ones(steps, dtype=bool), Season(None, False, "given"))
    path = to_rate(run_member(forecaster, past, 30))
    assert path.shape == (30,)
    assert rate.min() * 0.5 < path[-1] < rate.max() * 2.0
