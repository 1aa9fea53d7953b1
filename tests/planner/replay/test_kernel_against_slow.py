"""The compiled kernel against the plain replay of `slow_replay`: the same outcomes on hundreds of random tiny cases."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from planner.replay.decisions import Routes
from planner.replay.kernel import Kernel
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.supply import CalledFunction, Pool, ServedClass, Supply
from tests.planner.replay.slow_replay import Server, SlowReplay

CASES = 300
CLASSES = ("quick", "slow")
EDGES_S = np.array([0.0, 4.0, 9.0, 15.0])
END_S = 15.0


def random_law(rng: np.random.Generator) -> ServiceLaw:
    mean_s = rng.uniform(0.2, 1.2)
    if rng.random() < 0.4:
        return ServiceLaw(np.full(GRID + 1, mean_s), mean_s)
    quantile_s = mean_s * np.linspace(0.5, 1.5, GRID + 1) ** 2
    return ServiceLaw(quantile_s, float(quantile_s[int(0.95 * GRID)]))


def random_pool(rng: np.random.Generator, name: str) -> Pool:
    law, batch = random_law(rng), int(rng.choice([1, 1, 2, 4]))
    laws = {one: law if batch > 1 or rng.random() < 0.5 else random_law(rng) for one in CLASSES}
    return Pool(name, "m", "x", laws, batch, rng.uniform(0, 1.0), int(rng.integers(1, 4)), 1.0, None, 1.0)


def random_function(rng: np.random.Generator, name: str) -> CalledFunction:
    batch = int(rng.choice([1, 1, 3]))
    return CalledFunction(
        name,
        "m",
        random_law(rng),
        CLASSES,
        None,
        batch,
        rng.uniform(0.1, 1.0) if batch > 1 else 0.0,
        rng.uniform(0, 1.0),
        int(rng.integers(1, 3)),
        1.0,
        0.1,
        0.01,
        0.05,
        rng.choice([0.001, 0.1]),
        bool(rng.random() < 0.5),
        tuple(np.sort(rng.uniform(0.3, 1.0, batch))) if rng.random() < 0.7 else (),
    )


def random_supply(rng: np.random.Generator) -> Supply:
    return Supply(
        tuple(ServedClass(name, rng.uniform(0.5, 3.0), 0.9, "t", 0.5) for name in CLASSES),
        tuple(random_pool(rng, f"pool{j}") for j in range(rng.integers(1, 4))),
        (),
        tuple(random_function(rng, f"function{f}") for f in range(rng.integers(1, 4))),
        concurrency_limit=int(rng.integers(2, 12)),
        keep_alive_s=rng.uniform(0.5, 4.0),
    )


def random_routes(rng: np.random.Generator, supply: Supply) -> dict[str, Routes]:
    levels = int(rng.integers(1, 4))
    found = {}
    for name in CLASSES:
        weights = rng.random((levels, len(supply.targets))) * (
            rng.random((levels, len(supply.targets))) < 0.6
        )
        weights[:, 0] += 0.1
        weights *= rng.choice([0.8, 1.0]) / weights.sum(axis=1, keepdims=True)
        overflow = rng.choice([one.name for one in supply.functions]) if rng.random() < 0.7 else None
        rising = np.sort(rng.uniform(0.5, 6.0, levels))
        found[name] = Routes(rising, weights, overflow, *(rng.random(2) < 0.5).tolist())
    return found


class Pair:
    """Both replays of one supply, told the same; all changes of one instant happen before anything that follows from them."""

    def __init__(self, supply: Supply, seed: int) -> None:
        self.supply = supply
        self.fast, self.slow = Kernel(supply, EDGES_S, seed), SlowReplay(supply, seed)
        self.machines: dict[int, tuple[str, list[Server]]] = {}

    def join(self, pool: str, at_s: float) -> None:
        slot = self.fast.machine_joins(pool, at_s)
        assert slot not in self.machines
        servers = [Server(8 * slot + i, at_s) for i in range(self.slow.pools[pool].pool.replicas)]
        self.slow.pools[pool].servers += servers
        self.machines[slot] = (pool, servers)

    def leave(self, slot: int, at_s: float, gone_s: float | None) -> None:
        end_s = self.fast.machine_leaves(slot, at_s, gone_s)
        pool, servers = self.machines.pop(slot)
        longest_s = max(law.foreseen_s for law in self.slow.pools[pool].pool.laws.values())
        for server in servers:
            server.taking_s = -np.inf if gone_s is None else gone_s - longest_s
            server.gone_s = np.inf if gone_s is None else gone_s
        assert end_s == pytest.approx(max(at_s, *(one.free_s for one in servers)))

    def route(self, routes: dict[str, Routes], at_s: float) -> None:
        self.fast.set_routes(routes, at_s)
        self.slow.set_routes(routes)

    def provision(self, counts: dict[str, int], reserved: dict[str, int], at_s: float) -> None:
        self.fast.set_instances(counts, reserved, at_s)
        for name, function in self.slow.functions.items():
            function.provisioned, function.reserved = counts.get(name, 0), reserved.get(name, math.inf)

    def arrive(self, times_s: np.ndarray, classes: np.ndarray, until_s: float, weight: float) -> None:
        self.fast.advance(times_s, classes, until_s, weight)
        for at_s, k in zip(times_s, classes, strict=True):
            self.slow.arrive(float(at_s), CLASSES[k], weight)
        self.slow.pass_time(until_s)
        pools = (self.slow.pools[one.name] for one in self.supply.pools)
        waiting = [len(one.waiting) + len(one.late) + len(one.aside) for one in pools]
        assert self.fast.observe(until_s).waiting.tolist() == waiting


def random_changes(rng: np.random.Generator, pair: Pair, at_s: float) -> None:
    """Machines that join, drain or are going to be lost; now and then other routes and instances kept ready."""
    for _ in range(rng.integers(0, 3)):
        pair.join(str(rng.choice([one.name for one in pair.supply.pools])), at_s)
    if pair.machines and rng.random() < 0.5:
        slot = int(rng.choice(list(pair.machines)))
        pair.leave(slot, at_s, None if rng.random() < 0.5 else at_s + rng.uniform(0.5, 4.0))
    if rng.random() < 0.4:
        pair.route(random_routes(rng, pair.supply), at_s)
    if rng.random() < 0.4:
        ready = {one.name: int(rng.integers(0, 3)) for one in pair.supply.functions}
        capped = {
            name: count + int(rng.integers(0, 4)) for name, count in ready.items() if rng.random() < 0.5
        }
        pair.provision(ready, capped, at_s)


def played(seed: int) -> Pair:
    rng = np.random.default_rng(seed)
    pair = Pair(random_supply(rng), seed)
    for pool in pair.supply.pools[: rng.integers(1, 4)]:
        pair.join(pool.name, -1.0)
    pair.fast.set_rates([1.0, 2.0], 0.0)
    pair.slow.rate_rps = dict(zip(CLASSES, (1.0, 2.0), strict=True))
    pair.route(random_routes(rng, pair.supply), 0.0)
    edges = np.concatenate([[0.0], np.sort(rng.uniform(0, END_S, 6)), [END_S]])
    rate_rps = rng.uniform(1.0, 8.0)
    for since_s, until_s in pairwise(edges):
        number = rng.poisson(rate_rps * (until_s - since_s))
        times_s = np.sort(rng.uniform(since_s, until_s, number))
        pair.arrive(times_s, rng.integers(0, 2, number), until_s, float(rng.choice([0.0, 1.0, 2.5])))
        if until_s < END_S:
            random_changes(rng, pair, until_s)
    pair.fast.finish(END_S)
    pair.slow.finish(END_S)
    return pair


def window(at_s: float) -> int:
    return int(np.clip(np.searchsorted(EDGES_S, at_s, side="right") - 1, 0, len(EDGES_S) - 2))


def assert_same(pair: Pair) -> None:
    """Every count of the tally, reckoned from the outcomes of the plain replay one by one."""
    found = pair.fast.tally
    wanted = {name: np.zeros_like(getattr(found, name)) for name in found._fields}
    targets = pair.supply.targets
    for outcome in pair.slow.outcomes:
        request = outcome.request
        k, t = CLASSES.index(request.served), window(request.arrival_s)
        if outcome.overflowed:
            wanted["overflowed"][k, t] += request.weight
            continue
        wanted["arrived"][k, t] += request.weight
        if outcome.latency_s == np.inf:
            wanted["refused"][k, t] += request.weight
            continue
        g = targets.index(outcome.target)
        wanted["served"][k, g, t] += request.weight
        wanted["latency_sum_s"][k, t] += request.weight * outcome.latency_s
        if outcome.latency_s <= pair.supply.classes[k].deadline_s + 1e-9:
            wanted["in_time"][k, g, t] += request.weight
    for f, function in enumerate(pair.slow.functions.values()):
        for leader, cold, usd in function.calls:
            t = window(leader.arrival_s)
            wanted["calls"][f, t] += leader.weight
            wanted["cold_calls"][f, t] += leader.weight * cold
            wanted["calls_usd"][f, t] += leader.weight * usd
    for j, pool in enumerate(pair.slow.pools.values()):
        inner = np.concatenate([[-np.inf], EDGES_S[1:-1], [np.inf]])
        for start_s, end_s, weight in pool.busy:
            wanted["busy_s"][j] += weight * np.diff(np.clip(inner, start_s, end_s)) / pool.pool.replicas
    for name in ("arrived", "refused", "overflowed", "served", "in_time", "calls", "cold_calls"):
        assert getattr(found, name) == pytest.approx(wanted[name], abs=1e-9), name
    for name in ("latency_sum_s", "busy_s", "calls_usd"):
        assert getattr(found, name) == pytest.approx(wanted[name], rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("first", range(0, CASES, 25))
def test_outcomes_are_those_of_the_plain_replay(first: int) -> None:
    for seed in range(first, first + 25):
        assert_same(played(seed))


@pytest.mark.parametrize("seed", [1074, 1979, 2165])
def test_a_machine_soon_lost_takes_late_requests_that_it_is_free_for(seed: int) -> None:
    """Cases in which it stops too soon for the request that came last, but not for late ones that wait."""
    assert_same(played(seed))


@pytest.mark.parametrize("seed", [716, 1323])
def test_nobody_hopes_for_an_idle_machine_that_stops_too_soon(seed: int) -> None:
    """Cases in which it is lost before the batch in front closes: a request that comes then is foreseen late."""
    assert_same(played(seed))


def test_cases_reach_every_branch() -> None:
    """What the random cases are there for happens in them: overflow, cold and provisioned calls, refusals, other lines."""
    seen: dict[str, float] = dict.fromkeys(("overflowed", "cold_calls", "calls", "refused", "served"), 0.0)
    late_alone, late_in_batches, late_at_end, stretched, aside, placed = 0, 0, 0, 0, 0, 0
    for seed in range(60):
        pair = played(seed)
        for name in seen:
            seen[name] += float(getattr(pair.fast.tally, name).sum())
        for pool in pair.slow.pools.values():
            late_alone += pool.late_answers * (pool.pool.batch == 1)
            late_in_batches += pool.late_answers * (pool.pool.batch > 1)
            late_at_end += len(pool.late)
            aside += pool.aside_answers
            placed += pool.placed
        for function in pair.slow.functions.values():
            stretched += function.part_batches * (len(function.function.size_stretch) > 1)
    assert min(seen.values()) > 20.0
    assert min(late_alone, late_in_batches, late_at_end, stretched) > 10
    assert min(aside, placed) > 10
