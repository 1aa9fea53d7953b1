"""Forecasts made anew while a history grows: equal to full runs when one is made, near them and honest in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.workloads.load_cases import daily_rate, noisy, trace_of
from workloads.forecast import Forecast, forecast_rates
from workloads.rolling_memory import RollingMemory

if TYPE_CHECKING:
    from workloads.traces import Trace

HOURS = 12 * 24  # known at the first forecast


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Fourteen noisy days in steps of half an hour."""
    return trace_of(noisy(daily_rate(14), seed=3))


def forecast_at(trace: Trace, hours: float, memory: RollingMemory | None) -> Forecast:
    """Four windows of half an hour, made so many hours after the trace's start."""
    now = trace.start + timedelta(hours=hours)
    return forecast_rates(trace.before(now), now, 1_800.0, 4, (0.5, 0.95), memory=memory)


def test_a_first_forecast_is_that_of_a_full_run(trace: Trace) -> None:
    remembering, full = forecast_at(trace, HOURS, RollingMemory()), forecast_at(trace, HOURS, None)
    np.testing.assert_array_equal(remembering.rate_rps, full.rate_rps)
    assert remembering.backtest == full.backtest


def test_between_full_runs_only_the_end_is_run_anew(trace: Trace) -> None:
    """The same origins, then one more; what came meanwhile is known."""
    memory = RollingMemory()
    forecast_at(trace, HOURS, memory)
    first = memory.said
    later = forecast_at(trace, HOURS + 2, memory)
    assert memory.said is first
    full = forecast_at(trace, HOURS + 2, None)
    np.testing.assert_allclose(later.rate_rps, full.rate_rps, rtol=0.1)
    assert not np.array_equal(later.rate_rps, full.rate_rps)


def test_a_full_run_is_made_once_the_history_has_grown(trace: Trace) -> None:
    memory = RollingMemory()
    forecast_at(trace, HOURS, memory)
    grown = forecast_at(trace, HOURS + 6, memory)
    np.testing.assert_array_equal(grown.rate_rps, forecast_at(trace, HOURS + 6, None).rate_rps)


def test_the_same_history_twice_gives_the_same_forecast(trace: Trace) -> None:
    memory = RollingMemory()
    once, again = forecast_at(trace, HOURS, memory), forecast_at(trace, HOURS, memory)
    np.testing.assert_array_equal(once.rate_rps, again.rate_rps)


def test_other_windows_make_it_worthless(trace: Trace) -> None:
    memory = RollingMemory()
    forecast_at(trace, HOURS, memory)
    now = trace.start + timedelta(hours=HOURS + 1)
    asked = (now, 3_600.0, 2, (0.5, 0.95))
    found = forecast_rates(trace.before(now), *asked, memory=memory)
    np.testing.assert_array_equal(found.rate_rps, forecast_rates(trace.before(now), *asked).rate_rps)


def test_what_comes_later_changes_no_forecast(trace: Trace) -> None:
    """No peeking: two traces that part after an instant have the same forecasts up to it."""
    counts = trace.counts.copy()
    counts[(HOURS + 3) * 2 :] *= 5.0
    surging = replace(trace, counts=counts)
    for one, other in zip(
        *(
            [forecast_at(t, HOURS + h, m) for h in (0.0, 1.0, 2.5, 3.0)]
            for t, m in ((trace, RollingMemory()), (surging, RollingMemory()))
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(one.rate_rps, other.rate_rps)


def test_the_forecaster_chosen_by_a_full_run_stays_until_the_next(trace: Trace) -> None:
    """Only it is back-tested in between; its row says so."""
    memory = RollingMemory()
    first = forecast_at(trace, HOURS, memory)
    later = forecast_at(trace, HOURS + 2, memory)
    assert later.method == first.method
    assert [row.method for row in later.backtest.rows] == ["auto"]
    assert len(forecast_at(trace, HOURS + 6, memory).backtest.rows) == len(first.backtest.rows) > 1
