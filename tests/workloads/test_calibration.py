"""Quantiles from past errors: weights, tail, order of time, tracking."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from workloads.calibration import (
    ERROR_HALF_LIFE_DAYS,
    TRACKING_STEP,
    Outcomes,
    calibrated_lead_h,
    mean_rate_rps,
    replay_quantiles,
    weighted_quantiles,
)

Array = npt.NDArray[np.float64]
HOUR = 3_600.0


def outcomes_of(
    error: Array, path: float = 3.0, spacing_h: float = 6.0, lead_h: Array | None = None
) -> Outcomes:
    """Return outcomes with these errors [o, b] at origins `spacing_h` apart, hourly periods, a constant path."""
    origins, periods = error.shape
    lead = np.arange(periods) + 0.5 if lead_h is None else lead_h
    return Outcomes(
        origin_s=np.arange(origins) * spacing_h * HOUR,
        lead_h=lead,
        due_s=(lead + 0.5) * HOUR,
        path=np.full(error.shape, path),
        actual=path + error,
    )


def noise(origins: int, periods: int, seed: int = 0) -> Array:
    return 0.1 * np.random.default_rng(seed).standard_normal((origins, periods))


def test_weighted_quantiles_by_hand() -> None:
    """Values 1, 2, 4 with weights 1, 2, 1 have their middles at 1/8, 1/2 and 7/8."""
    found = weighted_quantiles(
        np.array([4.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), np.array([0.125, 0.5, 0.6875])
    )
    np.testing.assert_allclose(found, [1.0, 2.0, 3.0])


def test_equal_weights_agree_with_numpy() -> None:
    value = np.random.default_rng(1).standard_normal(201)
    levels = np.array([0.05, 0.5, 0.8, 0.9])
    np.testing.assert_allclose(
        weighted_quantiles(value, np.ones(201), levels), np.quantile(value, levels, method="hazen")
    )


def test_a_weight_of_two_is_the_value_twice() -> None:
    value = np.random.default_rng(2).standard_normal(400)
    weight = np.where(value > 0, 2.0, 1.0)
    levels = np.array([0.2, 0.5, 0.9])
    repeated = np.repeat(value, weight.astype(int))
    np.testing.assert_allclose(
        weighted_quantiles(value, weight, levels), np.quantile(repeated, levels), atol=0.02
    )


def test_tail_above_point_nine_is_exponential() -> None:
    """Exponential errors of mean 1: the .99 quantile is ln 100 = 4.6; the .999 one, ln 1000 = 6.9."""
    value = np.random.default_rng(3).exponential(size=20_000)
    found = weighted_quantiles(value, np.ones(value.size), np.array([0.99, 0.999]))
    np.testing.assert_allclose(found, np.log([100.0, 1_000.0]), rtol=0.05)


def test_tail_by_hand() -> None:
    """Ten values 1..10: u = 9.5 at .9, one value above with excess .5: q(.99) = 9.5 + .5 ln 10."""
    found = weighted_quantiles(np.arange(1.0, 11.0), np.ones(10), np.array([0.99]))
    np.testing.assert_allclose(found, [9.5 + 0.5 * np.log(10.0)])


def test_quantiles_of_independent_errors_cover_what_they_promise() -> None:
    error = noise(300, 6)
    levels = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
    outcomes = outcomes_of(error)
    quantiles = replay_quantiles(outcomes, levels)
    covered = (outcomes.actual[50:, :, None] <= quantiles[50:]).mean(axis=(0, 1))
    np.testing.assert_allclose(covered, levels, atol=0.03)


def test_an_origin_knows_no_outcome_that_lies_after_it() -> None:
    """Changing every outcome due after origin 20 leaves its quantiles, and all before, as they were."""
    error = noise(40, 8)
    outcomes = outcomes_of(error)
    due = outcomes.origin_s[:, None] + outcomes.due_s
    changed = outcomes_of(np.where(due > outcomes.origin_s[20], 50.0, error))
    levels = np.array([0.5, 0.95])
    before, after = replay_quantiles(outcomes, levels), replay_quantiles(changed, levels)
    np.testing.assert_array_equal(before[:21], after[:21])
    assert np.all(after[30] > before[30])


def test_replay_agrees_with_a_plain_loop_when_nothing_is_tracked_yet() -> None:
    """Up to the first origin whose margin was judged, the margin is the weighted quantile of the errors known."""
    error = noise(8, 1, seed=4)
    outcomes = outcomes_of(error, spacing_h=1.0)
    quantiles = replay_quantiles(outcomes, np.array([0.5, 0.8]))
    assert np.isnan(quantiles[:4]).all()
    age_days = np.array([4.0, 3.0, 2.0, 1.0]) / 24.0
    expected = weighted_quantiles(
        error[:4, 0], 0.5 ** (age_days / ERROR_HALF_LIFE_DAYS), np.array([0.5, 0.8])
    )
    np.testing.assert_allclose(quantiles[4, 0], 3.0 + expected)


def test_a_miss_raises_the_next_quantile_by_the_tracking_step() -> None:
    """Errors +-1, then one of 5: all levels are missed, so level p rises by step x spread x p."""
    error = np.array([[1.0], [-1.0], [1.0], [-1.0], [5.0], [np.nan]])
    missed = replay_quantiles(outcomes_of(error, spacing_h=1.0), np.array([0.5, 0.8]))
    ages = np.arange(5.0, 0.0, -1.0) / 24.0
    plain = weighted_quantiles(error[:5, 0], 0.5 ** (ages / ERROR_HALF_LIFE_DAYS), np.array([0.5, 0.8]))
    np.testing.assert_allclose(missed[5, 0] - 3.0 - plain, TRACKING_STEP * 1.0 * np.array([0.5, 0.8]))


def test_older_errors_weigh_less() -> None:
    """Half the errors 40 days old and large, half fresh and small: the median is that of the fresh ones."""
    error = np.concatenate([np.full((20, 1), 9.0), noise(21, 1)])
    outcomes = outcomes_of(error)
    spaced = Outcomes(
        np.concatenate([outcomes.origin_s[:20], outcomes.origin_s[20:] + 40 * 24 * HOUR]),
        outcomes.lead_h,
        outcomes.due_s,
        outcomes.path,
        outcomes.actual,
    )
    median = replay_quantiles(spaced, np.array([0.5]))[-1, 0, 0] - 3.0
    assert abs(median) < 0.5


def test_lead_bins_keep_their_own_errors() -> None:
    """Errors ten times as wide beyond an hour: the first hour's interval stays narrow."""
    error = noise(60, 2)
    error[:, 1] *= 10.0
    quantiles = replay_quantiles(outcomes_of(error, lead_h=np.array([0.5, 2.0])), np.array([0.1, 0.9]))
    width = quantiles[-1, :, 1] - quantiles[-1, :, 0]
    assert 6.0 < width[1] / width[0] < 15.0


