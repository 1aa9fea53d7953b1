"""Capacity tables of groups, computed once, as far as asked for, and shared by groups of equal service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import capacity_rps, smallest_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.queueing import PoolService
    from planner.tiers import Tier

    Array = NDArray[np.float64]


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
        found = smallest_count(service, rate_rps, tier.deadline_s, tier.percentile, self.count_cap)
        return self.count_cap if found is None else max(found, 1)
