"""Pools that serve requests in batches: how far theta goes, and how long a batch should wait to fill.

The group's queue is shared: a free server takes the oldest b requests, or what there is once the oldest has
waited for the batch timeout. At capacity a server comes by every ``S_b / c``, takes b, and a request may miss
``t = c (D - S_b) / S_b`` visits. With ``x = theta b`` the tail is

    -ln P(late) = x t + (g / b) x - ln((e^x - 1) / x)

``g`` the settled offset of b servers; the last term is the wait for the next visit, uniform over the time
between two. Below a budget of one service time greedy batching bunches: a nearly empty batch blocks its
server for a whole service time, and capacity is lost in a way no tail formula knows. No capacity is promised
there.
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


def batch_log_miss(places: ArrayLike, visits: ArrayLike, decay: ArrayLike) -> Array:
    """-ln P(late) at a decay rate > 0; `places` b > 0 may be fractional, `visits` t >= 1."""
    size = np.asarray(places, dtype=float)
    x = np.asarray(decay, dtype=float) * size
    next_visit = x + np.log(-np.expm1(-x)) - np.log(x)
    exponent: Array = x * (np.asarray(visits, dtype=float) + settled_offset(size) / size) - next_visit
    return exponent


def batch_decay(places: float, visits: Array, log_miss: float) -> Array:
    """Decay rate at which e^-log_miss of the requests are late, by bisection: the tail falls with theta."""
    low = np.full(visits.shape, np.log(_X_RANGE[0]))
    high = np.full(visits.shape, np.log(_X_RANGE[1]))
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        enough = batch_log_miss(places, visits, np.exp(middle) / places) > log_miss
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    decay: Array = np.exp(high) / places
    return decay


def batch_timeout_s(service: PoolService, deadline_s: float) -> float:
    """Longest wait of the first request of a batch before the batch starts unfilled, seconds.

    Half a service time, as far as the deadline leaves it: it fills batches at little latency, and without it
    (no wait at all) batches bunch near D = 2 S_b, where 6 % of the formula's rate was lost in simulation and
    none with it (tests.benchmarks.queueing_errors). 0 for a pool without batches.
    """
    if service.batch == 1:
        return 0.0
    return max(0.0, min(deadline_s - service.quantile_s, service.mean_s / 2.0))
