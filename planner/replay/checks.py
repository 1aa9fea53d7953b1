"""What can be wrong with the arguments of a replay and with a policy's decisions: one line for each fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.errors import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.replay.decisions import Decision
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

SHOWN = 80  # characters of a list of numbers in a message


def edge_problems(edge_s: Array, duration_s: float) -> list[str]:
    """Say what is wrong with the edges of the windows that a replay counts by."""
    asked = f"rising seconds from 0 to the replay's duration, {duration_s:g}"
    if edge_s.ndim != 1 or edge_s.size < 2 or not np.all(np.diff(edge_s) > 0):
        return [f"window_edge_s is {str(edge_s.tolist())[:SHOWN]}; it must be {asked}."]
    if edge_s[0] != 0 or not np.isclose(edge_s[-1], duration_s, rtol=0, atol=1e-6):
        return [f"window_edge_s runs from {edge_s[0]:g} to {edge_s[-1]:g}; it must be {asked}."]
    return []


def time_problems(times_s: Array, policy: str) -> list[str]:
    """Say what is wrong with the instants at which a policy decides."""
    if times_s.ndim == 1 and times_s.size and times_s[0] <= 0 and np.all(np.diff(times_s) > 0):
        return []
    found = str(times_s.tolist())[:SHOWN]
    return [f"policy {policy!r} decides at {found} s; give rising instants of which the first is at most 0."]


def decision_problems(decision: Decision, supply: Supply) -> list[str]:
    """Say which names of a decision the supply does not hold, which machines do not fit their pool, and which counts are wrong."""
    pools = {one.name: one for one in supply.pools}
    rentals = {one.id: one for one in supply.rentals}
    problems = []
    for (pool, rental), number in (
        place for asked in (decision.machines, decision.ahead, decision.running) for place in asked.items()
    ):
        if pool not in pools:
            problems.append(f"there is no pool {pool!r}.{nearest(pool, pools)}")
        if rental not in rentals:
            problems.append(f"there is no rental {rental!r}.{nearest(rental, rentals)}")
        elif pool in pools and pools[pool].instance_type != rentals[rental].instance_type:
            needed = pools[pool].instance_type
            problems.append(f"rental {rental!r} does not fit pool {pool!r}, whose machines are {needed}.")
        if number < 0 or number != int(number):
            problems.append(f"{number} machines of {rental!r} in {pool!r}; give a whole number >= 0.")
    overflow = {one.overflow for one in decision.routes.values() if one.overflow is not None}
    for kind, names, known in (
        (
            "function",
            {*decision.provisioned, *decision.reserved, *overflow},
            {one.name for one in supply.functions},
        ),
        ("class", {*decision.routes}, {one.name for one in supply.classes}),
    ):
        problems += [f"there is no {kind} {one!r}.{nearest(one, known)}" for one in sorted(names - known)]
    return problems
