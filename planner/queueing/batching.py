"""Pools that serve requests in batches: how far theta goes, and how long a batch should wait to fill.

Every free server takes up to b waiting requests at once. In units of the time between two such visits a pool
of c servers has ``B = c b`` places and the visit after next comes ``t = (D - S_b) / S_b`` service times
later. With ``x = theta B`` the tail is

    -ln P(late) = x t + (g / B) x - ln((e^x - 1) / x)

``g`` the settled offset of B servers: the last term is the wait for the next visit, uniform over one service
time. Below ``t = 1`` greedy batching bunches (a nearly empty batch blocks the server for a whole service
time), so no capacity is promised there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.offset_table import settled_offset

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]

_X_RANGE = (
    1e-6,
    1e3,
)  # x = theta B: below, the utilisation is 1 to six digits; above, it is under e^-(1000 / B)
_STEPS = 60  # halvings of ln x over that range: down to rounding


def batch_log_miss(places: ArrayLike, budget: ArrayLike, decay: ArrayLike) -> Array:
    """-ln P(late) at a decay rate > 0; `places` B > 0 may be fractional, `budget` t >= 1."""
    size = np.asarray(places, dtype=float)
    x = np.asarray(decay, dtype=float) * size
    wait = x + np.log(-np.expm1(-x)) - np.log(x)
    exponent: Array = x * (np.asarray(budget, dtype=float) + settled_offset(size) / size) - wait
    return exponent


def batch_decay(places: ArrayLike, budget: float, log_miss: float) -> Array:
    """Decay rate at which e^-log_miss of the requests are late, by bisection: the tail falls with theta."""
    size = np.asarray(places, dtype=float)
    low = np.full(size.shape, np.log(_X_RANGE[0]))
    high = np.full(size.shape, np.log(_X_RANGE[1]))
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        enough = batch_log_miss(size, budget, np.exp(middle) / size) > log_miss
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    decay: Array = np.exp(high) / size
    return decay


def batch_timeout_s(service: PoolService, deadline_s: float) -> float:
    """Longest wait of the first request of a batch before the batch starts unfilled, seconds.

    ``max(0, min(D - 2 S_b, S_b / 2))``: half a service time fills batches at little latency; with it a
    request that arrives just after a batch has started still meets the deadline. At capacity batches are full
    and the choice hardly matters (at most 3 % of capacity, EVIDENCE). 0 for a pool without batches.
    """
    if service.batch == 1:
        return 0.0
    return max(0.0, min(deadline_s - service.quantile_s - service.mean_s, service.mean_s / 2.0))
