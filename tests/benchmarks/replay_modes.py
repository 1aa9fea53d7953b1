"""The whole replay, exact and sampled: ``python -m tests.benchmarks.replay_modes [--day]``.

First what the sampled mode misses: in each setting, two hours at 100 requests/s with a tenth simulated, both modes over many seeds,
and the mean and standard deviation of the difference in deadline-meet rate, overflow share and utilisation, in points. With
``--day`` instead 24 hours at 1,000 requests/s (86.4 M requests) in both modes, machines decided anew every five minutes: CPU time
of a request, and the peak of memory before and after.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.decisions import Decision
from planner.replay.engine import replay
from planner.replay.summaries import summary_of
from planner.replay.supply import SpotPool, Supply
from tests.planner.replay.fixed_policy import (
    ON_DEMAND,
    POOL,
    SPOT,
    SUPPLY,
    FixedPolicy,
    machines,
    routes_to,
    steady_requests,
)

if TYPE_CHECKING:
    from planner.replay.results import Replayed

HOURS_S, WINDOW_S, RATE_RPS, SEEDS = 7200.0, 300.0, 100.0, range(200, 224)
DAY_S, DAY_RPS, DAY_MACHINES = 86_400.0, 1000.0, 57
KIB_OF_MIB = 1024
BEFORE_S = -200.0  # machines boot and load before the start
STEPS_S = np.arange(WINDOW_S, HOURS_S, WINDOW_S)
LATE_GO = routes_to(1.0, 0.0, overflow="lambda")
OFTEN_LOST = replace(
    SUPPLY, rentals=(ON_DEMAND, replace(SPOT, boot_s=400.0)), spot_pools=(SpotPool("c5/a", 2.0),)
)

# name -> supply, decisions, index of dispersion of the arrivals
SETTINGS: dict[str, tuple[Supply, dict[float, Decision], float]] = {
    "6 machines": (SUPPLY, {BEFORE_S: machines(6)}, 1.0),
    "5 machines and functions": (
        SUPPLY,
        {BEFORE_S: Decision({("resnet", "c5/on-demand"): 5}, LATE_GO)},
        1.0,
    ),
    "2 machines, batches of 4": (
        replace(SUPPLY, pools=(replace(POOL, batch=4, batch_timeout_s=0.02),)),
        {BEFORE_S: machines(2)},
        1.0,
    ),
    "8 machines, bursts of index 4": (SUPPLY, {BEFORE_S: machines(8)}, 4.0),
    "6 to 8 machines, changing": (
        SUPPLY,
        {BEFORE_S: machines(7)} | {float(t): machines(6 + n % 3) for n, t in enumerate(STEPS_S)},
        1.0,
    ),
    "3 machines, 4 spot, functions": (
        OFTEN_LOST,
        {BEFORE_S: Decision({("resnet", "c5/on-demand"): 3, ("resnet", "c5/spot/a"): 4}, LATE_GO)},
        1.0,
    ),
    "overloaded for 20 minutes": (
        SUPPLY,
        {BEFORE_S: machines(7), 1800.0: machines(4), 3000.0: machines(7)},
        1.0,
    ),
}


def figures(out: Replayed) -> list[float]:
    found = summary_of(out)
    return [found.deadline_meet_rate, found.overflow_share, found.utilisation]


def compare(name: str) -> None:
    """Both modes of one setting over all seeds."""
    supply, decisions, index = SETTINGS[name]
    requests = steady_requests(RATE_RPS, HOURS_S, dispersion_index=index)
    edges = np.arange(0.0, HOURS_S + 1.0, WINDOW_S)
    found, cpu_s = {}, {}
    for mode in ("exact", "sampled"):
        begin = time.process_time()
        found[mode] = np.array(
            [
                figures(
                    replay(
                        FixedPolicy(decisions), supply, requests, seed=seed, window_edge_s=edges, mode=mode
                    )
                )
                for seed in SEEDS
            ]
        )
        cpu_s[mode] = time.process_time() - begin
    gap = 100.0 * (found["sampled"] - found["exact"])
    cells = " ".join(
        f"{m:+8.2f} {s:5.2f}" for m, s in zip(gap.mean(axis=0), gap.std(axis=0, ddof=1), strict=True)
    )
    rate = found["exact"][:, 0].mean()
    print(f"{name:32} {rate:8.2%} {cells} {cpu_s['exact'] / cpu_s['sampled']:8.1f}")


def day(mode: str) -> None:
    """A day at 1,000 requests/s."""
    edges = np.arange(0.0, DAY_S + 1.0, WINDOW_S)
    decisions = {BEFORE_S: machines(DAY_MACHINES)}
    decisions |= {float(t): machines(DAY_MACHINES + n % 3) for n, t in enumerate(edges[1:-1])}
    warm = steady_requests(RATE_RPS, WINDOW_S)
    replay(FixedPolicy({BEFORE_S: machines(7)}), SUPPLY, warm, seed=1, window_edge_s=edges[:2])  # compiles
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    requests = steady_requests(DAY_RPS, DAY_S)
    out = replay(FixedPolicy(decisions), SUPPLY, requests, seed=1, window_edge_s=edges, mode=mode)
    spent_s, number = time.process_time() - begin, out.arrived.sum()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{mode:8} {number / 1e6:6.1f} M requests {spent_s:7.1f} CPU s {spent_s / number * 1e9:6.0f} ns/request, "
        f"peak {before / KIB_OF_MIB:.0f} -> {after / KIB_OF_MIB:.0f} MiB, in time {summary_of(out).deadline_meet_rate:.2%}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", action="store_true", help="24 hours at 1,000 requests/s in both modes")
    if parser.parse_args().day:
        for mode in ("sampled", "exact"):
            day(mode)
        return
    print(f"{'':32} {'in time':>8} {'in time':>14} {'overflow':>14} {'utilisation':>14} {'x faster':>8}")
    print(f"{'':32} {'exact':>8}" + 3 * f" {'mean':>8} {'sd':>5}")
    for name in SETTINGS:
        compare(name)


if __name__ == "__main__":
    main()
