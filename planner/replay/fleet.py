"""Machines from launch to stop: what a policy wants is reconciled with what runs, moved, lost and launched again.

A machine boots, loads the model of its pool, and works there until it is not wanted any more, is moved to another pool, or is
taken back by the provider. Nothing is done for a machine between two changes of its state.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from itertools import count
from typing import TYPE_CHECKING

from planner.replay.bills import Bills
from planner.replay.decisions import by_pool
from planner.replay.interruptions import NO_INTERRUPTIONS, NOTICE_S
from planner.replay.machine import launched, taken_over
from planner.replay.recovery import Recovery
from planner.replay.results import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planner.replay.decisions import Decision, Place, Routes
    from planner.replay.interruptions import Interruptions
    from planner.replay.machine import Machine
    from planner.replay.presence import Workplace
    from planner.replay.supply import Supply

    Rows = dict[Place, list[Machine]]
    Spare = dict[str, list[Machine]]  # rental -> machines left over

NEVER_S = float("inf")


class Fleet:
    """All machines of one replay.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` edges of the windows that bills are kept by; the last one is the end of the replay.

    Attributes
    ----------
    bills
        What was launched, lost and paid; complete after `end`.
    """

    def __init__(
        self,
        supply: Supply,
        workplace: Workplace,
        window_edge_s: Iterable[float],
        interruptions: Interruptions = NO_INTERRUPTIONS,
    ) -> None:
        self._pools = {one.name: one for one in supply.pools}
        self._rentals = {one.id: one for one in supply.rentals}
        self._workplace = workplace
        self._interruptions = interruptions
        self.bills = Bills(supply, window_edge_s)
        self._working: Rows = {}
        self._waiting: Rows = {}  # ahead of need
        self._ahead: Counter[Place] = Counter()
        self._at_work: Counter[Place] = Counter()
        self._recovery = Recovery(supply, self.bills, self._at_work)
        self._lost: Counter[str] = Counter()
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
        """(pool, rental) -> machines at work, those with notice of an interruption left out."""
        return dict(+self._at_work)

    @property
    def coming(self) -> dict[Place, int]:
        """(pool, rental) -> machines that boot, load or wait for their pool."""
        found: Counter[Place] = Counter()
        for rows in (self._working, self._waiting):
            for place, machines in rows.items():
                found[place] += len(machines)
        return dict(found - self._at_work)

    def taken_back(self) -> dict[str, int]:
        """Rental -> machines lost since the last call."""
        found, self._lost = dict(self._lost), Counter()
        return found

    def rerouted(self, routes: Mapping[str, Routes]) -> Mapping[str, Routes]:
        """Routes as they hold now: these, or while a loss is not made good those around it."""
        return self._recovery.rerouted(routes)

    def decide(self, now_s: float, decision: Decision) -> None:
        """Take a decision as what is wanted from now on, and begin to bring it about."""
        self._ahead = +Counter(decision.ahead)
        for place, number in decision.running.items():
            self._take_over(place, number, now_s)
        self._recovery.decide(decision.machines, now_s)
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
        """Bill what still runs or stands stopped up to the end."""
        self._recovery.end(end_s)
        for rows in (self._working, self._waiting):
            for found in rows.values():
                for machine in found:
                    self.bills.pay(machine, end_s)

    def _take_over(self, place: Place, number: int, now_s: float) -> None:
        """Put machines to work that run already; standby machines stand stopped, and of a spot pool that is down none runs."""
        pool, rental = self._pools[place[0]], self._rentals[place[1]]
        if not rental.is_standby and self._interruptions.offered(rental.spot_pool, now_s):
            machines = [taken_over(rental, pool, now_s) for _ in range(number)]
            self._working.setdefault(place, []).extend(machines)
            for machine in machines:
                machine.joins = True
                self._join(machine, now_s)

    def _reconcile(self, now_s: float) -> None:
        """Fill what is missing from what waits, from pools with too many, then by launches; stop what is left over."""
        spare: Spare = defaultdict(list)
        wanted = self._recovery.wanted
        sides = ((self._working, wanted), (self._waiting, self._ahead))
        for place in sorted({*wanted, *self._ahead, *self._working, *self._waiting}):
            self._put_to_work(place, wanted[place], now_s)
            for rows, numbers in sides:
                found = rows.setdefault(place, [])
                if len(found) > numbers[place]:
                    found.sort(key=lambda one: one.rank)
                    spare[place[1]] += found[numbers[place] :]
                    del found[numbers[place] :]
        for rows, numbers in sides:
            for place in sorted(numbers):
                found = rows[place]
                if len(found) < numbers[place]:
                    self._move(place, numbers[place], found, spare[place[1]], now_s)
                    self._launch(place, numbers[place], found, now_s)
                    for machine in found:
                        machine.joins = rows is self._working
        for left in spare.values():
            for machine in left:
                self._stop(machine, now_s)

    def _put_to_work(self, place: Place, wanted: int, now_s: float) -> None:
        """Take machines that wait for their pool into it, as far as it wants them, the soonest ready first."""
        waiting, working = self._waiting.get(place, []), self._working.get(place, [])
        missing = wanted - len(working)
        if not waiting or missing <= 0:
            return
        waiting.sort(key=lambda one: one.rank)
        for machine in waiting[:missing]:
            machine.joins = True
            if machine.ready_s <= now_s:
                self._join(machine, now_s)
        self._working.setdefault(place, []).extend(waiting[:missing])
        del waiting[:missing]

    def _move(
        self, place: Place, wanted: int, found: list[Machine], spare: list[Machine], now_s: float
    ) -> None:
        """Take spare machines for a place, those that have its model loaded first."""
        pool = self._pools[place[0]]
        spare.sort(key=lambda one: (one.pool.model != pool.model, one.rank, one.place))
        taken = spare[: wanted - len(found)]
        del spare[: len(taken)]
        for machine in taken:
            machine.move(pool, self._leave(machine, now_s))
            self._expect(machine)
        found += taken

    def _launch(self, place: Place, wanted: int, found: list[Machine], now_s: float) -> None:
        """Launch machines for a place where they can be had."""
        pool, rental = self._pools[place[0]], self._rentals[place[1]]
        if self._interruptions.offered(rental.spot_pool, now_s):
            for _ in range(wanted - len(found)):
                machine = launched(rental, pool, now_s)
                self.bills.launch(machine)
                self._expect(machine)
                found.append(machine)

    def _expect(self, machine: Machine) -> None:
        heapq.heappush(self._events, (machine.ready_s, next(self._order), None, machine))

    def _is_ready(self, machine: Machine, at_s: float) -> None:
        """Put a machine to work where its pool wants it now; one that was moved or stopped since is not ready yet, or gone."""
        if machine.ready_s == at_s and machine.slot is None and machine.joins:
            self._join(machine, at_s)
            if self._recovery.is_ready(machine.rental.id, at_s):
                self._reconcile(at_s)

    def _join(self, machine: Machine, now_s: float) -> None:
        machine.slot = self._workplace.machine_joins(machine.pool.name, now_s)
        self._at_work[machine.place] += 1

    def _leave(self, machine: Machine, now_s: float, gone_s: float | None = None) -> float:
        """Take a machine out of its pool; return when it is idle."""
        machine.joins = False
        if machine.slot is not None:
            self._at_work[machine.place] -= 1
            machine.idle_s = self._workplace.machine_leaves(machine.slot, now_s, gone_s)
            machine.slot = None
        return max(now_s, machine.idle_s)

    def _stop(self, machine: Machine, now_s: float) -> None:
        idle_s = self._leave(machine, now_s)
        self.bills.pay(machine, max(idle_s, machine.launched_s + machine.rental.least_billed_s))

    def _is_lost(self, spot_pool: str, at_s: float) -> None:
        """Give notice to all machines of a spot pool, and launch others in their place."""
        gone_s, hit, before = at_s + NOTICE_S, False, by_pool(+self._at_work)
        for rows in (self._working, self._waiting):
            for place, found in rows.items():
                if found and self._rentals[place[1]].spot_pool == spot_pool:
                    for machine in found:
                        self._leave(machine, at_s, gone_s)
                        self.bills.pay(machine, gone_s)
                    self.bills.lose(place[1], len(found), at_s)
                    self._lost[place[1]] += len(found)
                    found.clear()
                    hit = True
        if hit:
            left = self._recovery.lose(spot_pool, at_s)
            self.bills.notices.append(Notice(at_s, spot_pool, before, left))
            self._reconcile(at_s)
