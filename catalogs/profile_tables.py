"""Our own profile tables: seven kinds of CSV, told apart by their header, units in the column names.

============== =======================================================================================
kind           columns (optional ones in brackets)
============== =======================================================================================
variants       model task [accuracy_share accuracy_metric memory_mib artifact_mib parameters]
service times  model instance_type batch mean_ms
               [items_per_request replicas threads samples load_s pNN_ms]
capacities     model capacity_rps deadline_ms percentile [instance_type cores batch]
function times model provider memory_mb mean_ms
               [arch batch items_per_request samples load_ms pNN_ms]
buckets        model instance_type throughput_rps, and bucket or input_tokens output_tokens
               [deadline_ms percentile]
load times     model load_s [instance_type]
failures       model host reason [batch]
============== =======================================================================================

Every kind has `source`, and all but failures `obtained` (measured, published or derived). `pNN_ms` are
quantiles of the time: p50_ms, p90_ms, p95_ms, p98_ms, p99_ms, p999_ms. Empty cells are unknown, never 0.
A throughput of 0 is known: that machine cannot serve that bucket (`catalogs.bucket_throughput`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from catalogs import bucket_throughput
from catalogs.bucket_throughput import BucketThroughput
from catalogs.importers.part import ProfilePart, attempt
from catalogs.load_times import LoadTime
from catalogs.measurements import FailedProfile, FunctionTime, PublishedCapacity, ServiceTime
from catalogs.record_checks import OBTAINED
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from catalogs.inputs import InputFile
    from catalogs.rows import Row

QUANTILE_COLUMNS = {
    "p50_ms": 0.50,
    "p90_ms": 0.90,
    "p95_ms": 0.95,
    "p98_ms": 0.98,
    "p99_ms": 0.99,
    "p999_ms": 0.999,
}
VARIANTS = ("model", "task", "source", "obtained")
VARIANTS_OPTIONAL = ("accuracy_share", "accuracy_metric", "memory_mib", "artifact_mib", "parameters")
SERVICE_TIMES = ("model", "instance_type", "batch", "mean_ms", "source", "obtained")
SERVICE_TIMES_OPTIONAL = (
    "items_per_request",
    "replicas",
    "threads",
    "samples",
    "load_s",
    *QUANTILE_COLUMNS,
)
CAPACITIES = ("model", "capacity_rps", "deadline_ms", "percentile", "source", "obtained")
CAPACITIES_OPTIONAL = ("instance_type", "cores", "batch")
FUNCTION_TIMES = ("model", "provider", "memory_mb", "mean_ms", "source", "obtained")
FUNCTION_TIMES_OPTIONAL = ("arch", "batch", "items_per_request", "samples", "load_ms", *QUANTILE_COLUMNS)
LOAD_TIMES = ("model", "load_s", "source", "obtained")
LOAD_TIMES_OPTIONAL = ("instance_type",)
FAILED = ("model", "host", "reason", "source")
FAILED_OPTIONAL = ("batch",)

T = TypeVar(
    "T",
    ModelVariant,
    ServiceTime,
    PublishedCapacity,
    FunctionTime,
    BucketThroughput,
    LoadTime,
    FailedProfile,
)


def recognises(file: InputFile) -> bool:
    """Whether the header looks like one of our tables, sound or not."""
    header = set(header_of(file))
    return "model" in header and bool(
        header & {"task", "mean_ms", "capacity_rps", "throughput_rps", "load_s", "reason"}
    )


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read one table; two rows of one configuration in a file contradict each other and are a problem."""
    header = set(header_of(file))
    if "capacity_rps" in header:
        rows = read_rows(file, required=CAPACITIES, optional=CAPACITIES_OPTIONAL, problems=problems)
        return ProfilePart(capacities=_unique(rows, _capacity, lambda record: record.key))
    if "throughput_rps" in header:
        rows = read_rows(
            file, required=bucket_throughput.REQUIRED, optional=bucket_throughput.OPTIONAL, problems=problems
        )
        return ProfilePart(
            bucket_throughputs=_unique(rows, bucket_throughput.read_row, lambda record: record.key)
        )
    if "mean_ms" in header and ("memory_mb" in header or "provider" in header):
        rows = read_rows(file, required=FUNCTION_TIMES, optional=FUNCTION_TIMES_OPTIONAL, problems=problems)
        return ProfilePart(function_times=_unique(rows, _function_time, lambda record: record.key))
    if "mean_ms" in header:
        rows = read_rows(file, required=SERVICE_TIMES, optional=SERVICE_TIMES_OPTIONAL, problems=problems)
        return ProfilePart(service_times=_unique(rows, _service_time, lambda record: record.key))
    if "task" in header:
        rows = read_rows(file, required=VARIANTS, optional=VARIANTS_OPTIONAL, problems=problems)
        return ProfilePart(variants=_unique(rows, _variant, lambda record: record.name))
    if "load_s" in header:
        rows = read_rows(file, required=LOAD_TIMES, optional=LOAD_TIMES_OPTIONAL, problems=problems)
        return ProfilePart(load_times=_unique(rows, _load_time, lambda record: record.key))
    rows = read_rows(file, required=FAILED, optional=FAILED_OPTIONAL, problems=problems)
    return ProfilePart(failed=_unique(rows, _failed, lambda record: record.key))


