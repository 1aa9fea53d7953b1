"""Tiers: the (deadline, percentile) pairs that groups are sized for (FORMULATION section 1).

A group of tier (D, p) answers a share p of its requests within D. It may serve a class that asks (D_k, p_k)
when D <= D_k and p >= p_k, whatever its load. A tier is a pair and not a number: a group sized for (200 ms,
90 %) with a service time of 100 ms misses 400 ms for 0.41 % of its requests, too many for a class that asks
400 ms at 99.9 % (EVIDENCE section 1). Two such incomparable tiers are both served by their meet, (200 ms,
99.9 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


PERCENTILE_SLACK = 1e-9  # two percentiles closer than this are one: far below one request in any window


@dataclass(frozen=True, order=True)
class Tier:
    """A share `percentile` of the requests is answered within `deadline_ms`."""

    deadline_ms: float
    percentile: float

    @property
    def label(self) -> str:
        """Short readable name, ``d200p98`` for 98 % within 200 ms; ``untimed`` where no deadline is kept or asked for."""
        if math.isinf(self.deadline_ms):
            return "untimed"
        return f"d{self.deadline_ms:.12g}p{100 * self.percentile:.12g}"

    @property
    def deadline_s(self) -> float:
        """The deadline in seconds."""
        return self.deadline_ms / 1000

    def covers(self, other: Tier) -> bool:
        """Whether whoever keeps this tier keeps the other one too, at any load."""
        return self.deadline_ms <= other.deadline_ms and self.percentile >= other.percentile

    def meet(self, other: Tier) -> Tier:
        """The least strict tier that covers both."""
        return Tier(min(self.deadline_ms, other.deadline_ms), max(self.percentile, other.percentile))


def tiers_with_meets(asked: Iterable[Tier]) -> tuple[Tier, ...]:
    """Return the distinct tiers asked for and the meets of incomparable pairs, in ascending order.

    The meet of three or more tiers takes its deadline from one of them and its percentile from another, so
    the meets of pairs are all there are.
    """
    distinct = set(asked)
    meets = {one.meet(other) for one, other in combinations(sorted(distinct), 2)}
    return tuple(sorted(distinct | meets))


def keeps_tier_by_table(own_rps: Array, asked_rps: Array, count_max: int) -> bool:
    """Whether a group sized by its own table keeps another tier too, though its own does not cover that one.

    Parameters
    ----------
    own_rps, asked_rps
        ``[n]`` requests/s of n = 0, 1, ... machines of the group within its own tier, and within the tier
        asked for.
    count_max
        Largest number of machines that may count towards the group's capacity.

    Returns
    -------
    bool
        True where at every size the group's own limit is within the other tier's limit: then at its capacity
        it answers the share asked for within the deadline asked for (FORMULATION section 1, the
        capacity-table rule).
    """
    return bool((asked_rps[: count_max + 1] >= own_rps[: count_max + 1]).all())
