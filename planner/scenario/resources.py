"""Machines and functions that may be used, their prices, and the limits on them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.document import Document
from planner.scenario.fleet import Commitment, FleetEntry, Market, Quota
from planner.scenario.quantities import (
    BUNDLED,
    CatalogSource,
    Count,
    InputPath,
    Name,
    NonNegative,
    Positive,
    Share,
)
from planner.scenario.services import Burstable, Containers, Functions


class Resources(Document):
    """Machines and functions, their prices and the limits on them."""

    prices: tuple[CatalogSource, ...] = Field(
        (BUNDLED,), min_length=1, description="Price lists; later ones override."
    )
    shapes: tuple[InputPath, ...] = Field((), description="Further machine shapes.")
    spot_advisor: tuple[InputPath, ...] = Field(
        (), description="Further files of spot saving and interruption."
    )
    allowed: tuple[str, ...] | None = Field(
        None, min_length=1, description="Patterns of instance types, e.g. c5.*."
    )
    excluded: tuple[str, ...] = Field((), description="Patterns of instance types to leave out.")
    markets: tuple[Market, ...] = Field(("on-demand", "spot"), min_length=1, description="Markets to buy in.")
    zones: tuple[Name, ...] | None = Field(
        None, min_length=1, description="Zones to choose from; absent: the provider chooses."
    )
    functions: Functions = Field(default_factory=Functions, description="Serverless functions.")
    containers: Containers = Field(default_factory=Containers, description="Serverless containers.")
    burstable: Burstable = Field(default_factory=Burstable, description="Machines with processor credits.")
    quotas: tuple[Quota, ...] = Field((), description="vCPU limits of the account.")
    commitments: tuple[Commitment, ...] = Field((), description="Machines already paid for.")
    current_fleet: tuple[FleetEntry, ...] | None = Field(
        None,
        description="What runs now; an empty list: nothing does; absent: it does not matter.",
    )
    on_demand_floor_share: Share = Field(
        0.0, description="Least share of every group's machines that is not spot."
    )
    min_instances: Count = Field(
        0, description="Least machines that may serve each class, in every window; a class may state its own."
    )
    min_zones: Annotated[Count, Field(ge=1)] = Field(
        1, description="Zones in which every class has at least one machine."
    )
    headroom_share: Annotated[Share, Field(lt=1)] = Field(
        0.0, description="Part of every group's capacity that is kept free."
    )
    scale_in_delay_s: NonNegative = Field(0.0, description="Least time that a started machine stays.")
    max_groups: Annotated[Count, Field(ge=1)] | None = Field(
        None, description="Most groups with machines in one window."
    )
    max_churn: Count | None = Field(
        None,
        description="Most starts and stops of machines from one window to the next, together; in the first window "
        "against current_fleet (absent: nothing runs).",
    )
    budget_usd: Positive | None = Field(None, description="Most that the whole horizon may cost.")
    boot_s: NonNegative = Field(180.0, description="From launch to serving; paid for.")  # MArk: 180 s x price
    max_price_age_days: Positive | None = Field(
        None, description="Oldest price allowed at the horizon's start."
    )
    extra_usd_per_h: NonNegative = Field(
        0.0, description="Added to the price of every rented machine (disks, monitoring)."
    )
    capacity: Literal["auto", "queueing", "linear"] = Field(
        "auto",
        description="queueing needs service times, linear published capacities; auto takes what is known.",
    )
    target_utilisation: Annotated[Share, Field(gt=0)] = Field(
        1.0, description="Part of a published capacity that may be used (linear mode)."
    )

    @property
    def late_go_to_functions(self) -> bool:
        """Whether requests that would be late go to functions, planned or not."""
        return self.functions.take_late and self.budget_usd is None

    @model_validator(mode="after")
    def _entries_differ(self) -> Resources:
        for what, rows in (
            ("quotas", [f"{quota.family} {quota.market}" for quota in self.quotas]),
            ("commitments", [one.instance_type for one in self.commitments]),
            ("current_fleet", [entry.label for entry in self.current_fleet or ()]),
            ("markets", [str(market) for market in self.markets]),
            ("zones", list(self.zones or ())),
        ):
            twice = sorted({row for row in rows if rows.count(row) > 1})
            if twice:
                raise ValueError(f"{what} names {', '.join(twice)} more than once; keep one entry each")
        return self
