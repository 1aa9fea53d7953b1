"""A constant rate: every window and level is the rate itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workloads.constant import constant_forecast, constant_trace
from workloads.errors import WorkloadError

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_history_ends_where_the_horizon_begins() -> None:
    trace = constant_trace(80.0, START, 3600.0, "load")
    assert (trace.end, trace.mean_rps) == (START, 80.0)
    assert trace.digest != constant_trace(81.0, START, 3600.0, "load").digest


def test_the_forecast_is_the_rate() -> None:
    forecast = constant_forecast(80.0, START, 3600.0, 3, (0.5, 0.99))
    assert forecast.rate_rps.tolist() == [[80.0, 80.0]] * 3
    assert forecast.mean_rps.tolist() == [80.0] * 3
    assert (forecast.dispersion_index, forecast.warnings) == (1.0, ())


@pytest.mark.parametrize("rate_rps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_is_a_number_above_0(rate_rps: float) -> None:
    with pytest.raises(WorkloadError, match="rate_rps"):
        constant_trace(rate_rps, START, 3600.0, "load")
