"""Traces cut from one folder of clients: no client may be counted twice."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

from planner.scenario import TraceFile
from workloads.importers.servegen import ClientGroup, load_servegen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from planner.scenario import Scenario

NAMED = 5  # clients quoted in a message, the rest counted


def overlap_problems(scenario: Scenario) -> Iterator[str]:
    """Say of every two traces of one folder which clients both of them count: their load would be planned twice.

    Raises
    ------
    WorkloadError, when a folder cannot be read or a rule picks nobody.
    """
    folders: dict[Path, dict[str, TraceFile]] = {}
    for name, source in scenario.workload.traces.items():
        if isinstance(source, TraceFile) and scenario.path_of(source.file).is_dir():
            folders.setdefault(scenario.path_of(source.file).resolve(), {})[name] = source
    for place, sources in folders.items():
        if len(sources) < 2:
            continue
        folder = load_servegen(place)
        clients = {name: set(folder.members(_rule(source))) for name, source in sources.items()}
        for one, other in combinations(clients, 2):
            both = sorted(clients[one] & clients[other])
            if both:
                more = f" and {len(both) - NAMED} more" if len(both) > NAMED else ""
                yield (
                    f"workload.traces {one} and {other} both count the clients {', '.join(both[:NAMED])}{more} of {place}: "
                    "their load would be planned twice. Part them with clients, cv_from and cv_below."
                )


def _rule(source: TraceFile) -> ClientGroup:
    """The rule of a trace; what it does not state picks everybody."""
    return ClientGroup(
        source.clients,
        0.0 if source.cv_from is None else source.cv_from,
        math.inf if source.cv_below is None else source.cv_below,
    )
