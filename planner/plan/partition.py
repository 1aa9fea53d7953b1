"""Models cut over several functions that hand tensors on, as a deployer needs them (`PartitionSegment`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.document import Document


class Transfer(Document):
    """A tensor that a function receives or sends."""

    via: Literal["caller", "payload", "store"] = Field(
        description="caller: input or answer of the model, the caller's own; payload: of the call; store: written and read."
    )
    bytes: int = Field(ge=0, description="Bytes of the tensor, of a full batch.")
    ms: float = Field(ge=0, description="Billed milliseconds this function spends on it.")


class Worker(Document):
    """A function that runs one of the parallel branches of a block, called by the segment's."""

    block: str = Field(description="Block that the branch is of.")
    first_layer: str = Field(description="First layer of the branch.")
    last_layer: str = Field(description="Last layer of the branch.")
    memory_mb: int = Field(gt=0, description="Memory size.")
    usd: float = Field(ge=0, description="USD of one call, its requests to the store included.")
    billed_ms: float = Field(
        ge=0, description="Billed milliseconds of a call on average, cold ones included."
    )
    compute_ms: float = Field(ge=0, description="Computing.")
    load_ms: float = Field(ge=0, description="Loading its weights where the call is cold.")
    package_mib: float = Field(ge=0, description="Deployment package.")
    memory_used_mib: float = Field(
        ge=0, description="Runtime, weights as often as they are held while they load, and activations."
    )
    receives: Transfer = Field(description="The block's input.")
    sends: Transfer = Field(description="What the other layers read of the branch.")


class PartitionSegment(Document):
    """One function of the chain."""

    first_layer: str = Field(description="First layer it runs.")
    last_layer: str = Field(description="Last layer it runs.")
    blocks: tuple[str, ...] = Field(min_length=1, description="Blocks it runs, in order.")
    memory_mb: int = Field(gt=0, description="Memory size.")
    usd: float = Field(
        ge=0, description="USD of one call of the chain, its workers and its writes to the store included."
    )
    latency_ms: float = Field(
        ge=0, description="What it adds to the latency of the chain, mean over warm and cold calls."
    )
    billed_ms: float = Field(
        ge=0, description="Billed milliseconds of a call on average, cold ones included."
    )
    compute_ms: float = Field(ge=0, description="Computing, or waiting for workers that compute.")
    load_ms: float = Field(ge=0, description="Loading its weights where the call is cold.")
    package_mib: float = Field(ge=0, description="Deployment package: runtime and weights.")
    memory_used_mib: float = Field(
        ge=0, description="Runtime, weights as often as they are held while they load, and activations."
    )
    receives: Transfer = Field(description="What comes in.")
    sends: Transfer = Field(description="What goes out.")
    workers: tuple[Worker, ...] = Field(
        description="Functions that run parallel branches of its blocks; mostly none."
    )
