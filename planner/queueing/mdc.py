"""Exact waiting-time tail of the M/D/c queue, and the exact capacity that follows from it.

Time unit: one service time. ``Q`` is the stationary number waiting, seen once a service time: ``Q' = (Q +
Pois(a) - c)^+``. All requests in service at an instant are gone one service time later, so for ``k - 1 <= d <
k`` and ``u = k - d``

    P(W > d) = P(Q + Pois(a u) >= k c)        (Crommelin 1932; Franx 2001, "A simple solution for the M/D/c
    waiting time")

and by Spitzer's identity ``E z^Q = exp(sum_{n>=1} w_n (z^n - 1))``, where ``-w_n`` are the coefficients with
n >= 1 of the Laurent series of ``ln(1 - z^-c e^{a(z-1)})``. They come from one Fourier transform on the
circle ``|z| = e^{theta/2}``. The two zeros that hug the circle, at 1 and at ``sigma = e^theta``, are divided
out first and put back in closed form; what is left dies out within a few times sqrt(c) terms, so the
transform is short at any load: about 0.1 ms at c = 1, 0.5 ms at c = 2,000.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from planner.queueing.decay import DECAY_MAX
from planner.queueing.pool import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_DIGITS = 36.0  # ln of the accuracy asked of the transform: e^-36 = 2e-16, one rounding of a double
_SPREAD = 12.0  # standard deviations kept of the Poisson arrivals of one service time: beyond 12 lies 1e-32
_CLOSE = (
    1e-5  # a secant step this short leaves an error below 1e-8 (measured by tests.benchmarks.queueing_errors)
)
_ROUNDING = 1e-13  # a step this short is rounding: no slope can be had from it
_SHADE = 1e-8  # taken off the capacity so that neither that error nor rounding lifts it above the exact one


def tail_probability(servers: int, decay: float, budget: float) -> float:
    """P(wait > budget service times) of M/D/c at the load whose decay rate is `decay` > 0.

    Relative accuracy about 1e-9 down to probabilities of 1e-20, checked in the tests against the closed form
    of M/D/1.
    """
    whole = math.floor(budget + ROUNDING) + 1
    need = whole * servers
    erlangs = servers * decay / math.expm1(decay)
    length = _transform_length(servers, erlangs, decay)
    half = decay / 2.0
    exponent = half + (2j * math.pi / length) * np.arange(length // 2 + 1)
    circle = np.exp(exponent)
    arrivals = erlangs * (circle - 1.0)
    smooth = np.log(
        -np.expm1(arrivals - servers * exponent) / ((1.0 - 1.0 / circle) * (1.0 - circle * math.exp(-decay)))
    )
    lags: Array = fft.irfft(smooth.conj(), length)
    lags[0] = 0.0
    lags[length // 2 + 1 :] = 0.0
    index = np.arange(length)
    at_one = float(lags @ np.exp(-half * index))
    rest = np.exp(at_one - fft.rfft(lags).conj() + (whole - budget) * arrivals)
    weights: Array = fft.irfft(rest.conj(), length)
    # 1 / (1 - z / sigma) gives every weight a geometric tail: all of it from `need` on, e^{-theta (need-n)} below
    return float(weights @ np.exp(-half * np.where(index < need, 2 * need - index, index)))


def _transform_length(servers: int, erlangs: float, decay: float) -> int:
    """Points on the circle: room for one service time's arrivals and for what the next zeros leave.

    Around full load those zeros lie ``sqrt(theta^2 / 4 +- 4 pi i / a)`` from the circle in ln z: at least
    theta/2 and sqrt(2 pi / a).
    """
    distance = max(decay / 2.0, math.sqrt(2.0 * math.pi / erlangs))
    return int(
        fft.next_fast_len(
            math.ceil(max(servers + _SPREAD * math.sqrt(servers) + 48.0, _DIGITS / distance)), real=True
        )
    )


def capacity_decay(servers: int, budget: float, log_miss: float, start: float) -> float:
    """Exact capacity as a decay rate: the least at which M/D/c keeps P(wait > budget) <= e^-log_miss.

    ``-ln P(W > d) / theta - c d`` hardly moves with theta, so one fixed-point step from the formula's `start`
    and a secant step or two in the exponent are enough: two or three evaluations. The answer errs upwards
    (towards less load) by 1e-8.
    """
    older = min(start, DECAY_MAX)
    older_exponent = _exponent(servers, older, budget)
    theta = min(older * log_miss / older_exponent, DECAY_MAX)
    step = theta - older
    while step and abs(step) > _ROUNDING * theta:
        exponent = _exponent(servers, theta, budget)
        step = (log_miss - exponent) * step / (exponent - older_exponent)
        older, older_exponent = theta, exponent
        theta = min(theta + step, DECAY_MAX)
        if abs(step) < _CLOSE * theta:
            break
        step = theta - older
    return theta * (1.0 + _SHADE)


def _exponent(servers: int, decay: float, budget: float) -> float:
    return -math.log(max(tail_probability(servers, decay, budget), 1e-300))
