"""One door to every recorded trace: a table, a per-second file of four columns, or a folder of clients."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workloads.errors import WorkloadError
from workloads.importers.inferall import is_inferall, load_inferall
from workloads.importers.servegen import ClientGroup, load_servegen
from workloads.loading import load_trace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    from workloads.traces import Trace

LAYOUTS = ("auto", "table", "inferall", "servegen")

SETTINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(  # what a layout understands besides path and name
    {
        "table": (
            *("time_column", "count_column", "interval_s", "timezone", "kind", "start", "time_format"),
            *("absent", "zeros"),
        ),
        "inferall": ("start", "absent"),
        "servegen": ("start", "clients", "cv_from", "cv_below"),
    }
)


def load_source(
    path: str | PathLike[str], *, layout: str = "auto", name: str | None = None, **settings: Any
) -> Trace:
    """Read a trace in any of the known layouts.

    Parameters
    ----------
    path
        A file, or for ServeGen the folder of client files.
    layout
        "table" (`load_trace`), "inferall" (`load_inferall`), "servegen" (the sum of a folder's clients), or
        "auto": a folder is ServeGen's, a file that begins with a row of four whole numbers is a per-second file unless settings
        tell its columns, any other file is a table.
    name
        What to call the trace.
    settings
        Settings of that layout's loader; for ServeGen `start`, and `clients`, `cv_from` and `cv_below` of
        `ClientGroup`. A setting that is None counts as not given.

    Raises
    ------
    WorkloadError
        When the layout is unknown or does not understand a setting, and as its loader.
    """
    place = Path(path)
    given = {key: value for key, value in settings.items() if value is not None}
    if layout not in LAYOUTS:
        raise WorkloadError([f"layout is {layout!r}; it must be one of {', '.join(LAYOUTS)}"])
    if layout == "auto":
        layout = "servegen" if place.is_dir() else "table"
        if layout == "table" and set(given) <= set(SETTINGS["inferall"]) and is_inferall(place):
            layout = "inferall"
    foreign = sorted(set(given) - set(SETTINGS[layout]))
    if foreign:
        known = ", ".join(SETTINGS[layout])
        raise WorkloadError(
            [f"{place.name}: layout {layout} has no setting {', '.join(foreign)}; it has {known}"]
        )
    if layout == "table":
        return load_trace(place, name=name, **given)
    if layout == "inferall":
        return load_inferall(place, name=name, **given)
    folder = load_servegen(place, start=given.pop("start", None))
    return folder.trace(_group(**given) if given else None, name)


def _group(
    clients: Sequence[str] | None = None, cv_from: float = 0.0, cv_below: float = float("inf")
) -> ClientGroup:
    """Clients by name may come as numbers, as a scenario writes them."""
    named = None if clients is None else tuple(str(client) for client in clients)
    return ClientGroup(named, cv_from, cv_below)
