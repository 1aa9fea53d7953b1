"""Points of a grid of buffers that keep a tier at every rate they are looked at, with or without functions kept ready."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.tiers import PERCENTILE_SLACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from planner.functions.buffers import Buffers
    from planner.tiers import Tier

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]
    IntArray = NDArray[np.int64]

READY_CHOICES = 24  # sizes of provisioned concurrency tried a range: every one up to 24, beyond that so many at equal ratios
READY_SPREAD = (
    4.0  # standard deviations of the calls running at once: beyond, fewer than one call in 10,000 spills
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Points ``[c]`` that keep a tier.

    Parameters
    ----------
    point
        ``[c, 4]`` index of the memory size, of the batch size and of the timeout, and functions kept ready.
    usd_per_request, concurrency_s
        The largest over the rates looked at.
    usd_per_h
        Of what is kept ready.
    """

    point: IntArray
    usd_per_request: Array
    concurrency_s: Array
    usd_per_h: Array

    def by_price(self, rate_rps: float) -> IntArray:
        """``[c]`` the candidates from the cheapest on, at a rate."""
        usd_per_h = 3600 * rate_rps * self.usd_per_request + self.usd_per_h
        return np.argsort(usd_per_h, kind="stable")

    def holding_less(self, concurrency_s: float) -> Candidates:
        """Those that hold a request for less than so many function-seconds."""
        kept = self.concurrency_s < concurrency_s
        return Candidates(
            self.point[kept], self.usd_per_request[kept], self.concurrency_s[kept], self.usd_per_h[kept]
        )


def idle_candidates(rated: Sequence[Buffers], tier: Tier, offered: BoolArray) -> Candidates:
    """Points of which nothing is kept ready.

    Parameters
    ----------
    rated
        The same buffers at every rate to look at.
    offered
        ``[m, b, u]`` points that are choices at all.
    """
    fits, usd, held = offered.copy(), np.zeros(offered.shape), np.zeros(offered.shape)
    for buffers in rated:
        cold = buffers.idle_cold_share
        fits &= buffers.in_time(cold, tier.deadline_s) >= tier.percentile - PERCENTILE_SLACK
        usd = np.maximum(usd, buffers.usd_per_request(cold))
        held = np.maximum(held, buffers.concurrency_s(cold))
    point = np.argwhere(fits)
    nothing = np.zeros((len(point), 1), dtype=int)
    return Candidates(np.hstack([point, nothing]), usd[fits], held[fits], np.zeros(len(point)))


def ready_candidates(
    rated: Sequence[Buffers],
    tier: Tier,
    offered: BoolArray,
    usd_per_gb_s: float,
    ready_usd_per_h: Array,
    most: int,
) -> Candidates:
    """Points with every number of functions kept ready at which few enough calls spill.

    Parameters
    ----------
    usd_per_gb_s
        Price of a GB-second that calls run on what is kept ready.
    ready_usd_per_h
        ``[m]`` USD per hour of keeping one function ready.
    most
        Most functions of the account at once.
    """
    on_ready = [buffers.usd_on_ready(usd_per_gb_s) for buffers in rated]
    warm = np.min([buffers.shares_in_time(tier.deadline_s)[0] for buffers in rated], axis=0)
    able = offered & (warm >= tier.percentile - PERCENTILE_SLACK)
    running = max(
        (float((one.calls_per_s * one.call_s)[able].max(initial=0.0)) for one in rated), default=0.0
    )
    parts = [_none()]
    for count in _ready_counts(running, most):
        fits, usd, held = able.copy(), np.zeros(able.shape), np.zeros(able.shape)
        for buffers, usd_on_ready in zip(rated, on_ready, strict=True):
            cold = buffers.spilled_share(np.full(able.shape, count))
            fits &= buffers.in_time(cold, tier.deadline_s) >= tier.percentile - PERCENTILE_SLACK
            usd = np.maximum(usd, buffers.usd_per_request(cold, usd_on_ready))
            held = np.maximum(held, buffers.concurrency_s(cold))
        point = np.argwhere(fits)
        counts = np.full((len(point), 1), count)
        price = count * ready_usd_per_h[point[:, 0]]
        parts.append(Candidates(np.hstack([point, counts]), usd[fits], held[fits], price))
    return Candidates(
        point=np.concatenate([one.point for one in parts]),
        usd_per_request=np.concatenate([one.usd_per_request for one in parts]),
        concurrency_s=np.concatenate([one.concurrency_s for one in parts]),
        usd_per_h=np.concatenate([one.usd_per_h for one in parts]),
    )


def _ready_counts(running: float, most: int) -> list[int]:
    """Numbers of functions worth trying where so many calls run at once on average."""
    last = min(most, int(np.ceil(running + READY_SPREAD * np.sqrt(running))) + 1)
    if running <= 0 or last < 1:
        return []
    if last <= READY_CHOICES:
        return list(range(1, last + 1))
    return sorted({round(count) for count in np.geomspace(1, last, READY_CHOICES).tolist()})


def _none() -> Candidates:
    return Candidates(np.empty((0, 4), dtype=int), np.empty(0), np.empty(0), np.empty(0))
