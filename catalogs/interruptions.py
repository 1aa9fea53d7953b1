"""How likely spot pools are lost within an exposure time, and how likely together.

A pool is a machine type in a zone: what is interrupted together counts as lost as one. With c the share of a
common shock and p_z the share of pool z's own loss within the exposure time of h hours:

- from a published band of b a month (upper end): p_z = 1 - (1 - b)^(h/730); the pool is lost by the shock or on
  its own, independently of each other: r_z = 1 - (1 - c)(1 - p_z);
- from an availability trace: r_z = share of the instants at which a machine could be had that were followed by
  an instant without one within h, all instants counted; at least c. Its standard error is that of a ratio over
  `BLOCKS` equal stretches of the trace (Cochran, Sampling Techniques, 3rd ed., section 6.4), since instants
  close to one another tell the same story.

Losses L_z are 0 or 1, so Var L_z = r_z (1 - r_z). Two pools with traces over common instants have the
correlation of their losses after instants at which both were up; all other pairs share the shock alone, which
gives exactly cov(L_z, L_w) = c/(1 - c) (1 - r_z)(1 - r_w). Worked: c = .01, p = .05 and .10 give r = .0595 and
.109, and cov = .01/.99 x .9405 x .891 = .00846.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.inputs import near, raise_collected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from catalogs.machines import SpotOffer

    Array = NDArray[np.float64]
    BoolArray = NDArray[np.bool_]

MONTH_H = 730  # 8,760 h a year / 12: the month that the bands are counted over
BLOCKS = 20  # stretches for the standard error: 2.3 days each in a trace of 45 days, longer than its swings


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
class LossEstimate:
    """Share of a pool's losses as an availability trace shows it.

    Parameters
    ----------
    loss_share
        Share of the starts that were followed by a loss within the exposure time.
    standard_error_share
        Its standard error, by blocks.
    starts
        Instants at which a machine could be had and whose exposure time the trace covers.
    """

    loss_share: float
    standard_error_share: float
    starts: int


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
        ``[z, z]`` of the losses (0 or 1): symmetric, positive semidefinite, r (1 - r) on its diagonal.
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


def band_loss_share(offer: SpotOffer, exposure_h: float) -> float:
    """Probability that a machine is interrupted within hours, from its monthly band: 1 - (1 - b)^(h/730)."""
    raise NotImplementedError


def estimate_loss(trace: AvailabilityTrace, exposure_h: float) -> LossEstimate:
    """Share of a trace's starts that were followed by a loss within hours, and its standard error by blocks."""
    raise NotImplementedError


def estimate_correlation(
    first: AvailabilityTrace, second: AvailabilityTrace, exposure_h: float
) -> float | None:
    """Correlation of the losses of two traces over the instants at which both were up; None without such instants."""
    raise NotImplementedError


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
        Zone, instance type or type/zone -> trace; of several that fit a pool, type/zone counts before the type and
        the type before the zone. A pool without a trace takes its type's band.
    exposure_h
        Hours within which losses fall together, > 0.
    common_shock_share
        Probability c that all pools are lost together within that time, 0 <= c < 1.

    Raises
    ------
    CatalogError
        For a pool with neither a trace nor a band, a trace too short for the exposure time, and numbers out of
        their ranges; all at once.
    """
    raise NotImplementedError
