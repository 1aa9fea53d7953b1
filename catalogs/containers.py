"""Serverless containers (AWS Fargate): prices of vCPU and memory hours, and the task sizes that exist.

No profile was measured in such a container. A capacity published for a number of cores of another host may stand
in for a task of as many vCPU, on the assumption that a vCPU here carries what a core carried there; a larger task
then carries no less. A plan that uses it has to say so (`CORE_ASSUMPTION`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import digests_of, inputs_of, raise_collected
from catalogs.machines import ARCHITECTURES
from catalogs.price_lists import PRICE_ADVICE, usd_only
from catalogs.tables import header_of, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from catalogs.inputs import InputFile

MIB_PER_GB = 1024  # AWS Fargate task sizes: 0.5 GB is written 512 (MiB), 1 GB 1024

TARIFF_COLUMNS = (
    "provider",
    "arch",
    "region",
    "usd_per_vcpu_h",
    "usd_per_gb_h",
    "usd_per_storage_gb_h",
    "storage_gb_included",
    "storage_gb_max",
    "billing_step_s",
    "billed_s_min",
    "currency",
    "price_date",
    "source",
)
SIZE_COLUMNS = ("provider", "vcpu", "memory_mib_min", "memory_mib_max", "memory_mib_step", "source")

CORE_ASSUMPTION = "one vCPU of a container taken to carry what one core of the measured host carried"

_Sizes = dict[float, tuple[int, ...]]


@dataclass(frozen=True)
class FargateTariff:
    """Prices of one processor architecture in one region, and the sizes a task can have.

    Parameters
    ----------
    usd_per_storage_gb_h
        For temporary storage above `storage_gb_included`, up to `storage_gb_max`.
    billing_step_s, billed_s_min
        Running time is rounded up to the step and to the least billed time.
    sizes_mib
        vCPU -> memory sizes in MiB, ascending.
    """

    provider: str
    arch: str
    region: str
    usd_per_vcpu_h: float
    usd_per_gb_h: float
    usd_per_storage_gb_h: float
    storage_gb_included: int
    storage_gb_max: int
    billing_step_s: int
    billed_s_min: int
    sizes_mib: Mapping[float, tuple[int, ...]]
    price_date: date
    source: str

    def __post_init__(self) -> None:
        problems = [
            f"{self.provider}/{self.arch}: {name} is {value}; it must be a finite number > 0."
            for name, value in (("usd_per_vcpu_h", self.usd_per_vcpu_h), ("usd_per_gb_h", self.usd_per_gb_h))
            if not (math.isfinite(value) and value > 0)
        ]
        if not self.sizes_mib:
            problems.append(f"{self.provider}/{self.arch}: no task size is given; at least one is needed.")
        raise_collected(problems)

    def usd_per_h(self, vcpu: float, memory_mib: int) -> float:
        """Return the price of a running task of a size, USD/h; a CatalogError where there is no such size."""
        sizes = self.sizes_mib.get(vcpu, ())
        if memory_mib not in sizes:
            allowed = f"with {vcpu:g} vCPU: {', '.join(map(str, sizes))} MiB"
            if not sizes:
                allowed = f"vCPU: {', '.join(f'{size:g}' for size in sorted(self.sizes_mib))}"
            raise CatalogError(
                [f"{self.provider}: no task has {vcpu:g} vCPU and {memory_mib} MiB; allowed {allowed}."]
            )
        return vcpu * self.usd_per_vcpu_h + memory_mib / MIB_PER_GB * self.usd_per_gb_h


@dataclass(frozen=True)
class ContainerShape:
    """A size that a task can have, and its price per hour while it runs."""

    vcpu: float
    memory_mib: int
    usd_per_h: float


def container_shapes(tariff: FargateTariff) -> tuple[ContainerShape, ...]:
    """Return every size of a tariff with its price, by vCPU and memory."""
    return tuple(
        ContainerShape(vcpu, memory_mib, tariff.usd_per_h(vcpu, memory_mib))
        for vcpu in sorted(tariff.sizes_mib)
        for memory_mib in tariff.sizes_mib[vcpu]
    )


def least_shape(tariff: FargateTariff, vcpu: float, memory_mib: float) -> ContainerShape | None:
    """Return the cheapest size with at least so many vCPU and MiB; None where none is large enough.

    Where a model needs more memory than a number of vCPU may have, the next number is taken.
    """
    fitting = [
        shape for shape in container_shapes(tariff) if shape.vcpu >= vcpu and shape.memory_mib >= memory_mib
    ]
    return min(fitting, key=lambda shape: (shape.usd_per_h, shape.vcpu), default=None)


@dataclass(frozen=True)
class ContainerCatalog:
    """Container tariffs of one region, and the SHA-256 of every file they came from."""

    region: str
    tariffs: tuple[FargateTariff, ...]
    digests: Mapping[str, str]


def load_container_tariffs(
    region: str = "us-east-1", files: Sequence[str | Path] = (), *, bundled: bool = True
) -> ContainerCatalog:
    """Read tables of prices and of task sizes, told apart by their headers; later files override.

    Raises
    ------
    CatalogError
        With every problem of every file; also for a provider without task sizes.
    """
    problems: list[str] = []
    inputs = inputs_of("containers", files, bundled, problems)
    size_files = [file for file in inputs if "memory_mib_step" in header_of(file)]
    sizes: dict[str, _Sizes] = {}
    for file in size_files:
        sizes.update(_read_sizes(file, problems))
    tariffs: dict[tuple[str, str, str], FargateTariff] = {}
    for file in inputs:
        if file not in size_files:
            tariffs.update(_read_tariffs(file, sizes, problems))
    raise_collected(problems)
    return ContainerCatalog(
        region=region,
        tariffs=tuple(tariffs[key] for key in sorted(tariffs) if tariffs[key].region == region),
        digests=digests_of(inputs),
    )


def _read_sizes(file: InputFile, problems: list[str]) -> dict[str, _Sizes]:
    sizes: dict[str, _Sizes] = {}
    for row in read_rows(file, required=SIZE_COLUMNS, problems=problems):
        provider, vcpu = row.text("provider"), row.real("vcpu", above=0)
        least = row.whole("memory_mib_min", at_least=1)
        largest = row.whole("memory_mib_max", at_least=least)
        step = row.whole("memory_mib_step", at_least=1)
        row.text("source")
        if row.sound:
            known = sizes.setdefault(provider, {})
            known[vcpu] = tuple(sorted({*known.get(vcpu, ()), *range(least, largest + 1, step)}))
    return sizes


def _read_tariffs(
    file: InputFile, sizes: Mapping[str, _Sizes], problems: list[str]
) -> dict[tuple[str, str, str], FargateTariff]:
    tariffs: dict[tuple[str, str, str], FargateTariff] = {}
    for row in read_rows(file, required=TARIFF_COLUMNS, problems=problems):
        key = row.text("provider"), row.text("arch", allowed=ARCHITECTURES), row.text("region")
        per_vcpu_h = row.real("usd_per_vcpu_h", above=0, advice=PRICE_ADVICE)
        per_gb_h = row.real("usd_per_gb_h", above=0, advice=PRICE_ADVICE)
        per_storage_gb_h = row.real("usd_per_storage_gb_h", at_least=0)
        included_gb = row.whole("storage_gb_included", at_least=0)
        max_gb = row.whole("storage_gb_max", at_least=included_gb)
        step_s, min_s = row.whole("billing_step_s", at_least=1), row.whole("billed_s_min", at_least=0)
        usd_only(row)
        day, source = row.day("price_date"), row.text("source")
        if key in tariffs:
            row.fail(
                f"the tariff of {'/'.join(key)} stands in this file already. Remove one of the two rows."
            )
        if row.sound and key[0] not in sizes:
            row.fail(f"{key[0]} has no task sizes. Add them to a file with the column memory_mib_step.")
        if row.sound:
            tariffs[key] = FargateTariff(
                provider=key[0],
                arch=key[1],
                region=key[2],
                usd_per_vcpu_h=per_vcpu_h,
                usd_per_gb_h=per_gb_h,
                usd_per_storage_gb_h=per_storage_gb_h,
                storage_gb_included=included_gb,
                storage_gb_max=max_gb,
                billing_step_s=step_s,
                billed_s_min=min_s,
                sizes_mib=sizes[key[0]],
                price_date=day,
                source=source,
            )
    return tariffs
