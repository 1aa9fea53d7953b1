"""A rate that is known and does not change: nothing is recorded, nothing is forecast, every level is the rate itself."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from workloads.backtest import BackTest
from workloads.errors import WorkloadError
from workloads.forecast import Forecast
from workloads.trace_report import TraceReport
from workloads.traces import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

METHOD = "constant"


def constant_trace(rate_rps: float, end: datetime, interval_s: float, name: str) -> Trace:
    """One interval of the rate just before `end`.

    Raises
    ------
    WorkloadError, when the rate or the interval is not a number above 0.
    """
    if not (np.isfinite(rate_rps) and rate_rps > 0):
        raise WorkloadError([f"trace {name!r}: rate_rps is {rate_rps:g}; it must be a number above 0"])
    settings = f"constant {rate_rps!r} requests/s"
    return Trace(
        name=name,
        start=end - timedelta(seconds=interval_s),
        interval_s=interval_s,
        counts=np.array([rate_rps * interval_s]),
        report=TraceReport(kind="synthetic", rule="nothing is missing in a constant rate"),
        source=settings,
        digest=hashlib.sha256(settings.encode()).hexdigest(),
    )


def constant_forecast(
    rate_rps: float, start: datetime, window_s: float, windows: int, levels: Sequence[float]
) -> Forecast:
    """The rate in every window at every level, arrivals Poisson; there is nothing to test it against."""
    return Forecast(
        start=start,
        window_s=window_s,
        levels=np.asarray(levels, dtype=np.float64),
        rate_rps=np.full((windows, len(levels)), rate_rps),
        mean_rps=np.full(windows, rate_rps),
        dispersion_index=1.0,
        method=METHOD,
        backtest=BackTest(levels=tuple(levels), rows=()),
        warnings=(),
    )
