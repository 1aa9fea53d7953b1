"""Bursty arrivals of known shape: Poisson arrivals whose rate switches between two states (MMPP(2)).

Where only the index of dispersion z is known, a pool is treated as one of ``c / z`` servers
(planner.queueing.capacity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.decay import DECAY_MAX
from planner.queueing.offset_table import offset
from planner.queueing.pool import log_miss_allowed, whole_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]

MMPP_ERROR_SHARE = (
    0.01  # overstatement of `mmpp_capacity_rps`: at most 0.6 %, tests.benchmarks.queueing_errors
)


@dataclass(frozen=True)
class SwitchingArrivals:
    """Shape of an MMPP(2): two rates as multiples of the mean, and how fast each state is left (1/s).

    Raises ValueError when a figure is out of range or the multiples do not average 1 over the states' shares
    of time.
    """

    high: float
    low: float
    leave_high_per_s: float
    leave_low_per_s: float

    def __post_init__(self) -> None:
        """Check the ranges once."""
        if not (
            self.high >= 1.0 >= self.low >= 0.0 and min(self.leave_high_per_s, self.leave_low_per_s) > 0.0
        ):
            raise ValueError(f"{self}: it must have high >= 1 >= low >= 0 and leave rates > 0")
        mean = self.high * self.high_share + self.low * (1.0 - self.high_share)
        if abs(mean - 1.0) > 1e-6:
            raise ValueError(f"{self}: the multiples average {mean:.6g} over time; they must average 1")

    @property
    def high_share(self) -> float:
        """Share of time in the high state."""
        return self.leave_low_per_s / (self.leave_high_per_s + self.leave_low_per_s)

    def dispersion_index(self, mean_rps: float, interval_s: float) -> float:
        """Variance over mean of the requests in t seconds: ``1 + 2 v lambda / s (1 - (1 - e^-st) / (st))``.

        ``v`` is the variance of the multiple and ``s`` the sum of the leave rates (Heffes and Lucantoni
        1986).
        """
        relax = self.leave_high_per_s + self.leave_low_per_s
        variance = (self.high - 1.0) * (1.0 - self.low)
        decayed = -math.expm1(-relax * interval_s) / (relax * interval_s)
        return 1.0 + 2.0 * variance * mean_rps / relax * (1.0 - decayed)


def mmpp_capacity_rps(
    service: PoolService, counts: ArrayLike, deadline_s: float, percentile: float, arrivals: SwitchingArrivals
) -> Array:
    """Capacity of an unbatched pool under MMPP(2) arrivals, requests/s per count, less `MMPP_ERROR_SHARE`.

    theta* as for Poisson arrivals; the rate is the one whose arrivals have the scaled cumulant ``c theta*``
    at theta*: with ``e = e^theta* - 1``, ``k = c theta*``, ``x = lambda S e`` and leave rates r per service
    time, the smaller root of

        h l x^2 - [h (r_lo + k) + l (r_hi + k)] x + (r_hi + k)(r_lo + k) - r_hi r_lo = 0

    Raises ValueError for a pool with batches (no such formula was measured), and as `capacity_rps` does.
    """
    if service.batch > 1:
        raise ValueError(
            "mmpp_capacity_rps holds for pools without batches; give batched pools a dispersion index"
        )
    machines = whole_counts(counts)
    log_miss = log_miss_allowed(percentile)
    budget = service.budget(deadline_s)
    rate = np.zeros(machines.shape)
    if not service.feasible(deadline_s) or not machines.any():
        return rate
    servers = machines[machines > 0] * service.replicas
    theta = np.minimum(log_miss / (servers * budget + offset(servers, budget, log_miss)), DECAY_MAX)
    leave_high = arrivals.leave_high_per_s * service.mean_s
    leave_low = arrivals.leave_low_per_s * service.mean_s
    cumulant = servers * theta
    square = arrivals.high * arrivals.low
    linear = arrivals.high * (leave_low + cumulant) + arrivals.low * (leave_high + cumulant)
    constant = cumulant * (leave_high + leave_low + cumulant)
    root = 2.0 * constant / (linear + np.sqrt(linear**2 - 4.0 * square * constant))
    rate[machines > 0] = root / np.expm1(theta) / service.mean_s * (1.0 - MMPP_ERROR_SHARE)
    return rate
