"""Machines that an account has or may have: what runs now, what is paid for already, and quotas."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from planner.document import Document
from planner.scenario.quantities import Count, Name

Market = Literal["on-demand", "spot"]  # what is bought by the hour
MachineMarket = Literal["on-demand", "spot", "committed", "standby", "container"]
ZONELESS_MARKETS = ("committed", "container")  # paid for or started wherever the provider has room
# Families counted apart by AWS (Service Quotas: "Running On-Demand ...", "All ... Spot Instance Requests",
# "Fargate On-Demand vCPU resource count").
QuotaFamily = Literal["standard", "f", "g", "inf", "p", "trn", "x", "dl", "hpc", "high-memory", "fargate"]


class Quota(Document):
    """An account's limit on vCPU of one family in one market."""

    family: QuotaFamily = Field(description="Instance family as the provider counts it.")
    market: Market = Field(
        description="Market the quota is for; committed machines, standby and containers count as on-demand."
    )
    vcpu: Count = Field(description="vCPU running at once.")


class Commitment(Document):
    """Machines that are paid for whether they run or not (reserved instances and the like)."""

    instance_type: str = Field(min_length=1, description="For example c5.4xlarge.")
    count: Annotated[Count, Field(ge=1)] = Field(description="How many.")


class FleetEntry(Document):
    """Machines that run just before the horizon."""

    instance_type: str = Field(min_length=1, description="For example c5.4xlarge.")
    market: MachineMarket = Field("on-demand", description="How they are paid for.")
    count: Annotated[Count, Field(ge=1)] = Field(description="How many.")
    zone: Name | None = Field(None, description="Zone they are in, where resources.zones names zones.")
    model: str | None = Field(
        None, min_length=1, description="Model they hold; without it they must load one first."
    )

    @property
    def label(self) -> str:
        """The machine as messages name it, e.g. ``c5.4xlarge spot in us-east-1a``."""
        zone = f" in {self.zone}" if self.zone else ""
        model = f" with {self.model}" if self.model else ""
        return f"{self.instance_type} {self.market}{zone}{model}"