def test_a_lead_without_errors_takes_those_of_the_nearest_shorter_lead() -> None:
    error = noise(12, 2)
    error[:, 1] = np.nan
    outcomes = outcomes_of(error, lead_h=np.array([0.5, 30.0]))
    quantiles = replay_quantiles(outcomes, np.array([0.5, 0.9]))
    np.testing.assert_array_equal(quantiles[-1, 0], quantiles[-1, 1])
    assert calibrated_lead_h(outcomes) == 0.5


def test_too_few_origins_give_no_quantile() -> None:
    outcomes = outcomes_of(noise(4, 3))
    assert np.isnan(replay_quantiles(outcomes, np.array([0.5]))).all()
    assert calibrated_lead_h(outcomes) == 0.0


def test_quantiles_never_fall_along_the_levels() -> None:
    quantiles = replay_quantiles(outcomes_of(noise(40, 4)), np.linspace(0.05, 0.995, 40))
    assert np.all(np.diff(quantiles[4:], axis=-1) >= 0.0)


def test_mean_rate_averages_fourth_powers() -> None:
    """Path 2 with errors -1 and +1, equally old: (1 + 81)/2 = 41, not 16."""
    error = np.array([[-1.0, 1.0]] * 5)
    outcomes = outcomes_of(error, path=2.0, lead_h=np.array([0.25, 0.75]))
    np.testing.assert_allclose(mean_rate_rps(outcomes), [41.0, 41.0])


def test_mean_rate_agrees_with_a_loop_over_errors() -> None:
    error = noise(30, 3, seed=6)
    outcomes = outcomes_of(error, lead_h=np.array([0.3, 0.6, 0.9]))
    total = weight_sum = 0.0
    for origin in range(29):
        weight = 0.5 ** (
            (outcomes.origin_s[-1] - outcomes.origin_s[origin]) / 86_400.0 / ERROR_HALF_LIFE_DAYS
        )
        for period in range(3):
            total += weight * (3.0 + error[origin, period]) ** 4
            weight_sum += weight
    assert mean_rate_rps(outcomes)[1] == pytest.approx(total / weight_sum)
