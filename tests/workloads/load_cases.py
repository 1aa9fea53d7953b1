"""Small synthetic histories for the tests of the forecaster: what each shows, and how big it is."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from workloads.traces import Trace

Array = npt.NDArray[np.float64]

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday


def daily_rate(days: float, step_s: float = 1_800.0, weekend_share: float = 1.0) -> Array:
    """Return a rate around 100 requests/s with one sine a day, lower by a factor at weekends; no noise."""
    time = (np.arange(round(days * 86_400 / step_s)) + 0.5) * step_s / 86_400
    weekend = np.where(np.floor(time).astype(int) % 7 >= 5, weekend_share, 1.0)
    return 100.0 * (1.0 + 0.5 * np.sin(2 * np.pi * time)) * weekend


def noisy(rate: Array, seed: int, spread: float = 0.1) -> Array:
    """Return the rate times lognormal noise without memory."""
    return rate * np.exp(spread * np.random.default_rng(seed).standard_normal(rate.size))


def trace_of(rate: Array, interval_s: float = 1_800.0, name: str = "case") -> Trace:
    """Return a trace from Monday 2 March 2026 with this rate per interval."""
    return Trace(name=name, start=START, interval_s=interval_s, counts=rate * interval_s)
