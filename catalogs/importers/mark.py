"""Requests per minute per instance inside a deadline, as MArk (USENIX ATC'19) uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart, attempt
from catalogs.measurements import PublishedCapacity
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "MArk (ATC'19) capacities"
TASKS = {"lstm_ptb": "language-modelling", "opennmt_ende": "translation"}  # the others classify images
COLUMNS = (
    "model",
    "instance",
    "capacity_req_per_min",
    "published_batch",
    "usd_per_hour_2019_us_east_1",
    "rtmax_ms",
    "slmin_pct",
)


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"capacity_req_per_min", "rtmax_ms", "slmin_pct"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Convert requests per minute to requests per second; a row keeps its deadline and percentile."""
    found = [_capacity(row) for row in read_rows(file, required=COLUMNS, problems=problems)]
    capacities = tuple(capacity for capacity in found if capacity is not None)
    variants = tuple(
        ModelVariant(name, _task(name), None, None, None, None, None, SOURCE, "published")
        for name in dict.fromkeys(capacity.model for capacity in capacities)
    )
    return ProfilePart(variants=variants, capacities=capacities)


def _task(model: str) -> str:
    return TASKS.get(model, IMAGE_CLASSIFICATION)


def _capacity(row: Row) -> PublishedCapacity | None:
    model, instance_type = canonical_model(row.text("model")), row.text("instance")
    per_minute = row.real("capacity_req_per_min", above=0)
    batch, deadline_ms = row.whole("published_batch", at_least=1), row.real("rtmax_ms", above=0)
    percentile = row.real("slmin_pct", above=0, below=100) / 100
    return attempt(
        row,
        lambda: PublishedCapacity(
            model, instance_type, None, batch, per_minute / 60, deadline_ms, percentile, SOURCE, "published"
        ),
    )
