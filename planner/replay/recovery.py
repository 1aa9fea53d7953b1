"""What makes up for lost spot machines until others work in their place: standby machines, and routes around the loss."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from planner.replay.decisions import by_pool
from planner.replay.rerouting import around_losses
from planner.replay.standby import Standby

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.bills import Bills
    from planner.replay.decisions import Place, Routes
    from planner.replay.supply import Supply


class Recovery:
    """Which machines a fleet wants, standby machines that losses call included.

    A lost spot pool counts as not made good as long as one of its places has fewer machines at work than were decided.

    Parameters
    ----------
    at_work
        (pool, rental) -> machines at work, kept up to date by the fleet.
    """

    def __init__(self, supply: Supply, bills: Bills, at_work: Mapping[Place, int]) -> None:
        self._supply = supply
        self._spot_pools = {one.id: one.spot_pool for one in supply.rentals}
        self._standby_rentals = {one.id for one in supply.rentals if one.is_standby}
        self._standby = Standby(supply, bills)
        self._at_work = at_work
        self._decided: Counter[Place] = Counter()
        self._lost: set[str] = set()  # spot pools whose loss is not made good yet

    @property
    def wanted(self) -> Counter[Place]:
        """(pool, rental) -> machines: as decided, and standby machines that are called."""
        return self._decided + self._standby.called

    def decide(self, machines: Mapping[Place, int], now_s: float) -> None:
        """Want these from now on; standby machines among them stand stopped until they are called."""
        wanted = Counter(machines)
        stopped = Counter({place: n for place, n in wanted.items() if place[1] in self._standby_rentals})
        self._decided = wanted - stopped
        self._standby.hold(+stopped, now_s)
        self._call(now_s)

    def lose(self, spot_pool: str, now_s: float) -> Mapping[str, int]:
        """Call standby machines for a spot pool; return pool -> machines left, those called counted as started."""
        self._lost.add(spot_pool)
        self._call(now_s)
        return by_pool(Counter(self._at_work) + self._standby.called)

    def is_ready(self, rental: str, now_s: float) -> bool:
        """Take note of a machine more at work; return whether what is wanted changes by it."""
        return self._spot_pools[rental] in self._lost and self._call(now_s)

    def rerouted(self, routes: Mapping[str, Routes]) -> Mapping[str, Routes]:
        """Routes as they hold now: these, or while a loss is not made good those around it."""
        short = {pool for pool, _ in self._short()}
        if not short:
            return routes
        return around_losses(routes, self._supply, short, by_pool(self._at_work))

    def end(self, end_s: float) -> None:
        """Bill what stands stopped up to the end."""
        self._standby.pay(end_s)

    def _short(self) -> list[Place]:
        """Places that want more machines than are at work there since their spot pool was lost."""
        return [
            place
            for place, number in self._decided.items()
            if self._spot_pools[place[1]] in self._lost and self._at_work.get(place, 0) < number
        ]

    def _call(self, now_s: float) -> bool:
        """Call the standby machines that losses ask for, none without; return whether what is wanted changes by it."""
        short = self._short()
        self._lost &= {self._spot_pools[place[1]] or "" for place in short}
        return self._standby.call({place[0] for place in short}, now_s)
