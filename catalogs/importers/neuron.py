"""Throughput and latency of models on Inferentia and Trainium (AWS Neuron performance tables).

The tables give items per second of a whole instance and the p50 and p99 of a call, not how many calls run at
once. By Little's law that is throughput x latency / batch, rounded; the mean time is then the longer of the
p50 and replicas x batch / throughput, so that no instance carries more than was measured.
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

SOURCE = "AWS Neuron performance tables"
THROUGHPUT = ("Avg Throughput (/sec)", "Throughput (inference/sec)", "Throughput (inference/second)")
NEEDED = ("Model", "Inst. Type", "Batch Size", "Latency P50 (ms)", "Latency P99 (ms)", "Neuron Version")
LEFT_OUT = {  # a column that tells the kind of table -> why it holds no service times
    "RI-Effective hourly rate": "prices, and of reserved instances",
    "Performance [seq/sec]": "training runs",
    "Output Token Throughput (tokens/sec)": "tokens per second instead of the time of a call",
    "Throughput (tokens/second)": "tokens per second instead of the time of a call",
}
TASKS = {"yolo_v4": "object-detection", "openpose": "pose-estimation"}  # of rows without a Task
SEQUENCE = re.compile(r"sequence-length=(\d+)")


def recognises(file: InputFile) -> bool:
    """Whether the header is one of this source's tables."""
    header = set(header_of(file))
    return bool(header & set(LEFT_OUT)) or ({"Inst. Type", "Neuron Version"} <= header)


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read the tables of whole calls; of two rows for one configuration the newer Neuron version counts."""
    header = header_of(file)
    for column, reason in LEFT_OUT.items():
        if column in header:
            return ProfilePart(left_out=reason)
    throughput = next((name for name in THROUGHPUT if name in header), THROUGHPUT[0])
    required = (*NEEDED, throughput)
    optional = [name for name in dict.fromkeys(header) if name not in required]
    newest: dict[tuple[str, str, int], tuple[tuple[int, ...], ServiceTime, ModelVariant]] = {}
    for row in read_rows(file, required=required, optional=optional, problems=problems):
        model, task = _model_and_task(row)
        time = _service_time(row, model, throughput)
        if time is None:
            continue
        version = tuple(int(part) for part in row.text("Neuron Version").split(".") if part.isdecimal())
        known = newest.get((time.model, time.instance_type, time.batch))
        if known is None or version > known[0]:
            variant = ModelVariant(model, task, None, None, None, None, None, SOURCE, "published")
            newest[time.model, time.instance_type, time.batch] = (version, time, variant)
    variants = {variant.name: variant for _, _, variant in newest.values()}
    return ProfilePart(
        variants=tuple(variants.values()), service_times=tuple(time for _, time, _ in newest.values())
    )


def _model_and_task(row: Row) -> tuple[str, str]:
    name, details = row.text("Model"), row.optional_text("Model details") or ""
    inner = re.search(r"\(([^()]+)\)", name)
    in_details = SEQUENCE.search(details)
    length = row.optional_whole("Sequence Length") or row.optional_whole("Seq. Length")
    if length is None and in_details:
        length = int(in_details[1])
    if length is not None:
        parts = [part.strip() for part in details.split(",")]
        if inner:
            name = inner[1]
        elif len(parts) > 2:  # "fp32, bert-base-uncased, sequence-length=128"
            name = parts[1]
        return encoder_model(name, length), TEXT_ENCODING
    model = canonical_model(name)
    size = row.optional_text("Image Size") or "224x224"
    task = row.optional_text("Task")
    task = task.lower().replace(" ", "-") if task else TASKS.get(model, IMAGE_CLASSIFICATION)
    return (model if size == "224x224" else f"{model}-{size}"), task


def _service_time(row: Row, model: str, throughput: str) -> ServiceTime | None:
    batch = row.whole("Batch Size", at_least=1)
    per_s = row.real(throughput, above=0)
    p50_ms, p99_ms = row.real("Latency P50 (ms)", above=0), row.real("Latency P99 (ms)", above=0)
    instance_type = row.text("Inst. Type").lower()
    version = row.text("Neuron Version")
    if not row.sound:
        return None
    replicas = max(1, round(per_s * p50_ms / 1000 / batch))
    mean_ms = max(p50_ms, 1000 * replicas * batch / per_s)
    return attempt(
        row,
        lambda: ServiceTime(
            model=model,
            instance_type=instance_type,
            batch=batch,
            items_per_request=1,
            replicas=replicas,
            threads=None,
            mean_ms=mean_ms,
            quantiles=((0.50, max(p50_ms, mean_ms)), (0.99, max(p99_ms, mean_ms))),
            samples=None,
            load_s=None,
            source=f"{SOURCE}, Neuron {version}; replicas = throughput x p50 / batch",
            obtained="derived",
        ),
    )
