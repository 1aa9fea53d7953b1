"""Raw latency samples of five models on 16 AWS instance types (Ribbon, SC'21).

Layout: `logs/INSTANCE/MODEL_BATCH_1.json`, each a list of latencies in milliseconds, as a folder or one
tar.gz. Its batch is the number of items of one query: a file of batch B times requests of B items.
"""

from __future__ import annotations

import io
import json
import math
import re
import tarfile
import zlib
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION
from catalogs.importers.part import ProfilePart, summarise_ms
from catalogs.measurements import ServiceTime
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalogs.inputs import InputFile

SOURCE = "Ribbon (SC'21) latency samples"
MODELS = {  # name in the files -> (canonical name, task); Ribbon paper, table of models
    "resnet": ("resnet50", IMAGE_CLASSIFICATION),
    "vgg": ("vgg19", IMAGE_CLASSIFICATION),
    "dien": ("dien", "recommendation"),
    "mtwnd": ("mtwnd", "recommendation"),
    "candle": ("candle", "drug-response"),
}
MEMBER = re.compile(
    r"(?:.*/)?(?P<instance>[a-z0-9-]+\.[a-z0-9]+)/(?P<model>[a-z0-9]+)_(?P<items>\d+)_1\.json"
)


def recognises(file: InputFile) -> bool:
    """Whether the file is a gzipped archive with such members, or one of them by its folder and name."""
    if file.data[:2] == b"\x1f\x8b":
        return "ribbon" in file.name or any(MEMBER.fullmatch(name) for name, _ in _members(file, []))
    return MEMBER.fullmatch(file.where.replace("\\", "/")) is not None


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Summarise every sample file: mean, conservative quantiles, number of samples."""
    before = len(problems)
    if file.data[:2] == b"\x1f\x8b":
        members = [(name, data) for name, data in _members(file, problems) if name.endswith(".json")]
        if not members and len(problems) == before:
            problems.append(
                f"{file.where}: holds no latency file INSTANCE/MODEL_ITEMS_1.json. Give the original."
            )
    else:
        members = [(file.where.replace("\\", "/"), file.data)]
    times: dict[tuple[str, str, int], ServiceTime] = {}
    for name, data in members:
        where = name if name == file.where else f"{file.where} member {name}"
        found = _service_time(where, name, data, problems)
        if found is not None:
            times[found.model, found.instance_type, found.items_per_request] = found
    variants = tuple(
        ModelVariant(name, task, None, None, None, None, None, SOURCE, "published")
        for name, task in MODELS.values()
        if any(key[0] == name for key in times)
    )
    return ProfilePart(variants=variants, service_times=tuple(times[key] for key in sorted(times)))


def _members(file: InputFile, problems: list[str]) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(file.data), mode="r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name, content.read()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        problems.append(f"{file.where}: not a readable tar.gz ({error}). Fetch the archive again.")


def _service_time(where: str, name: str, data: bytes, problems: list[str]) -> ServiceTime | None:
    match = MEMBER.fullmatch(name)
    model = MODELS.get(match["model"]) if match else None
    if match is None or model is None:
        problems.append(
            f"{where}: name is not INSTANCE/MODEL_ITEMS_1.json; models are {', '.join(MODELS)}. Remove it."
        )
        return None
    samples = _samples(where, data, problems)
    if samples is None:
        return None
    mean_ms, quantiles = summarise_ms(samples)
    items = int(match["items"])
    if items < 1:
        problems.append(
            f"{where}: the name says {items} items a query; at least 1 is needed. Rename the file."
        )
        return None
    return ServiceTime(
        model=model[0],
        instance_type=match["instance"],
        batch=1,
        items_per_request=items,
        replicas=1,
        threads=None,
        mean_ms=mean_ms,
        quantiles=quantiles,
        samples=len(samples),
        load_s=None,
        source=SOURCE,
        obtained="measured",
    )


def _samples(where: str, data: bytes, problems: list[str]) -> list[float] | None:
    try:
        values = json.loads(data)
    except ValueError as error:
        problems.append(f"{where}: not readable as JSON ({error}). Fetch the file again.")
        return None
    if not isinstance(values, list) or len(values) < 2:
        problems.append(f"{where}: is no list of at least 2 latencies in milliseconds. Fetch it again.")
        return None
    for position, value in enumerate(values):
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        if not sound or not (math.isfinite(value) and value > 0):
            problems.append(
                f"{where} sample {position + 1}: is {value!r}; it must be milliseconds > 0. Remove it."
            )
            return None
    return [float(value) for value in values]
