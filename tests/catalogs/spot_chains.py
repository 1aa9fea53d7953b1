"""Simulated availability of known law: two-state chains, with and without a shock in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.availability import AvailabilityTrace

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

GAP_S = 300.0


def trace_of(up: NDArray[np.bool_], start: datetime | None = None, name: str = "chain") -> AvailabilityTrace:
    return AvailabilityTrace(up, GAP_S, start, name)


def chains(
    samples: int, own_share: float, shock_share: float, back_share: float, seed: int, zones: int = 2
) -> list[AvailabilityTrace]:
    """Zones that go down by a common shock or on their own, each gap anew, and come back on their own.

    A zone that is up is down at the next sample with probability 1 - (1 - shock)(1 - own).
    """
    random = np.random.default_rng(seed)
    shocks = random.random(samples) < shock_share
    falls = (random.random((zones, samples)) < own_share) | shocks
    rises = random.random((zones, samples)) < back_share
    up = np.ones((zones, samples), dtype=bool)
    for n in range(1, samples):
        up[:, n] = np.where(up[:, n - 1], ~falls[:, n], rises[:, n])
    return [trace_of(row, name=f"chain {z}") for z, row in enumerate(up)]
