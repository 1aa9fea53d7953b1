"""Options enumerated on the small catalogs, for the tests of the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.enumeration import enumerate_options
from tests.planner.small_catalogs import demand, prices, profiles, scenario, tariffs, time

if TYPE_CHECKING:
    from planner.options import OptionTable
    from planner.scenario import Scenario


def table(question: Scenario | None = None, **catalogs: Any) -> OptionTable:
    """Enumerate on the small catalogs, some of them replaced."""
    asked = question or scenario()
    return enumerate_options(
        asked,
        catalogs.get("demand", demand(asked)),
        catalogs.get("prices", prices()),
        catalogs.get("profiles", profiles(time())),
        catalogs.get("tariffs", tariffs()),
    )


def reasons(found: OptionTable) -> dict[str, str]:
    """Kind of reason by rejected option."""
    return {one.option: one.kind for one in found.rejected}
