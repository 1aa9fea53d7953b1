"""One price list: what a file tells about one region, in our own format or through an importer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalogs.machines import EndpointPrice, MachinePrice, Rejection, Shape
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

MACHINE_COLUMNS = ("instance_type", "region", "price_usd_per_h", "currency", "price_date", "source")
ENDPOINT_COLUMNS = ("endpoint_type", "region", "price_usd_per_h", "currency", "price_date", "source")
PRICE_ADVICE = "A price that is not known is never 0: fill in the price or remove the row."


@dataclass
class PriceList:
    """What one file tells about one region.

    Parameters
    ----------
    prices, endpoints
        By name of the type; each stands once.
    shapes
        Shapes that the list carries beside its prices.
    regions
        Every region that the file prices, to tell the user where a region is missing.
    """

    prices: dict[str, MachinePrice] = field(default_factory=dict)
    endpoints: dict[str, EndpointPrice] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    regions: set[str] = field(default_factory=set)


def price_usd_per_h(row: Row, column: str = "price_usd_per_h") -> float:
    """Return the price of a row, a finite number above 0."""
    return row.real(column, above=0, advice=PRICE_ADVICE)


def read_prices(file: InputFile, region: str, problems: list[str]) -> PriceList:
    """Read machine prices with the columns `MACHINE_COLUMNS`; rows of other regions are only checked.

    A price may have no date: it is then too old for any limit on its age.
    """
    found = PriceList()
    seen: set[tuple[str, str]] = set()
    for row in read_rows(file, required=MACHINE_COLUMNS, problems=problems):
        name, row_region, price = row.text("instance_type"), row.text("region"), price_usd_per_h(row)
        currency, source = usd_only(row), row.text("source")
        day = row.day("price_date") if row.has("price_date") else None
        refuse_second(row, name, row_region, seen)
        found.regions.add(row_region)
        if row.sound and row_region == region:
            found.prices[name] = MachinePrice(name, region, price, day, currency, source)
    return found


def read_endpoint_prices(file: InputFile, region: str, problems: list[str]) -> PriceList:
    """Read prices of managed endpoints with the columns `ENDPOINT_COLUMNS`, as `read_prices` does."""
    found = PriceList()
    seen: set[tuple[str, str]] = set()
    for row in read_rows(file, required=ENDPOINT_COLUMNS, problems=problems):
        name, row_region, price = row.text("endpoint_type"), row.text("region"), price_usd_per_h(row)
        currency, day, source = usd_only(row), row.day("price_date"), row.text("source")
        if name and not name.startswith("ml."):
            row.fail(f"endpoint_type is {name!r}; endpoint types are written ml.TYPE. Correct the cell.")
        refuse_second(row, name, row_region, seen)
        found.regions.add(row_region)
        if row.sound and row_region == region:
            machine = name.removeprefix("ml.")
            found.endpoints[name] = EndpointPrice(name, machine, region, price, day, currency, source)
    return found


def usd_only(row: Row) -> str:
    """Return the currency of a row, which must be USD."""
    currency = row.text("currency")
    if currency and currency != "USD":
        row.fail(f"currency is {currency!r}; only USD is planned with. Convert the price or remove the row.")
    return currency


def refuse_second(row: Row, name: str, region: str, seen: set[tuple[str, str]]) -> None:
    """Note a problem where the price of a name in a region was seen before, else remember it."""
    if (name, region) in seen:
        row.fail(f"the price of {name} in {region} stands in this file already. Remove one of the two rows.")
    seen.add((name, region))
