"""A plain replay to judge the compiled one by: one event after the other, nothing promised ahead, lists instead of heaps."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.dispatch import RATE_MEMORY_S
from planner.replay.laws import GRID

if TYPE_CHECKING:
    from planner.replay.decisions import Routes
    from planner.replay.laws import ServiceLaw
    from planner.replay.supply import CalledFunction, Pool, Supply


class Request(NamedTuple):
    arrival_s: float
    served: str
    number: int
    weight: float


class Outcome(NamedTuple):
    """What became of a request; an infinite latency is a refusal."""

    request: Request
    target: str
    latency_s: float
    overflowed: bool = False


@dataclass
class Server:
    number: int  # the kernel's, which decides between replicas that are free at the same instant
    free_s: float
    taking_s: float = math.inf
    start_s: float = -math.inf
    gone_s: float = math.inf


def luck(seed: int, number: int) -> float:
    """Element `number` of SplitMix64 in whole numbers of any length."""
    word = 2**64
    bits = (seed + number * 0x9E3779B97F4A7C15) % word
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % word
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % word
    return ((bits ^ bits >> 31) >> 11) / 2**53


def service_s(law: ServiceLaw, seed: int, number: int) -> float:
    share = luck(seed, number)
    return float(np.interp(share, np.arange(GRID + 1) / GRID, law.quantile_s))


@dataclass
class SlowPool:
    pool: Pool
    seed: int
    servers: list[Server] = field(default_factory=list)
    waiting: list[Request] = field(default_factory=list)
    late: list[Request] = field(default_factory=list)
    aside: list[Request] = field(default_factory=list)
    patience_s: dict[str, float] = field(default_factory=dict)
    latest_start_s: float = -math.inf
    late_answers: int = 0
    aside_answers: int = 0
    placed: int = 0
    busy: list[tuple[float, float, float]] = field(default_factory=list)  # start, end, weight

    @property
    def timeout_s(self) -> float:
        return self.pool.batch_timeout_s if self.pool.batch > 1 else 0.0

    @property
    def line(self) -> list[Request]:
        """Who stands aside has a turn where nobody waits, late requests where nobody stands aside either."""
        self.aside.sort(key=self.place_s)
        return self.waiting or self.aside or self.late

    def place_s(self, request: Request) -> tuple[float, int]:
        """When a request takes its place in the queue; of two at once the class that comes first."""
        return request.arrival_s + self.patience_s[request.served], list(self.patience_s).index(
            request.served
        )

    def next_server(self) -> Server | None:
        """The replica that is free first, of those that still take the first batch however late it is closed."""
        latest_s = max(self.line[0].arrival_s + self.timeout_s, self.latest_start_s)
        able = [one for one in self.servers if max(one.free_s, latest_s) <= one.taking_s]
        return min(able, key=lambda one: (one.free_s, one.number), default=None)

    def next_start_s(self) -> float:
        if not self.line or (server := self.next_server()) is None:
            return math.inf
        closed_s = self.line[0].arrival_s + self.timeout_s
        if len(self.line) >= self.pool.batch:
            closed_s = min(closed_s, self.line[self.pool.batch - 1].arrival_s)
        return max(server.free_s, closed_s, self.latest_start_s)

    def start_call(self) -> list[Outcome]:
        start_s, server, line = self.next_start_s(), self.next_server(), self.line
        members = line[: self.pool.batch]
        del line[: self.pool.batch]
        self.late_answers += len(members) * (line is self.late)
        self.aside_answers += len(members) * (line is self.aside)
        self.latest_start_s = start_s
        leader = members[0]
        end_s = start_s + service_s(self.pool.laws[leader.served], self.seed, leader.number)
        server.free_s, server.start_s = end_s, start_s
        self.busy.append((start_s, min(end_s, server.gone_s), leader.weight))
        kept = end_s <= server.gone_s
        return [Outcome(one, self.pool.name, end_s - one.arrival_s if kept else math.inf) for one in members]

    def foreseen_start_s(self, request: Request, at_s: float) -> float:
        """Start of a request as far as it can be known, else by the number of calls ahead of it."""
        steady = all(np.ptp(law.quantile_s) == 0 for law in self.pool.laws.values())
        able = [one for one in self.servers if one.taking_s >= at_s]
        if steady or any(one.free_s <= at_s for one in able):
            return self.start_if_last_s(request)
        if not able:
            return math.inf
        ahead, places = divmod(len(self.waiting), self.pool.batch)
        mean_s = self.pool.laws[request.served].mean_s
        turn_s = max(at_s, min(one.start_s for one in able) + mean_s) + ahead * mean_s / len(able)
        return max(turn_s, at_s + (self.timeout_s if places < self.pool.batch - 1 else 0.0))

    def start_if_last_s(self, request: Request) -> float:
        """Start of a request if nobody comes after it: the queue is played to the end."""
        servers = [copy.copy(one) for one in self.servers]
        trial = SlowPool(self.pool, self.seed, servers, [*self.waiting, request])
        trial.latest_start_s = self.latest_start_s
        while math.isfinite(start_s := trial.next_start_s()):
            if any(outcome.request == request for outcome in trial.start_call()):
                return start_s
        return math.inf


@dataclass
class Instance:
    provisioned: bool
    end_s: float


@dataclass
class SlowFunction:
    function: CalledFunction
    keep_alive_s: float
    provisioned: int = 0
    reserved: float = math.inf
    instances: list[Instance] = field(default_factory=list)
    buffer: list[Request] = field(default_factory=list)
    since_s: float = 0.0
    calls: list[tuple[Request, bool, float]] = field(default_factory=list)  # leader, cold, usd
    part_batches: int = 0

    def running(self, at_s: float, provisioned: bool) -> int:
        return sum(one.end_s > at_s for one in self.instances if one.provisioned == provisioned)

    def in_use(self, at_s: float) -> int:
        return (self.running(at_s, provisioned=False) + self.provisioned) * self.function.functions

    def due_s(self) -> float:
        return self.since_s + self.function.batch_timeout_s if self.buffer else math.inf

    def call(self, at_s: float, warm_s: float, leader: Request) -> float:
        """Begin a call that there is room for; return how long it lasts."""
        one = self.function
        self.instances = [
            each for each in self.instances if each.provisioned or at_s - each.end_s <= self.keep_alive_s
        ]
        idle = [each for each in self.instances if each.end_s <= at_s and not each.provisioned]
        cold = False
        if self.running(at_s, provisioned=True) < self.provisioned:
            lasts_s, price = warm_s, one.usd_per_s_on_provisioned
            self.instances.append(Instance(provisioned=True, end_s=at_s + lasts_s))
        else:
            price, cold = one.usd_per_s, not idle
            lasts_s = warm_s + one.cold_s * cold
            if idle:
                self.instances.remove(max(idle, key=lambda each: each.end_s))
            self.instances.append(Instance(provisioned=False, end_s=at_s + lasts_s))
        billed_s = lasts_s if one.bills_cold else warm_s
        steps = math.ceil(billed_s / one.billing_step_s - 1e-6)
        usd = one.usd_per_call + steps * one.billing_step_s * price
        self.calls.append((leader, cold, usd))
        return lasts_s


class SlowReplay:
    """The same verbs as `planner.replay.kernel.Kernel`, one event at a time."""

    def __init__(self, supply: Supply, seed: int) -> None:
        self.supply, self.seed, self.number = supply, seed, 0
        self.pools = {one.name: SlowPool(one, seed) for one in supply.pools}
        self.functions = {one.name: SlowFunction(one, supply.keep_alive_s) for one in supply.functions}
        self.routes: dict[str, Routes] = {}
        self.deadline_s = {one.name: one.deadline_s for one in supply.classes}
        self.rate_rps = {one.name: 0.0 for one in supply.classes}
        self.measured_s = {one.name: 0.0 for one in supply.classes}
        self.credit = {one.name: np.zeros(len(supply.targets) + 1) for one in supply.classes}
        self.outcomes: list[Outcome] = []
        self.level = 0

    def pass_time(self, until_s: float) -> None:
        """Begin calls one by one in the order of time."""
        while True:
            due = [(pool.next_start_s(), pool) for pool in self.pools.values()]
            due += [(function.due_s(), function) for function in self.functions.values()]
            at_s, first = min(due, key=lambda one: one[0])
            if at_s > until_s or at_s == math.inf:
                return
            if isinstance(first, SlowPool):
                self.outcomes += first.start_call()
            else:
                self.empty_buffer(first, at_s)

    def has_room(self, function: SlowFunction, at_s: float) -> bool:
        if function.running(at_s, provisioned=True) < function.provisioned:
            return True
        if function.running(at_s, provisioned=False) + function.provisioned >= function.reserved:
            return False
        used = sum(one.in_use(at_s) for one in self.functions.values())
        return used + function.function.functions <= self.supply.concurrency_limit

    def empty_buffer(self, function: SlowFunction, at_s: float) -> None:
        members, function.buffer = function.buffer, []
        function.part_batches += len(members) < function.function.batch
        lasts_s = math.inf
        if self.has_room(function, at_s):
            warm_s = service_s(function.function.law, self.seed, members[0].number)
            warm_s *= (function.function.size_stretch or [1.0] * len(members))[len(members) - 1]
            lasts_s = function.call(at_s, warm_s, members[0])
        for one in members:
            self.outcomes.append(Outcome(one, function.function.name, at_s - one.arrival_s + lasts_s))

    def arrive(self, at_s: float, served: str, weight: float) -> None:
        self.pass_time(at_s)
        request = Request(at_s, served, self.number, weight)
        self.number += 1
        target = self.next_target(at_s, served)
        if target in self.functions and self.functions[target].function.batch == 1:
            target = (
                target if self.has_room(self.functions[target], at_s) else self.main_pool(served) or target
            )
        if target is None:
            self.outcomes.append(Outcome(request, "", math.inf))
        elif target in self.pools:
            self.join_pool(self.pools[target], request)
        else:
            self.join_function(self.functions[target], request, at_s)
        self.pass_time(at_s)

    def set_routes(self, routes: dict[str, Routes]) -> None:
        self.routes = routes
        for j, pool in enumerate(self.pools.values()):
            pool.patience_s = {name: self.patience(pool, j, name) for name in self.deadline_s}

    def patience(self, pool: SlowPool, j: int, name: str) -> float:
        """The time by which the shortest deadline of the pool, or a call of the function for late requests, is shorter."""
        sharing = [one for one, rule in self.routes.items() if rule.weights[:, j].any()]
        if name not in sharing or pool.pool.batch > 1 or not self.routes[name].by_deadline:
            return 0.0
        left_s = min(self.deadline_s[one] for one in sharing)
        if self.routes[name].overflow is not None:
            left_s = max(left_s, self.functions[str(self.routes[name].overflow)].function.law.foreseen_s)
        return max(self.deadline_s[name] - left_s, 0.0)

    def join_pool(self, pool: SlowPool, request: Request) -> None:
        """Who stood aside long enough takes a place; a request with time stands aside while it would have to wait."""
        at_s = request.arrival_s
        while pool.aside and pool.place_s(first := min(pool.aside, key=pool.place_s))[0] <= at_s:
            pool.aside.remove(first)
            pool.placed += 1
            self.take_place(pool, first, at_s)
        start_s = pool.start_if_last_s(request)
        if pool.patience_s[request.served] > 0 and at_s < start_s < math.inf:
            pool.aside.append(request)
        else:
            self.take_place(pool, request, at_s)

    def take_place(self, pool: SlowPool, request: Request, at_s: float) -> None:
        routes = self.routes[request.served]
        if routes.overflow is None and not routes.late_yields:
            pool.waiting.append(request)
            return
        end_s = pool.foreseen_start_s(request, at_s) + pool.pool.laws[request.served].foreseen_s
        late = end_s - request.arrival_s > self.deadline_s[request.served] + 1e-9
        if late and routes.overflow is not None and self.has_room(self.functions[routes.overflow], at_s):
            self.outcomes.append(Outcome(request, "", math.nan, overflowed=True))
            self.join_function(self.functions[routes.overflow], request, at_s)
        elif late and routes.late_yields:
            pool.late.append(request)
        else:
            pool.waiting.append(request)

    def join_function(self, function: SlowFunction, request: Request, at_s: float) -> None:
        function.buffer.append(request)
        if len(function.buffer) == 1:
            function.since_s = at_s
        if len(function.buffer) == function.function.batch:
            self.empty_buffer(function, at_s)

    def next_target(self, at_s: float, served: str) -> str | None:
        """Smooth weighted round robin over the level of the rate measured before this arrival."""
        before = self.rate_rps[served] * math.exp((self.measured_s[served] - at_s) / RATE_MEMORY_S)
        self.rate_rps[served], self.measured_s[served] = before + 1 / RATE_MEMORY_S, at_s
        if (routes := self.routes.get(served)) is None:
            return None
        self.level = level = int(np.searchsorted(routes.up_to_rps[:-1], before))
        row = np.asarray(routes.weights[level], dtype=float)
        row = np.append(row, 1 - row.sum())
        choices = np.flatnonzero(row > 1e-9)
        if len(choices) > 1:
            self.credit[served][choices] += row[choices]
        best = choices[np.argmax(self.credit[served][choices])]
        if len(choices) > 1:
            self.credit[served][best] -= 1
        return self.supply.targets[best] if best < len(self.supply.targets) else None

    def main_pool(self, served: str) -> str | None:
        """The pool that gets most of a class at the level of the last arrival."""
        shares = self.routes[served].weights[self.level, : len(self.pools)]
        return list(self.pools)[int(np.argmax(shares))] if shares.max() > 1e-9 else None

    def finish(self, at_s: float) -> None:
        self.pass_time(at_s)
        for function in sorted(self.functions.values(), key=SlowFunction.due_s):
            if function.buffer:
                self.empty_buffer(function, function.due_s())
        for pool in self.pools.values():
            self.outcomes += [Outcome(one, "", math.inf) for one in pool.waiting + pool.aside + pool.late]
