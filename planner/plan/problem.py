"""The question the plan answers, as far as a checker of the plan needs it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.document import Document
from planner.plan.options import MarketName


class AccuracyFloor(Document):
    """Least accuracy of a class."""

    value: float = Field(ge=0, le=1, description="Least accuracy, a share of 1.")
    kind: Literal["per_request", "mean"] = Field(description="For every request, or on average.")
    metric: str | None = Field(description="Metric it is in; null: the only one of the task.")


class PlannedClass(Document):
    """A request class as planned."""

    name: str = Field(description="Name of the class.")
    trace: str = Field(description="Trace it is part of.")
    share: float = Field(gt=0, le=1, description="Its part of the trace.")
    task: str = Field(description="Task its models perform.")
    items_per_request: int = Field(gt=0, description="Items of one request.")
    deadline_ms: float = Field(gt=0, description="Time a request may take.")
    percentile: float = Field(gt=0, lt=1, description="Share of requests that must meet the deadline.")
    min_accuracy: AccuracyFloor | None = Field(description="Accuracy floor; null: none.")


class CurrentMachines(Document):
    """Machines that run before the horizon."""

    provider: str = Field(description="Who rents them out.")
    instance_type: str = Field(description="Their type.")
    market: MarketName = Field(description="How they are paid for.")
    count: int = Field(gt=0, description="How many.")
    price_usd_per_h: float = Field(gt=0, description="USD per machine-hour.")
    source: str = Field(description="Source of the price.")


class QuotaLimit(Document):
    """A vCPU quota of the account."""

    family: str = Field(description="Family the provider counts.")
    market: MarketName = Field(description="Market it is for.")
    vcpu: int = Field(ge=0, description="vCPU running at once.")


class SpotPolicy(Document):
    """How far spot machines were relied on."""

    policy: Literal["none", "share"] = Field(description="none: no spot machines; share: up to max_share.")
    max_share: float = Field(
        ge=0, le=1, description="Largest share of every group's machines that may be spot."
    )


class Problem(Document):
    """Classes and limits."""

    classes: tuple[PlannedClass, ...] = Field(min_length=1, description="Request classes.")
    current_fleet: tuple[CurrentMachines, ...] | None = Field(description="What runs now; null: not stated.")
    commitments: tuple[CurrentMachines, ...] = Field(description="Commitments paid for; always empty as yet.")
    quotas: tuple[QuotaLimit, ...] = Field(description="vCPU quotas.")
    function_concurrency_limit: int = Field(
        ge=0, description="Functions running at once; 0: functions are off."
    )
    on_demand_floor_share: float = Field(
        ge=0, le=1, description="Least on-demand share of every group's machines."
    )
    spot: SpotPolicy = Field(description="Spot policy.")
    target_utilisation: float = Field(
        gt=0, le=1, description="Part of a published capacity that may be used."
    )
    boot_s: float = Field(ge=0, description="From launch to serving.")
    joint_demand: Literal["comonotone"] = Field(
        description="comonotone: classes move together from level to level."
    )


class ForecastSummary(Document):
    """Where the demand of one trace comes from."""

    trace: str = Field(description="Name of the trace.")
    method: str = Field(description="Forecaster that was used.")
    history_start: str = Field(description="First instant of the history.")
    history_end: str = Field(description="First instant not seen.")
    dispersion_index: float = Field(ge=0, description="Burstiness within a window; 1: Poisson.")
    uncovered_share: float = Field(
        ge=0, le=1, description="Probability above the top level, counted with it."
    )
    raw_wape: float | None = Field(description="Weighted absolute error of the back-test, share of the mean.")
    warnings: tuple[str, ...] = Field(description="What the forecaster warns of.")
