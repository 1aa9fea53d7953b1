"""Spot offers: saving on the on-demand price and the band of monthly interruption, as published, per type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catalogs.machines import Rejection, SpotOffer
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from catalogs.inputs import InputFile

COLUMNS = (
    "instance_type",
    "region",
    "saving_share",
    "interruption_low_share",
    "interruption_high_share",
    "spot_date",
    "source",
)


@dataclass
class SpotTable:
    """What one file tells about spot in one region: an offer or why it is set aside, by type; warnings."""

    entries: dict[str, SpotOffer | Rejection] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def no_saving(instance_type: str, saving_share: float, origin: str) -> Rejection:
    """Return why a spot offer without a saving is set aside: it cannot be cheaper, only less safe."""
    return Rejection(
        name=f"{instance_type}/spot",
        reason=(
            f"{origin}: the spot saving is {saving_share:.0%}; only an offer that saves more than 0 % of the "
            "on-demand price is planned with"
        ),
    )


def read_spot_offers(file: InputFile, region: str, problems: list[str]) -> SpotTable:
    """Read a table of spot offers with the columns `COLUMNS`; rows of other regions are passed over.

    A saving of 0 or less is well-formed (the source publishes some) and is set aside with its reason.
    """
    table = SpotTable()
    seen: set[tuple[str, str]] = set()
    for row in read_rows(file, required=COLUMNS, problems=problems):
        name, row_region = row.text("instance_type"), row.text("region")
        saving = row.real("saving_share", below=1)
        low = row.real("interruption_low_share", at_least=0, below=1)
        high = row.real("interruption_high_share", above=0, at_most=1)
        day, source = row.day("spot_date"), row.text("source")
        if low >= high:
            row.fail(f"the interruption band is {low:g} to {high:g}; its low end must be below its high end.")
        if (name, row_region) in seen:
            row.fail(f"the spot offer of {name} in {row_region} stands in this file already. Remove one row.")
        seen.add((name, row_region))
        if not row.sound or row_region != region:
            continue
        if saving <= 0:
            table.entries[name] = no_saving(name, saving, f"{file.name} row {row.number}")
        else:
            table.entries[name] = SpotOffer(name, saving, low, high, source, day)
    return table
