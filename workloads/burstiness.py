"""Burstiness inside a planning window: the index of dispersion of counts, for the queueing model.

I(tau) = variance of the count in an interval of length tau over its mean; 1 for Poisson arrivals, more for
bursts. The queueing model wants I at the scale of the deadline. Where arrivals come in bursts I grows with
tau, so the index of a trace with longer intervals errs on the safe side.

Two estimators:

- `trace_dispersion`: counts at a trace's own interval, compared inside each window with the straight line
  fitted to that window, so that growth through the window is not taken for bursts. With m counts a window and
  independent arrivals the residual sum of squares expects (m - 2) times the mean count, so
  I = sum over windows of RSS/(m - 2), divided by the sum of the mean counts. Windows weigh by their load.
- `client_dispersion`: arrivals made of independent renewal streams, each with its rate and the coefficient of
  variation of its gaps. The counts of one have I = cv^2 over long intervals (renewal theorem; Cox and Lewis,
  The Statistical Analysis of Series of Events, 1966, chapter 4), and variances of independent streams add:
  I = sum(rate cv^2)/sum(rate).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from workloads.traces import Array, Trace

COUNTS_MIN = 4  # two of them go into the fitted line; with fewer than two left the estimate is mostly noise


@dataclass(frozen=True)
class Dispersion:
    """An index of dispersion of counts.

    Parameters
    ----------
    index
        Variance over mean of the counts, >= 0; 1 for Poisson arrivals.
    std_error
        Standard error of the index over windows (ratio estimator), NaN with a single window.
    windows
        Windows that entered.
    scale_s
        Length of the counting interval that the index belongs to, seconds; infinite for `client_dispersion`.
    method
        The estimator, in words.
    """

    index: float
    std_error: float
    windows: int
    scale_s: float
    method: str


def trace_dispersion(trace: Trace, window_s: float = 300.0) -> Dispersion:
    """Index of dispersion of a trace's counts inside windows of `window_s`, trend removed.

    Parameters
    ----------
    trace
        A trace with at least four intervals a window; windows with a missing interval are passed over.
    window_s
        Planning window, seconds.

    Raises
    ------
    WorkloadError
        When the trace is too coarse for the window, or no window is whole and busy.
    """
    size = int(window_s / trace.interval_s + 1e-9)
    if size < COUNTS_MIN:
        coarse = f"its interval is {trace.interval_s:g} s, and a window of {window_s:g} s needs {COUNTS_MIN}"
        raise WorkloadError([f"trace {trace.name!r} cannot show burstiness: {coarse}. Give a finer trace."])
    whole = len(trace.counts) // size
    counts = trace.counts[: whole * size].reshape(whole, size)
    counts = counts[~np.isnan(counts).any(axis=1)]
    if not counts.sum() > 0:
        raise WorkloadError(
            [f"trace {trace.name!r} has no whole window of {window_s:g} s with requests; give a longer trace"]
        )
    residual = counts - _fitted_lines(counts)
    variance = (residual**2).sum(axis=1) / (size - 2)
    method = (
        f"counts per {trace.interval_s:g} s against a line in each window of {size * trace.interval_s:g} s"
    )
    return _ratio(variance, counts.mean(axis=1), trace.interval_s, method)


def client_dispersion(rate_rps: Array, cv: Array) -> Dispersion:
    """Index of dispersion of independent renewal streams taken together.

    Parameters
    ----------
    rate_rps
        [i,n] rate of stream i in interval n, requests/s; NaN or 0 where it is silent.
    cv
        [i,n] coefficient of variation of the gaps between its requests.

    Raises
    ------
    WorkloadError
        When the shapes differ, a cv is negative, or all streams are silent.
    """
    if rate_rps.shape != cv.shape or rate_rps.ndim != 2:
        raise WorkloadError(
            [f"rates have shape {rate_rps.shape} and cv {cv.shape}; both must be [stream, interval]"]
        )
    rate = np.nan_to_num(rate_rps)
    active = rate > 0
    if not active.any():
        raise WorkloadError(
            ["no stream has a request, so there is no burstiness to speak of; choose other clients"]
        )
    if not (cv[active] >= 0).all():
        raise WorkloadError(["a stream with requests has a negative or unknown cv; cv must be >= 0"])
    variance = np.where(active, rate * np.where(active, cv, 0.0) ** 2, 0.0).sum(axis=0)
    busy = active.any(axis=0)
    method = "sum of rate x cv^2 over the sum of rates, independent renewal streams"
    return _ratio(variance[busy], rate.sum(axis=0)[busy], float("inf"), method)


def _fitted_lines(counts: Array) -> Array:
    """Least-squares line through each row of counts [w,m]."""
    size = counts.shape[1]
    position = np.arange(size) - (size - 1) / 2
    slope = counts @ position / (position @ position)
    lines: Array = counts.mean(axis=1)[:, None] + slope[:, None] * position
    return lines


def _ratio(variance: Array, mean: Array, scale_s: float, method: str) -> Dispersion:
    """Pooled variance over pooled mean [w], with the linearised standard error of a ratio."""
    index = float(variance.sum() / mean.sum())
    windows = len(mean)
    error = float("nan")
    if windows > 1:
        spread = ((variance - index * mean) ** 2).sum() * windows / (windows - 1)
        error = float(np.sqrt(spread) / mean.sum())
    return Dispersion(index, error, windows, scale_s, method)
