"""A workplace whose calls last as long as a test says, and a supply in round numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.supply import Pool, Rental, ServedClass, SpotPool, Supply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.decisions import Place

LAW = ServiceLaw(np.full(GRID + 1, 0.1), 0.1)
BOOT_S, LEAST_S, DRAIN_S = 30.0, 60.0, 4.0
HOURLY_USD = 3.6  # a tenth of a cent per second
PER_S = HOURLY_USD / 3600
LOADS_S = {"small": 10.0, "large": 20.0}
EXTRA = "extra"  # a pool of standby machines


def pool(name: str, model: str, classes: tuple[str, ...] = ("web",), host: str = "m") -> Pool:
    """A pool of machines of a type."""
    laws = dict.fromkeys(classes, LAW)
    return Pool(name, model, host, laws, 1, 0.0, 1, LOADS_S[model], 0.7, 8.0)


def rental(market: str, spot_pool: str | None = None, price: float = HOURLY_USD) -> Rental:
    """Machines of type m in a market."""
    return Rental(f"m/{market}", "m", market, price, price, BOOT_S, LEAST_S, spot_pool)


STANDBY = Rental("t/standby", "t", "standby", 0.36, HOURLY_USD, BOOT_S, LEAST_S, None)
SUPPLY = Supply(
    classes=(ServedClass("web", 1.0, 0.9, "web", 1.0), ServedClass("mail", 1.0, 0.9, "web", 1.0)),
    pools=(
        pool("first", "small"),
        pool("second", "small"),
        pool("third", "large"),
        pool(EXTRA, "small", host="t"),
        pool("mail", "small", ("mail",)),
    ),
    rentals=(rental("on-demand"), rental("spot", "m/a", HOURLY_USD / 2), STANDBY),
    functions=(),
    spot_pools=(SpotPool("m/a", 0.0),),
)
OD, SPOT = "m/on-demand", "m/spot"


class Record:
    """A workplace where every machine needs `drain_s` to finish what it does; it keeps what it was told."""

    def __init__(self, drain_s: float = 0.0) -> None:
        self.drain_s = drain_s
        self.at_work: dict[int, str] = {}
        self.events: list[tuple[float, str, str]] = []

    def machine_joins(self, pool: str, at_s: float) -> int:
        slot = len(self.events)
        self.at_work[slot] = pool
        self.events.append((at_s, "join", pool))
        return slot

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        self.events.append((at_s, "leave" if gone_s is None else f"gone {gone_s:g}", self.at_work.pop(slot)))
        return at_s + self.drain_s

    @property
    def counts(self) -> Counter[str]:
        """Pool -> machines at work."""
        return Counter(self.at_work.values())


def want(machines: Mapping[Place, int], **more: Mapping[Place, int]) -> Decision:
    """A decision about machines alone."""
    return Decision(machines=machines, routes={}, **more)  # type: ignore[arg-type]
