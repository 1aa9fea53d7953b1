"""What serves beside plain machines: functions, containers, and machines that earn processor credits."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator

from planner.document import Document
from planner.scenario.quantities import Count, InputPath, Positive

Size = Annotated[Count, Field(ge=1)]


class Partition(Document):
    """Models cut over several functions that call each other (AMPS-style)."""

    layer_graphs: tuple[InputPath, ...] = Field(
        min_length=1, description="Layer graphs of models; each names a model of the profile catalog."
    )
    memory_mb: tuple[Size, ...] | None = Field(
        None,
        min_length=1,
        description="Memory settings of the parts; absent: from 512 MB in steps of 512 MB.",
    )
    deployment: Literal["zip", "image"] = Field(
        "image", description="How a part is deployed, which limits its package."
    )
    max_functions: Size | None = Field(None, description="Most parts of one model; absent: no limit.")


class Functions(Document):
    """Serverless functions that carry what is not worth a machine."""

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
    batch_sizes: tuple[Size, ...] = Field(
        (1,),
        min_length=1,
        description="Most requests that a buffer may gather for one call; 1: a call for every request. With more than 1, "
        "or ranges of rates or provisioned concurrency, times published as one figure for each batch count as exact.",
    )
    batch_timeouts_ms: tuple[Positive, ...] | None = Field(
        None,
        min_length=1,
        description="How long the first request of a batch may wait; absent: tenths of the classes' deadlines.",
    )
    memory_mb: tuple[Size, ...] | None = Field(
        None,
        min_length=1,
        description="Memory settings to choose from; absent: those measured, and every 1,024 MB between them.",
    )
    rate_brackets_rps: tuple[Positive, ...] | None = Field(
        None,
        description="Ends of the ranges of rates that functions are priced for, ascending; absent: from least_rate_rps to the "
        "top demand, where batches or provisioned concurrency are on. Ranges side by side at one price become one.",
    )
    provisioned_concurrency: bool = Field(
        False, description="Whether functions may be kept ready for a window, which is paid for by the hour."
    )
    take_late: bool = Field(
        True,
        description="Whether a request that would be late in its group's queue goes to a function, planned or not; never with "
        "a budget, which calls beyond the plan would break.",
    )
    partition: Partition | None = Field(
        None, description="Models that may be cut over several functions; absent: none."
    )

    @field_validator("rate_brackets_rps")
    @classmethod
    def _a_range_has_two_ends(cls, ends: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if ends is not None and len(ends) < 2:
            raise ValueError(f"{list(ends)} is no range; give its two ends, or more for several ranges")
        return ends

    @field_validator("batch_sizes", "batch_timeouts_ms", "memory_mb", "rate_brackets_rps")
    @classmethod
    def _values_ascend(cls, values: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if values is not None and any(low >= high for low, high in pairwise(values)):
            raise ValueError(f"{list(values)} must rise from one to the next")
        return values

    @property
    def bracketed_batch_sizes(self) -> tuple[int, ...]:
        """Batch sizes that are offered for ranges of rates: a single request among them where ranges or readiness matter to it."""
        ranged = self.rate_brackets_rps is not None or self.provisioned_concurrency
        return tuple(size for size in self.batch_sizes if size > 1 or ranged)


class Containers(Document):
    """Serverless containers (Fargate): vCPU and memory by the hour, no machine to choose."""

    enabled: bool = Field(
        False, description="Whether containers may serve, where a profile counts vCPU in place of a machine."
    )


class Burstable(Document):
    """Machines that earn credits below a baseline share of their processors and spend them above it (AWS T)."""

    workers: Literal["baseline", "exclude"] = Field(
        "baseline", description="baseline: they serve at the share they can sustain; exclude: not at all."
    )
    standby: bool = Field(
        False,
        description="Whether they may stand stopped, to serve at full speed after a spot loss (policy survive-loss).",
    )
    standby_disk_gb: Positive = Field(
        30.0, description="Disk of a stopped machine, all that it costs."
    )  # room for an image of the system and the largest bundled model
