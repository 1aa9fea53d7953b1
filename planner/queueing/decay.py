"""Decay of the waiting-time tail of a pool with equal service times and Poisson arrivals.

A pool of ``c`` servers offered ``a`` Erlang waits longer than ``d`` service times with probability falling
like ``exp(-theta c d)``, where ``theta`` is the root other than 0 of ``rho (e^theta - 1) = theta`` and ``rho
= a / c``: the Lundberg equation of the walk "arrivals in one service time less c". Theta is positive below
full load, 0 at it, negative above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import lambertw

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

DECAY_MAX = 600.0  # e^600 is far from the overflow of a double; utilisation there is below 1e-257
_SERIES = 2e-3  # below this distance from full load the two branches of Lambert W meet and lose digits


def utilisation(decay: ArrayLike) -> Array:
    """Utilisation rho = theta / (e^theta - 1) of a decay rate; 1 at theta = 0."""
    theta = np.asarray(np.minimum(decay, DECAY_MAX), dtype=float)
    safe = np.where(theta == 0.0, 1.0, theta)
    return np.where(theta == 0.0, 1.0, safe / np.expm1(safe))


def decay_rate(load: ArrayLike) -> Array:
    """Decay rate theta of a utilisation > 0 (above 1 too, where it is negative), to about 14 digits.

    ``theta = -rho - W(-rho e^-rho)``, on branch -1 of Lambert's W below full load and on branch 0 above; a
    series near full load; then two Newton steps on ``ln((e^theta - 1) / theta) + ln rho = 0``, whose slope
    tends to 1/2 at theta = 0.
    """
    rho = np.asarray(load, dtype=float)
    gap = 1.0 - rho
    near = np.abs(gap) < _SERIES
    safe = np.where(near, 0.5, rho)
    argument = -safe * np.exp(-safe)
    branch = np.where(safe < 1.0, lambertw(argument, -1).real, lambertw(argument, 0).real)
    theta = np.where(near, gap * (2.0 + gap * (2.0 / 3.0 + gap * 4.0 / 9.0)), -safe - branch)
    for _ in range(2):
        flat = np.abs(theta) < 1e-3
        wide = np.where(flat, 1.0, theta)
        slope = np.where(flat, 0.5 + theta / 12.0, -1.0 / np.expm1(np.minimum(-wide, DECAY_MAX)) - 1.0 / wide)
        theta = theta - (np.log(rho) - np.log(utilisation(theta))) / slope
    return np.where(gap == 0.0, 0.0, theta)
