"""Arrival processes by the moments of their rate: Poisson for one that never moves, else an MMPP(2)."""

from __future__ import annotations

import math

import numpy as np

from workloads.arrival_process import ArrivalProcess, growth
from workloads.errors import WorkloadError


def poisson(rate_rps: float) -> ArrivalProcess:
    """Independent arrivals at a rate > 0."""
    return ArrivalProcess(np.array([[-rate_rps]]), np.array([[rate_rps]]))


def mmpp(rate_rps: float, rate_variance: float, high_share: float, decay_per_s: float) -> ArrivalProcess:
    """Poisson arrivals whose rate switches between two values: an MMPP(2) by the moments of its rate.

    Parameters
    ----------
    rate_rps, rate_variance
        Mean and variance of the rate over time, both > 0.
    high_share
        Share p of time at the higher rate, in (0, 1). Where the lower rate would fall below 0, the largest p at which it is 0 is
        taken: mean^2 / (mean^2 + variance).
    decay_per_s
        Decay rate of the rate's autocorrelation, > 0: the sum of the rates of leaving either value.
    """
    high = min(high_share, rate_rps**2 / (rate_rps**2 + rate_variance))
    spread = math.sqrt(rate_variance / (high * (1.0 - high)))
    rates = np.array([rate_rps + (1.0 - high) * spread, max(0.0, rate_rps - high * spread)])
    leave = decay_per_s * np.array([1.0 - high, high])
    return ArrivalProcess(np.diag(leave)[:, ::-1] - np.diag(leave + rates), np.diag(rates))


def mmpp_with(rate_rps: float, index: float, window_s: float) -> ArrivalProcess:
    """An MMPP(2) with a given index of dispersion over a window, for arrivals of which nothing else is known.

    Its memory decays over the window, the scale that the index speaks of, and both rates hold half of the time; where the lower one
    would fall below 0, it is 0 and holds longer. An index of 1 or less gives Poisson arrivals: no MMPP is smoother.

    Parameters
    ----------
    rate_rps
        Requests per second, > 0.
    index
        Variance over mean of the requests in a window, >= 0.
    window_s
        Length of the window, seconds, > 0.

    Raises
    ------
    WorkloadError
        With every value out of its range.
    """
    ranges = (
        ("rate_rps", rate_rps, 0 < rate_rps < math.inf, "above 0"),
        ("index", index, 0 <= index < math.inf, ">= 0"),
        ("window_s", window_s, 0 < window_s < math.inf, "above 0"),
    )
    problems = [
        f"arrival process: {name} is {value}; it must be finite and {allowed}"
        for name, value, fits, allowed in ranges
        if not fits
    ]
    if problems:
        raise WorkloadError(problems)
    if index <= 1.0:
        return poisson(rate_rps)
    decay = 1.0 / window_s
    variance = 0.5 * (index - 1.0) * rate_rps * decay / float(growth(np.ones(())))
    return mmpp(rate_rps, variance, 0.5, decay)
