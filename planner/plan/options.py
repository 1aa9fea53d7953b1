"""The options a plan uses, with the numbers they were chosen by and the source of each number."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from planner.document import Document
from planner.plan.partition import PartitionSegment

CapacityMode = Literal["queueing", "linear"]
MarketName = Literal["on-demand", "spot", "committed", "standby", "container"]


class Tier(Document):
    """The promise a group is sized for."""

    deadline_ms: float = Field(gt=0, description="Time from arrival to answer.")
    percentile: float = Field(gt=0, lt=1, description="Share of the requests inside it.")


class Service(Document):
    """One inference call of a whole batch on one replica."""

    mean_ms: float = Field(gt=0, description="Mean time of the call.")
    quantile_ms: float = Field(gt=0, description="Time that the tier's percentile of calls stays within.")
    deterministic: bool = Field(description="Whether every call is taken to last mean_ms exactly.")
    variation: float = Field(
        default=0.0,
        ge=0,
        description="Variance of the time of a call over its squared mean; 0 where all last the same.",
    )
    quantiles_ms: dict[str, float] = Field(
        default_factory=dict, description="Percentile, as a share -> time of a call; all that is known."
    )


class PublishedFigure(Document):
    """A capacity published in place of service times."""

    capacity_rps: float = Field(gt=0, description="Requests/s of one machine.")
    deadline_ms: float = Field(gt=0, description="Deadline it holds for; also for longer ones.")
    percentile: float = Field(gt=0, lt=1, description="Percentile it holds for; also for lower ones.")


class MachineOption(Document):
    """A machine of one type, market and zone at work in one group."""

    kind: Literal["machine"] = "machine"
    id: str = Field(description="Id of the option: group@market[/zone].")
    group: str = Field(description="Id of the group it works in.")
    machine: str = Field(description="Id of the machine: instance type/market[/zone].")
    provider: str = Field(description="Who rents it out, e.g. aws.")
    region: str = Field(description="Region of the price.")
    zone: str | None = Field(description="Zone; null: the provider may choose.")
    instance_type: str = Field(description="For example c5.4xlarge; a container by its vCPU and memory.")
    market: MarketName = Field(
        description="How it is paid for: on-demand; spot; committed, paid already; standby, stopped until a spot pool is lost; "
        "container."
    )
    price_usd_per_h: float = Field(
        ge=0, description="USD per machine-hour, extras included; 0 for what is paid for already."
    )
    running_usd_per_h: float | None = Field(
        None,
        ge=0,
        description="USD per machine-hour of a standby machine once it is started, not in the plan's cost; null: not on standby.",
    )
    start_usd: float = Field(ge=0, description="USD of one launch: boot time at the price.")
    load_s: float = Field(ge=0, description="Time to load its model; 0 where none is known.")
    load_usd: float = Field(ge=0, description="USD to load its model on one machine: load time at the price.")
    vcpu: float = Field(gt=0, description="vCPU of one machine.")
    memory_mib: float = Field(gt=0, description="Memory of one machine.")
    quota_family: str = Field(description="Family the provider's vCPU quotas count it under.")
    interruption_share: float | None = Field(
        description="Upper end of its monthly interruption band, one without an upper end taken as 5 points wide; null: none."
    )
    pool: str | None = Field(description="Spot pool it is interrupted with; null: not interrupted.")
    model: str = Field(description="Model variant.")
    task: str = Field(description="Task of the model.")
    accuracy: float | None = Field(description="Accuracy of the model, a share of 1; null: not stated.")
    accuracy_metric: str | None = Field(description="Metric of that accuracy.")
    capacity_mode: CapacityMode = Field(description="How capacity follows from the count.")
    sources: dict[str, str] = Field(
        description="Source of each number: price, shape, profile, accuracy, spot."
    )


class RateRange(Document):
    """The rates that the figures of a function hold for."""

    least: float = Field(ge=0, description="Least requests/s, where there are any.")
    most: float | None = Field(gt=0, description="Most requests/s; null: no limit.")


class FunctionOption(Document):
    """A serverless function of one memory size, called with one request, or with what a buffer has gathered."""

    kind: Literal["function"] = "function"
    id: str = Field(description="Id of the option, as in the windows.")
    provider: str = Field(description="For example aws-lambda.")
    region: str = Field(description="Region of the tariff.")
    model: str = Field(description="Model variant.")
    task: str = Field(description="Task of the model.")
    accuracy: float | None = Field(description="Accuracy of the model, a share of 1; null: not stated.")
    accuracy_metric: str | None = Field(description="Metric of that accuracy.")
    architecture: str = Field(description="For example x86_64.")
    memory_mb: int = Field(gt=0, description="The provider's memory setting.")
    batch_size: int = Field(gt=0, description="Requests per call.")
    items_per_request: int = Field(gt=0, description="Items of one request.")
    mean_ms: float = Field(gt=0, description="Mean time of a warm call.")
    size_mean_ms: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(),
        description="Mean time of a warm call with 1, 2, ... batch_size requests; empty: mean_ms, however many it has.",
    )
    quantile_ms: float = Field(
        gt=0, description="Time that the classes' percentile of warm calls of a full batch stays within."
    )
    quantiles_ms: dict[str, float] = Field(
        description="Percentile, as a share -> time of a warm call of a full batch."
    )
    billed_ms: float = Field(gt=0, description="Billed time of one call, cold starts included.")
    cold_start_ms: float | None = Field(description="Further time of a cold call; null: not known.")
    cold_start_share: float = Field(
        ge=0, le=1, description="Share of the calls that start cold; of a cut model, in one of its parts."
    )
    deadline_meet_rate: dict[str, float] = Field(
        description="class -> share of its requests answered in time, cold starts included."
    )
    usd_per_request: float = Field(
        gt=0, description="Tariff of one request; in a range of rates at its dearer end."
    )
    concurrency_s: float = Field(gt=0, description="Function-seconds that one request holds.")
    batch_timeout_ms: float = Field(
        0.0, ge=0, description="Longest wait of a request for its batch to fill; 0: calls are not batched."
    )
    rate_rps: RateRange | None = Field(
        None, description="Rates, all classes together, that its figures hold for; null: any."
    )
    mean_batch: float = Field(
        1.0, ge=1, description="Requests of a call on average, where a request is dearest."
    )
    provisioned_concurrency: int = Field(
        0, ge=0, description="Functions kept ready, so that their calls are warm."
    )
    usd_per_h: float = Field(
        0.0, ge=0, description="USD per hour of keeping them ready, in every window that calls it."
    )
    arrivals: str | None = Field(
        None, description="Arrivals at its buffer as they were assumed; null: no request waits for others."
    )
    partition: tuple[PartitionSegment, ...] | None = Field(
        None,
        min_length=1,
        description="Functions that the model is cut over, in order; null: it runs in one.",
    )
    sources: dict[str, str] = Field(description="Source of each number: tariff, profile, accuracy.")


def _kind_of_option(value: Any) -> str:
    return str(value.get("kind")) if isinstance(value, dict) else str(getattr(value, "kind", None))


PlanOption = Annotated[
    Annotated[MachineOption, Tag("machine")] | Annotated[FunctionOption, Tag("function")],
    Discriminator(
        _kind_of_option,
        custom_error_type="union_member",
        custom_error_message="an option's kind is 'machine' or 'function'",
    ),
]
