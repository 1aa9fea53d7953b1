"""Where requests go while a spot pool is lost: from pools that have too few machines left to those that have room."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from planner.replay.decisions import Routes
    from planner.replay.supply import Pool, Supply

    Array = NDArray[np.float64]


def around_losses(
    routes: Mapping[str, Routes], supply: Supply, short: Collection[str], at_work: Mapping[str, int]
) -> dict[str, Routes]:
    """Send what pools cannot carry any more to others that serve the same classes, level by level.

    What is above the capacity of a pool that lost machines (`carried_rps`) moves to pools with room left, standby machines among
    them, in proportion to the room; what finds no room stays: it would only make others late. Levels of the classes are taken
    to come together, as in a plan; routes that hold at any rate say nothing of loads and stay as they are.

    Parameters
    ----------
    short
        Pools that lost machines.
    at_work
        Pool -> machines at work.
    """
    pools = len(supply.pools)
    is_short = np.array([one.name in short for one in supply.pools], dtype=bool)
    carries_rps = np.array([carried_rps(one, at_work.get(one.name, 0)) for one in supply.pools])
    serves = {name: np.array([name in one.classes for one in supply.pools], dtype=bool) for name in routes}
    known = {name: rule for name, rule in routes.items() if np.isfinite(rule.up_to_rps).all()}
    weights = {name: rule.weights.copy() for name, rule in known.items()}
    for q in range(max((len(rule.up_to_rps) for rule in known.values()), default=0)):
        row = {name: min(q, len(rule.up_to_rps) - 1) for name, rule in known.items()}
        loads_rps = {
            name: rule.up_to_rps[row[name]] * rule.weights[row[name], :pools] for name, rule in known.items()
        }
        load_rps = np.sum(list(loads_rps.values()), axis=0)
        over_rps = np.where(is_short, np.maximum(load_rps - carries_rps, 0.0), 0.0)
        over_share = np.divide(over_rps, load_rps, out=np.zeros(pools), where=load_rps > 0)
        room_rps = np.maximum(carries_rps - load_rps, 0.0)
        for name, rule in known.items():
            moved_rps, room = loads_rps[name] * over_share, room_rps * serves[name]
            part_rps = min(moved_rps.sum(), room.sum())
            if part_rps > 0:
                taken_rps = part_rps * room / room.sum()
                change_rps = taken_rps - part_rps * moved_rps / moved_rps.sum()
                new_rps = np.maximum(loads_rps[name] + change_rps, 0.0)  # rounding alone makes it negative
                weights[name][row[name], :pools] = new_rps / rule.up_to_rps[row[name]]
                room_rps -= taken_rps
    return {**routes, **{name: replace(rule, weights=weights[name]) for name, rule in known.items()}}


def carried_rps(pool: Pool, machines: int) -> float:
    """Requests/s that machines behind one queue carry: the spare part of their time falls with the root of their number.

    Square-root staffing (Halfin and Whitt 1981) from the rated capacity of one machine; busy all the time, a machine would
    answer a batch per replica in every mean service time.
    """
    if machines == 0:
        return 0.0
    mean_s = max(law.mean_s for law in pool.laws.values())
    busy_rps = max(pool.replicas * pool.batch / mean_s, pool.rated_rps)
    return machines * (busy_rps - (busy_rps - pool.rated_rps) / math.sqrt(machines))
