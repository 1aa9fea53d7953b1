"""How far spot machines were relied on: the policy, what may be lost together, and what a window stands to lose."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.document import Document

Policy = Literal["none", "share", "survive-loss", "chance"]


class SpotPool(Document):
    """Spot machines of one type in one zone: what is interrupted together."""

    name: str = Field(description="Name of the pool: instance type, and zone where zones are chosen.")
    loss_share: float = Field(ge=0, le=1, description="Probability that it is lost during the exposure time.")
    source: str = Field(description="Band or availability trace that this comes from.")


class SpotGuard(Document):
    """A task with a tier: the classes that must keep their capacity together."""

    name: str = Field(description="Name of the guard.")
    classes: tuple[str, ...] = Field(min_length=1, description="Classes it counts.")


class SpotPolicy(Document):
    """What the plan had to withstand."""

    policy: Policy = Field(
        description="none: no spot machines; share: up to max_share; survive-loss: any one pool may vanish; chance: too "
        "little is left with probability violation_share at most."
    )
    max_share: float = Field(
        ge=0, le=1, description="Largest share of every group's machines that may be spot."
    )
    level: float | None = Field(
        gt=0, lt=1, description="Probability of the demand level that must survive a loss; null: none must."
    )
    exposure_s: float | None = Field(
        gt=0, description="Time that losses are counted over; null: not counted."
    )
    violation_share: float | None = Field(
        gt=0, le=0.5, description="Largest probability of too little being left; null: no such limit."
    )
    risk_aversion_usd: float = Field(
        ge=0, description="Price of variance of lost capacity, USD per (request/s)^2 and hour."
    )
    common_shock_share: float = Field(ge=0, le=1, description="Probability that every pool is lost at once.")
    pools: tuple[SpotPool, ...] = Field(description="Pools that losses were counted for.")
    covariance: tuple[tuple[float, ...], ...] = Field(
        description="Covariance of the losses (0 or 1) of each pair of pools, in their order."
    )
    guards: tuple[SpotGuard, ...] = Field(
        description="What the chance of too little being left is counted for."
    )


class SizeLeft(Document):
    """A group without one pool's machines, its standby machines started."""

    count: int = Field(ge=0, description="Machines left.")
    capacity_rps: float = Field(ge=0, description="Requests/s that they carry inside the tier.")


class PoolAtWork(Document):
    """A spot pool at work in a window, and what its loss leaves."""

    machines: int = Field(gt=0, description="Its machines.")
    left: dict[str, SizeLeft] = Field(
        description="group -> its size after the loss, groups that the pool feeds."
    )


class GuardAtRisk(Document):
    """What the classes of a guard stand to lose."""

    spare_rps: float = Field(description="Capacity and function burst above demand at the level, requests/s.")
    lost_rps: dict[str, float] = Field(description="pool -> capacity lost with it, requests/s.")
    violation_share: float = Field(
        ge=0,
        le=1,
        description="Probability that more is lost than there is to spare, by enumeration or simulation.",
    )
    normal_violation_share: float = Field(
        ge=0, le=1, description="The same by the normal tail that the program limits: an approximation."
    )


class SpotRiskOfWindow(Document):
    """What a window stands to lose to interruptions."""

    pools: dict[str, PoolAtWork] = Field(description="pool -> its machines and what its loss leaves.")
    standby: dict[str, SizeLeft] = Field(
        description="group -> its size after any loss, groups that the lost pool does not feed and that have standby machines."
    )
    guards: dict[str, GuardAtRisk] = Field(description="guard -> what its classes stand to lose.")
