"""What serves beside plain machines: functions, containers, and machines that earn processor credits."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from planner.document import Document
from planner.scenario.quantities import Count, Positive


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
