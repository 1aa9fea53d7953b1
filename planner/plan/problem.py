"""The question the plan answers, as far as a checker of the plan needs it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.document import Document
from planner.plan.options import MarketName
from planner.plan.spot import SpotPolicy

Quantity = Literal["cost", "effective_accuracy", "latency"]


class AccuracyFloor(Document):
    """Least accuracy of a class."""

    value: float = Field(ge=0, le=1, description="Least accuracy, a share of 1.")
    kind: Literal["per_request", "mean", "effective"] = Field(
        description="For every request; on average over a window; or on average times the share in time."
    )
    metric: str | None = Field(description="Metric it is in; null: the only one of the task.")


class PlannedClass(Document):
    """A request class as planned."""

    name: str = Field(description="Name of the class.")
    trace: str = Field(description="Trace it is part of.")
    share: float = Field(gt=0, le=1, description="Its part of the trace.")
    task: str | None = Field(description="Task its models perform; null: models are named.")
    models: tuple[str, ...] | None = Field(description="Models that may serve it; null: all of the task.")
    bucket: str | None = Field(description="Size of its requests to a language model; null: not told apart.")
    items_per_request: int = Field(gt=0, description="Items of one request.")
    deadline_ms: float | None = Field(gt=0, description="Time a request may take; null: not stated.")
    percentile: float | None = Field(
        gt=0,
        lt=1,
        description="Share of requests that must meet the deadline; null: only an accuracy counts it.",
    )
    min_accuracy: AccuracyFloor | None = Field(description="Accuracy floor; null: none.")
    min_instances: int = Field(ge=0, description="Least machines in groups that may serve it.")


class CurrentMachines(Document):
    """Machines that run before the horizon."""

    provider: str = Field(description="Who rents them out.")
    instance_type: str = Field(description="Their type.")
    market: MarketName = Field(description="How they are paid for.")
    zone: str | None = Field(description="Zone they run in; null: not stated.")
    model: str | None = Field(description="Model they hold; null: none that counts.")
    count: int = Field(gt=0, description="How many.")
    price_usd_per_h: float = Field(ge=0, description="USD per machine-hour.")
    source: str = Field(description="Source of the price.")


class Commitment(Document):
    """Machines paid for whether they run or not."""

    provider: str = Field(description="Who rents them out.")
    instance_type: str = Field(description="Their type.")
    count: int = Field(gt=0, description="How many are owned.")


class QuotaLimit(Document):
    """A vCPU quota of the account."""

    family: str = Field(description="Family the provider counts.")
    market: MarketName = Field(description="Market it is for.")
    vcpu: int = Field(ge=0, description="vCPU running at once.")


class ObjectiveAsked(Document):
    """What is optimised."""

    sense: Literal["minimise", "maximise"] = Field(description="Direction.")
    quantity: Quantity = Field(
        description="What: expected cost, effective accuracy, or a factor on deadlines."
    )
    request_class: str | None = Field(description="The one class whose latency counts; null: all.")
    meet_rate_grid: tuple[float, ...] = Field(
        description="Shares in time that groups may be sized for, where an effective accuracy counts them."
    )
    latency_factors: tuple[float, ...] = Field(description="Factors on the deadlines that were tried for.")
    cost_weight_per_usd: float = Field(
        ge=0, description="Effective accuracy given up for one USD saved, besides the budget."
    )


class Problem(Document):
    """Classes and limits."""

    objective: ObjectiveAsked = Field(description="What is optimised.")
    classes: tuple[PlannedClass, ...] = Field(min_length=1, description="Request classes.")
    current_fleet: tuple[CurrentMachines, ...] | None = Field(description="What runs now; null: not stated.")
    commitments: tuple[Commitment, ...] = Field(description="Machines paid for already.")
    quotas: tuple[QuotaLimit, ...] = Field(description="vCPU quotas.")
    function_concurrency_limit: int = Field(
        ge=0, description="Functions running at once; 0: functions are off."
    )
    on_demand_floor_share: float = Field(
        ge=0, le=1, description="Least on-demand share of every group's machines."
    )
    zones: tuple[str, ...] = Field(description="Zones to buy in; empty: the provider chooses.")
    min_zones: int = Field(ge=1, description="Zones in which every class has a machine at least.")
    headroom_share: float = Field(ge=0, lt=1, description="Part of every group's capacity that is left free.")
    scale_in_delay_s: float = Field(ge=0, description="A started machine stays at least this long.")
    max_groups: int | None = Field(description="Most groups with machines in one window; null: no limit.")
    max_churn: int | None = Field(
        description="Most starts and stops of machines from one window to the next; null: no limit."
    )
    budget_usd: float | None = Field(description="Most that the horizon may cost; null: no limit.")
    containers: bool = Field(description="Whether containers could be bought.")
    burstable_workers: bool = Field(description="Whether burstable machines could work, at their baseline.")
    burstable_standby: bool = Field(
        description="Whether they could stand stopped, ready for an interruption."
    )
    standby_disk_gb: float = Field(gt=0, description="Disk of a stopped machine, all that it costs.")
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
    scale: float = Field(1.0, gt=0, description="Factor on every count of the trace.")
    warnings: tuple[str, ...] = Field(description="What the forecaster warns of.")
