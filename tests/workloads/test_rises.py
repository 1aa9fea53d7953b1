"""What a short history is not believed on: floors from the rises of other loads, and where they end."""

from __future__ import annotations

import numpy as np
import pytest

from tests.workloads.load_cases import trace_of
from workloads.forecast import forecast_rates
from workloads.rises import FACTORS, HISTORY_H, LEVELS, busiest_hour_rps, rise_factors, rise_floor_rps

LEADS_H = np.array([0.5, 1.4, 2.0, 5.0, 20.0])
ASKED = np.array([0.4, 0.5, 0.8, 0.95, 0.99, 0.999])


@pytest.mark.parametrize("row", range(len(HISTORY_H)))
def test_factors_are_those_measured_where_they_were_measured(row: int) -> None:
    found = rise_factors(HISTORY_H[row], np.array([1.0, 2.9, 3.0, 24.0]), np.array(LEVELS))
    np.testing.assert_allclose(found, FACTORS[row, [0, 0, 1, 1]], rtol=1e-12)


def test_factors_between_the_measured_lie_between_them() -> None:
    levels = np.array([0.93, 0.97])
    middle = rise_factors(np.sqrt(8.0), np.array([10.0]), levels)
    ends = [rise_factors(hours, np.array([10.0]), levels) for hours in (2.0, 4.0)]
    np.testing.assert_allclose(middle, (ends[0] + ends[1]) / 2.0, rtol=1e-12)
    assert FACTORS[0, 1, 2] < ends[0][0, 0] < FACTORS[0, 1, 3] < ends[0][0, 1] < FACTORS[0, 1, 4]


def test_the_tail_beyond_the_last_level_is_exponential() -> None:
    """Every halving of what may lie above adds the same."""
    found = rise_factors(4.0, np.array([10.0]), 1.0 - 0.002 / 2.0 ** np.arange(4))[0]
    np.testing.assert_allclose(np.diff(found), np.diff(found)[0], rtol=1e-9)
    assert found[0] == pytest.approx(FACTORS[1, 1, -1])
    assert found[1] > found[0]


@pytest.mark.parametrize("known_h", [0.5, 2.0, 5.0, 11.0, 30.0, 100.0])
def test_higher_levels_and_shorter_histories_rise_more(known_h: float) -> None:
    levels = np.linspace(0.55, 0.999, 50)
    assert (np.diff(rise_factors(known_h, LEADS_H, levels), axis=1) >= 0.0).all()
    assert (
        rise_factors(1.5 * known_h, LEADS_H, levels) <= rise_factors(known_h, LEADS_H, levels) + 0.02
    ).all()


def test_the_floor_is_the_busiest_hour_times_the_factor() -> None:
    history = trace_of(np.array([10.0, 10.0, 40.0, 20.0, 5.0, 5.0, 1.0, 1.0]))
    floor = rise_floor_rps(history, LEADS_H, ASKED)
    assert (floor[0] == 0.0).all(), "half an hour ahead is not over a quarter of four"
    np.testing.assert_allclose(floor[1:, 2:], 30.0 * rise_factors(4.0, LEADS_H, ASKED)[1:, 2:])
    assert (floor[:, :2] == 0.0).all(), "the median is the history's own"


@pytest.mark.parametrize(("hours", "first_h"), [(2, 1.4), (4, 1.4), (10, 5.0), (30, 20.0), (48, None)])
def test_floors_begin_where_a_lead_is_over_a_quarter_of_the_history_and_end_with_two_days(
    hours: int, first_h: float | None
) -> None:
    raised = rise_floor_rps(trace_of(np.full(2 * hours, 3.0)), LEADS_H, ASKED).any(axis=1)
    np.testing.assert_array_equal(raised, (np.inf if first_h is None else first_h) <= LEADS_H)


def test_the_busiest_hour_skips_what_is_missing_and_knows_less_than_an_hour() -> None:
    assert busiest_hour_rps(trace_of(np.array([np.nan, np.nan, 4.0, 6.0, 2.0, np.nan]))) == pytest.approx(5.0)
    assert busiest_hour_rps(trace_of(np.array([9.0, 3.0]), interval_s=600.0)) == pytest.approx(6.0)
    assert busiest_hour_rps(trace_of(np.array([8.0, 1.0, 3.0]))) == pytest.approx(2.0), (
        "hours end with the history"
    )


def test_a_forecast_from_six_quiet_hours_does_not_take_the_day_for_quiet() -> None:
    """Six level hours, windows of an hour: two hours ahead no more than a day of other loads allows."""
    rate = 50.0 * (1.0 + 0.01 * np.random.default_rng(3).standard_normal(72))
    history = trace_of(rate, interval_s=300.0)
    found = forecast_rates(history, history.end, 3_600.0, 24, (0.5, 0.95, 0.99))
    busiest = busiest_hour_rps(history)
    lead_h = np.arange(24) + 1.0
    factors = rise_factors(6.0, lead_h, np.array([0.95, 0.99]))
    np.testing.assert_allclose(found.rate_rps[1:, 1:], busiest * factors[1:], rtol=1e-9)
    assert (found.rate_rps[0] < 1.1 * busiest).all(), "the next hour is known"
    assert (found.rate_rps[:, 0] < 1.1 * busiest).all(), "the median stays"
    assert any("more than 1.5 h ahead" in warning and "busiest hour" in warning for warning in found.warnings)
