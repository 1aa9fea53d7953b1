"""Mean and p95 of single requests to text encoders and a ViT on c6i, g5, inf1 and inf2 (Schmid's benchmark).

One file a machine and model, named `..._INSTANCE_MODEL.csv`; encoders have one row a sequence length, which
becomes part of the model's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, TEXT_ENCODING, canonical_model, encoder_model
from catalogs.importers.part import ProfilePart, attempt
from catalogs.measurements import ServiceTime
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "Schmid's transformer benchmark on AWS (batch 1)"
NAME = re.compile(r"[a-z]+_(?P<instance>[a-z0-9]+\.[a-z0-9]+)_(?P<model>[a-z0-9_]+)\.csv")
COLUMNS = ("time_avg_ms", "time_std_ms", "time_p95_ms", "instance_type")


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"time_avg_ms", "time_p95_ms"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read one service time a row."""
    match = NAME.fullmatch(file.name.rsplit("/", 1)[-1])
    if match is None:
        problems.append(
            f"{file.where}: the model is read from a name like NAME_INSTANCE_MODEL.csv. Rename the file."
        )
        return ProfilePart()
    times: list[ServiceTime] = []
    variants: list[ModelVariant] = []
    for row in read_rows(file, required=COLUMNS, optional=("sequence_length",), problems=problems):
        length = row.optional_whole("sequence_length", at_least=1)
        model = canonical_model(match["model"]) if length is None else encoder_model(match["model"], length)
        task = IMAGE_CLASSIFICATION if length is None else TEXT_ENCODING
        time = _service_time(row, model, match["instance"])
        if time is not None:
            times.append(time)
            variants.append(ModelVariant(model, task, None, None, None, None, None, SOURCE, "published"))
    return ProfilePart(variants=tuple(variants), service_times=tuple(times))


def _service_time(row: Row, model: str, instance_of_name: str) -> ServiceTime | None:
    instance_type = row.text("instance_type").lower()
    mean_ms, p95_ms = row.real("time_avg_ms", above=0), row.real("time_p95_ms", above=0)
    if instance_type != instance_of_name:
        row.fail(
            f"instance_type is {instance_type} and the file's name says {instance_of_name}. Correct one."
        )
    return attempt(
        row,
        lambda: ServiceTime(
            model=model,
            instance_type=instance_type,
            batch=1,
            items_per_request=1,
            replicas=1,
            threads=None,
            mean_ms=mean_ms,
            quantiles=((0.95, p95_ms),),
            samples=None,
            load_s=None,
            source=SOURCE,
            obtained="published",
        ),
    )
