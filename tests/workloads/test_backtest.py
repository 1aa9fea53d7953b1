"""The back-test table: losses, coverage, and when a simpler forecaster may win."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workloads.backtest import SCORED_LEVELS, BackTest, pinball_loss, score, wins_clearly

Array = npt.NDArray[np.float64]
DAY = 86_400.0


def test_pinball_loss_by_hand() -> None:
    """Level .9: one too low by 10 costs 9, one too high by 10 costs 1."""
    found = pinball_loss(np.array([20.0, 0.0]), np.array([[10.0], [10.0]]), np.array([0.9]))
    np.testing.assert_allclose(found, [[9.0], [1.0]])


def test_pinball_loss_agrees_with_a_loop() -> None:
    rng = np.random.default_rng(1)
    actual, quantiles, levels = rng.random((4, 5)), rng.random((4, 5, 3)), np.array([0.1, 0.5, 0.99])
    found = pinball_loss(actual, quantiles, levels)
    for o in range(4):
        for b in range(5):
            for q, level in enumerate(levels):
                y, x = actual[o, b], quantiles[o, b, q]
                expected = level * (y - x) if y > x else (1 - level) * (x - y)
                assert found[o, b, q] == pytest.approx(expected)


def scored(actual: Array, quantile: float) -> tuple[float, ...]:
    levels = np.array(SCORED_LEVELS)
    found = score(
        "one",
        actual,
        np.full((*actual.shape, 4), quantile),
        np.full(actual.shape, 8.0),
        levels,
        np.array([0.5, 0.95]),
        np.arange(actual.shape[1]) == 0,
    )
    assert found is not None
    row, _ = found
    return (
        row.pinball_percent,
        row.first_hour_pinball_percent,
        *row.coverage_share,
        row.wape_percent,
        row.origins,
    )


def test_row_by_hand() -> None:
    """Outcomes 10, 30 against a quantile of 20 at every level, mean level .835, raw path 8.

    Loss: too high by 10 costs 10 x .165, too low by 10 costs 10 x .835, 10 in all over a load of 40: 25 %.
    First hour: 1.65 over 10. Half the outcomes are covered. Raw error: (2 + 22)/40.
    """
    found = scored(np.array([[10.0, 30.0], [np.nan, np.nan]]), 20.0)
    np.testing.assert_allclose(found, [25.0, 16.5, 0.5, 0.5, 60.0, 1])


def test_the_first_third_of_the_origins_only_calibrates() -> None:
    """Three origins; the first, far off, is not judged."""
    found = scored(np.array([[1e6, 1e6], [10.0, 30.0], [10.0, 30.0]]), 20.0)
    np.testing.assert_allclose(found, [25.0, 16.5, 0.5, 0.5, 60.0, 2])


def test_nothing_to_judge_gives_no_row() -> None:
    levels = np.array(SCORED_LEVELS)
    unknown = np.full((2, 2), np.nan)
    quantiles = np.ones((2, 2, 4))
    first = np.array([True, False])
    assert score("one", unknown, quantiles, np.ones((2, 2)), levels, levels, first) is None
    assert score("one", np.ones((2, 2)), quantiles * np.nan, np.ones((2, 2)), levels, levels, first) is None
    assert score("one", np.zeros((2, 2)), quantiles, np.ones((2, 2)), levels, levels, first) is None


def test_row_is_found_by_name() -> None:
    assert BackTest(levels=(0.5,), rows=()).row("auto") is None


@pytest.mark.parametrize(
    ("gain", "days", "wins"),
    [(0.10, 10, True), (0.03, 10, False), (0.10, 5, False), (-0.10, 10, False)],
)
def test_a_simpler_forecaster_must_win_clearly(gain: float, days: int, wins: bool) -> None:
    """Four origins a day: 10 % over ten days is enough; 3 %, five days, or a loss are not."""
    origin_s = np.arange(4 * days) * DAY / 4
    loss = 1.0 + 0.01 * np.random.default_rng(2).standard_normal(origin_s.size)
    assert wins_clearly(loss - gain, loss, origin_s) is wins


def test_a_lucky_day_is_no_clear_win() -> None:
    """All of a gain of 20 % on one day of ten lies within two standard errors of nothing."""
    origin_s = np.arange(40) * DAY / 4
    loss = np.ones(40)
    simple = loss.copy()
    simple[:4] -= 2.0
    assert not wins_clearly(simple, loss, origin_s)


def test_origins_that_were_not_judged_do_not_count() -> None:
    assert not wins_clearly(np.full(40, np.nan), np.ones(40), np.arange(40) * DAY / 4)
