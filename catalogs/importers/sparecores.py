"""The Spare Cores SQLite database: tables `server` (shapes) and `server_price` (every region).

Trap: prices of the regions in China are in yuan, whatever the label of a row says. They are set aside, as is
any row that is not labelled USD. Memory of GPUs is the sum over the cards; Neuron chips are not listed.
"""

from __future__ import annotations

import math
import sqlite3
from datetime import date
from typing import TYPE_CHECKING, Any

from catalogs.machines import MachinePrice, Rejection, Shape
from catalogs.price_lists import PRICE_ADVICE, PriceList
from catalogs.shapes import category_of, family_of

if TYPE_CHECKING:
    from catalogs.inputs import InputFile

ARCHITECTURE_OF = {
    "X86_64": "x86_64",
    "I386": "x86_64",
    "X86_64_MAC": "x86_64",
    "ARM64": "arm64",
    "ARM64_MAC": "arm64",
}
_QUERY = """
    SELECT p.server_id AS name, p.price, p.currency, p.inserted_at, s.vcpus, s.memory, s.cpu_architecture,
           s.gpu_count, s.gpu_memory, s.gpu_name, s.network_speed
    FROM server_price AS p LEFT JOIN server AS s ON s.id = p.server_id AND s.vendor_id = p.vendor_id
    WHERE p.vendor_id = 'aws' AND p.datacenter_id = ? AND p.operating_system = 'Linux'
      AND p.allocation = 'ONDEMAND' AND p.duration = 'HOUR'
    ORDER BY p.server_id, p.zone_id
"""
_REGIONS = "SELECT DISTINCT datacenter_id FROM server_price WHERE vendor_id = 'aws'"


def recognises(file: InputFile) -> bool:
    """Whether the content is an SQLite database."""
    return file.data.startswith(b"SQLite format 3\0")


def read(file: InputFile, region: str, problems: list[str]) -> PriceList:
    """Read the on-demand Linux prices of one region, and the shapes of what is priced there."""
    found = PriceList()
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    try:
        connection.deserialize(file.data)
        found.regions.update(row[0] for row in connection.execute(_REGIONS))
        records = connection.execute(_QUERY, (region,)).fetchall()
    except sqlite3.DatabaseError as error:
        problems.append(
            f"{file.where}: cannot be queried as a Spare Cores database ({error}); needed are its tables "
            "server and server_price. Fetch the file again."
        )
        return found
    finally:
        connection.close()
    for record in records:
        _add(found, file, region, record, problems)
    return found


def _add(found: PriceList, file: InputFile, region: str, record: sqlite3.Row, problems: list[str]) -> None:
    name, price, currency = record["name"], record["price"], record["currency"]
    if region.startswith("cn-") or currency != "USD":
        why = "prices of this region are in CNY" if region.startswith("cn-") else "only USD is planned with"
        reason = f"{file.name}: costs {price} an hour, labelled {currency}; {why}"
        found.rejected.append(Rejection(name, reason))
    elif not isinstance(price, int | float) or not (math.isfinite(price) and price > 0):
        problems.append(
            f"{file.where}: server_price of {name} in {region} is {price!r}, not > 0. {PRICE_ADVICE}"
        )
    elif name in found.prices:
        problems.append(
            f"{file.where}: server_price has {name} in {region} twice. Remove one of the two rows."
        )
    else:
        day = _day_of(record["inserted_at"])
        source = f"Spare Cores, AWS on-demand, {day} (CC-BY-SA-4.0)"
        found.prices[name] = MachinePrice(name, region, float(price), day, "USD", source)
        shape = _shape_of(name, record, source)
        if shape is not None:
            found.shapes.append(shape)


def _day_of(inserted_at: str) -> date | None:
    try:
        return date.fromisoformat(inserted_at[:10])
    except (TypeError, ValueError):
        return None


def _shape_of(name: str, record: sqlite3.Row, source: str) -> Shape | None:
    """Return the shape; None where the database lacks a part of it, as it always does for Neuron chips."""
    family = family_of(name)
    category = category_of(family)
    arch = ARCHITECTURE_OF.get(record["cpu_architecture"])
    if arch is None or not record["vcpus"] or not record["memory"] or category in ("inferentia", "trainium"):
        return None
    count = record["gpu_count"] or 0
    speed_gbps: Any = record["network_speed"]
    return Shape(
        instance_type=name,
        family=family,
        category=category,
        vcpu=record["vcpus"],
        memory_mib=record["memory"],
        arch=arch,
        accelerator=_card_name(record["gpu_name"]) if count else None,
        accelerator_count=count,
        accelerator_memory_mib=(record["gpu_memory"] or 0) // count if count else 0,
        network_mbps=round(speed_gbps * 1000) if speed_gbps else None,
        source=source,
    )


def _card_name(full_name: str) -> str:
    """Return the short name of a card: `NVIDIA A10G` is `a10g`, the maker's word dropped."""
    return "-".join(full_name.lower().split()[1:])
