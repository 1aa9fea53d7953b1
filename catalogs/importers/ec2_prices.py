"""The EC2 on-demand list: one CSV a region with `on_demand_usd_per_hour` and the shape in the same row.

Rows of retired types carry a price and no shape; they stay priced and are set aside later, when nothing
else gives their shape. Region and date stand in the file name only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.importers.file_names import facts_in, undated, unplaced
from catalogs.machines import MachinePrice, Shape
from catalogs.price_lists import PriceList, price_usd_per_h
from catalogs.shapes import category_of, family_of
from catalogs.tables import header_of, read_rows

if TYPE_CHECKING:
    from datetime import date

    from catalogs.inputs import InputFile
    from catalogs.rows import Row

COLUMNS = (
    "instance_type",
    "on_demand_usd_per_hour",
    "vcpu",
    "memory_mib",
    "cpu_manufacturer",
    "arch",
    "gpu_name",
    "gpu_count",
    "gpu_memory_mib",
    "accelerator_name",
    "accelerator_count",
    "network_mbps",
)
ARCHITECTURE_OF = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64"}
# The list gives no memory for Neuron chips. MiB on one: AWS product pages of Inf1, Inf2, Trn1, Trn2 (2026).
NEURON_CHIP_MIB = {"inf1": 8192, "inf2": 32768, "trn1": 32768, "trn1n": 32768, "trn2": 98304}


def recognises(file: InputFile) -> bool:
    """Whether the header is that of this list."""
    return {"instance_type", "on_demand_usd_per_hour"} <= set(header_of(file))


def read(file: InputFile, region: str, problems: list[str]) -> PriceList:
    """Read prices and shapes; a list of another region gives its shapes only."""
    facts = facts_in(file.name)
    found = PriceList(regions={facts.region or region})
    if facts.region is None:
        found.warnings.append(unplaced(file.where, region))
    if facts.day is None:
        found.warnings.append(undated(file.where, "prices"))
    priced_here = facts.region in (None, region)
    seen: set[str] = set()
    for row in read_rows(file, required=COLUMNS, problems=problems):
        name, price = row.text("instance_type"), price_usd_per_h(row, "on_demand_usd_per_hour")
        if name in seen:
            row.fail(f"{name} stands in this file already. Remove one of the two rows.")
        seen.add(name)
        shape = _shape_of(row, name, facts.day) if row.has("vcpu") or row.has("memory_mib") else None
        if not row.sound:
            continue
        if shape is not None:
            found.shapes.append(shape)
        if priced_here:
            found.prices[name] = MachinePrice(
                name, region, price, facts.day, "USD", _source("prices", facts.day)
            )
    return found


def _source(what: str, day: date | None) -> str:
    return f"AWS EC2 on-demand list, {what}{f', {day}' if day else ''}"


def _shape_of(row: Row, name: str, day: date | None) -> Shape | None:
    vcpu, memory_mib = row.whole("vcpu", at_least=1), row.whole("memory_mib", at_least=1)
    arch = ARCHITECTURE_OF.get(row.text("arch", allowed=ARCHITECTURE_OF), "")
    network_mbps = row.optional_whole("network_mbps", at_least=1)
    family = family_of(name)
    accelerator = row.optional_text("gpu_name")
    if accelerator is not None:
        count, card_mib = row.whole("gpu_count", at_least=0), row.whole("gpu_memory_mib", at_least=1)
    else:
        accelerator = row.optional_text("accelerator_name")
        count = 0 if accelerator is None else row.whole("accelerator_count", at_least=1)
        card_mib = 0 if accelerator is None else NEURON_CHIP_MIB.get(family, 0)
    if not row.sound:
        return None
    return Shape(
        instance_type=name,
        family=family,
        category=category_of(family),
        vcpu=vcpu,
        memory_mib=memory_mib,
        arch=arch,
        accelerator=accelerator,
        accelerator_count=count,
        accelerator_memory_mib=card_mib,
        network_mbps=network_mbps,
        source=_source("shapes", day),
    )
