"""The life of machines, second by second: every machine is looked at every second. Slow and plain."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.replay.interruptions import NOTICE_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.replay.decisions import Decision, Place
    from planner.replay.interruptions import PoolHistory
    from planner.replay.supply import Supply


@dataclass(eq=False)
class SlowMachine:
    """What a machine still has to do, in seconds; `role` is work, ahead, stopped or lost."""

    place: Place
    model: str
    role: str
    age: float
    boot: float
    drain: float
    load: float
    ready_at: float
    least: float
    until: float = float("inf")
    joined: bool = False


class SlowFleet:
    """Machines of one kind of market each, with calls that need `drain_s` after a machine is taken out."""

    def __init__(self, supply: Supply, history: PoolHistory, spot_pool: str, drain_s: float) -> None:
        self.pools = {one.name: one for one in supply.pools}
        self.rentals = {one.id: one for one in supply.rentals}
        self.history, self.spot_pool, self.drain_s = history, spot_pool, drain_s
        self.machines: list[SlowMachine] = []
        self.wanted: Mapping[Place, int] = {}
        self.ahead: Mapping[Place, int] = {}
        self.seconds: Counter[tuple[str, str]] = Counter()  # (rental, part)
        self.starts: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()

    def play(self, end_s: int, decisions: Mapping[int, Decision]) -> list[Counter[str]]:
        """Return pool -> machines at work, after every second's changes."""
        found = []
        for now_s in range(end_s):
            if now_s in self.history.up_s:
                self.reconcile(now_s)
            if now_s in self.history.notice_s:
                self.lose(now_s)
            self.join_ready()
            if now_s in decisions:
                self.wanted, self.ahead = decisions[now_s].machines, decisions[now_s].ahead
                self.reconcile(now_s)
            self.join_ready()
            found.append(Counter(one.place[0] for one in self.machines if one.joined))
            self.machines = [one for one in self.machines if not self.is_over(one, now_s)]
            for one in self.machines:
                self.pass_second(one, now_s)
        return found

    def pass_second(self, one: SlowMachine, now_s: int) -> None:
        """Bill a machine for what it does in this second."""
        one.age += 1
        if one.boot > 0:
            part, one.boot = "boot", one.boot - 1
            one.drain = max(one.drain - 1, 0)
        elif one.drain > 0:
            part, one.drain = "rest", one.drain - 1
        elif one.load > 0:
            part, one.load = "load", one.load - 1
        else:
            part = "rest"
        self.seconds[one.place[1], part] += 1
        if one.boot + one.drain + one.load > 0:
            one.ready_at = now_s + 1 + one.boot + one.drain + one.load

    def is_over(self, one: SlowMachine, now_s: int) -> bool:
        """Whether a machine costs nothing any more."""
        if one.role == "lost":
            return now_s >= one.until
        return one.role == "stopped" and one.drain == 0 and one.age >= one.least

    def join_ready(self) -> None:
        """Put machines to work that have nothing else to do."""
        for one in self.machines:
            if one.role == "work" and one.boot + one.drain + one.load == 0:
                one.joined = True

    def take_out(self, one: SlowMachine) -> None:
        """Let a machine finish its calls, if it works."""
        if one.joined:
            one.drain, one.joined = self.drain_s, False

    def lose(self, now_s: int) -> None:
        """Give notice to all spot machines that still are wanted."""
        for one in self.machines:
            if one.role in ("work", "ahead") and self.rentals[one.place[1]].spot_pool == self.spot_pool:
                one.joined, one.role, one.until = False, "lost", now_s + NOTICE_S
                self.lost[one.place[1]] += 1
        if self.lost:
            self.reconcile(now_s)

    def rank(self, one: SlowMachine) -> tuple[bool, float, float]:
        """Order in which machines are kept: at work, soonest ready, first launched."""
        return not one.joined, one.ready_at, -one.age

    def of(self, place: Place, role: str) -> list[SlowMachine]:
        """Machines of a place in a role, in their order."""
        return sorted((one for one in self.machines if (one.place, one.role) == (place, role)), key=self.rank)

    def reconcile(self, now_s: int) -> None:
        """Bring about what is wanted: from what waits, from what is too much, by launches."""
        spare: defaultdict[str, list[SlowMachine]] = defaultdict(list)
        for place in {one.place for one in self.machines}:
            missing = self.wanted.get(place, 0) - len(self.of(place, "work"))
            for one in self.of(place, "ahead")[: max(missing, 0)]:
                one.role = "work"
        self.join_ready()
        for place in {one.place for one in self.machines}:
            for role, wanted in (("work", self.wanted), ("ahead", self.ahead)):
                spare[place[1]] += self.of(place, role)[wanted.get(place, 0) :]
        for role, wanted in (("work", self.wanted), ("ahead", self.ahead)):
            for place in sorted(wanted):
                keeping = [one for one in self.of(place, role) if one not in spare[place[1]]]
                for _ in range(wanted[place] - len(keeping)):
                    self.fill(place, role, spare[place[1]], now_s)
        for one in [one for rows in spare.values() for one in rows]:
            self.take_out(one)
            one.role = "stopped"

    def fill(self, place: Place, role: str, spare: list[SlowMachine], now_s: int) -> None:
        """Find one machine for a place, where one can be had."""
        pool, rental = self.pools[place[0]], self.rentals[place[1]]
        if spare:
            spare.sort(key=lambda one: (one.model != pool.model, self.rank(one), one.place))
            one = spare.pop(0)
            self.take_out(one)
            if one.model != pool.model:
                one.load = pool.load_s
            one.place, one.model, one.role = place, pool.model, role
            one.ready_at = now_s + one.boot + one.drain + one.load
        elif rental.spot_pool is None or self.history.offered(now_s):
            self.starts[rental.id] += 1
            ready_at = now_s + rental.boot_s + pool.load_s
            self.machines.append(
                SlowMachine(
                    place,
                    pool.model,
                    role,
                    0,
                    rental.boot_s,
                    0,
                    pool.load_s,
                    ready_at,
                    rental.least_billed_s,
                )
            )
