"""Capacities of ResNet-18..152 by CPU cores and deadline (InfAdapter, after Model-Switching).

The source counts cores of an unnamed host, so its rows join no instance type. The memory it lists is what its
containers were given, not what the models need, and is not taken over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION
from catalogs.importers.part import ProfilePart, attempt
from catalogs.measurements import FailedProfile, PublishedCapacity
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "InfAdapter capacity measurements (2023)"
PERCENTILE = 0.99  # the file's latency column is p99_latency
COLUMNS = (
    "REPLICA",
    "HARDWARE",
    "CPU",
    "MEM",
    "ARCH",
    "BATCH",
    "NUM_BATCH_THREADS",
    "MAX_ENQUEUED_BATCHES",
    "INTRA_OP_PARALLELISM",
    "INTER_OP_PARALLELISM",
    "SLA",
    "p99_latency",
    "capacity",
    "saturation_tp",
    "timestamp",
)


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"ARCH", "SLA", "p99_latency", "capacity"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Keep each capacity with its deadline; a row without a p99 was not confirmed and becomes a failure."""
    capacities: list[PublishedCapacity] = []
    failed: list[FailedProfile] = []
    models: dict[str, None] = {}
    for row in read_rows(file, required=COLUMNS, problems=problems):
        model = f"resnet{row.whole('ARCH', at_least=1)}"
        if row.has("p99_latency"):
            capacity = _capacity(row, model)
            if capacity is not None:
                capacities.append(capacity)
        else:
            failed.append(_unconfirmed(row, model))
        models[model] = None
    variants = tuple(
        ModelVariant(name, IMAGE_CLASSIFICATION, None, None, None, None, None, SOURCE, "published")
        for name in models
    )
    return ProfilePart(variants=variants, capacities=tuple(capacities), failed=tuple(failed))


def _capacity(row: Row, model: str) -> PublishedCapacity | None:
    cores, batch = row.whole("CPU", at_least=1), row.whole("BATCH", at_least=1)
    deadline_ms, p99_ms = row.real("SLA", above=0), row.real("p99_latency", above=0)
    capacity_rps = row.real("capacity", above=0, advice="Where nothing is served, empty p99_latency.")
    if row.sound and p99_ms > deadline_ms:
        row.fail(
            f"p99_latency {p99_ms:g} ms is above SLA {deadline_ms:g} ms: no capacity. Empty p99_latency."
        )
    return attempt(
        row,
        lambda: PublishedCapacity(
            model, None, cores, batch, capacity_rps, deadline_ms, PERCENTILE, SOURCE, "measured"
        ),
    )


def _unconfirmed(row: Row, model: str) -> FailedProfile:
    cores, deadline_ms = row.whole("CPU", at_least=1), row.real("SLA", above=0)
    return FailedProfile(
        model=model,
        host=f"{cores} cores",
        batch=row.whole("BATCH", at_least=1),
        reason=f"no p99 latency was measured within {deadline_ms:g} ms",
        source=SOURCE,
    )
