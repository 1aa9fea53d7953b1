"""ImageNet accuracy of timm's models, and their throughput on one CPU and one GPU outside any cloud.

A name is `model.tag`; records of other sources know the model only. Of several tags the accuracy is that of
the weights other sources used where known, else the lowest: never more than some published weights reach.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart, artifact_mib_of, attempt, memory_mib_of
from catalogs.measurements import ServiceTime
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "timm results-imagenet"
BENCHMARK_SOURCE = "timm inference benchmark"
PREFERRED_TAGS = (  # torchvision's weights; the weights of the published ViT-B/16 checkpoint
    "tv_in1k",
    "orig_in21k_ft_in1k",
)
RESULTS = (
    "model",
    "img_size",
    "top1",
    "top1_err",
    "top5",
    "top5_err",
    "param_count",
    "crop_pct",
    "interpolation",
)
BENCHMARK = (
    "model",
    "infer_img_size",
    "infer_samples_per_sec",
    "infer_step_time",
    "infer_batch_size",
    "param_count",
    "infer_gmacs",
    "infer_macts",
)


def recognises(file: InputFile) -> bool:
    """Whether the header is the accuracy table's or a benchmark's."""
    header = set(header_of(file))
    return {"model", "top1", "crop_pct"} <= header or {"infer_samples_per_sec", "infer_step_time"} <= header


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read accuracies as variants, or a benchmark as one-figure service times of a host outside the cloud."""
    if "top1" in header_of(file):
        return _read_results(file, problems)
    return _read_benchmark(file, problems)


def _read_results(file: InputFile, problems: list[str]) -> ProfilePart:
    chosen: dict[str, tuple[tuple[int, float], ModelVariant]] = {}
    for row in read_rows(file, required=RESULTS, problems=problems):
        name, _, tag = row.text("model").partition(".")
        variant = _variant(row, canonical_model(name), tag)
        if variant is None or variant.accuracy_share is None:
            continue
        preference = PREFERRED_TAGS.index(tag) if tag in PREFERRED_TAGS else len(PREFERRED_TAGS)
        rank = (preference, variant.accuracy_share)
        if variant.name not in chosen or rank < chosen[variant.name][0]:
            chosen[variant.name] = (rank, variant)
    return ProfilePart(variants=tuple(variant for _, variant in chosen.values()))


def _variant(row: Row, name: str, tag: str) -> ModelVariant | None:
    top1 = row.real("top1", at_least=0, at_most=100)
    parameters = _parameters(row)
    if parameters is None:
        return None
    artifact_mib = artifact_mib_of(parameters)
    return attempt(
        row,
        lambda: ModelVariant(
            name=name,
            task=IMAGE_CLASSIFICATION,
            accuracy_share=top1 / 100,
            accuracy_metric="imagenet-top1",
            memory_mib=memory_mib_of(artifact_mib),
            artifact_mib=artifact_mib,
            parameters=parameters,
            source=f"{SOURCE} {tag}; file = 4 bytes a parameter, memory = 2 x file + 256 MiB",
            obtained="published",
        ),
    )


def _parameters(row: Row) -> int | None:
    """Parameters from millions; large models are written with a thousands separator (`1,014.45`)."""
    text = row.text("param_count").replace(",", "")
    try:
        count = round(float(text) * 1e6)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        row.fail(
            f"param_count is {row.text('param_count')!r}; millions of parameters > 0 are needed. Correct it."
        )
        return None
    return count


def _read_benchmark(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read one-figure service times of a host that is no instance type, so they join none.

    Of one model at several image sizes the slowest counts: tag and size are lost in the join.
    """
    match = re.search(r"(rtx\d+|i9_\w+?)(?=[-.])", file.name)
    host = (match[1] if match else file.name.rsplit(".", 1)[0]).replace("_", "-")
    slowest: dict[str, ServiceTime] = {}
    for row in read_rows(file, required=BENCHMARK, problems=problems):
        model = canonical_model(row.text("model").partition(".")[0])
        time = _service_time(row, model, host)
        if time is not None and (model not in slowest or _ms_an_image(time) > _ms_an_image(slowest[model])):
            slowest[model] = time
    variants = tuple(
        ModelVariant(model, IMAGE_CLASSIFICATION, None, None, None, None, None, BENCHMARK_SOURCE, "published")
        for model in slowest
    )
    return ProfilePart(variants=variants, service_times=tuple(slowest.values()))


def _ms_an_image(time: ServiceTime) -> float:
    return time.mean_ms / time.batch


def _service_time(row: Row, model: str, host: str) -> ServiceTime | None:
    batch, mean_ms = row.whole("infer_batch_size", at_least=1), row.real("infer_step_time", above=0)
    return attempt(
        row,
        lambda: ServiceTime(
            model=model,
            instance_type=host,
            batch=batch,
            items_per_request=1,
            replicas=1,
            threads=None,
            mean_ms=mean_ms,
            quantiles=(),
            samples=None,
            load_s=None,
            source=BENCHMARK_SOURCE,
            obtained="published",
        ),
    )
