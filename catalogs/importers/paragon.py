"""Memory, mean execution time and requests per vCPU of six CNNs (Paragon; profile printed in WoSC'20).

The allocated memory is a Lambda setting, so the execution time is a function time. Requests per vCPU come
with neither a period nor a deadline: they are kept as a failure that says so, never as a capacity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart, attempt
from catalogs.measurements import FailedProfile, FunctionTime
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "Paragon profile (WoSC'20)"
MB_PER_GB = 1000  # its 3.072 and 2.048 GB are Lambda's settings 3072 and 2048 MB
COLUMNS = ("model", "memory_required_gb", "memory_allocated_gb", "avg_exec_ms", "requests_per_vcpu")


def recognises(file: InputFile) -> bool:
    """Whether the header is this source's."""
    return {"avg_exec_ms", "requests_per_vcpu"} <= set(header_of(file))


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read one variant, one function time and one unusable machine figure per model."""
    variants: list[ModelVariant] = []
    times: list[FunctionTime] = []
    failed: list[FailedProfile] = []
    for row in read_rows(file, required=COLUMNS, problems=problems):
        model = canonical_model(row.text("model"))
        variant, time = _variant(row, model), _function_time(row, model)
        per_vcpu = row.real("requests_per_vcpu", above=0)
        if variant is None or time is None or not row.sound:
            continue
        variants.append(variant)
        times.append(time)
        reason = f"{per_vcpu:g} requests per vCPU are given without a period or a deadline: not a capacity"
        failed.append(FailedProfile(model, "1 vCPU", None, reason, SOURCE))
    return ProfilePart(variants=tuple(variants), function_times=tuple(times), failed=tuple(failed))


def _variant(row: Row, model: str) -> ModelVariant | None:
    memory_mib = row.real("memory_required_gb", above=0) * MB_PER_GB
    return attempt(
        row,
        lambda: ModelVariant(
            model, IMAGE_CLASSIFICATION, None, None, memory_mib, None, None, SOURCE, "published"
        ),
    )


def _function_time(row: Row, model: str) -> FunctionTime | None:
    memory_mb = round(row.real("memory_allocated_gb", above=0, at_most=1000) * MB_PER_GB) if row.sound else 0
    mean_ms = row.real("avg_exec_ms", above=0)
    return attempt(
        row,
        lambda: FunctionTime(
            model=model,
            provider="aws-lambda",
            arch="x86_64",
            memory_mb=memory_mb,
            batch=1,
            items_per_request=1,
            mean_ms=mean_ms,
            quantiles=(),
            load_ms=None,
            samples=None,
            source=SOURCE,
            obtained="published",
        ),
    )
