"""Late share of M/D/c by Crommelin's zeros: the checker's own way, apart from the planner's.

Time unit: one service time. The number waiting, seen once a service time, has the generating function

    Q(z) = (c - a) (z - 1) / (z^c - e^{a(z - 1)}) * prod_{k=1}^{c-1} (z - z_k) / (1 - z_k)

where z_k are the zeros of ``z^c = e^{a(z - 1)}`` inside the unit circle (Crommelin 1932), each in closed form
by Lambert's W. A request waits longer than d, with ``m = floor(d) + 1`` and ``u = m - d``, when ``Q + Pois(a
u) >= m c``.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import lambertw

ROOM = 34.0  # ln of the accuracy asked: what lies beyond the points wraps round by e^-34
CHUNK = 64  # zeros multiplied at a time, to keep the table of factors small


def late_share(servers: int, erlangs: float, budget: float) -> float:
    """P(wait > `budget`) at `erlangs` offered to `servers`; 1 where they cannot keep up or the budget is negative."""
    if erlangs >= servers or budget < -1e-12:
        return 1.0
    if erlangs <= 0.0:
        return 0.0
    whole = math.floor(budget + 1e-12) + 1
    need = whole * servers
    points = 1 << math.ceil(math.log2(max(need + ROOM / _decay(erlangs / servers), 12.0 * servers, 256.0)))
    # half a step off the real axis: z = 1, where numerator and denominator vanish, is not among the points
    z = np.exp(2j * np.pi * (np.arange(points) + 0.5) / points)
    unit = np.exp(2j * np.pi * np.arange(1, servers) / servers)
    zeros = -servers / erlangs * lambertw(-erlangs / servers * unit * math.exp(-erlangs / servers))
    log_waiting = np.log((servers - erlangs) * (z - 1.0) / (z**servers - np.exp(erlangs * (z - 1.0))))
    for start in range(0, servers - 1, CHUNK):
        part = zeros[start : start + CHUNK]
        log_waiting = log_waiting + np.log((z[:, None] - part) / (1.0 - part)).sum(axis=1)
    values = np.exp(log_waiting + (whole - budget) * erlangs * (z - 1.0))
    index = np.arange(need)
    weights = np.real(np.fft.fft(values)[:need] * np.exp(-1j * np.pi * index / points)) / points
    return max(0.0, 1.0 - float(weights.sum()))


def _decay(rho: float) -> float:
    """Root theta > 0 of ``rho (e^theta - 1) = theta``: the number waiting falls off like e^-theta."""
    return float(-rho - lambertw(-rho * math.exp(-rho), -1).real)
