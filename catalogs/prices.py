"""Price catalog of one region: shapes, prices and spot offers of many files, joined into machines.

Every file is recognised by its content, never by its name: our own tables (a unit in each column name), the
EC2 on-demand list, the Spare Cores database, SageMaker's YAML, the spot advisor's JSON (catalogs/importers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from catalogs.errors import CatalogError
from catalogs.importers import ec2_prices, sagemaker, sparecores, spot_advisor
from catalogs.inputs import InputFile, digests_of, inputs_of, near, raise_collected
from catalogs.machines import EndpointPrice, MachineOffer, MachinePrice, Rejection, Shape, SpotOffer
from catalogs.price_lists import PriceList, read_endpoint_prices, read_prices
from catalogs.shapes import fill_in_shapes, merge_shapes, read_shapes
from catalogs.spot import SpotTable, read_spot_offers
from catalogs.tables import header_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "EndpointPrice",
    "MachineOffer",
    "MachinePrice",
    "PriceCatalog",
    "Rejection",
    "Shape",
    "SpotOffer",
    "load_price_catalog",
]

_T = TypeVar("_T")
_PriceReader = Callable[[InputFile, str, list[str]], PriceList]
_PRICE_IMPORTERS: tuple[tuple[Callable[[InputFile], bool], _PriceReader], ...] = (
    (sparecores.recognises, sparecores.read),
    (ec2_prices.recognises, ec2_prices.read),
    (sagemaker.recognises, sagemaker.read),
)


@dataclass(frozen=True)
class PriceCatalog:
    """What can be rented in one region.

    Parameters
    ----------
    machines
        Types with a shape and a price, sorted by name.
    rejected
        What the files price and nobody can plan with, and the reason: no shape, not USD, no spot saving, not
        a machine. Sorted by name.
    warnings
        What the user should know of the files (no date, no region, no spot figures for the region).
    digests
        SHA-256 of every input file by its name, bundled ones as `bundled/FOLDER/FILE`.
    endpoints
        Prices of managed inference endpoints, sorted by name.
    """

    region: str
    machines: tuple[MachineOffer, ...]
    rejected: tuple[Rejection, ...]
    warnings: tuple[str, ...]
    digests: Mapping[str, str]
    endpoints: tuple[EndpointPrice, ...] = ()

    def machine(self, instance_type: str) -> MachineOffer:
        """Return the offer of a type.

        Raises
        ------
        CatalogError
            Where there is none; says why it was set aside, or which names are near.
        """
        for offer in self.machines:
            if offer.instance_type == instance_type:
                return offer
        reasons = [r.reason for r in self.rejected if r.name == instance_type]
        why = f" It was set aside: {reasons[0]}" if reasons else near(instance_type, self.instance_types)
        raise CatalogError([f"{instance_type} is not offered in {self.region}.{why}"])

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Names of all machines, sorted."""
        return tuple(offer.instance_type for offer in self.machines)


def load_price_catalog(
    region: str,
    price_files: Sequence[str | Path] = (),
    shape_files: Sequence[str | Path] = (),
    spot_files: Sequence[str | Path] = (),
    *,
    bundled: bool = True,
) -> PriceCatalog:
    """Join shapes, prices and spot offers into the machines of one region.

    Parameters
    ----------
    region
        Code of the region, such as `us-east-1`; rows of other regions are passed over.
    price_files
        Later files override the prices of earlier ones, type by type.
    shape_files
        A type may stand in one of them only. Shapes in price lists fill in what no shape file knows.
    spot_files
        Later files override earlier ones, type by type.
    bundled
        Whether the files that ship with the package come first in each of the three lists. The word `bundled`
        in a list puts them at its place, whatever this flag says.

    Raises
    ------
    CatalogError
        With every problem of every file: unreadable, unknown columns, a missing, zero or negative price,
        another currency, a type twice in a file, a shape in two files; or nothing to rent in the region.
    """
    problems: list[str] = []
    price_inputs = inputs_of("prices", price_files, bundled, problems)
    shape_inputs = inputs_of("shapes", shape_files, bundled, problems)
    spot_inputs = inputs_of("spot", spot_files, bundled, problems)
    lists = [(file.where, _read_price_list(file, region, problems)) for file in price_inputs]
    shapes = merge_shapes([(f.where, _read_shape_file(f, region, problems)) for f in shape_inputs], problems)
    shapes = fill_in_shapes(shapes, [(where, found.shapes) for where, found in lists], problems)
    spot_tables = [_read_spot_file(file, region, problems) for file in spot_inputs]
    raise_collected(problems)

    prices = _override(found.prices for _, found in lists)
    spot = _override(table.entries for table in spot_tables)
    machines = tuple(
        _offer(shapes[name], prices[name], spot.get(name)) for name in sorted(prices) if name in shapes
    )
    endpoints = _override(found.endpoints for _, found in lists)
    raise_collected(_nothing_to_rent(region, machines, lists))
    rejected = [
        rejection for _, found in lists for rejection in found.rejected if rejection.name not in prices
    ]
    rejected += [_without_shape(prices[name]) for name in prices if name not in shapes]
    rejected += [entry for name, entry in spot.items() if isinstance(entry, Rejection) and name in prices]
    return PriceCatalog(
        region=region,
        machines=machines,
        rejected=tuple(sorted(rejected, key=lambda r: (r.name, r.reason))),
        warnings=tuple(w for _, found in lists for w in found.warnings)
        + tuple(w for table in spot_tables for w in table.warnings),
        digests=digests_of([*price_inputs, *shape_inputs, *spot_inputs]),
        endpoints=tuple(endpoints[name] for name in sorted(endpoints)),
    )


