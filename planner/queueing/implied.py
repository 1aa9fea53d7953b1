"""Service times behind published capacities: those of a machine that just keeps its tier at the rate found for it."""

from __future__ import annotations

import math

from planner.queueing.capacity import capacity_rps
from planner.queueing.pool import PoolService

IMPLIED_STEPS = 40  # halvings: the last is below a billionth of the deadline


def implied_service_s(rate_rps: float, deadline_s: float, percentile: float) -> float:
    """Service time of a machine that, alone and with one request a call, just keeps a tier at its published rate.

    The published rate is taken as the M/D/1 capacity of `capacity_rps`; without a deadline the machine is busy all the time
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
