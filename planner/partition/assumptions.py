"""What a partition takes for granted: figures that no catalog measures, each with its unit and origin.

Every one can be set by hand (`planner partition --assume NAME=VALUE`), and every one is written into the plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from catalogs.layers.memory_speed import PARALLEL_SHARE
from catalogs.layers.times import BATCH_SCALING
from planner.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GIVEN = "given by the user"


def _figure(value: float, unit: str, origin: str, *, above_zero: bool = False) -> Any:
    return field(default=value, metadata={"unit": unit, "origin": origin, "above_zero": above_zero})


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Figures beside the tariff and the block times.

    Parameters
    ----------
    call_ms
        Billed time of the handler of every call, beside receiving, computing and sending.
    invoke_ms
        Time from the end of one function to the start of the next, which nobody bills.
    init_ms
        Start of a cold function, before it loads weights; billed.
    load_mib_per_s
        Rate at which weights are loaded where the profiles have no load time of the model.
    network_mb_per_s
        Bytes (millions a second) that a function sends or receives as a payload.
    payload_growth
        Bytes of a payload for a byte of a tensor.
    parallel_share
        Share of the work that runs in parallel above one vCPU, outside of measured sizes.
    batch_scaling
        What each further request of a batch adds, over the first, where batches are not measured.
    runtime_package_mib, runtime_memory_mib
        What the runtime and its libraries take of the package, and of the memory.
    weight_copies
        Copies of the weights in memory while they load.
    """

    call_ms: float = _figure(10.0, "ms", "assumed: decode, dispatch and encode in a warm runtime")
    invoke_ms: float = _figure(15.0, "ms", "assumed: a synchronous call within one region")
    init_ms: float = _figure(
        500.0, "ms", "assumed: runtime and framework without weights; billed since 2025-08"
    )
    load_mib_per_s: float = _figure(
        96.0,
        "MiB/s",
        "median of seven CNNs measured on AWS Lambda, weights over load time (54 to 125 MiB/s)",
        above_zero=True,
    )
    network_mb_per_s: float = _figure(75.0, "MB/s", "assumed: 600 Mbit/s a function", above_zero=True)
    payload_growth: float = _figure(
        4 / 3, "bytes a byte", "base64 in JSON, RFC 4648: 4 characters for 3 bytes", above_zero=True
    )
    parallel_share: float = _figure(
        PARALLEL_SHARE,
        "share",
        "least squares on six CNNs measured on AWS Lambda (tests.benchmarks.layer_times)",
    )
    batch_scaling: float = _figure(
        BATCH_SCALING,
        "share",
        "three service-time surfaces of BATCH, within a factor of 2.1 (tests.benchmarks.layer_times)",
    )
    runtime_package_mib: float = _figure(120.0, "MiB", "assumed: an inference runtime without training parts")
    runtime_memory_mib: float = _figure(
        256.0, "MiB", "as the catalog of variants: memory = 2 x file + 256 MiB"
    )
    weight_copies: float = _figure(
        2.0,
        "copies",
        "file and network while a model loads: VGG16 runs out of memory at 1,024 MB on AWS Lambda, not at 2,048",
        above_zero=True,
    )

    def __post_init__(self) -> None:
        problems = []
        for one in fields(self):
            value, above_zero = getattr(self, one.name), one.metadata["above_zero"]
            if not math.isfinite(value) or value < 0 or (value == 0 and above_zero):
                least = "> 0" if above_zero else ">= 0"
                problems.append(
                    f"--assume {one.name}: is {value:g} {one.metadata['unit']}; it must be a finite number {least}."
                )
        if problems:
            raise InputError(problems)

    def listed(self) -> Iterator[tuple[str, float, str, str]]:
        """Name, value, unit and origin of every figure."""
        for one in fields(self):
            value = getattr(self, one.name)
            yield (
                one.name,
                value,
                one.metadata["unit"],
                one.metadata["origin"] if value == one.default else GIVEN,
            )


def assumptions_of(given: Mapping[str, float]) -> Assumptions:
    """Return the assumptions with some figures set by hand.

    Raises
    ------
    InputError
        With every name that is not known and every figure out of range.
    """
    known = [one.name for one in fields(Assumptions)]
    problems = [
        f"--assume {name}: there is no such figure.{nearest(name, known)} There are {', '.join(known)}."
        for name in given
        if name not in known
    ]
    found = Assumptions()
    try:
        found = Assumptions(**{name: value for name, value in given.items() if name in known})
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return found
