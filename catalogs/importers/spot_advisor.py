"""The AWS spot advisor: JSON, `spot_advisor` > region > operating system > type > {s: saving in %, r: band}.

The bands are ranges named by `ranges[].label`: `<5%`, `5-10%`, `10-15%`, `15-20%`, `>20%` of
machines a month. Linux only. Some types are listed with a saving of 0 or less, where there is no spot market
worth the name.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from catalogs.importers.file_names import facts_in, undated
from catalogs.machines import SpotOffer
from catalogs.spot import SpotTable, no_saving

if TYPE_CHECKING:
    from datetime import date

    from catalogs.inputs import InputFile

_LABEL = re.compile(r"(?:<(?P<below>\d+)|(?P<low>\d+)-(?P<high>\d+)|>(?P<above>\d+))%")


def recognises(file: InputFile) -> bool:
    """Whether the file is a JSON object that speaks of the spot advisor."""
    return file.data.lstrip()[:1] == b"{" and b'"spot_advisor"' in file.data


def read(file: InputFile, region: str, problems: list[str]) -> SpotTable:
    """Read the Linux offers of one region."""
    table = SpotTable()
    facts = facts_in(file.name)
    try:
        document = json.loads(file.data)
        bands = {entry["index"]: _band(entry["label"]) for entry in document["ranges"]}
        regions = dict(document["spot_advisor"])
        types = dict(regions[region]["Linux"]) if region in regions else None
    except (ValueError, KeyError, TypeError) as error:
        problems.append(
            f"{file.where}: is not the spot advisor's JSON ({type(error).__name__}: {error}); needed are "
            "ranges[] with index and label, and spot_advisor > region > Linux. Fetch the file again."
        )
        return table
    if types is None:
        table.warnings.append(
            f"{file.where}: has no spot figures for {region}, only for {', '.join(sorted(regions))}; "
            "nothing is offered on spot from this file."
        )
        return table
    if facts.day is None:
        table.warnings.append(undated(file.where, "spot figures"))
    for name, figures in types.items():
        _add(table, file, name, figures, bands, facts.day, problems)
    return table


def _band(label: str) -> tuple[float, float]:
    """Return the ends of a band as shares: `<5%` is 0 to 0.05, `>20%` is 0.2 to 1."""
    match = _LABEL.fullmatch(label)
    if match is None:
        raise ValueError(f"band {label!r} is none of <A%, A-B%, >B%")
    low = match["low"] or match["above"] or "0"
    high = match["high"] or match["below"] or "100"
    return int(low) / 100, int(high) / 100


def _add(
    table: SpotTable,
    file: InputFile,
    name: str,
    figures: Any,
    bands: dict[int, tuple[float, float]],
    day: date | None,
    problems: list[str],
) -> None:
    known = figures if isinstance(figures, dict) else {}
    saving, index = known.get("s"), known.get("r")
    band = bands.get(index) if isinstance(index, int) else None
    if not isinstance(saving, int | float) or not -math.inf < saving < 100 or band is None:
        problems.append(
            f"{file.where}: {name} on Linux has {figures!r}; needed are s (saving in %, < 100) and r (one of "
            f"{', '.join(map(str, bands))}). Correct the entry or remove it."
        )
    elif saving <= 0:
        table.entries[name] = no_saving(name, saving / 100, file.name)
    else:
        source = f"AWS spot advisor, Linux{f', {day}' if day else ''}"
        table.entries[name] = SpotOffer(name, saving / 100, *band, source, day)
