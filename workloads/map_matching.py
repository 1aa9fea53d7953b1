"""The MAP(2) with given moments and correlation decay of its gaps, in canonical form; where there is none, the nearest.

Bodrog, Heindl, Horvath and Telek, A Markovian canonical form of second-order matrix-exponential processes, EJOR 190 (2008): every
MAP(2) is equivalent to one with

    d0 = [-l1  (1-a) l1]     d1 = [a l1      0    ]  for gamma >= 0     d1 = [0      a l1    ]  for gamma < 0
         [ 0      -l2  ]          [(1-b) l2  b l2 ]                          [b l2  (1-b) l2 ]

l1 <= l2, a and b shares, gamma = a b or -a b. With the mean gap as the unit of time and r_i = E[X^i] / i!, the mean phases
t1 = 1/l1 >= t2 = 1/l2 are the roots of z^2 - (q + r_2) z + q, where q = (r_3 - r_2^2) / (r_2 - 1). With p = (1 - t2) / t1 and
s = t2 / t1, the mean gap being 1 leaves

    gamma >= 0   b and a s are the roots of y^2 - (1 + s gamma - p (1 - gamma)) y + s gamma
    gamma < 0    b = p (1 - gamma) - s gamma,  a = -gamma / b

The bounds below are those of two phases in series with a detour (Telek and Heindl, Matching moments for acyclic discrete and
continuous phase-type distributions of second order, 2002), and those that keep a and b shares.
"""

from __future__ import annotations

import math

import numpy as np

from workloads.arrival_process import ArrivalProcess
from workloads.rate_moments import poisson

SHORTEST = 1e-3  # of the mean gap: the shorter phase; at 0 requests would arrive together
LEAST_CV2 = 0.5  # of two phases: Aldous and Shepp, The least variable phase type distribution is Erlang, 1987
GAMMA_MOST = 1.0 - 1e-6  # at 1 the phases would never change
WORTH_SAYING = 0.01  # relative change of the skewness below which a sample cannot tell
UNCORRELATED = 1e-12  # gamma up to which it is rounding: a and b are then 0/0 for two phases in series
EXPONENTIAL = 1e-6  # |r_2 - 1| up to which gaps count as exponential: nothing then holds a correlation


def nearest_phases(squared_cv: float, skewness: float) -> tuple[tuple[float, float] | None, list[str]]:
    """Mean phases (t1, t2) in units of the mean gap, and what had to be changed: first the variance, then the third moment.

    Parameters
    ----------
    squared_cv, skewness
        Of the gaps.

    Returns
    -------
    The phases, None for exponential gaps, and one line for each figure that no MAP(2) has.
    """
    changes = []
    cv2 = max(squared_cv, LEAST_CV2)
    if cv2 > squared_cv:
        changes.append(
            f"squared cv of the gaps is {squared_cv:.3g}; two phases have {LEAST_CV2:g} or more, which was taken"
        )
    excess = 0.5 * (cv2 - 1.0)
    if abs(excess) <= EXPONENTIAL:
        return None, changes
    second = 1.0 + excess
    product = ((1.0 + 3.0 * cv2 + skewness * cv2**1.5) / 6.0 - second**2) / excess
    if excess > 0:
        least, most = SHORTEST * (second - SHORTEST) / (1.0 - SHORTEST), math.inf
    else:
        least, most = -excess, (1.0 - math.sqrt(-excess)) ** 2
    taken = min(max(product, least), most)
    if taken != product:
        nearest = (6.0 * (taken * excess + second**2) - 3.0 * cv2 - 1.0) / cv2**1.5
        if abs(nearest - skewness) > WORTH_SAYING * abs(skewness):
            changes.append(
                f"skewness of the gaps is {skewness:.3g}; the nearest that two phases have with this variance is {nearest:.3g}"
            )
    total = taken + second
    root = math.sqrt(max(0.0, total**2 - 4.0 * taken))
    longer = 0.5 * (total + root)
    return (longer, taken / longer), changes


def gamma_bounds(phases: tuple[float, float]) -> tuple[float, float]:
    """Least and largest decay of the gaps' correlation that a MAP(2) with these mean phases has."""
    longer, shorter = phases
    p, s = (1.0 - shorter) / longer, shorter / longer
    low = -(1.0 - p) / (p + s)
    if p + s < 1.0:
        low = max(low, -p / (1.0 - p - s))
    high = GAMMA_MOST
    if longer < 1.0:
        high = min(high, ((math.sqrt(s) - math.sqrt(max(0.0, p * (p + s - 1.0)))) / (p + s)) ** 2)
    return max(low, -1.0), high


def canonical_map(mean_s: float, phases: tuple[float, float] | None, gamma: float) -> ArrivalProcess:
    """The MAP(2) with these mean phases, of gaps of this mean, and this decay, which must keep `gamma_bounds`."""
    if phases is None:
        return poisson(1.0 / mean_s)
    longer, shorter = phases
    p, s = (1.0 - shorter) / longer, shorter / longer
    fast, slow = 1.0 / shorter, 1.0 / longer
    if gamma >= 0:
        half = 0.5 * (1.0 + s * gamma - p * (1.0 - gamma))
        b = min(1.0, max(0.0, half + math.sqrt(max(0.0, half**2 - s * gamma))))
        a = min(1.0, gamma / b) if gamma > UNCORRELATED else 0.0
        d1 = np.array([[a * slow, 0.0], [(1.0 - b) * fast, b * fast]])
    else:
        b = min(1.0, p * (1.0 - gamma) - s * gamma)
        a = min(1.0, -gamma / b)
        d1 = np.array([[0.0, a * slow], [b * fast, (1.0 - b) * fast]])
    d0 = np.array([[-slow, (1.0 - a) * slow], [0.0, -fast]])
    return ArrivalProcess(d0 / mean_s, d1 / mean_s)
