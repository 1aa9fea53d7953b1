"""Burstiness inside a planning window: the index of dispersion of counts, for the queueing model.

I(tau) = variance of the count in an interval of length tau over its mean; 1 for Poisson arrivals, more for
bursts. The queueing model wants I at the scale of the deadline, and I grows with tau: the Twitter day has 1.1
at 1 s, 2.2 at 10 s and 7.7 at 60 s. Three estimators:

- `trace_dispersion`: counts at a trace's own interval, compared inside each window with the straight line
  fitted to that window, so that growth through the window is not taken for bursts. With m counts a window and
  independent arrivals the residual sum of squares expects (m - 2) times the mean count, so
  I = sum over windows of RSS/(m - 2), divided by the sum of the mean counts. Windows weigh by their load.
- `dispersion_at`: the same at any scale. Below the trace's interval the excess I - 1 is carried down by the
  power of tau that it follows from one to four intervals, at most 1: arrivals whose rate wanders slowly have
  an excess proportional to tau (Cox and Lewis, chapter 7), and the power only rises towards short scales. It
  is a quarter at least: bursts that end within the interval show no growth beyond it, and real ones fade all
  the same. Requests that come in clumps within the deadline do not, and coarse counts cannot tell them: their
  source states an index, or gives finer counts.
- `client_dispersion`: arrivals made of independent renewal streams, each with its rate and the coefficient of
  variation of its gaps. The counts of one have I = cv^2 over long intervals (Cox and Lewis, The Statistical
  Analysis of Series of Events, 1966, chapter 4), and variances of independent streams add, so a bin has
  I = sum(rate cv^2)/sum(rate). Bins in which a stream starts or stops have a cv of hundreds and would own
  any mean (ServeGen m-small: mean 662, median 11), so a quantile over the bins, weighted by load, is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from workloads.traces import Array, Trace

SPREAD = 4  # intervals over which the growth of the excess is measured
POWER_MIN = 0.25  # five public series fall by the power .33 to .98 from 10 s, 60 s or 300 s (tests.benchmarks.dispersion)
COUNTS_MIN = 4  # two of them go into the fitted line; with fewer than two left the estimate is mostly noise


@dataclass(frozen=True)
class Dispersion:
    """An index of dispersion of counts.

    Parameters
    ----------
    index
        Variance over mean of the counts, >= 0; 1 for Poisson arrivals.
    std_error
        Standard error over windows; NaN where there is none (a single window, an extrapolation).
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
    mean = counts.mean(axis=1)
    index = float(variance.sum() / mean.sum())
    windows = len(mean)
    error = float("nan")
    if windows > 1:  # linearised error of a ratio of sums
        squares = float(((variance - index * mean) ** 2).sum())
        error = float(np.sqrt(squares * windows / (windows - 1)) / mean.sum())
    return Dispersion(index, error, windows, trace.interval_s, method)


def dispersion_at(trace: Trace, scale_s: float, window_s: float = 300.0) -> Dispersion:
    """Index of dispersion of a trace's counts over `scale_s`, which may be shorter than its interval.

    Where the source of the trace states an index, that one holds: its counts are too coarse to show another.

    Parameters
    ----------
    trace
        A trace with at least four intervals a window.
    scale_s
        Counting interval, seconds; the deadline, for the queueing model.
    window_s
        Planning window, seconds; at most a quarter of it is used as scale.

    Raises
    ------
    WorkloadError
        As `trace_dispersion`, and when the scale is not above 0.
    """
    if not 0 < scale_s < float("inf"):
        raise WorkloadError([f"trace {trace.name!r}: scale_s is {scale_s}; it must be above 0"])
    own = trace.interval_s
    if trace.dispersion_index is not None:
        return Dispersion(
            trace.dispersion_index, float("nan"), 0, scale_s, "stated by the source of the trace"
        )
    if scale_s >= own:
        whole = min(int(scale_s / own + 1e-9), max(1, int(window_s / own / COUNTS_MIN)))
        return trace_dispersion(trace.resample(whole * own), window_s)
    near = trace_dispersion(trace, window_s)
    if near.index <= 1:
        return Dispersion(1.0, float("nan"), near.windows, scale_s, f"{near.method}; no burst to carry down")
    long_s = max(window_s, COUNTS_MIN * SPREAD * own)
    power = POWER_MIN
    if trace.duration_s >= long_s:
        excess = [trace_dispersion(part, long_s).index - 1 for part in (trace, trace.resample(SPREAD * own))]
        if min(excess) > 0:
            power = float(np.clip(np.log(excess[1] / excess[0]) / np.log(SPREAD), POWER_MIN, 1.0))
    index = 1 + (near.index - 1) * (scale_s / own) ** power
    method = f"{near.method}; excess carried down to {scale_s:g} s by the power {power:.2f} of the scale"
    return Dispersion(index, float("nan"), near.windows, scale_s, method)


def client_dispersion(rate_rps: Array, cv: Array, level: float = 0.5) -> Dispersion:
    """Index of dispersion of independent renewal streams taken together.

    Parameters
    ----------
    rate_rps
        [i,n] rate of stream i in bin n, requests/s; NaN or 0 where it is silent.
    cv
        [i,n] coefficient of variation of the gaps between its requests.
    level
        Which quantile over the bins, weighted by their load, in (0, 1).

    Raises
    ------
    WorkloadError
        When the shapes differ, a cv is negative, all streams are silent, or the level is out of range.
    """
    if rate_rps.shape != cv.shape or rate_rps.ndim != 2:
        shapes = f"rates have shape {rate_rps.shape} and cv {cv.shape}"
        raise WorkloadError([f"{shapes}; both must be [stream, bin]"])
    if not 0 < level < 1:
        raise WorkloadError([f"level is {level}; it must be above 0 and below 1"])
    rate = np.nan_to_num(rate_rps)
    active = rate > 0
    if not active.any():
        raise WorkloadError(["no stream has a request, so there is no burstiness; choose other clients"])
    if not (cv[active] >= 0).all():
        raise WorkloadError(["a stream with requests has a negative or unknown cv; cv must be >= 0"])
    load = rate.sum(axis=0)
    variance = (rate * np.where(active, cv, 0.0) ** 2).sum(axis=0)
    busy = load > 0
    index = variance[busy] / load[busy]
    bins = int(busy.sum())
    margin = np.sqrt(
        level * (1 - level) / bins
    )  # of an estimated share; Woodruff 1952 turns it into one of I
    low, middle, high = _weighted_quantiles(
        index, load[busy], np.array([level - margin, level, level + margin])
    )
    error = float(high - low) / 2 if bins > 1 else float("nan")
    method = (
        f"rate x cv^2 over rate of independent renewal streams, load-weighted quantile {level:g} of the bins"
    )
    return Dispersion(float(middle), error, bins, float("inf"), method)


def _weighted_quantiles(values: Array, weights: Array, levels: Array) -> Array:
    """Smallest of `values` [n] at which the weight up to it reaches each of `levels`, a share of all."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    places = np.searchsorted(reached, np.clip(levels, 0.0, 1.0) - 1e-12)
    return np.asarray(values[order][np.minimum(places, len(values) - 1)], dtype=np.float64)


def _fitted_lines(counts: Array) -> Array:
    """Least-squares line through each row of counts [w,m]."""
    size = counts.shape[1]
    position = np.arange(size) - (size - 1) / 2
    slope = counts @ position / (position @ position)
    lines: Array = counts.mean(axis=1)[:, None] + slope[:, None] * position
    return lines
