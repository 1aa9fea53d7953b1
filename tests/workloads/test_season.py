"""Which seasons a history teaches."""

import numpy as np
import pytest

from tests.workloads.load_cases import daily_rate, noisy
from workloads.season import chosen_season, detect_season, profile_skill, season_step_s, short_step_s
from workloads.series import to_root


def test_a_daily_sine_is_found_and_a_week_assumed_in_ten_days() -> None:
    found = detect_season(to_root(noisy(daily_rate(10), seed=1)), 48)
    assert found.day_steps == 48
    assert found.week
    assert "assumed" in found.reason


@pytest.mark.parametrize(("weekend_share", "week"), [(0.5, True), (1.0, False)])
def test_a_week_is_tested_from_21_days_on(weekend_share: float, week: bool) -> None:
    found = detect_season(to_root(noisy(daily_rate(28, weekend_share=weekend_share), seed=2)), 48)
    assert found.day_steps == 48
    assert found.week is week


def test_noise_and_random_walks_teach_no_season() -> None:
    """At most one of 40 seeded series without a season may pass both tests."""
    draws = np.random.default_rng(3).standard_normal((40, 336))
    series = [np.cumsum(draw) if index % 2 else draw for index, draw in enumerate(draws)]
    assert sum(detect_season(one, 48).day_steps is not None for one in series) <= 1


def test_too_short_and_constant_histories_say_why() -> None:
    assert "too few" in detect_season(to_root(daily_rate(2)), 48).reason
    assert "constant" in detect_season(np.ones(480), 48).reason


def test_growth_alone_is_no_season() -> None:
    growth = np.linspace(1.0, 3.0, 480) + 0.01 * np.random.default_rng(4).standard_normal(480)
    assert detect_season(growth, 48).day_steps is None


def test_profile_skill_by_hand() -> None:
    """Two periods (0, 2) and (0, 4): each judged by the other leaves 4 + 4; their means leave 4 + 0 and 1 + 9."""
    assert profile_skill(np.array([0.0, 2.0, 0.0, 4.0]), 2) == pytest.approx(1.0 - 8.0 / 14.0)


def test_profile_skill_agrees_with_a_loop() -> None:
    series = to_root(noisy(daily_rate(5.5), seed=5))
    days = series[24:].reshape(5, 48)
    left = base = 0.0
    for index in range(5):
        others = np.delete(days, index, axis=0).mean(axis=0)
        left += float(((days[index] - others) ** 2).sum())
        base += float(((days[index] - others.mean()) ** 2).sum())
    assert profile_skill(series, 48) == pytest.approx(1.0 - left / base)


def test_a_season_asked_for_is_taken_where_the_history_holds_two() -> None:
    root = to_root(daily_rate(5))
    assert chosen_season("day", root, 48).day_steps == 48
    assert chosen_season("none", root, 48).day_steps is None
    assert not chosen_season("week", root, 48).week
    assert chosen_season("week", to_root(daily_rate(8)), 48).week
    assert chosen_season("day", to_root(daily_rate(1.5)), 48).day_steps is None


def test_steps_follow_the_interval() -> None:
    assert [season_step_s(interval) for interval in (60.0, 1_800.0, 2_400.0, 86_400.0)] == [
        1_800.0,
        1_800.0,
        3_600.0,
        None,
    ]
    assert short_step_s(23 * 3_600.0, 1.0) == 600.0
    assert short_step_s(57 * 60.0, 1.0) == 60.0
    assert short_step_s(57 * 60.0, 300.0) == 300.0
