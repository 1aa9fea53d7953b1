"""How long a call lasts: the inverse of its distribution function on an even grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import PoolService, capacity_rps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

IMPLIED_STEPS = 40  # halvings: the last is below a billionth of the deadline
GRID = 1024  # steps of the grid: its error is a thousandth of the calls at the most


@dataclass(frozen=True, eq=False)
class ServiceLaw:
    """Distribution of the time of one call.

    Parameters
    ----------
    quantile_s
        ``[GRID + 1]`` seconds at the shares 0, 1/GRID, ..., 1, linear between them, nowhere falling.
    foreseen_s
        What the dispatcher expects of a call when it asks whether a request would be late: its tier's quantile.
    """

    quantile_s: Array
    foreseen_s: float


def law_of(mean_s: float, quantiles_s: Sequence[tuple[float, float]], foreseen_s: float) -> ServiceLaw:
    """Law through known quantiles that keeps the mean: linear between them.

    The least time is what the mean asks for; where even the least of all, or the greatest, cannot meet it, the longest time of
    all is stretched beyond the highest quantile. Without quantiles every call lasts the mean.

    Parameters
    ----------
    quantiles_s
        (share, seconds), shares rising inside (0, 1], seconds not falling; at 1 stands the longest time of all.
    """
    if not quantiles_s:
        return ServiceLaw(np.full(GRID + 1, mean_s), foreseen_s)
    inner = [(at, value) for at, value in quantiles_s if at < 1]
    share = np.array([0.0, *(at for at, _ in inner), 1.0])
    time_s = np.array([0.0, *(value for _, value in inner), quantiles_s[-1][1]])
    width = np.diff(share)
    rest_s = float(np.sum(width[1:] * (time_s[1:-1] + time_s[2:]) / 2))
    least_s = 2 * (mean_s - rest_s) / width[0] - time_s[1]
    time_s[0] = min(max(least_s, 0.0), time_s[1])
    missing_s = mean_s - rest_s - width[0] * (time_s[0] + time_s[1]) / 2
    time_s[-1] += max(2 * missing_s / width[-1], 0.0)
    return ServiceLaw(np.interp(np.linspace(0.0, 1.0, GRID + 1), share, time_s), foreseen_s)


def implied_service_s(rate_rps: float, deadline_s: float, percentile: float) -> float:
    """Service time of a machine that, alone and with one request a call, just keeps a tier at its published rate.

    The published rate is taken as the M/D/1 capacity of `planner.queueing`; without a deadline the machine is busy all the time
    at that rate. More machines behind one queue carry more than so many times the rate, as real ones do.
    """
    if math.isinf(deadline_s) or percentile <= 0:
        return 1.0 / rate_rps
    low_s, high_s = 0.0, min(deadline_s, 1.0 / rate_rps)
    for _ in range(IMPLIED_STEPS):
        middle_s = (low_s + high_s) / 2
        carried_rps = float(capacity_rps(PoolService(middle_s, middle_s), [1], deadline_s, percentile)[0])
        low_s, high_s = (middle_s, high_s) if carried_rps >= rate_rps else (low_s, middle_s)
    return low_s
