"""What every record of a catalog must keep: provenance, positive figures, quantiles in order."""

from __future__ import annotations

import math
from itertools import pairwise
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


def quantile_problems(quantiles: Sequence[tuple[float, float]]) -> list[str]:
    """Say what is wrong with (percentile share, ms) pairs: out of range, or out of order."""
    problems = []
    for share, ms in quantiles:
        if not 0 < share < 1 or not (math.isfinite(ms) and ms > 0):
            problems.append(f"quantile {share:g} is {ms:g} ms; shares must be within 0..1 and times > 0.")
    for (low, low_ms), (high, high_ms) in pairwise(quantiles):
        if low >= high or low_ms > high_ms:
            problems.append(
                f"quantile {low:g} is {low_ms:g} ms and quantile {high:g} is {high_ms:g} ms; "
                "higher percentiles cannot be shorter. Order and correct them."
            )
    return problems


def raise_problems(where: str, problems: Sequence[str]) -> None:
    """Raise a CatalogError with every problem of one record, where there is one."""
    if problems:
        raise CatalogError([f"{where}: {problem}" for problem in problems])
