"""What functions are made of in one region: tariff, object store, measured times of whole models (`Supplies`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.functions import FunctionTariff
    from catalogs.object_store import ObjectStoreTariff
    from catalogs.profiles import ProfileCatalog

GRID_MB = 256  # step of the memory sizes offered by default: a seventh of a vCPU (1,769 MB), 40 sizes up to 10,240 MB


@dataclass(frozen=True)
class Supplies:
    """Catalogs a partition is priced with.

    Parameters
    ----------
    profiles
        Measured times of whole models; times of blocks are shares of them where the model is known.
    digests
        SHA-256 of every file read, by its name.
    """

    tariff: FunctionTariff
    store: ObjectStoreTariff
    profiles: ProfileCatalog
    digests: Mapping[str, str]


def load_supplies(region: str, provider: str, arch: str) -> Supplies:
    """Load the bundled catalogs.

    Raises
    ------
    CatalogError
        Where the region, provider or architecture has no tariff.
    """
    from catalogs.functions import load_function_tariffs
    from catalogs.object_store import load_object_store
    from catalogs.profiles import load_profile_catalog

    functions, store, profiles = (
        load_function_tariffs(region),
        load_object_store(region),
        load_profile_catalog(),
    )
    digests = {**functions.digests, **store.digests, **profiles.digests}
    return Supplies(functions.tariff(provider, arch), store, profiles, digests)


def settable_sizes(memory_mb: Sequence[int], tariff: FunctionTariff) -> list[int]:
    """Return the memory sizes to choose from, ascending; all of a grid where none is given.

    Raises
    ------
    InputError
        With every size that cannot be set.
    """
    from catalogs.errors import CatalogError

    if not memory_mb:
        first = -(-tariff.memory_mb_min // GRID_MB) * GRID_MB
        least, step = tariff.memory_mb_min, tariff.memory_mb_step
        return [
            size for size in range(first, tariff.memory_mb_max + 1, GRID_MB) if (size - least) % step == 0
        ]
    problems: list[str] = []
    for size in memory_mb:
        try:
            tariff.check_memory(size)
        except CatalogError as error:
            problems += [f"--memory-mb: {line}" for line in error.problems]
    if problems:
        raise InputError(problems)
    return sorted(set(memory_mb))
