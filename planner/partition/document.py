"""The partition plan: which layers run in which function, how they hand tensors on, and the proof (`PartitionPlan`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.document import Document
from planner.plan import Amount, PartitionSegment

SCHEMA_VERSION = 1


class PartitionLimits(Document):
    """What was asked."""

    minimise: Literal["cost", "latency"] = Field(description="What is minimised.")
    deadline_ms: float | None = Field(description="Limit on the latency of a request.")
    budget_usd: float | None = Field(description="Limit on the cost of a request.")
    max_functions: int | None = Field(description="Most functions.")
    memory_mb: tuple[int, ...] = Field(description="Memory sizes to choose from.")
    deployment: Literal["zip", "image"] = Field(description="Which package limit holds.")
    package_mb: float = Field(gt=0, description="That limit.")
    tmp_mb: int | None = Field(
        description="Temporary disk that weights are fetched to; null: they are in the package."
    )
    timeout_s: float = Field(gt=0, description="Longest call of a function.")
    payload_mb: float = Field(gt=0, description="Largest payload of a call.")


class PartitionCertificate(Document):
    """How good the partition is, for its batch size and timeout, and how that is known."""

    objective: Amount = Field(description="What is minimised, of one call of the chain.")
    bound: Amount = Field(description="No partition within the limits is better than this.")
    gap: float = Field(ge=0, description="|objective - bound| / |objective|.")
    gap_asked: float = Field(ge=0, description="The gap that was asked for.")
    status: Literal["optimal", "gap_missed", "limit"] = Field(
        description="limit: a time limit stopped the solver."
    )
    solver: Literal["labels", "pulp", "scip"] = Field(description="Which solver proved it.")


class Alternative(Document):
    """Another granularity or another batch, each at its best under the same limits."""

    name: str = Field(description="What it is.")
    feasible: bool = Field(description="Whether it keeps the limits.")
    reason: str = Field(description="Why it does not; empty where it does.")
    usd_per_request: float | None = Field(description="USD a request.")
    latency_ms: float | None = Field(description="Milliseconds.")
    functions: int | None = Field(description="How many functions it takes.")
    batch_size: int = Field(ge=1, description="Largest batch.")
    batch_timeout_ms: float = Field(ge=0, description="Longest wait for it.")


class Assumption(Document):
    """A figure that no catalog measures."""

    name: str = Field(description="Name, as --assume takes it.")
    value: float = Field(description="The figure.")
    unit: str = Field(description="Its unit.")
    origin: str = Field(description="Where it comes from.")


class PartitionPlan(Document):
    """One model over serverless functions, at least cost within a deadline or with least latency within a budget."""

    schema_version: Literal[1] = Field(description="Version of this format.")
    kind: Literal["PartitionPlan"] = Field(description="Always PartitionPlan.")
    model: str = Field(description="The model.")
    provider: str = Field(description="Provider of the functions.")
    arch: str = Field(description="Processor architecture.")
    region: str = Field(description="Region.")
    limits: PartitionLimits = Field(description="What was asked.")
    usd_per_request: float = Field(
        ge=0, description="USD of a request: the chain's call over the mean batch."
    )
    latency_ms: float = Field(ge=0, description="Longest wait for the batch, and mean latency of the chain.")
    cold_latency_ms: float = Field(ge=0, description="The same where every function starts cold.")
    cold_share: float = Field(ge=0, le=1, description="Share of calls that start cold.")
    rate_rps: float | None = Field(description="Requests/s planned for; null: unknown.")
    usd_per_hour: float | None = Field(description="USD per hour at that rate.")
    batch_size: int = Field(ge=1, description="Requests at which a batch closes.")
    batch_timeout_ms: float = Field(ge=0, description="Time after its first request at which a batch closes.")
    mean_batch: float = Field(ge=1, description="Requests of a call on average.")
    segments: tuple[PartitionSegment, ...] = Field(
        min_length=1, description="The functions, in the order of the chain."
    )
    certificate: PartitionCertificate = Field(description="How good it is.")
    alternatives: tuple[Alternative, ...] = Field(description="Other granularities and batches.")
    assumptions: tuple[Assumption, ...] = Field(description="Figures that no catalog measures.")
    sources: dict[str, str] = Field(description="Where layers, times and prices come from.")
    inputs: dict[str, str] = Field(description="SHA-256 of every file read, by its name.")
    tool_version: str = Field(description="Version of the planner.")
    warnings: tuple[str, ...] = Field(description="What the person who deploys it should know.")
