"""Where requests go while a spot pool is lost: from pools that have too few machines left to those that have room."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from planner.replay.decisions import Routes
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]


def around_losses(
    routes: Mapping[str, Routes], supply: Supply, short: Collection[str], at_work: Mapping[str, int]
) -> dict[str, Routes]:
    """Send what pools cannot carry any more to others that serve the same classes, level by level.

    A pool carries its rated capacity times its machines at work. What is above that in a pool that lost machines moves to pools
    with room left, standby machines among them, in proportion to the room; what finds no room stays. Levels of the classes are
    taken to come together, as in a plan; routes that hold at any rate say nothing of loads and stay as they are.

    Parameters
    ----------
    short
        Pools that lost machines.
    at_work
        Pool -> machines at work.
    """
    pools = len(supply.pools)
    is_short = np.array([one.name in short for one in supply.pools], dtype=bool)
    carries_rps = np.array([one.rated_rps * at_work.get(one.name, 0) for one in supply.pools])
    served = {name: np.array([name in one.classes for one in supply.pools], dtype=bool) for name in routes}
    known = {name: rule for name, rule in routes.items() if np.isfinite(rule.up_to_rps).all()}
    weights = {name: rule.weights.copy() for name, rule in known.items()}
    for q in range(max((len(rule.up_to_rps) for rule in known.values()), default=0)):
        rows = {name: min(q, len(rule.up_to_rps) - 1) for name, rule in known.items()}
        load_rps = np.zeros(pools)
        for name, row in rows.items():
            load_rps += known[name].up_to_rps[row] * known[name].weights[row, :pools]
        over_share = np.divide(load_rps - carries_rps, load_rps, out=np.zeros(pools), where=load_rps > 0)
        over_share = np.where(is_short, np.maximum(over_share, 0.0), 0.0)
        room_rps = np.maximum(carries_rps - load_rps, 0.0)
        for name, row in rows.items():
            rate_rps = known[name].up_to_rps[row]
            moved = known[name].weights[row, :pools] * over_share
            room = np.where(served[name], room_rps, 0.0)
            asked_rps = rate_rps * moved.sum()
            if room.sum() <= 0 or asked_rps <= 0:
                continue
            part = min(1.0, room.sum() / asked_rps)
            taken_rps = part * asked_rps * room / room.sum()
            weights[name][row, :pools] = (
                known[name].weights[row, :pools] - part * moved + taken_rps / rate_rps
            )
            room_rps -= taken_rps
    return {**routes, **{name: replace(rule, weights=weights[name]) for name, rule in known.items()}}
