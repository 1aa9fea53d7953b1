"""The MMPP(2) whose counts have given indices of dispersion and third moment; where there is none, the nearest.

Heffes and Lucantoni, A Markov modulated characterization of packetized voice and data traffic and related statistical multiplexer
performance, 1986: mean rate, index of dispersion over short and long windows, third moment of the counts. Given the rate, which
switches between two values, a count is Poisson, so the cumulants of the rate's integral are those of the count less the Poisson
part. With v the variance and z the skewness of the rate, omega the decay rate of its memory and x = omega t,

    I(t) - 1          = 2 v / (lambda omega) (1 - (1 - e^-x) / x)
    k3 - 3 k2 + 2 k1  = 6 z (v^(1/2) / omega)^3 (x - 2 + (x + 2) e^-x)
    Cov(N_0, N_k)     = v / omega^2 (1 - e^-x)^2 e^(-(k - 1) x)       counts of intervals t, k apart

omega and v come from the index at all windows by least squares, z likewise from the third cumulants. Windows weigh by how well they
show the figure: over n of them an index varies by about 2 I^2 / n, a third cumulant by 6 k2^3 / n. The share of time at the higher
rate is p = (1 - z / (4 + z^2)^(1/2)) / 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workloads.arrival_measures import dispersion, least, third_cumulant_excess
from workloads.arrival_process import ArrivalProcess, growth
from workloads.rate_moments import mmpp, poisson

if TYPE_CHECKING:
    from workloads.traces import Array

SPAN_DECAYS = (
    0.1,
    20.0,
)  # omega times the longest and the shortest window: beyond, the index is straight or flat


def nearest_mmpp(windows: list[Array], lengths_s: Array, rate_rps: float) -> tuple[ArrivalProcess, list[str]]:
    """The MMPP(2) nearest to counts in windows of several lengths, and what had to be changed or is not to be seen.

    Parameters
    ----------
    windows
        Counts ``[n]`` of the windows of each length.
    lengths_s
        ``[w]`` their lengths, seconds, ascending.
    rate_rps
        Mean rate.
    """
    number = np.array([len(one) for one in windows])
    index = np.array([dispersion(one) for one in windows])
    weight = number / np.maximum(index, 1.0) ** 2
    low, high = SPAN_DECAYS[0] / lengths_s[-1], SPAN_DECAYS[1] / lengths_s[0]

    def limits(log_decay: Array) -> tuple[Array, Array]:
        shape = growth(np.exp(log_decay)[:, None] * lengths_s)
        excess = np.maximum(0.0, (weight * shape) @ (index - 1.0) / (weight @ (shape**2).T))
        return excess, shape

    def error(log_decay: Array) -> Array:
        excess, shape = limits(log_decay)
        return np.asarray(((index - 1.0 - excess[:, None] * shape) ** 2) @ weight)

    log_decay = least(error, math.log(low), math.log(high))
    excess = float(limits(np.array([log_decay]))[0][0])
    if excess == 0.0:
        return poisson(rate_rps), [
            f"counts are no burstier than Poisson ones (index {index[0]:.3g}); Poisson was taken"
        ]
    decay = math.exp(log_decay)
    warnings = []
    if log_decay >= math.log(high) - 1e-9:
        warnings.append("bursts are shorter than an interval: how short, the counts cannot show")
    if log_decay <= math.log(low) + 1e-9:
        warnings.append(
            "the index still grows in proportion to the longest window: how long bursts last, the trace cannot show"
        )
    variance = 0.5 * excess * rate_rps * decay
    of_one = 6.0 * variance**1.5 * third_growth(decay * lengths_s) / decay**3
    trust = number / np.array([one.var() for one in windows]) ** 3
    found = np.array([third_cumulant_excess(one) for one in windows])
    skewness = float((trust * of_one) @ found / (trust @ of_one**2))
    share = 0.5 * (1.0 - skewness / math.sqrt(4.0 + skewness**2))
    if share > rate_rps**2 / (rate_rps**2 + variance):
        warnings.append(
            f"skewness of the rate is {skewness:.3g}: too low for its variance, so its lower value is taken as 0"
        )
    return mmpp(rate_rps, variance, share, decay), warnings


def count_skewness(process: ArrivalProcess, interval_s: float) -> float:
    """Third central moment of an MMPP's counts over their standard deviation cubed."""
    mean = process.rate_rps * interval_s
    variance = process.dispersion_index(interval_s) * mean
    third = 3.0 * variance - 2.0 * mean
    if len(process.d0) == 2:
        rates = np.diag(process.d1)
        of_rate = float(process.phase_share @ (rates - process.rate_rps) ** 3)
        third += (
            6.0 * of_rate * float(third_growth(process.decay_per_s * interval_s)) / process.decay_per_s**3
        )
    return float(third / variance**1.5)


def count_correlation(process: ArrivalProcess, interval_s: float, lag: int) -> float:
    """Correlation of the counts of two intervals that are `lag` >= 1 apart."""
    if len(process.d0) == 1:
        return 0.0
    decay = process.decay_per_s
    each = process.rate_covariance * (math.expm1(-decay * interval_s) / decay) ** 2
    variance = process.dispersion_index(interval_s) * process.rate_rps * interval_s
    return each * math.exp(-(lag - 1) * decay * interval_s) / variance


def third_growth(steps: Array | float) -> Array:
    """Growth of the third cumulant with x = omega t: x - 2 + (x + 2) e^-x.

    A sixth of the integral of e^-(the spread of three instants of the window), times omega^3.
    """
    x = np.asarray(steps, dtype=float)
    short = np.minimum(x, 1e-2)
    # the series where the sum would cancel; its next term is 3e-8 of it
    return np.asarray(
        np.where(x < 1e-2, short**3 / 6 - short**4 / 12 + short**5 / 40, x - 2.0 + (x + 2.0) * np.exp(-x))
    )