def _unique(
    rows: Iterable[Row], make: Callable[[Row], T | None], key: Callable[[T], Hashable]
) -> tuple[T, ...]:
    found: dict[Hashable, tuple[int, T]] = {}
    for row in rows:
        record = make(row)
        if record is None:
            continue
        if key(record) in found:
            row.fail(f"repeats the configuration of row {found[key(record)][0]}. Keep one of the two rows.")
            continue
        found[key(record)] = (row.number, record)
    return tuple(record for _, record in found.values())


def _variant(row: Row) -> ModelVariant | None:
    name, task, source = row.text("model"), row.text("task"), row.text("source")
    accuracy, metric = row.optional_real("accuracy_share"), row.optional_text("accuracy_metric")
    memory_mib, artifact_mib = row.optional_real("memory_mib"), row.optional_real("artifact_mib")
    parameters, obtained = row.optional_whole("parameters"), row.text("obtained", allowed=OBTAINED)
    return attempt(
        row,
        lambda: ModelVariant(
            name, task, accuracy, metric, memory_mib, artifact_mib, parameters, source, obtained
        ),
    )


def _service_time(row: Row) -> ServiceTime | None:
    model, instance_type = row.text("model"), row.text("instance_type")
    batch, items = row.whole("batch"), _whole_or_one(row, "items_per_request")
    replicas, threads = _whole_or_one(row, "replicas"), row.optional_whole("threads")
    mean_ms, quantiles, load_s = row.real("mean_ms"), _quantiles(row), row.optional_real("load_s")
    samples, source = row.optional_whole("samples"), row.text("source")
    obtained = row.text("obtained", allowed=OBTAINED)
    return attempt(
        row,
        lambda: ServiceTime(
            model=model,
            instance_type=instance_type,
            batch=batch,
            items_per_request=items,
            replicas=replicas,
            threads=threads,
            mean_ms=mean_ms,
            quantiles=quantiles,
            samples=samples,
            load_s=load_s,
            source=source,
            obtained=obtained,
        ),
    )


def _capacity(row: Row) -> PublishedCapacity | None:
    model, instance_type = row.text("model"), row.optional_text("instance_type")
    cores, batch = row.optional_whole("cores"), _whole_or_one(row, "batch")
    capacity_rps, deadline_ms = row.real("capacity_rps"), row.real("deadline_ms")
    percentile, source = row.real("percentile"), row.text("source")
    obtained = row.text("obtained", allowed=OBTAINED)
    return attempt(
        row,
        lambda: PublishedCapacity(
            model, instance_type, cores, batch, capacity_rps, deadline_ms, percentile, source, obtained
        ),
    )


def _function_time(row: Row) -> FunctionTime | None:
    model, provider = row.text("model"), row.text("provider")
    arch, memory_mb = row.optional_text("arch") or "x86_64", row.whole("memory_mb")
    batch, items = _whole_or_one(row, "batch"), _whole_or_one(row, "items_per_request")
    mean_ms, quantiles, load_ms = row.real("mean_ms"), _quantiles(row), row.optional_real("load_ms")
    samples, source = row.optional_whole("samples"), row.text("source")
    obtained = row.text("obtained", allowed=OBTAINED)
    return attempt(
        row,
        lambda: FunctionTime(
            model=model,
            provider=provider,
            arch=arch,
            memory_mb=memory_mb,
            batch=batch,
            items_per_request=items,
            mean_ms=mean_ms,
            quantiles=quantiles,
            load_ms=load_ms,
            samples=samples,
            source=source,
            obtained=obtained,
        ),
    )


def _load_time(row: Row) -> LoadTime | None:
    model, instance_type = row.text("model"), row.optional_text("instance_type")
    load_s, source = row.real("load_s"), row.text("source")
    obtained = row.text("obtained", allowed=OBTAINED)
    return attempt(row, lambda: LoadTime(model, instance_type, load_s, source, obtained))


def _failed(row: Row) -> FailedProfile | None:
    model, host, batch = row.text("model"), row.text("host"), row.optional_whole("batch", at_least=1)
    reason, source = row.text("reason"), row.text("source")
    return attempt(row, lambda: FailedProfile(model, host, batch, reason, source))


def _whole_or_one(row: Row, column: str) -> int:
    value = row.optional_whole(column)
    return 1 if value is None else value


def _quantiles(row: Row) -> tuple[tuple[float, float], ...]:
    found = ((share, row.optional_real(column)) for column, share in QUANTILE_COLUMNS.items())
    return tuple((share, ms) for share, ms in found if ms is not None)
