"""Shapes of machine types: our own table of them, the category of a family, the merge of several files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.machines import ARCHITECTURES, CATEGORIES, Shape
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.inputs import InputFile
    from catalogs.rows import Row

COLUMNS = (
    "instance_type",
    "category",
    "vcpu",
    "memory_mib",
    "arch",
    "accelerator",
    "accelerator_count",
    "accelerator_memory_mib",
    "network_mbps",
    "source",
)

# Amazon's own grouping of families (EC2 documentation, "Instance types", 2026), its accelerated group split.
_FAMILY_STARTS = (
    ("trn", "trainium"),
    ("inf", "inferentia"),
    ("hpc", "other"),
    ("mac", "other"),
    ("cr", "memory"),
    ("u-", "memory"),
    ("u7", "memory"),
    ("vt", "other"),
    ("dl", "other"),
    ("im", "other"),
    ("is", "other"),
    ("t", "burstable"),
    ("g", "gpu"),
    ("p", "gpu"),
    ("c", "compute"),
    ("m", "general"),
    ("a", "general"),
    ("r", "memory"),
    ("x", "memory"),
    ("z", "memory"),
)


def family_of(instance_type: str) -> str:
    """Return the family of a type, the part of its name before the point."""
    return instance_type.partition(".")[0]


def category_of(family: str) -> str:
    """Return the category (one of `CATEGORIES`) of an EC2 family by the start of its name."""
    return next((category for start, category in _FAMILY_STARTS if family.startswith(start)), "other")


def read_shapes(file: InputFile, problems: list[str]) -> list[Shape]:
    """Read a table of shapes with the columns `COLUMNS`; a type that stands there twice is a problem."""
    shapes: dict[str, Shape] = {}
    for row in read_rows(file, required=COLUMNS, problems=problems):
        name = row.text("instance_type")
        accelerator, count, card_mib = _accelerator_of(row)
        category = row.text("category", allowed=CATEGORIES)
        vcpu = row.whole("vcpu", at_least=1)
        memory_mib = row.whole("memory_mib", at_least=1)
        arch = row.text("arch", allowed=ARCHITECTURES)
        network_mbps = row.optional_whole("network_mbps", at_least=1)
        source = row.text("source")
        if name in shapes:
            row.fail(f"the shape of {name} stands in this file already. Remove one of the two rows.")
        if row.sound:
            shapes[name] = Shape(
                instance_type=name,
                family=family_of(name),
                category=category,
                vcpu=vcpu,
                memory_mib=memory_mib,
                arch=arch,
                accelerator=accelerator,
                accelerator_count=count,
                accelerator_memory_mib=card_mib,
                network_mbps=network_mbps,
                source=source,
            )
    return list(shapes.values())


def _accelerator_of(row: Row) -> tuple[str | None, int, int]:
    """Read name, count and memory of one card in MiB, which come all three or not at all."""
    name = row.optional_text("accelerator")
    count = row.optional_whole("accelerator_count", at_least=0)
    card_mib = row.optional_whole("accelerator_memory_mib", at_least=0)
    if name is None and (count or card_mib):
        row.fail("accelerator is empty, its count or memory is not. Name the accelerator, or empty both.")
    if name is not None and (count is None or not card_mib):
        row.fail(f"accelerator is {name!r}, and its count or its memory is missing. Fill both in.")
    return name, count or 0, card_mib or 0


def merge_shapes(tables: Iterable[tuple[str, list[Shape]]], problems: list[str]) -> dict[str, Shape]:
    """Join tables of shapes, given as (file, shapes); a type in two files is a problem, told once a pair."""
    merged: dict[str, Shape] = {}
    origin: dict[str, str] = {}
    twice: dict[tuple[str, str], list[str]] = {}
    for file, shapes in tables:
        for shape in shapes:
            name = shape.instance_type
            if name in merged:
                twice.setdefault((origin[name], file), []).append(name)
            else:
                merged[name] = shape
                origin[name] = file
    for (first, second), names in twice.items():
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        problems.append(
            f"{second}: the shape of {', '.join(names[:5])}{more} is also in {first}. "
            "A shape may stand in one file only: remove it from one of them, or leave one file out."
        )
    return merged


def fill_in_shapes(
    merged: dict[str, Shape], tables: Iterable[tuple[str, list[Shape]]], problems: list[str]
) -> dict[str, Shape]:
    """Add the shapes that price lists carry beside their prices, for the types that have none yet.

    A published list repeats shapes that a shape file already gives; that is no double definition while both
    say the same. Where they differ in vCPU or memory, one of them is wrong: a problem.
    """
    filled = dict(merged)
    for file, shapes in tables:
        for shape in shapes:
            known = filled.setdefault(shape.instance_type, shape)
            if (known.vcpu, known.memory_mib) != (shape.vcpu, shape.memory_mib):
                problems.append(
                    f"{file}: {shape.instance_type} has {shape.vcpu} vCPU and {shape.memory_mib} MiB, but "
                    f"{known.vcpu} vCPU and {known.memory_mib} MiB by {known.source!r}. Leave one file out."
                )
    return filled
