"""Speed of the replay's kernel: ``python -m tests.benchmarks.replay_speed [--day]``.

First the same small case, M/D/c at 85 % load, by the kernel, simpy and ciw: requests per CPU second, and the mean wait, which must
be that of the exact M/D/c tail. With ``--day`` instead 24 hours at 1,000 requests/s (86.4 M requests) in chunks of a minute, each
with an observation, 2 machines that leave and 2 that join: CPU time, and how much memory grew after the first hour. Two settings:

one pool      one class, one pool
three pools   two classes over three pools, of which one has batches, and a function that takes what would be late
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import ciw
import numpy as np
import simpy

from planner.queueing import PoolService, capacity_rps
from planner.queueing.decay import decay_rate
from planner.queueing.mdc import tail_probability
from planner.replay.decisions import Routes
from planner.replay.kernel import Kernel
from planner.replay.laws import GRID, ServiceLaw
from planner.replay.supply import CalledFunction, Pool, ServedClass, Supply

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SERVICE_S, SERVERS, LOAD = 0.1, 10, 0.85
RATE_RPS = LOAD * SERVERS / SERVICE_S
STEADY = ServiceLaw(np.full(GRID + 1, SERVICE_S), SERVICE_S)
SPREAD = ServiceLaw(SERVICE_S * np.linspace(0.8, 1.2, GRID + 1), 1.19 * SERVICE_S)
REQUESTS, OTHERS_REQUESTS = 5_000_000, 50_000
DAY_S, CHUNK_S, DAY_RPS = 86_400, 60, 1_000.0
MIB = 1024


def one_pool(deadline_s: float) -> Supply:
    pool = Pool("pool", "m", "x", {"quick": STEADY}, 1, 0.0, 1, 1.0, None, 1.0)
    return Supply((ServedClass("quick", deadline_s, 0.98, "t", 1.0),), (pool,), (), ())


def three_pools(deadline_s: float) -> Supply:
    classes = tuple(ServedClass(name, deadline_s, 0.98, "t", 0.5) for name in ("quick", "slow"))
    pool = Pool("steady", "m", "x", {"quick": STEADY, "slow": STEADY}, 1, 0.0, 1, 1.0, None, 1.0)
    spread = replace(pool, name="spread", laws={"quick": SPREAD, "slow": SPREAD})
    batched = replace(pool, name="batched", batch=4, batch_timeout_s=SERVICE_S / 2)
    function = CalledFunction(
        "function", "m", SPREAD, ("quick", "slow"), None, 1, 0.0, 0.5, 1, 2e-7, 3e-5, 0.0, 0.0, 0.001
    )
    return Supply(classes, (pool, spread, batched), (), (function,), keep_alive_s=600.0)


def kernel_waits(arrival_s: Array) -> float:
    kernel = Kernel(one_pool(1.0), [0.0, 1e9], seed=1)
    for _ in range(SERVERS):
        kernel.machine_joins("pool", 0.0)
    kernel.set_routes({"quick": Routes(np.array([np.inf]), np.ones((1, 1)))}, 0.0)
    kernel.advance(arrival_s, np.zeros(len(arrival_s), dtype=int), arrival_s[-1] + 10.0)
    return float(kernel.tally.latency_sum_s.sum() / kernel.tally.served.sum()) - SERVICE_S


def simpy_waits(arrival_s: Array) -> float:
    environment = simpy.Environment()
    pool = simpy.Resource(environment, SERVERS)
    waits: list[float] = []

    def request() -> simpy.events.ProcessGenerator:
        arrived = environment.now
        with pool.request() as turn:
            yield turn
            waits.append(environment.now - arrived)
            yield environment.timeout(SERVICE_S)

    def source() -> simpy.events.ProcessGenerator:
        for at_s in arrival_s.tolist():
            yield environment.timeout(at_s - environment.now)
            environment.process(request())

    environment.process(source())
    environment.run()
    return float(np.mean(waits))


def ciw_waits(arrival_s: Array) -> float:
    between_s = np.diff(arrival_s, prepend=0.0).tolist()
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*between_s, float("inf")])],
        service_distributions=[ciw.dists.Deterministic(SERVICE_S)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(arrival_s), method="Finish")
    return float(np.mean([record.waiting_time for record in simulation.get_all_records()]))


def exact_wait_s() -> float:
    """Mean of the exact M/D/c wait: its tail integrated."""
    budgets = np.linspace(0.0, 12.0, 2401)
    tails = [tail_probability(SERVERS, float(decay_rate(LOAD)), float(budget)) for budget in budgets]
    return SERVICE_S * float(np.trapezoid(tails, budgets))


def print_rivals() -> None:
    rng = np.random.default_rng(1)
    random.seed(1)  # ciw draws by it where anything is random
    long = np.cumsum(rng.exponential(1 / RATE_RPS, REQUESTS))
    kernel_waits(long[:100])  # compiles
    print(f"M/D/{SERVERS} at {LOAD:.0%}; exact mean wait {exact_wait_s() * 1e3:.3f} ms")
    runs: list[tuple[str, Callable[[Array], float], Array]] = [
        ("kernel", kernel_waits, long),
        ("kernel, short", kernel_waits, long[:OTHERS_REQUESTS]),
        ("simpy", simpy_waits, long[:OTHERS_REQUESTS]),
        ("ciw", ciw_waits, long[:OTHERS_REQUESTS]),
    ]
    for name, waits, arrival_s in runs:
        before = time.process_time()
        wait_s = waits(arrival_s)
        spent_s = time.process_time() - before
        print(
            f"  {name:14s}{len(arrival_s):>10,d} requests{len(arrival_s) / spent_s:>14,.0f} requests/CPU-s   "
            f"mean wait {wait_s * 1e3:.3f} ms"
        )


def print_day(
    name: str, supply: Supply, machines: dict[str, int], weights: list[float], overflow: str | None
) -> None:
    """24 hours of Poisson arrivals; the rate is constant."""
    rng = np.random.default_rng(2)
    kernel = Kernel(supply, np.arange(0, DAY_S + 1, 300.0), seed=1)
    slots = [
        (pool, kernel.machine_joins(pool, 0.0)) for pool, count in machines.items() for _ in range(count)
    ]
    routes = Routes(np.array([DAY_RPS / 2, np.inf]), np.array([weights, weights]), overflow)
    kernel.set_routes({one.name: routes for one in supply.classes}, 0.0)
    spent_s, early_kib = 0.0, 0
    for minute in range(DAY_S // CHUNK_S):
        since_s = float(minute * CHUNK_S)
        number = rng.poisson(DAY_RPS * CHUNK_S)
        times_s = since_s + np.sort(rng.uniform(0, CHUNK_S, number))
        classes = rng.integers(0, len(supply.classes), number)
        before = time.process_time()
        kernel.advance(times_s, classes, since_s + CHUNK_S)
        kernel.observe(since_s + CHUNK_S)
        for _ in range(2):
            pool, slot = slots.pop(0)
            kernel.machine_leaves(slot, since_s + CHUNK_S)
            slots.append((pool, kernel.machine_joins(pool, since_s + CHUNK_S)))
        spent_s += time.process_time() - before
        if minute == 60:
            early_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kernel.finish(float(DAY_S))
    tally, peak_kib = kernel.tally, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total = tally.arrived.sum()
    print(
        f"{name}: {total:,.0f} requests in {spent_s:.0f} CPU-s, {total / spent_s:,.0f} requests/s; "
        f"in time {tally.in_time.sum() / total:.4%}, overflow {tally.overflowed.sum() / total:.3%}; "
        f"peak {peak_kib / MIB:.0f} MiB, {(peak_kib - early_kib) / MIB:.0f} MiB more than after an hour"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Speed of the replay's kernel.")
    parser.add_argument("--day", action="store_true", help="86.4 M requests by the kernel alone")
    if not parser.parse_args().day:
        print_rivals()
    else:
        counts = np.arange(1, 200)
        deadline_s = 3 * SERVICE_S
        capacity = capacity_rps(PoolService(SERVICE_S, SERVICE_S), counts, deadline_s, 0.98)
        enough = int(counts[np.searchsorted(capacity, DAY_RPS)])
        print_day("one pool", one_pool(deadline_s), {"pool": enough}, [1.0], None)
        just = math.floor(DAY_RPS / 3 * SERVICE_S)  # one too few: some requests would be late
        machines = {"steady": just, "spread": just, "batched": just // 4}
        print_day("three pools", three_pools(deadline_s), machines, [1 / 3, 1 / 3, 1 / 3, 0.0], "function")


if __name__ == "__main__":
    main()
