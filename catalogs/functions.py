"""Serverless functions: what a request costs, which memory sizes exist, and the limits of a function.

A function is billed by memory and time: a request that runs d ms at M MB costs the request fee and
`M/1024 * ceil(d/step)*step/1000` GB-s at the tier of the month. Example (AWS Lambda, x86, first tier):
2048 MB for 100 ms are 0.2 GB-s, 0.2 * 0.0000166667 + 0.20/1e6 = 3.53 millionths of a dollar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.machines import ARCHITECTURES
from catalogs.price_lists import PRICE_ADVICE, usd_only
from catalogs.tables import digests_of, header_of, inputs_of, near, raise_collected, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from catalogs.tables import InputFile, Row

MB_PER_GB = 1024  # AWS Lambda pricing page: 1,024 MB of memory are one GB of the GB-second

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
class FunctionTariff:
    """Prices, sizes and limits of one provider's functions on one processor architecture in one region.

    Parameters
    ----------
    gb_second_tiers
        (upper end in GB-s a month, USD per GB-s), ascending; the last upper end is infinite.
    memory_mb_min, memory_mb_max, memory_mb_step
        Sizes that can be set, MB of the provider's own setting.
    mb_per_vcpu
        Memory that brings one vCPU's worth of processor; smaller sizes get their part of it.
    package_mb, image_mb
        Largest unzipped code package and largest container image.
    tmp_mb_min, tmp_mb_max, usd_per_tmp_gb_s
        Temporary storage: free up to the least size, the rest billed while the function runs.
    payload_mb
        Largest synchronous request or answer.
    concurrency_limit
        Executions at once in one account and region, before an increase is asked for.
    """

    provider: str
    arch: str
    region: str
    usd_per_million_requests: float
    gb_second_tiers: _Tiers
    memory_mb_min: int
    memory_mb_max: int
    memory_mb_step: int
    mb_per_vcpu: float
    billing_step_ms: float
    package_mb: int
    image_mb: int
    tmp_mb_min: int
    tmp_mb_max: int
    usd_per_tmp_gb_s: float
    payload_mb: float
    timeout_s: float
    concurrency_limit: int
    price_date: date
    source: str

    def __post_init__(self) -> None:
        name, ends = f"{self.provider}/{self.arch}", [end for end, _ in self.gb_second_tiers]
        problems = []
        if not ends or ends != sorted(set(ends)) or ends[-1] != math.inf or ends[0] <= 0:
            problems.append(
                f"{name}: tiers end at {ends} GB-s; ends must ascend from > 0, the last without end."
            )
        if not all(math.isfinite(price) and price > 0 for _, price in self.gb_second_tiers):
            problems.append(f"{name}: every price of a GB-s must be a finite number > 0.")
        if not 0 < self.memory_mb_min <= self.memory_mb_max or self.memory_mb_step < 1:
            problems.append(
                f"{name}: memory is {self.memory_mb_min} to {self.memory_mb_max} MB in steps of "
                f"{self.memory_mb_step}; the least must be > 0 and at most the largest, the step >= 1."
            )
        raise_collected(problems)

    def check_memory(self, memory_mb: int) -> None:
        """Raise a CatalogError where a memory size cannot be set."""
        offset = memory_mb - self.memory_mb_min
        if memory_mb > self.memory_mb_max or offset < 0 or offset % self.memory_mb_step:
            raise CatalogError(
                [
                    f"{self.provider}: memory_mb is {memory_mb}; allowed are {self.memory_mb_min} to "
                    f"{self.memory_mb_max} MB in steps of {self.memory_mb_step}. Choose one of these sizes."
                ]
            )

    def vcpu(self, memory_mb: int) -> float:
        """Return the processor share that comes with a memory size, in vCPU."""
        return memory_mb / self.mb_per_vcpu

    def billed_ms(self, duration_ms: float) -> float:
        """Return the billed duration: rounded up to the billing step, at least one step."""
        return max(1, math.ceil(duration_ms / self.billing_step_ms)) * self.billing_step_ms

    def usd_per_request(self, memory_mb: int, billed_ms: float) -> float:
        """Return the cost of one call in the first (dearest) tier, so that a plan never underestimates it.

        Parameters
        ----------
        memory_mb
            One of the sizes that can be set.
        billed_ms
            Billed duration, > 0, within the time-out; for random durations the mean of billed ones.

        Raises
        ------
        CatalogError
            Where the size cannot be set or the duration is impossible.
        """
        self.check_memory(memory_mb)
        if not 0 < billed_ms <= self.timeout_s * 1000:
            raise CatalogError(
                [
                    f"{self.provider}: billed_ms is {billed_ms}; it must be > 0 and at most the time-out of "
                    f"{self.timeout_s:g} s. Choose a larger memory size or a smaller batch."
                ]
            )
        gb_s = memory_mb / MB_PER_GB * billed_ms / 1000
        return self.usd_per_million_requests / 1e6 + gb_s * self.gb_second_tiers[0][1]

    def usd_per_month(self, requests: float, gb_s: float) -> float:
        """Return the bill of a month: every tier charges the part of the GB-s that falls into it."""
        cost_usd, start = requests * self.usd_per_million_requests / 1e6, 0.0
        for end, usd_per_gb_s in self.gb_second_tiers:
            cost_usd += max(0.0, min(gb_s, end) - start) * usd_per_gb_s
            start = end
        return cost_usd


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
                f"{wanted} has no function tariff in {self.region}.{near(wanted, known)} Known are "
                f"{', '.join(known) or 'none'}."
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
    for row in read_rows(file, required=TARIFF_COLUMNS, problems=problems):
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
    )
