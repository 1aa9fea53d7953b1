"""Machines from launch to stop: what a policy wants is reconciled with what runs, moved, lost and launched again.

A machine boots, loads the model of its pool, and works there until it is not wanted any more, is moved to another pool, or is
taken back by the provider. Nothing is done for a machine between two changes of its state.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol

from planner.replay.bills import Bills
from planner.replay.interruptions import NO_INTERRUPTIONS, NOTICE_S

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.replay.decisions import Decision, Place
    from planner.replay.interruptions import Interruptions
    from planner.replay.supply import Pool, Rental, Supply

NEVER_S = float("inf")


class Workplace(Protocol):
    """Where machines work: the queues (`planner.replay.kernel`)."""

    def machine_joins(self, pool: str, at_s: float) -> int:
        """Put a machine to work; return its slot."""
        ...

    def machine_leaves(self, slot: int, at_s: float, gone_s: float | None = None) -> float:
        """Take a machine out; return when its last call ends."""
        ...


@dataclass(eq=False)
class Machine:
    """One rented machine.

    Parameters
    ----------
    booted_s, ready_s
        When it can load a model; when it has loaded that of its pool.
    slot
        Its place in the queue where it works; None while it does not.
    loads_s
        Spans in which it loads models.
    """

    rental: Rental
    pool: Pool
    launched_s: float
    booted_s: float
    ready_s: float
    slot: int | None = None
    loads_s: list[tuple[float, float]] = field(default_factory=list)


class Fleet:
    """All machines of one replay.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` edges of the windows that bills are kept by; the last one is the end of the replay.
    """

    def __init__(
        self,
        supply: Supply,
        workplace: Workplace,
        window_edge_s: Iterable[float],
        interruptions: Interruptions = NO_INTERRUPTIONS,
    ) -> None:
        self.pools = {one.name: one for one in supply.pools}
        self.rentals = {one.id: one for one in supply.rentals}
        self.workplace = workplace
        self.bills = Bills(supply, window_edge_s)
        self.interruptions = interruptions
        self.working: dict[Place, list[Machine]] = {}
        self.waiting: dict[Place, list[Machine]] = {}
        self.wanted: Counter[Place] = Counter()
        self.ahead: Counter[Place] = Counter()
        self.lost: Counter[str] = Counter()
        self._order = count()
        self._events: list[tuple[float, int, str | None, Machine | None]] = []
        for at_s, spot_pool in interruptions.instants_s():
            heapq.heappush(self._events, (at_s, next(self._order), spot_pool, None))

    @property
    def next_event_s(self) -> float:
        """Instant of the next change by itself: a machine is ready, a pool is lost, machines can be had again."""
        return self._events[0][0] if self._events else NEVER_S

    @property
    def ready(self) -> dict[Place, int]:
        """(pool, rental) -> machines at work."""
        counts = {place: sum(one.slot is not None for one in found) for place, found in self.working.items()}
        return {place: number for place, number in counts.items() if number}

    @property
    def coming(self) -> dict[Place, int]:
        """(pool, rental) -> machines that boot, load or wait for their pool."""
        found: Counter[Place] = Counter()
        for place, machines in self.working.items():
            found[place] += sum(one.slot is None for one in machines)
        for place, machines in self.waiting.items():
            found[place] += len(machines)
        return {place: number for place, number in found.items() if number}

    def taken_back(self) -> dict[str, int]:
        """Rental -> machines lost since the last call."""
        found, self.lost = dict(self.lost), Counter()
        return found

    def decide(self, now_s: float, decision: Decision) -> None:
        """Take a decision as what is wanted from now on, and begin to bring it about."""
        self.wanted = Counter({place: number for place, number in decision.machines.items() if number})
        self.ahead = Counter({place: number for place, number in decision.ahead.items() if number})
        for place, number in decision.running.items():
            self.working.setdefault(place, []).extend(self._taken_over(place, now_s) for _ in range(number))
        self._reconcile(now_s)

    def happen(self, now_s: float) -> None:
        """Let everything come about that is due by `now_s`."""
        while self._events and self._events[0][0] <= now_s:
            at_s, _, spot_pool, machine = heapq.heappop(self._events)
            if machine is not None:
                self._is_ready(machine, at_s)
            elif spot_pool is not None:
                self._is_lost(spot_pool, at_s)
            else:
                self._reconcile(at_s)

    def end(self, end_s: float) -> None:
        """Bill what still runs up to the end."""
        for machine in [
            one for rows in (self.working, self.waiting) for found in rows.values() for one in found
        ]:
            self.bills.pay(machine, end_s)

    def _taken_over(self, place: Place, now_s: float) -> Machine:
        """Put a machine to work that runs already."""
        machine = Machine(self.rentals[place[1]], self.pools[place[0]], now_s, now_s, now_s)
        machine.slot = self.workplace.machine_joins(place[0], now_s)
        return machine

    def _reconcile(self, now_s: float) -> None:
        """Fill what is missing from what waits, from pools with too many, then by launches; stop what is left over."""
        places = {*self.wanted, *self.ahead, *self.working, *self.waiting}
        spare: dict[str, list[Machine]] = {}
        for place in sorted(places):
            self._put_to_work(place, now_s)
            for rows, number in ((self.working, self.wanted[place]), (self.waiting, self.ahead[place])):
                found = rows.get(place, [])
                found.sort(key=lambda one: (one.slot is None, one.ready_s))
                spare.setdefault(place[1], []).extend(found[number:])
                del found[number:]
        for rows, wanted in ((self.working, self.wanted), (self.waiting, self.ahead)):
            for place in sorted(wanted):
                missing = wanted[place] - len(rows.get(place, []))
                for _ in range(missing):
                    machine = self._found(place, spare.get(place[1], []), now_s)
                    if machine is None:
                        break
                    rows.setdefault(place, []).append(machine)
        for left in spare.values():
            for machine in left:
                self._stop(machine, now_s)

    def _put_to_work(self, place: Place, now_s: float) -> None:
        """Take machines that wait for their pool into it, as far as it wants them."""
        waiting, working = self.waiting.get(place, []), self.working.setdefault(place, [])
        while waiting and len(working) < self.wanted[place]:
            machine = waiting.pop(0)
            working.append(machine)
            if machine.ready_s <= now_s:
                machine.slot = self.workplace.machine_joins(machine.pool.name, now_s)

    def _found(self, place: Place, spare: list[Machine], now_s: float) -> Machine | None:
        """Return a machine for a place: a spare one, of the same model if there is, else a new one; None: none can be had."""
        pool, rental = self.pools[place[0]], self.rentals[place[1]]
        if spare:
            alike = next((one for one in spare if one.pool.model == pool.model), spare[0])
            spare.remove(alike)
            self._move(alike, pool, now_s)
            return alike
        if not self.interruptions.offered(rental.spot_pool, now_s):
            return None
        booted_s = now_s + rental.boot_s
        machine = Machine(rental, pool, now_s, booted_s, booted_s + pool.load_s)
        machine.loads_s.append((booted_s, machine.ready_s))
        self.bills.launch(machine)
        self._expect(machine)
        return machine

    def _move(self, machine: Machine, pool: Pool, now_s: float) -> None:
        """Let a machine finish what it does, load the model where it is another one, and be ready for a pool."""
        idle_s = now_s
        if machine.slot is not None:
            idle_s, machine.slot = self.workplace.machine_leaves(machine.slot, now_s), None
        same = machine.pool.model == pool.model
        machine.pool = pool
        if same:
            machine.ready_s = max(machine.ready_s, idle_s)
        else:
            begin_s = max(idle_s, machine.booted_s)
            machine.loads_s = [(a, min(b, begin_s)) for a, b in machine.loads_s if a < begin_s]
            machine.ready_s = begin_s + pool.load_s
            machine.loads_s.append((begin_s, machine.ready_s))
        self._expect(machine)

    def _expect(self, machine: Machine) -> None:
        heapq.heappush(self._events, (machine.ready_s, next(self._order), None, machine))

    def _is_ready(self, machine: Machine, at_s: float) -> None:
        """Put a machine to work where its pool wants it now; one that was moved or stopped since is not ready yet, or gone."""
        place = (machine.pool.name, machine.rental.id)
        if machine.ready_s == at_s and machine.slot is None and machine in self.working.get(place, []):
            machine.slot = self.workplace.machine_joins(machine.pool.name, at_s)

    def _stop(self, machine: Machine, now_s: float) -> None:
        idle_s = now_s if machine.slot is None else self.workplace.machine_leaves(machine.slot, now_s)
        machine.slot = None
        self.bills.pay(machine, max(idle_s, machine.launched_s + machine.rental.least_billed_s))

    def _is_lost(self, spot_pool: str, at_s: float) -> None:
        """Give notice to all machines of a spot pool, and launch others in their place."""
        gone_s, hit = at_s + NOTICE_S, 0
        for rows in (self.working, self.waiting):
            for place, found in rows.items():
                if self.rentals[place[1]].spot_pool != spot_pool:
                    continue
                for machine in found:
                    if machine.slot is not None:
                        self.workplace.machine_leaves(machine.slot, at_s, gone_s)
                        machine.slot = None
                    self.bills.pay(machine, gone_s)
                self.bills.lose(place[1], len(found), gone_s)
                self.lost[place[1]] += len(found)
                hit += len(found)
                found.clear()
        if hit:
            self.bills.interrupt(at_s)
            self._reconcile(at_s)
