"""When spot pools are lost, and when their machines can be had: drawn at their rates, or read from availability traces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from planner.replay.supply import SpotPool, Supply

    Array = NDArray[np.float64]

NOTICE_S = 120.0  # EC2 gives two minutes' notice of an interruption (User Guide for Linux, Spot instance interruption notices)
SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class PoolHistory:
    """What happens to one spot pool.

    Parameters
    ----------
    notice_s
        Instants of the notices, rising; its machines are gone `NOTICE_S` later.
    down_s, up_s
        Spans in which none of its machines can be launched: they begin at `down_s` and end at `up_s`, rising; one in which
        the replay begins has begun at minus infinity.
    """

    notice_s: Array
    down_s: Array
    up_s: Array

    def offered(self, at_s: float) -> bool:
        """Whether a machine of the pool can be launched."""
        place = int(np.searchsorted(self.down_s, at_s, side="right")) - 1
        return place < 0 or at_s >= self.up_s[place]


@dataclass(frozen=True, eq=False)
class Interruptions:
    """Histories of all spot pools, by name; a pool without one is never lost."""

    pools: Mapping[str, PoolHistory]

    def offered(self, pool: str | None, at_s: float) -> bool:
        """Whether a machine of a spot pool can be launched; machines outside of them always can."""
        return pool is None or pool not in self.pools or self.pools[pool].offered(at_s)

    def instants_s(self) -> list[tuple[float, str | None]]:
        """All instants at which something changes, rising: a notice with its pool, an end of a span with None."""
        notices = [(float(t), name) for name, one in self.pools.items() for t in one.notice_s]
        ends = [(float(t), None) for one in self.pools.values() for t in one.up_s]
        return sorted([*notices, *ends], key=lambda event: (event[0], event[1] or ""))


NO_INTERRUPTIONS = Interruptions({})


def draw_interruptions(
    supply: Supply,
    duration_s: float,
    seed: int,
    availability: Mapping[str, AvailabilityTrace] | None = None,
    start: datetime | None = None,
) -> Interruptions:
    """Histories of the supply's spot pools, the same for every policy.

    Parameters
    ----------
    availability
        Trace by the name that a `SpotPool` gives. One that tells its instants is read at `start`, any other from a place
        drawn with the seed; both go round at their ends.
    start
        First instant of the replay.
    """
    return Interruptions(
        {
            pool.name: _read(availability[pool.availability], duration_s, seed, start)
            if pool.availability is not None and availability is not None
            else _drawn(pool, duration_s, seed)
            for pool in supply.spot_pools
        }
    )


def _drawn(pool: SpotPool, duration_s: float, seed: int) -> PoolHistory:
    """Losses of the whole pool at its rate, each pool with a stream of its own."""
    digest = hashlib.sha256(pool.name.encode()).digest()
    rng = np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
    count = rng.poisson(pool.losses_per_h * duration_s / SECONDS_PER_HOUR)
    nothing = np.zeros(0)
    return PoolHistory(np.sort(rng.uniform(0.0, duration_s, count)), nothing, nothing)


def _read(trace: AvailabilityTrace, duration_s: float, seed: int, start: datetime | None) -> PoolHistory:
    """Spans without machines; each begins with a notice, unless the replay begins in it."""
    size = len(trace.up)
    if trace.start is not None and start is not None:
        offset_s = (start - trace.start).total_seconds() % (size * trace.gap_s)
    else:  # zones of a region move together: one place for all traces of a seed
        offset_s = float(np.random.default_rng(seed).uniform(0.0, size)) * trace.gap_s
    first = int(offset_s // trace.gap_s)
    samples = int(np.ceil((offset_s % trace.gap_s + duration_s) / trace.gap_s))
    up = trace.up[np.arange(first, first + samples) % size]
    edge_s = np.arange(samples + 1) * trace.gap_s - offset_s % trace.gap_s
    change = np.diff(np.concatenate([[True], up, [True]]).astype(np.int8))
    down_s = edge_s[change == -1]
    began_s = np.where(down_s <= 0.0, -np.inf, down_s)
    return PoolHistory(down_s[down_s > 0.0], began_s, edge_s[change == 1])
