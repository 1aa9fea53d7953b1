"""Quantities as people write them, converted once: durations, shares, counts, files beside the scenario."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

from planner.document import fitting

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
BUNDLED = "bundled"  # the keyword for the catalogs that come with the planner

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_DURATION = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+")


def parse_duration(value: Any) -> float:
    """Seconds of a duration such as ``5min``, ``24h``, ``28d`` or ``1h 30min``.

    Raises
    ------
    ValueError, when the unit is missing or unknown, or the duration is not longer than nothing.
    """
    allowed = f"write a number and a unit ({', '.join(SECONDS)}), for example 5min"
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"{value} has no unit; {allowed}")
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError(f"{value!r} is not a duration; {allowed}")
    parts = _PART.findall(value)
    unknown = [unit for _, unit in parts if unit not in SECONDS]
    if unknown:
        raise ValueError(f"{value!r} has the unknown unit {unknown[0]!r}; {allowed}")
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"{value!r} is no time at all; a duration must be longer than 0")
    return seconds


def _beside_the_scenario(value: str, info: ValidationInfo) -> str:
    """Hold the path as it was written, but say so at once when nothing is there."""
    folder = (info.context or {}).get("folder")
    if folder is not None and not (Path(folder) / value).exists():
        raise ValueError(f"there is no file or folder {str(Path(folder) / value)!r}; correct the path")
    return value


def _bundled_or_path(value: str, info: ValidationInfo) -> str:
    return value if value == BUNDLED else _beside_the_scenario(value, info)


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {"type": "string", "examples": ["5min", "24h", "28d"], "description": "A number and its unit."}
    ),
]
Instant = AwareDatetime
Number = Annotated[float, Strict()]
Positive = Annotated[float, Strict(), Field(gt=0)]
NonNegative = Annotated[float, Strict(), Field(ge=0)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
OpenShare = Annotated[float, Strict(), Field(gt=0, lt=1)]
Count = Annotated[int, Strict(), Field(ge=0)]
Name = Annotated[
    str,
    Field(min_length=1),
    fitting(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits, ., _ and -, a letter or digit first"),
]
InputPath = Annotated[str, Field(min_length=1), AfterValidator(_beside_the_scenario)]
CatalogSource = Annotated[str, Field(min_length=1), AfterValidator(_bundled_or_path)]
