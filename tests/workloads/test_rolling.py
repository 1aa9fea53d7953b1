"""Rolling origins: where they stand, what is held, and the nudge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tests.workloads.load_cases import daily_rate, noisy, trace_of
from workloads.nudge import nudge
from workloads.rolling import Layout, Rolling, choose_origins, roll
from workloads.season import Season
from workloads.series import RateCurve, cut_steps, to_root
from workloads.short_memory import SHORT_MEMBERS

Array = npt.NDArray[np.float64]


@pytest.mark.parametrize(
    ("steps", "day"), [(96, 48), (144, 48), (500, 48), (2_000, 48), (57, None), (20, None)]
)
def test_origins_lie_inside_the_history_and_end_with_it(steps: int, day: int | None) -> None:
    origins = choose_origins(steps, 1_800.0, day)
    assert origins[-1] == steps
    assert np.all(np.diff(origins) > 0)
    assert origins.size <= 61
    assert origins[0] >= (8 if day is None else 2 * day)


def test_long_histories_get_sixty_origins_six_hours_apart() -> None:
    origins = choose_origins(2_000, 1_800.0, 48)
    assert origins.size == 61
    np.testing.assert_array_equal(np.diff(origins), 12)


def test_a_history_no_longer_than_the_warm_up_has_only_its_end() -> None:
    np.testing.assert_array_equal(choose_origins(96, 1_800.0, 48), [96])


def test_layout_by_hand() -> None:
    layout = Layout(gap_s=60.0, window_s=300.0, windows=5, hold=2)
    np.testing.assert_array_equal(layout.edge_s, [60.0, 360.0, 660.0, 960.0, 1_260.0, 1_560.0])
    np.testing.assert_array_equal(layout.first_of_period, [0, 2, 4])


def test_holding_periods_take_the_largest_window() -> None:
    """Windows 1 3 | 2 2 | 5: maxima 3, 2, 5; a period with an unknown window is unknown."""
    path = np.array([[1.0, 3.0, 2.0, 2.0, 5.0]])
    actual = np.array([[4.0, 1.0, np.nan, 2.0, 6.0]])
    layout = Layout(gap_s=0.0, window_s=3_600.0, windows=5, hold=2)
    held = Rolling(layout, np.array([0.0]), {"one": path}, actual).by_period("one")
    np.testing.assert_array_equal(held.path, [[3.0, 2.0, 5.0]])
    np.testing.assert_array_equal(held.actual, [[4.0, np.nan, 6.0]])
    np.testing.assert_array_equal(held.lead_h, [1.0, 3.0, 4.5])
    np.testing.assert_array_equal(held.due_s, [7_200.0, 14_400.0, 18_000.0])


def rolled(rate: Array, gap_s: float = 0.0, window_s: float = 300.0) -> Rolling:
    curve = RateCurve(trace_of(rate, 300.0))
    layout = Layout(gap_s=gap_s, window_s=window_s, windows=12)
    season = Season(None, False, "given")
    return roll(curve, cut_steps(curve, 600.0, None), season, SHORT_MEMBERS, layout, combined="auto")


def test_every_origin_sees_only_its_past() -> None:
    """Ten times the load after an instant changes no path of an origin before it."""
    rate = noisy(np.full(200, 40.0), seed=1)
    changed = rate.copy()
    changed[150:] *= 10.0
    before, after = rolled(rate), rolled(changed)
    early = before.origin_s <= 150 * 300.0
    assert 5 < early.sum() < early.size
    for name, path in before.paths.items():
        np.testing.assert_array_equal(path[early], after.paths[name][early])


def test_outcomes_are_the_windows_of_the_trace() -> None:
    rate = noisy(np.full(100, 40.0), seed=2)
    found = rolled(rate)
    assert np.isnan(found.actual[-1]).all()
    for row, origin_s in enumerate(found.origin_s[:-1]):
        first = round(origin_s / 300.0)
        expected = to_root(rate[first : first + 12])
        np.testing.assert_allclose(found.actual[row][: expected.size], expected)
        assert np.isnan(found.actual[row][expected.size :]).all()


def test_the_combination_is_the_plain_median() -> None:
    """Read in the middle of steps and a day ahead, where the nudge has faded, nothing else touches the median."""
    found = rolled(noisy(daily_rate(4, 300.0), seed=3), gap_s=86_400.0, window_s=600.0)
    assert set(found.paths) == {*SHORT_MEMBERS, "auto"}
    stacked = np.stack([found.paths[name] for name in SHORT_MEMBERS])
    np.testing.assert_allclose(found.paths["auto"], np.median(stacked, axis=0), rtol=1e-9)


def test_nudge_follows_a_surprise_that_has_paid() -> None:
    """Errors of the first hour equal to the surprise: the weight nears 1 and the correction fades by e an hour."""
    origins = 60
    surprise = np.random.default_rng(4).standard_normal(origins)
    lead_h = np.array([0.25, 0.75, 1.5, 4.0])
    actual = np.repeat(surprise[:, None], 4, axis=1)
    moved = nudge(np.zeros((origins, 4)), actual, surprise, np.arange(origins) * 7_200.0, lead_h)
    np.testing.assert_array_equal(moved[0], 0.0)
    np.testing.assert_allclose(moved[-1], surprise[-1] * np.exp(-lead_h), rtol=1e-6)


def test_nudge_weight_by_hand() -> None:
    """One earlier surprise of 1 and an error of 2 e^-0.5: slope 2, ridge 1 + 4/1, weight 0.4."""
    decay = np.exp(-0.5)
    actual = np.array([[2.0 * decay], [np.nan]])
    moved = nudge(np.zeros((2, 1)), actual, np.array([1.0, 3.0]), np.array([0.0, 3_600.0]), np.array([0.5]))
    np.testing.assert_allclose(moved[:, 0], [0.0, 0.4 * 3.0 * decay])


def test_nudge_ignores_surprises_that_say_nothing() -> None:
    """Errors opposite to the surprise give the weight 0, never a negative one."""
    surprise = np.random.default_rng(5).standard_normal(30)
    actual = np.repeat(-surprise[:, None], 2, axis=1)
    path = np.zeros((30, 2))
    moved = nudge(path, actual, surprise, np.arange(30) * 7_200.0, np.array([0.25, 0.75]))
    np.testing.assert_array_equal(moved, path)


def test_nudge_leaves_windows_longer_than_two_hours_alone() -> None:
    path = np.ones((3, 2))
    moved = nudge(path, path, np.ones(3), np.arange(3.0), np.array([1.5, 4.5]))
    np.testing.assert_array_equal(moved, path)
