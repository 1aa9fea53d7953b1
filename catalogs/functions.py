"""Serverless functions that can be bought in a region: tables of tariffs and of their tiers, joined."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import digests_of, inputs_of, near, raise_collected
from catalogs.machines import ARCHITECTURES
from catalogs.price_lists import PRICE_ADVICE, usd_only
from catalogs.tables import header_of, read_rows
from catalogs.tariffs import FunctionTariff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from catalogs.inputs import InputFile
    from catalogs.rows import Row

__all__ = ["FunctionCatalog", "FunctionTariff", "load_function_tariffs"]

TARIFF_COLUMNS = (
    "provider",
    "arch",
    "region",
    "usd_per_million_requests",
    "memory_mb_min",
    "memory_mb_max",
    "memory_mb_step",
    "mb_per_vcpu",
    "billing_step_ms",
    "package_mb",
    "image_mb",
    "tmp_mb_min",
    "tmp_mb_max",
    "usd_per_tmp_gb_s",
    "payload_mb",
    "timeout_s",
    "concurrency_limit",
    "currency",
    "price_date",
    "source",
)
TARIFF_COLUMNS_OPTIONAL = ("usd_per_provisioned_gb_s", "usd_per_gb_s_on_provisioned", "async_payload_mb")
TIER_COLUMNS = (
    "provider",
    "arch",
    "region",
    "up_to_gb_s",
    "usd_per_gb_s",
    "currency",
    "price_date",
    "source",
)

_Key = tuple[str, str, str]  # provider, arch, region
_Tiers = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class FunctionCatalog:
    """Function tariffs of one region, and the SHA-256 of every file they came from."""

    region: str
    tariffs: tuple[FunctionTariff, ...]
    digests: Mapping[str, str]

    def tariff(self, provider: str, arch: str) -> FunctionTariff:
        """Return the tariff of a provider and architecture; a CatalogError names what there is."""
        for tariff in self.tariffs:
            if (tariff.provider, tariff.arch) == (provider, arch):
                return tariff
        known = [f"{t.provider}/{t.arch}" for t in self.tariffs]
        wanted = f"{provider}/{arch}"
        raise CatalogError(
            [
                f"{wanted} has no function tariff in {self.region}.{near(wanted, known)} "
                + (
                    f"Known are {', '.join(known)}."
                    if known
                    else "No tariff of that region is known: name another."
                )
            ]
        )


def load_function_tariffs(
    region: str = "us-east-1", files: Sequence[str | Path] = (), *, bundled: bool = True
) -> FunctionCatalog:
    """Read tables of tariffs and of their tiers, told apart by their headers; later files override.

    A region without any tariff gives an empty catalog: functions are then not planned with.

    Raises
    ------
    CatalogError
        With every problem of every file; also for a tariff without tiers, or tiers without a tariff.
    """
    problems: list[str] = []
    inputs = inputs_of("functions", files, bundled, problems)
    tier_files = [file for file in inputs if "up_to_gb_s" in header_of(file)]
    tiers: dict[_Key, _Tiers] = {}
    for file in tier_files:
        tiers.update(_read_tiers(file, problems))
    tariffs: dict[_Key, FunctionTariff] = {}
    for file in inputs:
        if file not in tier_files:
            tariffs.update(_read_tariffs(file, tiers, problems))
    raise_collected(problems)
    return FunctionCatalog(
        region=region,
        tariffs=tuple(tariffs[key] for key in sorted(tariffs) if tariffs[key].region == region),
        digests=digests_of(inputs),
    )


def _key_of(row: Row) -> _Key:
    return row.text("provider"), row.text("arch", allowed=ARCHITECTURES), row.text("region")


def _read_tiers(file: InputFile, problems: list[str]) -> dict[_Key, _Tiers]:
    tiers: dict[_Key, _Tiers] = {}
    for row in read_rows(file, required=TIER_COLUMNS, problems=problems):
        key = _key_of(row)
        before = tiers.get(key, ())
        end = row.optional_real("up_to_gb_s", above=before[-1][0] if before else 0)
        price = row.real("usd_per_gb_s", above=0, advice=PRICE_ADVICE)
        usd_only(row)
        row.day("price_date")
        row.text("source")
        if before and before[-1][0] == math.inf:
            row.fail("follows a tier without an end (up_to_gb_s empty). Sort the tiers by their ends.")
        if row.sound:
            tiers[key] = (*before, (math.inf if end is None else end, price))
    problems.extend(
        f"{file.where}: the last tier of {'/'.join(key)} ends at {found[-1][0]:g} GB-s; empty its up_to_gb_s."
        for key, found in tiers.items()
        if found[-1][0] != math.inf
    )
    return tiers


def _read_tariffs(
    file: InputFile, tiers: Mapping[_Key, _Tiers], problems: list[str]
) -> dict[_Key, FunctionTariff]:
    tariffs: dict[_Key, FunctionTariff] = {}
    for row in read_rows(file, required=TARIFF_COLUMNS, optional=TARIFF_COLUMNS_OPTIONAL, problems=problems):
        key = _key_of(row)
        if key in tariffs:
            row.fail(
                f"the tariff of {'/'.join(key)} stands in this file already. Remove one of the two rows."
            )
        if row.sound and key not in tiers:
            row.fail(f"{'/'.join(key)} has no tiers. Add them to a file with the column up_to_gb_s.")
        tariff = _tariff_of(row, key, tiers.get(key, ()))
        if tariff is not None:
            tariffs[key] = tariff
    return tariffs


def _tariff_of(row: Row, key: _Key, tiers: _Tiers) -> FunctionTariff | None:
    """Read the cells of one tariff; None where one of them, or the row before, is not sound."""
    usd_only(row)
    fee, tmp_fee = row.real("usd_per_million_requests", at_least=0), row.real("usd_per_tmp_gb_s", at_least=0)
    memory_min, tmp_min = row.whole("memory_mb_min", at_least=1), row.whole("tmp_mb_min", at_least=0)
    memory_max, tmp_max = (
        row.whole("memory_mb_max", at_least=memory_min),
        row.whole("tmp_mb_max", at_least=tmp_min),
    )
    memory_step, concurrency = (
        row.whole("memory_mb_step", at_least=1),
        row.whole("concurrency_limit", at_least=1),
    )
    mb_per_vcpu, billing_step_ms = row.real("mb_per_vcpu", above=0), row.real("billing_step_ms", above=0)
    package_mb, image_mb = row.whole("package_mb", at_least=1), row.whole("image_mb", at_least=1)
    payload_mb, timeout_s = row.real("payload_mb", above=0), row.real("timeout_s", above=0)
    held = row.optional_real("usd_per_provisioned_gb_s", above=0)
    run = row.optional_real("usd_per_gb_s_on_provisioned", above=0)
    async_payload_mb = row.optional_real("async_payload_mb", above=0)
    if (held is None) != (run is None):
        row.fail(
            "gives one of usd_per_provisioned_gb_s and usd_per_gb_s_on_provisioned. Fill in both, or leave both "
            "empty where executions cannot be kept ready."
        )
    day, source = row.day("price_date"), row.text("source")
    if not row.sound:
        return None
    provider, arch, region = key
    return FunctionTariff(
        provider=provider,
        arch=arch,
        region=region,
        usd_per_million_requests=fee,
        gb_second_tiers=tiers,
        memory_mb_min=memory_min,
        memory_mb_max=memory_max,
        memory_mb_step=memory_step,
        mb_per_vcpu=mb_per_vcpu,
        billing_step_ms=billing_step_ms,
        package_mb=package_mb,
        image_mb=image_mb,
        tmp_mb_min=tmp_min,
        tmp_mb_max=tmp_max,
        usd_per_tmp_gb_s=tmp_fee,
        payload_mb=payload_mb,
        timeout_s=timeout_s,
        concurrency_limit=concurrency,
        price_date=day,
        source=source,
        usd_per_provisioned_gb_s=held,
        usd_per_gb_s_on_provisioned=run,
        async_payload_mb=async_payload_mb,
    )
