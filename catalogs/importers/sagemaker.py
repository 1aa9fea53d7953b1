"""SageMaker prices in YAML: `pricing` > `instance_based` > {`ml.TYPE`: USD an hour}; token prices unused."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from catalogs.importers.file_names import facts_in, undated, unplaced
from catalogs.machines import EndpointPrice, Rejection
from catalogs.price_lists import PRICE_ADVICE, PriceList

if TYPE_CHECKING:
    from catalogs.inputs import InputFile

_OPENING = re.compile(rb"^pricing:\s*$.*?^\s+instance_based:", re.MULTILINE | re.DOTALL)


def recognises(file: InputFile) -> bool:
    """Whether the text has the two outer keys of such a file."""
    return _OPENING.search(file.data) is not None


def read(file: InputFile, region: str, problems: list[str]) -> PriceList:
    """Read the `ml.*` prices; every other entry is set aside with its reason."""
    import yaml

    facts = facts_in(file.name)
    found = PriceList(regions={facts.region or region})
    text = file.text(problems)
    if text is None:
        return found
    try:
        entries = yaml.safe_load(text)["pricing"]["instance_based"].items()
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        problems.append(
            f"{file.where}: is not readable as pricing > instance_based > type: USD "
            f"({' '.join(str(error).split())}). Correct the YAML."
        )
        return found
    if facts.region is None:
        found.warnings.append(unplaced(file.where, region))
    if facts.day is None:
        found.warnings.append(undated(file.where, "endpoint prices"))
    source = f"SageMaker real-time inference prices{f', {facts.day}' if facts.day else ''}"
    for name, price in entries:
        if not str(name).startswith("ml."):
            reason = f"{file.name}: is no endpoint type (ml.TYPE), so it prices no managed endpoint"
            found.rejected.append(Rejection(str(name), reason))
        elif not isinstance(price, int | float) or not (math.isfinite(price) and price > 0):
            problems.append(f"{file.where}: {name} costs {price!r}; it must be a number > 0. {PRICE_ADVICE}")
        elif facts.region in (None, region):
            found.endpoints[name] = EndpointPrice(
                name, name.removeprefix("ml."), region, float(price), facts.day, "USD", source
            )
    return found
