"""The object store that serverless functions may hand a tensor over by: what a write and a read cost and take.

A tensor too large for the payload of a call is written by one function (a PUT) and read by the next (a GET).
Both pay their request, and each waits for the first byte and then for the bytes. Worked (S3, us-east-1): 8.5 MB
cost 0.0000054 USD, and 200 + 100 ms on either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.inputs import digests_of, inputs_of, near, raise_collected
from catalogs.price_lists import PRICE_ADVICE, usd_only
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from catalogs.inputs import InputFile

__all__ = ["ObjectStoreTariff", "load_object_store"]

BYTES_PER_MB = 1e6  # the performance guide counts decimal megabytes
COLUMNS = (
    "provider",
    "region",
    "usd_per_1000_puts",
    "usd_per_1000_gets",
    "first_byte_ms",
    "mb_per_s",
    "currency",
    "price_date",
    "source",
)


@dataclass(frozen=True)
class ObjectStoreTariff:
    """Prices and speed of one provider's object store in one region.

    Parameters
    ----------
    put_usd, get_usd
        Price of one write and of one read, USD.
    first_byte_ms
        Time until the first byte of a small object, milliseconds, of a write as of a read.
    mb_per_s
        Bytes that one connection then carries, millions a second.
    digests
        File name -> SHA-256 of every file read.
    """

    provider: str
    region: str
    put_usd: float
    get_usd: float
    first_byte_ms: float
    mb_per_s: float
    price_date: date
    source: str
    digests: Mapping[str, str]

    def __post_init__(self) -> None:
        problems = [
            f"{self.provider} in {self.region}: {name} is {value:g}; it must be a finite number {allowed}."
            for name, value, allowed in (
                ("put_usd", self.put_usd, ">= 0"),
                ("get_usd", self.get_usd, ">= 0"),
                ("first_byte_ms", self.first_byte_ms, ">= 0"),
                ("mb_per_s", self.mb_per_s, "> 0"),
            )
            if not math.isfinite(value) or value < 0 or (value == 0 and allowed == "> 0")
        ]
        raise_collected(problems)

    def transfer_ms(self, size_bytes: float) -> float:
        """Return the time of one write or one read of an object of a size, milliseconds."""
        return self.first_byte_ms + size_bytes / BYTES_PER_MB / self.mb_per_s * 1000


def load_object_store(
    region: str = "us-east-1", files: Sequence[str | Path] = (), *, bundled: bool = True
) -> ObjectStoreTariff:
    """Read tables of object stores; a later file overrides an earlier one.

    Raises
    ------
    CatalogError
        With every problem of every file; also where no file prices a store in the region, or the last one that
        does prices two.
    """
    problems: list[str] = []
    inputs = inputs_of("object_store", files, bundled, problems)
    stores: dict[str, ObjectStoreTariff] = {}
    for file in inputs:
        stores.update(_read_stores(file, digests_of(inputs), problems))
    raise_collected(problems)
    if region not in stores:
        known = sorted(stores)
        raise CatalogError(
            [
                f"{region} has no object store.{near(region, known)} Known are {', '.join(known) or 'none'}. "
                f"Give a table with the columns {', '.join(COLUMNS)}."
            ]
        )
    return stores[region]


def _read_stores(
    file: InputFile, digests: Mapping[str, str], problems: list[str]
) -> dict[str, ObjectStoreTariff]:
    stores: dict[str, ObjectStoreTariff] = {}
    for row in read_rows(file, required=COLUMNS, problems=problems):
        provider, region = row.text("provider"), row.text("region")
        per_1000_puts = row.real("usd_per_1000_puts", at_least=0, advice=PRICE_ADVICE)
        per_1000_gets = row.real("usd_per_1000_gets", at_least=0, advice=PRICE_ADVICE)
        first_byte_ms, mb_per_s = row.real("first_byte_ms", at_least=0), row.real("mb_per_s", above=0)
        usd_only(row)
        day, source = row.day("price_date"), row.text("source")
        if region in stores:
            row.fail(f"the object store of {region} stands in this file already. Remove one of the two rows.")
        if row.sound:
            stores[region] = ObjectStoreTariff(
                provider=provider,
                region=region,
                put_usd=per_1000_puts / 1000,
                get_usd=per_1000_gets / 1000,
                first_byte_ms=first_byte_ms,
                mb_per_s=mb_per_s,
                price_date=day,
                source=source,
                digests=digests,
            )
    return stores
