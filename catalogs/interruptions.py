"""How likely spot pools are lost within an exposure time, and how likely together.

A pool is a machine type in a zone; what is interrupted together counts as lost as one. With c the share of a
common shock within the exposure time of h hours, the loss share r_z of pool z is

- from a published band: own losses have the share p_z = 1 - (1 - b)^(h/730), b the band's share a month; the pool
  is lost by the shock or by an own loss, independent of each other: r_z = 1 - (1 - c)(1 - p_z);
- from an availability trace: as estimated (`catalogs.loss_estimates`), and c at least.

The correlation of two pools whose traces have starts in common is estimated from them, and pools of one trace are
lost together. All other pairs share the shock alone (`catalogs.loss_covariance`).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from catalogs.inputs import raise_collected
from catalogs.loss_covariance import loss_covariance
from catalogs.loss_estimates import LossEstimate, estimate_correlation, estimate_loss, trace_problems
from catalogs.loss_notes import PoolLoss, convention_notes, shrinking_notes, trace_notes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from catalogs.machines import SpotOffer

    Array = NDArray[np.float64]

MONTH_H = 730  # 8,760 h a year / 12: the month that the bands are counted over


@dataclass(frozen=True, order=True)
class SpotPool:
    """Spot machines that are interrupted together.

    Parameters
    ----------
    instance_type
        Machine type, such as `p3.2xlarge`.
    zone
        Its zone; None where the provider chooses.
    """

    instance_type: str
    zone: str | None = None

    @property
    def name(self) -> str:
        """`type/zone`, or the type alone."""
        return self.instance_type if self.zone is None else f"{self.instance_type}/{self.zone}"


@dataclass(frozen=True)
class SpotLosses:
    """Losses of spot pools within one exposure time.

    Parameters
    ----------
    pools
        The pools, in the order asked for.
    loss_share
        ``[z]`` probability that the pool is lost.
    covariance
        ``[z, z]`` of the losses (0 or 1): symmetric, positive semidefinite, nowhere below 0, r (1 - r) on its diagonal.
    sources
        ``[z]`` where each share comes from, in words.
    notes
        Conventions that were applied.
    """

    pools: tuple[SpotPool, ...]
    loss_share: Array
    covariance: Array
    sources: tuple[str, ...]
    notes: tuple[str, ...]


def losses_of(
    pools: Sequence[SpotPool],
    offers: Mapping[str, SpotOffer],
    availability: Mapping[str, AvailabilityTrace],
    exposure_h: float,
    common_shock_share: float,
) -> SpotLosses:
    """Loss shares and their covariance for a list of pools.

    Parameters
    ----------
    pools
        Each once.
    offers
        Instance type -> published saving and band.
    availability
        Zone, instance type or type/zone -> trace; of several that fit a pool, type/zone counts before the type
        and the type before the zone. A pool without a trace takes its type's band.
    exposure_h
        Hours within which losses fall together, > 0.
    common_shock_share
        Probability that all pools are lost together within that time, at least 0 and below 1.

    Raises
    ------
    CatalogError
        For a pool with neither a trace nor a band, a trace too short for the exposure time, and numbers out of
        their ranges.
    """
    raise_collected(_argument_problems(pools, exposure_h, common_shock_share))
    keys = {pool: _trace_key(pool, availability) for pool in pools}
    used = {key: availability[key] for key in keys.values() if key is not None}
    problems = [problem for trace in used.values() for problem in trace_problems(trace, exposure_h)]
    problems += [
        f"{pool.name}: nothing tells how often it is interrupted, neither a band nor a trace. Add a spot file "
        "or a trace of its type or zone, or leave the type out."
        for pool, key in keys.items()
        if key is None and pool.instance_type not in offers
    ]
    raise_collected(problems)
    estimates = {key: estimate_loss(trace, exposure_h) for key, trace in used.items()}
    losses = [
        _banded(pool, offers[pool.instance_type], exposure_h, common_shock_share)
        if key is None
        else _traced(pool, key, used[key], estimates[key], exposure_h, common_shock_share)
        for pool, key in keys.items()
    ]
    correlations = _correlations(used, exposure_h)
    loss_share = np.array([loss.loss_share for loss in losses], dtype=float)
    names = list(used)
    traced = np.array([key is not None for key in keys.values()], dtype=bool)
    of_trace = [names.index(key) for key in keys.values() if key is not None]
    covariance, least = loss_covariance(
        loss_share, traced, correlations[np.ix_(of_trace, of_trace)], common_shock_share
    )
    notes = [
        *convention_notes(losses, common_shock_share),
        *trace_notes(losses, availability, *_told_apart(used, correlations)),
        *shrinking_notes(least),
    ]
    return SpotLosses(
        tuple(keys), loss_share, covariance, tuple(loss.source for loss in losses), tuple(notes)
    )


def band_loss_share(offer: SpotOffer, exposure_h: float) -> float:
    """Probability that a machine is interrupted within hours, from its monthly band: 1 - (1 - b)^(h/730)."""
    return 1 - math.pow(1 - offer.monthly_loss_share, exposure_h / MONTH_H)


def _argument_problems(pools: Sequence[SpotPool], exposure_h: float, common_shock_share: float) -> list[str]:
    problems = [
        f"{pool.name}: stands {count} times among the pools; keep one."
        for pool, count in Counter(pools).items()
        if count > 1
    ]
    if not (math.isfinite(exposure_h) and exposure_h > 0):
        problems.append(f"exposure_h is {exposure_h:g}; it must be a finite number > 0.")
    if not 0 <= common_shock_share < 1:
        problems.append(f"common_shock_share is {common_shock_share:g}; it must be >= 0 and < 1.")
    return problems


def _trace_key(pool: SpotPool, availability: Mapping[str, AvailabilityTrace]) -> str | None:
    names = (pool.name, pool.instance_type, pool.zone)
    return next((name for name in names if name is not None and name in availability), None)


def _banded(pool: SpotPool, offer: SpotOffer, exposure_h: float, shock: float) -> PoolLoss:
    loss_share = 1 - (1 - shock) * (1 - band_loss_share(offer, exposure_h))
    low, high = offer.interruption_low_share, offer.interruption_high_share
    band = f"over {low:.0%}" if high >= 1 else f"{low:.0%} to {high:.0%}"
    return PoolLoss(pool, loss_share, f"{band} interrupted a month ({offer.source})", None, None, offer)


def _traced(
    pool: SpotPool,
    key: str,
    trace: AvailabilityTrace,
    estimate: LossEstimate,
    exposure_h: float,
    shock: float,
) -> PoolLoss:
    source = (
        f"{trace.source}: up {trace.up_share:.1%} of the time; of {estimate.starts} starts "
        f"{estimate.loss_share:.2%} were followed by a loss within {exposure_h:.3g} h "
        f"(standard error {estimate.standard_error_share:.2%})"
    )
    return PoolLoss(pool, max(estimate.loss_share, shock), source, key, estimate, None)


def _correlations(used: Mapping[str, AvailabilityTrace], exposure_h: float) -> Array:
    """``[a, b]`` correlation of the losses of two traces, NaN where they tell none."""
    found = np.eye(len(used))
    for (a, first), (b, second) in combinations(enumerate(used.values()), 2):
        value = estimate_correlation(first, second, exposure_h)
        found[a, b] = found[b, a] = math.nan if value is None else value
    return found


def _told_apart(names: Iterable[str], correlations: Array) -> tuple[list[str], list[str]]:
    """Pairs of traces that tell no correlation, and those whose losses seem to offset each other."""
    pairs = [
        (f"{a} and {b}", value)
        for (a, b), value in zip(
            combinations(names, 2), correlations[np.triu_indices(len(correlations), 1)], strict=True
        )
    ]
    return [pair for pair, value in pairs if math.isnan(value)], [pair for pair, value in pairs if value < 0]
