"""Profiles: which model variants exist and how fast each runs where.

`load_profile_catalog` reads the bundled figures, our own CSV tables and the original files of published
measurements, and merges them; every record keeps its source and how it was obtained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.measurements import FailedProfile, FunctionTime, ModelVariant, PublishedCapacity, ServiceTime

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FailedProfile",
    "FunctionTime",
    "ModelVariant",
    "ProfileCatalog",
    "PublishedCapacity",
    "ServiceTime",
]


@dataclass(frozen=True)
class ProfileCatalog:
    """All that is known about the models, after merging.

    Parameters
    ----------
    variants
        Model variants by name, sorted by name.
    service_times, capacities, function_times, failed
        Records sorted by their keys; no two records of one kind share a key.
    warnings
        What a reader should know: overridden rows, skipped files, mixed accuracy metrics.
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
