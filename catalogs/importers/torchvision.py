"""Accuracy, parameters and file size of torchvision's pretrained weights.

The plain model name stands for the first published ImageNet weights (`IMAGENET1K_V1`), which the serving
papers measured; other weights of a model get the name with a tag (`resnet50.imagenet1k_v2`). The column
`file_size_mb` counts MiB: resnet18's 11.69 M parameters of 4 bytes are 44.6 MiB.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION
from catalogs.importers.part import ProfilePart, attempt, memory_mib_of
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "torchvision weights"
COLUMNS = ("family", "weights", "dataset", "metrics", "acc1", "acc5", "num_params", "gflops", "file_size_mb")
PLAIN_TAG = "imagenet1k_v1"
KINDS = {  # metric in the file -> (task, or None where the data set tells it; our name of the metric)
    "acc@1": (None, "top1"),
    "box_map": ("object-detection", "box-map"),
    "miou": ("segmentation", "miou"),
}
CLASSIFIERS = {
    "ImageNet-1K": (IMAGE_CLASSIFICATION, "imagenet"),
    "Kinetics-400": ("video-classification", "kinetics"),
}


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"weights", "file_size_mb", "num_params"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read one variant a row; memory is derived from the file size."""
    found = [_variant(row) for row in read_rows(file, required=COLUMNS, problems=problems)]
    return ProfilePart(variants=tuple(variant for variant in found if variant is not None))


def _variant(row: Row) -> ModelVariant | None:
    architecture, _, weights = row.text("weights").lower().partition("_weights.")
    name = architecture if weights == PLAIN_TAG else f"{architecture}.{weights}"
    task, metric, percent = _accuracy(row)
    artifact_mib = row.real("file_size_mb", above=0)
    parameters = row.whole("num_params", at_least=1)
    return attempt(
        row,
        lambda: ModelVariant(
            name=name,
            task=task,
            accuracy_share=None if percent is None else percent / 100,
            accuracy_metric=metric,
            memory_mib=memory_mib_of(artifact_mib),
            artifact_mib=artifact_mib,
            parameters=parameters,
            source=f"{SOURCE} {weights.upper()}; memory = 2 x file + 256 MiB",
            obtained="published",
        ),
    )


def _accuracy(row: Row) -> tuple[str, str | None, float | None]:
    """Task, metric and percentage; metrics that are errors (optical flow) or undefined give no accuracy."""
    try:
        metrics = json.loads(row.text("metrics").replace("float('nan')", "NaN"))
    except ValueError:
        metrics = None
    if not isinstance(metrics, dict):
        row.fail(f'metrics is {row.text("metrics")!r}; an object such as {{"acc@1": 76.13}} is needed.')
        return IMAGE_CLASSIFICATION, None, None
    dataset = row.text("dataset")
    for key, (task, metric) in KINDS.items():
        if key not in metrics:
            continue
        value = metrics[key]
        named, prefix = CLASSIFIERS.get(dataset, (IMAGE_CLASSIFICATION, dataset.lower()))
        if task is not None:
            named, prefix = task, "coco"
        known = isinstance(value, int | float) and value == value
        return named, (f"{prefix}-{metric}" if known else None), (float(value) if known else None)
    return "optical-flow", None, None
