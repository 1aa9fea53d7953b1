"""Region and date of a published file whose content names neither: they stand in its name, if anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_REGION = re.compile(
    r"(?<![a-z])[a-z]{2}(?:-[a-z]+){1,2}-\d(?!\d)"
)  # AWS region codes: us-east-1, us-gov-west-1
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


@dataclass(frozen=True)
class NamedFacts:
    """What the name of a file tells; None where it tells nothing."""

    region: str | None
    day: date | None


def facts_in(name: str) -> NamedFacts:
    """Read region and date out of a file name such as `aws_ec2_us-east-1_2026-07-20.csv`."""
    region, day = _REGION.search(name), _DAY.search(name)
    found_day = None
    if day is not None:
        try:
            found_day = date.fromisoformat(day.group())
        except ValueError:
            found_day = None
    return NamedFacts(region.group() if region else None, found_day)


def undated(where: str, what: str) -> str:
    """Return the warning about a file that tells no date."""
    return (
        f"{where}: neither the file nor its name tells the date of its {what}; their age cannot be checked. "
        "Put the date (YYYY-MM-DD) into the file name."
    )


def unplaced(where: str, region: str) -> str:
    """Return the warning about a file that tells no region and was taken for the wanted one."""
    return (
        f"{where}: neither the file nor its name tells the region of its prices; taken for {region}. "
        "Put the region into the file name."
    )
