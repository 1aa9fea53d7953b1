"""What one file of profiles contributes, before merging, and the helpers every profile importer uses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalogs.bucket_throughput import BucketThroughput
    from catalogs.load_times import LoadTime
    from catalogs.measurements import FailedProfile, FunctionTime, PublishedCapacity, ServiceTime
    from catalogs.rows import Row
    from catalogs.variants import ModelVariant

T = TypeVar("T")

SUMMARY_PERCENTILES = (0.50, 0.90, 0.95, 0.98, 0.99)  # what deadlines of the serving papers ask for
BYTES_PER_WEIGHT = 4  # weights are kept as 32-bit floats unless the source says otherwise
MIB = 1024 * 1024
# Memory of a replica = 2 x weights file + 256 MiB, fitted to the Lambda CNN measurements: it separates all
# credible memory settings that ran from all that failed (tests/catalogs/test_profiles_real.py).
MEMORY_PER_ARTIFACT = 2.0
MEMORY_RUNTIME_MIB = 256.0


@dataclass(frozen=True)
class ProfilePart:
    """Records of one file, in the order of the file; `left_out` says why a known file gives none."""

    variants: tuple[ModelVariant, ...] = ()
    service_times: tuple[ServiceTime, ...] = ()
    capacities: tuple[PublishedCapacity, ...] = ()
    function_times: tuple[FunctionTime, ...] = ()
    bucket_throughputs: tuple[BucketThroughput, ...] = ()
    load_times: tuple[LoadTime, ...] = ()
    failed: tuple[FailedProfile, ...] = ()
    left_out: str | None = None


def attempt(row: Row, make: Callable[[], T]) -> T | None:
    """Return the record that `make` builds; None, with the problems noted for the row, where it refuses."""
    if not row.sound:
        return None
    try:
        return make()
    except CatalogError as error:
        for problem in error.problems:
            row.fail(problem)
        return None


def summarise_ms(samples_ms: Sequence[float]) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Mean and conservative quantiles of raw samples.

    The p-quantile is the order statistic of rank ceil(p (n + 1)), the first whose expected coverage k/(n + 1)
    reaches p; percentiles above 1 - 1/n are left out. Worked: of 20 samples p = .95 is the 20th, the longest.
    """
    ordered = sorted(samples_ms)
    n = len(ordered)
    quantiles = tuple(
        (p, ordered[min(n, math.ceil(p * (n + 1))) - 1]) for p in SUMMARY_PERCENTILES if p <= 1 - 1 / n
    )
    return math.fsum(ordered) / n, quantiles


def artifact_mib_of(parameters: int) -> float:
    """Size of a weights file of 32-bit floats, MiB."""
    return parameters * BYTES_PER_WEIGHT / MIB


def memory_mib_of(artifact_mib: float) -> float:
    """Memory that a replica needs beside the request itself, MiB, from the size of its weights file."""
    return MEMORY_PER_ARTIFACT * artifact_mib + MEMORY_RUNTIME_MIB