def _read_price_list(file: InputFile, region: str, problems: list[str]) -> PriceList:
    for recognises, read in _PRICE_IMPORTERS:
        if recognises(file):
            return read(file, region, problems)
    if _is_misplaced(file, "prices", problems):
        return PriceList()
    if "endpoint_type" in header_of(file):
        return read_endpoint_prices(file, region, problems)
    return read_prices(file, region, problems)


def _read_shape_file(file: InputFile, region: str, problems: list[str]) -> list[Shape]:
    for recognises, read in _PRICE_IMPORTERS[:2]:
        if recognises(file):
            return read(file, region, problems).shapes
    return [] if _is_misplaced(file, "shapes", problems) else read_shapes(file, problems)


def _read_spot_file(file: InputFile, region: str, problems: list[str]) -> SpotTable:
    if spot_advisor.recognises(file):
        return spot_advisor.read(file, region, problems)
    return SpotTable() if _is_misplaced(file, "spot", problems) else read_spot_offers(file, region, problems)


def _is_misplaced(file: InputFile, wanted: str, problems: list[str]) -> bool:
    """Whether a file plainly is of another kind than the list it was given in; then a problem is added."""
    header = set(header_of(file))
    kinds = {
        "prices": "price_usd_per_h" in header or any(recognises(file) for recognises, _ in _PRICE_IMPORTERS),
        "shapes": {"vcpu", "memory_mib", "category"} <= header,
        "spot": {"saving_share", "interruption_low_share"} <= header or spot_advisor.recognises(file),
    }
    if kinds[wanted]:
        return False
    for kind, is_kind in kinds.items():
        if is_kind:
            problems.append(f"{file.where}: holds {kind}, but stands among the {wanted} files. Move it.")
            return True
    return False


def _override(tables: Iterable[Mapping[str, _T]]) -> dict[str, _T]:
    merged: dict[str, _T] = {}
    for table in tables:
        merged.update(table)
    return merged


def _offer(shape: Shape, price: MachinePrice, spot: SpotOffer | Rejection | None) -> MachineOffer:
    return MachineOffer(shape, price, spot if isinstance(spot, SpotOffer) else None)


def _without_shape(price: MachinePrice) -> Rejection:
    return Rejection(
        price.instance_type,
        f"has a price ({price.source}) and no shape: no file tells its size. Add a row to a shape file",
    )


def _nothing_to_rent(
    region: str, machines: Sequence[MachineOffer], lists: Sequence[tuple[str, PriceList]]
) -> list[str]:
    if machines:
        return []
    priced = sorted({name for _, found in lists for name in found.regions})
    hint = "" if region in priced else near(region, priced)
    aside = [rejection for _, found in lists for rejection in found.rejected]
    why = (
        f" {len(aside)} prices were set aside, the first: {aside[0].name}, {aside[0].reason}."
        if aside
        else ""
    )
    return [
        f"region {region}: no machine has both a price and a shape.{why}{hint} "
        f"The price files know {', '.join(priced) or 'no region'}. Add a price file for the region."
    ]
