"""One window of the plan: what is expected, what runs, who serves whom, and what it costs."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from planner.document import Document
from planner.plan.options import CapacityMode, MarketName, PublishedFigure, Service, Tier
from planner.plan.partition import PartitionSegment
from planner.plan.spot import SpotRiskOfWindow


class Level(Document):
    """One demand level of a window."""

    probability: float = Field(gt=0, lt=1, description="Probability that demand stays below this level.")
    weight_share: float = Field(
        ge=0, le=1, description="Probability of its bin, the weight in expected cost."
    )
    demand_rps: dict[str, float] = Field(
        description="class -> mean rate of the window at this level, requests/s."
    )


class Group(Document):
    """A worker group: one dispatcher, one queue, fed by machines of one type from any market."""

    id: str = Field(description="Id of the group.")
    model: str = Field(description="Model variant.")
    instance_type: str = Field(description="Type of its machines.")
    tier: Tier | None = Field(
        description="The promise it is sized for; null: no deadline is kept or asked for."
    )
    capacity_mode: CapacityMode = Field(
        description="queueing: from service times; linear: n x published, or n x a rate per class."
    )
    service: Service | None = Field(description="Service time of one call (queueing mode).")
    published: PublishedFigure | None = Field(description="Published capacity of one machine (linear mode).")
    class_rps: dict[str, float] | None = Field(
        description="class -> requests/s that one machine carries of it alone, published (linear mode); null: one capacity for "
        "all classes."
    )
    target_utilisation: float = Field(
        gt=0, le=1, description="Part of the published capacity used (linear mode)."
    )
    batch_size: int = Field(gt=0, description="Requests per call.")
    batch_timeout_ms: float = Field(
        ge=0, description="Longest wait for a batch to fill; 0: calls are not batched."
    )
    items_per_request: int = Field(gt=0, description="Items of one request.")
    replicas: int = Field(gt=0, description="Replicas on one machine.")
    threads: int | None = Field(description="Threads of one replica; null: the profile does not say.")
    dispersion_index: float = Field(ge=0, description="Burstiness it is sized for; 1: Poisson.")
    standby: bool = Field(description="Fed by stopped machines, which start after a loss of spot machines.")
    count: int = Field(ge=0, description="Machines that work in the group; standby machines are not counted.")
    capacity_rps: float = Field(
        ge=0,
        description="Requests/s that they carry inside the tier, before headroom; with a rate per class: at the mix of the "
        "top level.",
    )


class FleetLine(Document):
    """Machines of one option in one window."""

    option: str = Field(description="Id of the option.")
    group: str = Field(description="Id of the group they work in.")
    provider: str = Field(description="Who rents them out.")
    region: str = Field(description="Region they run in.")
    zone: str | None = Field(description="Zone; null: the provider may choose.")
    instance_type: str = Field(description="Their type.")
    market: MarketName = Field(description="How they are paid for.")
    count: int = Field(gt=0, description="How many.")
    model: str = Field(description="Model variant they load; a standby machine loads it when it starts.")
    batch_size: int = Field(gt=0, description="Requests per call.")
    batch_timeout_ms: float = Field(ge=0, description="Longest wait for a batch to fill.")
    replicas: int = Field(gt=0, description="Replicas on one machine.")
    threads: int | None = Field(description="Threads of one replica; null: the profile does not say.")
    launch_at: AwareDatetime | None = Field(
        description="When to launch those that the window before does not have; null: nothing to launch."
    )


class FunctionLine(Document):
    """A function that is called in one window."""

    option: str = Field(description="Id of the option.")
    provider: str = Field(description="For example aws-lambda.")
    region: str = Field(description="Region it runs in.")
    model: str = Field(description="Model variant.")
    memory_mb: int = Field(gt=0, description="The provider's memory setting.")
    batch_size: int = Field(gt=0, description="Requests per call.")
    batch_timeout_ms: float = Field(ge=0, description="Longest wait for a batch to fill.")
    provisioned_concurrency: int = Field(ge=0, description="Functions kept warm and paid for.")
    reserved_concurrency: int = Field(
        ge=0,
        description="Concurrency to set aside, and the most that may run: with it next to no call of the level that needs most is "
        "refused. 0: none, where the account's limit leaves no room for that of all functions; they share the limit.",
    )
    partition: tuple[PartitionSegment, ...] | None = Field(
        None,
        min_length=1,
        description="Functions that the model is cut over, in order; null: it runs in one.",
    )


class Route(Document):
    """Weights of one class at one level; they sum to 1 where there is demand."""

    groups: dict[str, float] = Field(description="group -> share of the class's requests.")
    functions: dict[str, float] = Field(description="function -> share of the class's requests.")


class WindowCost(Document):
    """Expected cost of a window, by part."""

    machines_usd: float = Field(ge=0, description="Machine-hours.")
    starts_usd: float = Field(ge=0, description="Launches.")
    loads_usd: float = Field(ge=0, description="Model loads.")
    functions_usd: float = Field(
        ge=0, description="Function calls, expected over the levels, and functions kept ready."
    )
    total_usd: float = Field(ge=0, description="Sum of the parts, USD per window.")


class ExpectedOfClass(Document):
    """What one class should see, over the requests of all levels."""

    served_share: float = Field(ge=0, le=1, description="Part of its requests that is served.")
    accuracy: float | None = Field(description="Mean accuracy of what is served; null: a model states none.")
    deadline_meet_rate: float | None = Field(
        description="Share of what is served that is in time; null: nothing is."
    )
    effective_accuracy: float | None = Field(
        description="Mean over all its requests of accuracy x share in time, unserved requests counting 0."
    )


class Expected(Document):
    """What the window should look like."""

    capacity_rps: float = Field(ge=0, description="Capacity of all groups.")
    deadline_meet_rate: float | None = Field(
        description="Share of requests inside their deadline, at the top level."
    )
    accuracy: float | None = Field(
        description="Mean accuracy; null where a model states none or metrics differ."
    )
    effective_accuracy: float | None = Field(
        description="Mean over all requests of accuracy x share in time, unserved requests counting 0."
    )
    classes: dict[str, ExpectedOfClass] = Field(description="class -> what it should see.")
    utilisation: float = Field(
        ge=0, description="Rate carried by machines over their capacity, mean of the levels."
    )
    overflow_share: float = Field(ge=0, le=1, description="Expected share of requests carried by functions.")
    unserved_share: float = Field(ge=0, le=1, description="Expected share of requests that nothing serves.")
    spot_survival: float = Field(
        ge=0,
        le=1,
        description="Probability that no spot machine is lost: during the exposure time where losses are counted, else in "
        "the window.",
    )


class Window(Document):
    """One planning window."""

    id: str = Field(description="Id, unique in the plan.")
    start: AwareDatetime = Field(description="First instant.")
    end: AwareDatetime = Field(description="First instant of the next window.")
    levels: tuple[Level, ...] = Field(min_length=1, description="Demand levels, rising.")
    served_rps: dict[str, dict[str, tuple[float, ...]]] = Field(
        description="class -> group -> rate at each level."
    )
    overflow_rps: dict[str, dict[str, tuple[float, ...]]] = Field(
        description="class -> function -> rate at each level."
    )
    unserved_rps: dict[str, tuple[float, ...]] = Field(
        description="class -> rate at each level that nothing serves."
    )
    dispatch: str = Field(
        description="Dispatch policy within a group. shared-queue: one queue; where classes of different deadlines share a group, "
        "who has more time waits behind who has less, until both have the same left; else first come, first served. A request "
        "that would miss its deadline anyway, and that late_to gives to no function, waits behind those that can still meet theirs."
    )
    groups: tuple[Group, ...] = Field(description="Groups at work.")
    fleet: tuple[FleetLine, ...] = Field(description="Machines of each option.")
    functions: tuple[FunctionLine, ...] = Field(description="Functions that are called.")
    routing: dict[str, tuple[Route, ...]] = Field(
        description="class -> weights at each level; between two levels the upper one's hold."
    )
    late_to: dict[str, str] = Field(
        default_factory=dict,
        description="class -> function that takes a request which would be late in its group's queue; such calls are not in the "
        "cost.",
    )
    cost: WindowCost = Field(description="Expected cost by part.")
    expected: Expected = Field(description="What the window should look like.")
    spot_risk: SpotRiskOfWindow | None = Field(
        description="What interruptions would leave; null: the policy does not count them."
    )
