"""Capacity tables of groups, computed once, as far as asked for, and shared by groups of equal service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import capacity_rps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.queueing import PoolService
    from planner.tiers import Tier

    Array = NDArray[np.float64]

COUNT_CAP = 2000  # machines of one group: the largest queue tabulated (an exact table takes 0.4 s)
LEAST_SIZES = (
    16  # sizes tabulated at once at least: a call of the closed forms takes as long for one size as for these
)
GROWTH = 1.25  # over the sizes a load needs at full utilisation: most groups need no more, and none is tabulated much too far


class CapacityTables:
    """Tables of `planner.queueing.capacity_rps` by service and tier, for the length of one enumeration."""

    def __init__(self, count_cap: int) -> None:
        self.count_cap = count_cap
        self._tables: dict[tuple[PoolService, Tier], Array] = {}

    def up_to(self, service: PoolService, tier: Tier, count: int) -> Array:
        """``[n]`` requests/s of n = 0..count machines; what is there already is not computed again."""
        table = self._tables.get((service, tier), np.zeros(1))
        if len(table) <= count:
            missing = np.arange(len(table), count + 1)
            table = np.concatenate([table, capacity_rps(service, missing, tier.deadline_s, tier.percentile)])
            self._tables[service, tier] = table
        return table[: count + 1]

    def least_count(self, service: PoolService, tier: Tier, rate_rps: float) -> int:
        """Least number of machines that carries a rate, at least 1; the cap where not even that many do."""
        size = math.ceil(rate_rps * service.mean_s / (service.batch * service.replicas))
        while True:
            size = min(max(math.ceil(GROWTH * size), LEAST_SIZES), self.count_cap)
            table = self.up_to(service, tier, size)
            if table[-1] >= rate_rps or size == self.count_cap:
                return min(max(int(np.searchsorted(table, rate_rps)), 1), self.count_cap)

    def capped(self, service: PoolService, tier: Tier, reach_rps: float, most_rps: float) -> Array:
        """``[n]`` requests/s up to the least n that carries a rate, where no machine may add more than `most_rps`."""
        count = max(
            self.least_count(service, tier, reach_rps), math.ceil(min(reach_rps / most_rps, self.count_cap))
        )
        return np.asarray(np.minimum(self.up_to(service, tier, count), most_rps * np.arange(count + 1)))
