"""What may be used to serve, within which limits; what to optimise, and with which solver."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from planner.document import Document
from planner.scenario.quantities import (
    BUNDLED,
    CatalogSource,
    Count,
    InputPath,
    NonNegative,
    OpenShare,
    Positive,
    Share,
)

Market = Literal["on-demand", "spot"]
# Families counted apart by AWS (Service Quotas: "Running On-Demand ...", "All ... Spot Instance Requests").
QuotaFamily = Literal["standard", "f", "g", "inf", "p", "trn", "x", "dl", "hpc", "high-memory"]


class Models(Document):
    """Model variants and how fast they run."""

    not_yet: ClassVar[dict[str, str]] = {"containers": "the choice of container images"}

    profiles: tuple[CatalogSource, ...] = Field(
        (BUNDLED,), min_length=1, description="bundled, files, folders."
    )
    allowed: tuple[str, ...] | None = Field(None, min_length=1, description="Names allowed; all when absent.")


class Functions(Document):
    """Serverless functions that carry what is not worth a machine."""

    not_yet: ClassVar[dict[str, str]] = {
        "provisioned_concurrency": "provisioned concurrency",
        "partition": "models cut over several functions",
    }

    enabled: bool = Field(True, description="Whether functions may serve at all.")
    concurrency_limit: Count = Field(
        1000, description="Functions running at once."
    )  # AWS default quota per region
    keep_alive_s: Positive = Field(
        600.0,
        description="Time an idle function stays warm; sources say 10 to 60 min, providers nothing.",
    )
    least_rate_rps: Positive = Field(
        1.0,
        description="Rate of calls that cold starts are counted at; a lower one leaves more calls cold.",
    )


class Quota(Document):
    """An account's limit on vCPU of one family in one market."""

    family: QuotaFamily = Field(description="Instance family as the provider counts it.")
    market: Market = Field(description="Market the quota is for.")
    vcpu: Count = Field(description="vCPU running at once.")


class FleetEntry(Document):
    """Machines that run just before the horizon."""

    instance_type: str = Field(min_length=1, description="For example c5.4xlarge.")
    market: Market = Field("on-demand", description="How they are paid for.")
    count: Annotated[Count, Field(ge=1)] = Field(description="How many.")


class Resources(Document):
    """Machines and functions, their prices and the limits on them."""

    not_yet: ClassVar[dict[str, str]] = {
        "budget_usd": "a budget",
        "commitments": "commitments already paid for",
        "headroom_share": "a headroom share",
        "max_churn": "a limit on starts and stops per window",
        "max_groups": "a limit on open groups",
        "min_instances": "a least number of machines",
        "scale_in_delay_s": "a delay before scaling in",
        "zones": "the choice of zones",
    }

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
    functions: Functions = Field(default_factory=Functions, description="Serverless functions.")
    quotas: tuple[Quota, ...] = Field((), description="vCPU limits of the account.")
    current_fleet: tuple[FleetEntry, ...] | None = Field(
        None,
        description="What runs now; an empty list: nothing does; absent: it does not matter.",
    )
    on_demand_floor_share: Share = Field(
        0.0, description="Least share of every group's machines that is not spot."
    )
    boot_s: NonNegative = Field(180.0, description="From launch to serving; paid for.")  # MArk: 180 s x price
    max_price_age_days: Positive | None = Field(
        None, description="Oldest price allowed at the horizon's start."
    )
    extra_usd_per_h: NonNegative = Field(
        0.0, description="Added to the price of every machine (disks, monitoring)."
    )
    capacity: Literal["auto", "queueing", "linear"] = Field(
        "auto",
        description="queueing needs service times, linear published capacities; auto takes what is known.",
    )
    target_utilisation: Annotated[Share, Field(gt=0)] = Field(
        1.0, description="Part of a published capacity that may be used (linear mode)."
    )

    @model_validator(mode="after")
    def _entries_differ(self) -> Resources:
        quotas = [f"{quota.family} {quota.market}" for quota in self.quotas]
        fleet = [f"{entry.instance_type} {entry.market}" for entry in self.current_fleet or ()]
        for what, rows in (
            ("quotas", quotas),
            ("current_fleet", fleet),
            ("markets", [str(market) for market in self.markets]),
        ):
            twice = sorted({row for row in rows if rows.count(row) > 1})
            if twice:
                raise ValueError(f"{what} names {', '.join(twice)} more than once; keep one entry each")
        return self


class Spot(Document):
    """How far interruptible machines may be relied on."""

    not_yet: ClassVar[dict[str, str]] = {
        "exposure_s": "the chance constraint on spot losses",
        "loss_probability": "the chance constraint on spot losses",
        "risk_aversion": "the quadratic spot risk term",
        "survive_loss": "surviving the loss of any one spot pool",
    }

    policy: Literal["none", "share"] = Field(
        "share", description="none: no spot machines; share: up to max_share."
    )
    max_share: Share = Field(0.5, description="Largest share of every group's machines that may be spot.")

    @field_validator("policy", mode="before")
    @classmethod
    def _risk_is_not_yet(cls, value: Any) -> Any:
        if value in ("survive-loss", "n-1", "chance", "risk"):
            raise ValueError(f"the spot policy {value!r} is not available yet; use share or none")
        return value


class Objective(Document):
    """What is optimised."""

    not_yet: ClassVar[dict[str, str]] = {
        "budget_usd": "a budget",
        "limits": "limits on the other two directions",
        "maximise": "maximising effective accuracy",
    }

    minimise: Literal["cost"] = Field("cost", description="Expected cost over the horizon, USD.")

    @field_validator("minimise", mode="before")
    @classmethod
    def _latency_is_not_yet(cls, value: Any) -> Any:
        if value == "latency":
            raise ValueError("minimising latency is not available yet; use cost")
        return value


class SolverSettings(Document):
    """How, and how well, the program is solved."""

    name: Literal["highs", "pulp-cbc", "pulp-highs", "pulp-scip", "cvxpy-highs", "cvxpy-scip"] = Field(
        "highs", description="Solver of the integer programs; `planner doctor` lists those installed."
    )
    gap: OpenShare = Field(0.03, description="Gap of the exact problem to reach.")
    time_limit_s: Positive | None = Field(
        None, description="Wall time; a plan stopped by it is not reproducible."
    )
    seed: Count = Field(0, description="Seed of everything random.")
