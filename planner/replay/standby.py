"""Machines that stand stopped until spot machines are lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from planner.replay.bills import Bills
    from planner.replay.decisions import Place
    from planner.replay.supply import Supply


class Standby:
    """The stopped machines of a fleet: which ones there are, which ones are called, and what they cost meanwhile.

    All that may serve a class of a pool that lost machines are called, as plans count on them; they are stopped again when the
    loss is made good.
    """

    def __init__(self, supply: Supply, bills: Bills) -> None:
        self._classes = {one.name: set(one.classes) for one in supply.pools}
        self._usd_per_h = {one.id: one.price_usd_per_h for one in supply.rentals}
        self._bills = bills
        self._held: Counter[Place] = Counter()
        self._since_s = 0.0
        self.called: Counter[Place] = Counter()

    def hold(self, machines: Counter[Place], now_s: float) -> None:
        """Hold so many from now on, called ones included."""
        self.pay(now_s)
        self._held = machines

    def call(self, short: Collection[str], now_s: float) -> bool:
        """Call those that can help pools which are short of machines, and no others; return whether that is a change."""
        helped = set().union(*(self._classes[pool] for pool in short))
        called = Counter(
            {place: count for place, count in self._held.items() if self._classes[place[0]] & helped}
        )
        if called == self.called:
            return False
        self.pay(now_s)
        self.called = called
        return True

    def pay(self, now_s: float) -> None:
        """Bill those that stand stopped up to an instant."""
        for place, count in (self._held - self.called).items():
            self._bills.pay_stopped(self._usd_per_h[place[1]], count, self._since_s, now_s)
        self._since_s = now_s
