"""What a trace says of its arrivals: moments and correlations of gaps, index of dispersion and skewness of counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.traces import Array

WINDOWS_MIN = 30  # of a length, for its variance: its standard error is then sqrt(2/29), a quarter of it
GRID = 201  # points of a round of `least`; each round narrows the search a hundredfold
ROUNDS = 7


def moments_of(values: Array) -> tuple[float, float, float]:
    """Mean, squared coefficient of variation and skewness of a sample ``[n]``."""
    mean = float(values.mean())
    away = values - mean
    variance = float((away**2).mean())
    third = float((away**3).mean())
    return mean, variance / mean**2, third / variance**1.5 if variance > 0 else 0.0


def correlations(values: Array, lags: int) -> Array:
    """``[lags]`` correlation of a series ``[n]`` with itself 1, 2, .. later; NaN values leave out their pairs."""
    away = values - np.nanmean(values)
    variance = np.nanmean(away**2)
    if variance == 0:
        return np.zeros(lags)
    pairs = [away[lag:] * away[:-lag] for lag in range(1, lags + 1)]
    means = np.array([np.nansum(pair) / max(1, np.isfinite(pair).sum()) for pair in pairs])
    return np.asarray(means / variance)


def in_windows(counts: Array, together: int) -> Array:
    """Counts of windows of `together` intervals; windows with an unknown one are left out."""
    whole = len(counts) // together
    sums = counts[: whole * together].reshape(whole, together).sum(axis=1)
    return np.asarray(sums[~np.isnan(sums)])


def dispersion(counts: Array) -> float:
    """Variance over mean of counts ``[n]``."""
    return float(counts.var(ddof=1) / counts.mean())


def third_cumulant_excess(counts: Array) -> float:
    """Third cumulant of counts ``[n]`` less what Poisson counts given their rate add to that of the rate: k3 - 3 k2 + 2 k1."""
    away = counts - counts.mean()
    return float((away**3).mean() - 3.0 * (away**2).mean() + 2.0 * counts.mean())


def window_lengths(intervals: int) -> list[int]:
    """1, 2, 4, .. intervals, as long as `WINDOWS_MIN` windows of them fit."""
    return [2**power for power in range(max(1, math.floor(math.log2(max(1, intervals // WINDOWS_MIN))) + 1))]


def least(error: Callable[[Array], Array], low: float, high: float) -> float:
    """Argument in [low, high] at which `error`, taken of many at once, is least: by a grid, narrowed about its best point."""
    for _ in range(ROUNDS):
        tried = np.linspace(low, high, GRID)
        best = int(np.argmin(error(tried)))
        low, high = float(tried[max(0, best - 1)]), float(tried[min(GRID - 1, best + 1)])
    return float(tried[best])
