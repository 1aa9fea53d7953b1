"""Machines that can be rented: shape, price, spot offer, and why some of them were set aside.

Shapes and prices are facts of different age and origin; they are read from different tables and joined in
`catalogs.prices`. Prices are USD per machine-hour of one region; memory is MiB; shares are fractions of 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.inputs import raise_collected

if TYPE_CHECKING:
    from datetime import date

CATEGORIES = ("general", "compute", "memory", "burstable", "gpu", "inferentia", "trainium", "other")
ARCHITECTURES = ("x86_64", "arm64")
OPEN_BAND_WIDTH_SHARE = (
    0.05  # the top band, "over 20 %" a month, has no upper end: taken as wide as the others
)


def _price_problems(name: str, price_usd_per_h: float, currency: str) -> list[str]:
    problems = []
    if not (math.isfinite(price_usd_per_h) and price_usd_per_h > 0):
        problems.append(f"{name}: price_usd_per_h is {price_usd_per_h}; it must be a finite number > 0.")
    if currency != "USD":
        problems.append(f"{name}: currency is {currency!r}; only USD is planned with. Convert the price.")
    return problems


@dataclass(frozen=True)
class Shape:
    """What one machine of a type consists of.

    Parameters
    ----------
    family
        The type's name before the point, such as `c5`.
    category
        One of `CATEGORIES`.
    memory_mib
        Main memory, MiB.
    arch
        One of `ARCHITECTURES`.
    accelerator, accelerator_count, accelerator_memory_mib
        Lower-case name (`t4`, `inferentia2`), number of cards or chips, MiB on each; None, 0, 0 without one.
        A count of 0 with a name is a part of one card, of the given memory (the g6f family).
    network_mbps
        Sustained (not burst) bandwidth, Mbit/s; None where the source gives none.
    """

    instance_type: str
    family: str
    category: str
    vcpu: int
    memory_mib: int
    arch: str
    accelerator: str | None
    accelerator_count: int
    accelerator_memory_mib: int
    network_mbps: int | None
    source: str

    def __post_init__(self) -> None:
        name, problems = self.instance_type, []
        if self.category not in CATEGORIES:
            problems.append(f"{name}: category is {self.category!r}; allowed are {', '.join(CATEGORIES)}.")
        if self.arch not in ARCHITECTURES:
            problems.append(f"{name}: arch is {self.arch!r}; allowed are {', '.join(ARCHITECTURES)}.")
        if self.vcpu < 1 or self.memory_mib < 1:
            problems.append(
                f"{name}: vcpu is {self.vcpu} and memory_mib is {self.memory_mib}; both must be >= 1."
            )
        if self.accelerator is None and (self.accelerator_count or self.accelerator_memory_mib):
            problems.append(
                f"{name}: accelerator_count is {self.accelerator_count} and accelerator_memory_mib is "
                f"{self.accelerator_memory_mib} where no accelerator is named; name it, or make both 0."
            )
        if self.accelerator is not None and min(self.accelerator_count, self.accelerator_memory_mib) < 0:
            problems.append(f"{name}: accelerator_count and accelerator_memory_mib must be >= 0.")
        raise_collected(problems)


@dataclass(frozen=True)
class MachinePrice:
    """On-demand price of one machine type in one region.

    Parameters
    ----------
    price_usd_per_h
        Linux, shared tenancy, > 0. A price that is not known is never 0: its row is refused.
    price_date
        The day the price was read; None where the source does not tell (a warning of the catalog says so).
    currency
        Always `USD`; kept so that a plan can show it.
    """

    instance_type: str
    region: str
    price_usd_per_h: float
    price_date: date | None
    currency: str
    source: str

    def __post_init__(self) -> None:
        raise_collected(_price_problems(self.instance_type, self.price_usd_per_h, self.currency))


@dataclass(frozen=True)
class SpotOffer:
    """Spot saving and interruption band of one machine type in one region.

    Parameters
    ----------
    saving_share
        Part of the on-demand price that spot saves, mean of the last month, in (0, 1).
    interruption_low_share, interruption_high_share
        Ends of the published band: the share of running machines that was interrupted in the last month. The
        source publishes ranges (under 5 %, 5 to 10 %, ..., over 20 %), so no single figure is right.
    date
        The day the figures were read; None where the source does not tell.
    """

    instance_type: str
    saving_share: float
    interruption_low_share: float
    interruption_high_share: float
    source: str
    date: date | None

    def __post_init__(self) -> None:
        low, high, problems = self.interruption_low_share, self.interruption_high_share, []
        if not 0 < self.saving_share < 1:
            problems.append(
                f"{self.instance_type}: saving_share is {self.saving_share}; it must be in (0, 1)."
            )
        if not 0 <= low < high <= 1:
            problems.append(
                f"{self.instance_type}: the interruption band is {low} to {high}, not a range in [0, 1]."
            )
        raise_collected(problems)

    @property
    def monthly_loss_share(self) -> float:
        """Share of machines interrupted in a month that is planned with: the upper end of the band.

        A band that is open at the top (it ends at 1) counts as `OPEN_BAND_WIDTH_SHARE` wide.
        """
        if self.interruption_high_share < 1:
            return self.interruption_high_share
        return min(1.0, self.interruption_low_share + OPEN_BAND_WIDTH_SHARE)


@dataclass(frozen=True)
class MachineOffer:
    """A machine type that can be planned with: shape and price joined, and its spot offer if there is one."""

    shape: Shape
    price: MachinePrice
    spot: SpotOffer | None

    @property
    def instance_type(self) -> str:
        """Name of the type, such as `c5.xlarge`."""
        return self.shape.instance_type

    @property
    def on_demand_usd_per_h(self) -> float:
        """On-demand price, USD per machine-hour."""
        return self.price.price_usd_per_h

    @property
    def spot_usd_per_h(self) -> float | None:
        """On-demand price less the spot saving, USD per machine-hour; None without a spot offer."""
        if self.spot is None:
            return None
        return self.price.price_usd_per_h * (1 - self.spot.saving_share)


@dataclass(frozen=True)
class EndpointPrice:
    """Price of one machine behind a managed inference endpoint (Amazon SageMaker real-time inference).

    Parameters
    ----------
    endpoint_type
        The service's own name, such as `ml.c5.xlarge`.
    instance_type
        The machine under it, such as `c5.xlarge`, by which shape and profiles join.
    price_usd_per_h
        USD per hour of one such machine, > 0; 1.2 to 1.4 times the bare machine's price.
    """

    endpoint_type: str
    instance_type: str
    region: str
    price_usd_per_h: float
    price_date: date | None
    currency: str
    source: str

    def __post_init__(self) -> None:
        problems = _price_problems(self.endpoint_type, self.price_usd_per_h, self.currency)
        if self.endpoint_type != f"ml.{self.instance_type}":
            problems.append(
                f"{self.endpoint_type}: the endpoint type of {self.instance_type} is ml.{self.instance_type}."
            )
        raise_collected(problems)


@dataclass(frozen=True)
class Rejection:
    """Something of an input that is well-formed and still not planned with, and why.

    Parameters
    ----------
    name
        What was set aside: `p2.xlarge`, `p5.48xlarge/spot`, `ml.p5e.48xlarge`.
    reason
        What was found, and what would make it usable.
    """

    name: str
    reason: str
