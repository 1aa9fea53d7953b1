"""Profiles: which model variants exist and how fast each runs where.

`load_profile_catalog` reads the bundled figures, our own CSV tables and the original files of published
measurements, and merges them; every record keeps its source and how it was obtained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from catalogs.bucket_throughput import BucketThroughput
from catalogs.inputs import bundled_inputs, digests_of, raise_collected
from catalogs.load_times import LoadTime
from catalogs.measurements import FailedProfile, FunctionTime, PublishedCapacity, ServiceTime
from catalogs.profile_files import read_profile_path
from catalogs.profile_tables import read as read_table
from catalogs.variants import ModelVariant, merge_variants, mixed_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from catalogs.importers.part import ProfilePart
    from catalogs.inputs import InputFile

__all__ = [
    "BucketThroughput",
    "FailedProfile",
    "FunctionTime",
    "LoadTime",
    "ModelVariant",
    "ProfileCatalog",
    "PublishedCapacity",
    "ServiceTime",
    "load_profile_catalog",
]

BUNDLED = "bundled"

R = TypeVar("R", ServiceTime, PublishedCapacity, FunctionTime, BucketThroughput, LoadTime, FailedProfile)


@dataclass(frozen=True)
class ProfileCatalog:
    """All that is known about the models, after merging.

    Parameters
    ----------
    variants
        Model variants by name, sorted by name.
    service_times, capacities, function_times, bucket_throughputs, load_times, failed
        Records sorted by their keys; no two records of one kind share a key.
    warnings
        What a reader should know: overridden rows, files left out, mixed accuracy metrics.
    digests
        File name -> SHA-256 of its content, for every file read.
    """

    variants: Mapping[str, ModelVariant]
    service_times: tuple[ServiceTime, ...]
    capacities: tuple[PublishedCapacity, ...]
    function_times: tuple[FunctionTime, ...]
    failed: tuple[FailedProfile, ...]
    warnings: tuple[str, ...]
    digests: Mapping[str, str]
    bucket_throughputs: tuple[BucketThroughput, ...] = ()
    load_times: tuple[LoadTime, ...] = ()

    @cached_property
    def measured_load_times(self) -> Mapping[tuple[str, str], LoadTime]:
        """Load time by model and instance type ("" where the source names none), the longest of service times first."""
        known = {one.key: one for one in self.load_times}
        timed = [one for one in self.service_times if one.load_s is not None]
        for one in sorted(timed, key=lambda time: time.load_s or 0.0):
            load_s = one.load_s or 0.0
            known[one.model, one.instance_type] = LoadTime(
                one.model, one.instance_type, load_s, one.source, one.obtained
            )
        return known

    def failed_sizes(self, model: str, provider: str) -> frozenset[int]:
        """Memory settings (MB) of a provider's functions that the sources tried with a model without success."""
        return frozenset(
            one.memory_mb
            for one in self.failed
            if one.model == model and one.provider == provider and one.memory_mb is not None
        )


def load_profile_catalog(paths: Sequence[str | Path] = ()) -> ProfileCatalog:
    """Read and merge profiles.

    Parameters
    ----------
    paths
        Files or folders, later ones override; the word "bundled" stands for the figures that ship with the
        package, which are also read when `paths` is empty. A file may be one of our tables or an original.

    Raises
    ------
    CatalogError
        With every problem of every file.
    """
    problems: list[str] = []
    paths_parts: list[list[ProfilePart]] = []
    inputs: list[InputFile] = []
    notes: list[str] = []
    for path in paths or (BUNDLED,):
        if str(path) == BUNDLED:
            files = bundled_inputs("profiles")
            paths_parts.append([read_table(file, problems) for file in files])
            inputs += files
        else:
            reading = read_profile_path(path, problems)
            paths_parts.append(reading.parts)
            inputs += reading.files
            notes += reading.notes
    raise_collected(problems)
    return _merge(paths_parts, notes, digests_of(inputs))


def _merge(
    paths_parts: Sequence[Sequence[ProfilePart]], notes: Sequence[str], digests: Mapping[str, str]
) -> ProfileCatalog:
    warnings = list(notes)
    variants = merge_variants(
        (variant for parts in paths_parts for part in parts for variant in part.variants), warnings
    )
    service_times = _override("service times", paths_parts, lambda part: part.service_times, warnings)
    capacities = _override("capacities", paths_parts, lambda part: part.capacities, warnings)
    function_times = _override("function times", paths_parts, lambda part: part.function_times, warnings)
    bucket_throughputs = _override(
        "bucket throughputs", paths_parts, lambda part: part.bucket_throughputs, warnings
    )
    load_times = _override("load times", paths_parts, lambda part: part.load_times, warnings)
    failed = _override("failures", paths_parts, lambda part: part.failed, warnings)
    timed = {time.model for time in service_times} | {time.model for time in function_times}
    published = {one.model for one in capacities} | {one.model for one in bucket_throughputs}
    unknown = sorted((timed | published) - set(variants))
    if unknown:
        warnings.append(
            f"{len(unknown)} models have times but no variant, so no task, and are left out of plans: "
            f"{', '.join(unknown[:5])}{' ...' if len(unknown) > 5 else ''}."
        )
    warnings += mixed_metrics(variants)
    return ProfileCatalog(
        variants=variants,
        service_times=service_times,
        capacities=capacities,
        function_times=function_times,
        bucket_throughputs=bucket_throughputs,
        load_times=load_times,
        failed=failed,
        warnings=tuple(dict.fromkeys(warnings)),
        digests=digests,
    )


def _override(
    kind: str,
    paths_parts: Sequence[Sequence[ProfilePart]],
    records_of: Callable[[ProfilePart], Iterable[R]],
    warnings: list[str],
) -> tuple[R, ...]:
    """Keep one record a key, sorted by key: a later path's, and within a path the best known.

    The files of a folder have no order of their own, so there the record that reaches the higher percentile
    stands; of equals the later one.
    """
    kept: dict[object, R] = {}
    replaced = 0
    for parts in paths_parts:
        of_path: dict[object, R] = {}
        for record in (record for part in parts for record in records_of(part)):
            known = of_path.get(record.key)
            replaced += known is not None and known.source != record.source
            if known is None or _highest_percentile(record) >= _highest_percentile(known):
                of_path[record.key] = record
        replaced += sum(key in kept and kept[key].source != new.source for key, new in of_path.items())
        kept |= of_path
    if replaced:
        warnings.append(
            f"{replaced} {kind} gave way to others of the same configuration: of a later path, or of a "
            "file of the same folder that knows a higher percentile or comes later."
        )
    return tuple(sorted(kept.values(), key=lambda record: record.key))


def _highest_percentile(
    record: ServiceTime | FunctionTime | PublishedCapacity | BucketThroughput | LoadTime | FailedProfile,
) -> float:
    if isinstance(record, ServiceTime | FunctionTime) and record.quantiles:
        return record.quantiles[-1][0]
    return 0.0
