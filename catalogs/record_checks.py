"""What every record of a catalog must keep: provenance and positive figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OBTAINED = ("measured", "published", "derived")


def provenance_problems(source: str, obtained: str) -> list[str]:
    """Say what is wrong with where a figure comes from, and how it was got."""
    problems = []
    if not source:
        problems.append("source is empty. Say where the figure comes from.")
    if obtained not in OBTAINED:
        problems.append(f"obtained is {obtained!r}; allowed are {', '.join(OBTAINED)}.")
    return problems


def positive_problems(**values: float | None) -> list[str]:
    """Say which of the values given are not finite and above 0."""
    fields: Mapping[str, float | None] = values
    return [
        f"{name} is {value:g}; it must be a finite number > 0. Correct it."
        for name, value in fields.items()
        if value is not None and not (math.isfinite(value) and value > 0)
    ]


def raise_problems(where: str, problems: Sequence[str]) -> None:
    """Raise a CatalogError with every problem of one record, where there is one."""
    if problems:
        raise CatalogError([f"{where}: {problem}" for problem in problems])
