"""Instances set aside for a function, against a simulated loss system."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
import pytest

from planner.queueing import most_running, reserved_instances
from planner.queueing.reserves import REFUSED_SHARE

CALLS = 240_000
CLUMP = 6  # calls that come together have (6 + 1) / 2 = 3.5 times the variance of Poisson calls where they last exponentially long


def refused_share(running: float, instances: int, clump: int) -> float:
    """Share of calls that find every instance taken; calls last 1 on average and come in clumps."""
    rng = np.random.default_rng(5)
    arrivals = np.repeat(np.cumsum(rng.exponential(clump / running, CALLS // clump)), clump)
    ends: list[float] = []
    refused = 0
    for at, lasts in zip(arrivals.tolist(), rng.exponential(1.0, CALLS).tolist(), strict=True):
        while ends and ends[0] <= at:
            heappop(ends)
        if len(ends) >= instances:
            refused += 1
        else:
            heappush(ends, at + lasts)
    return refused / CALLS


@pytest.mark.parametrize("running", [0.3, 2.0, 20.0])
def test_next_to_no_call_is_refused_even_in_clumps(running: float) -> None:
    count = reserved_instances(running)
    assert refused_share(running, count, 1) <= REFUSED_SHARE
    assert refused_share(running, count, CLUMP) <= REFUSED_SHARE
    assert (
        refused_share(running, int(np.ceil(running)), CLUMP) > 0.1
    )  # what runs on average is far from enough


def test_more_calls_need_more_instances_but_fewer_for_each() -> None:
    counts = [reserved_instances(running) for running in (0.1, 1.0, 10.0, 100.0, 1_000.0)]
    assert counts == sorted(counts)
    per_call = np.array(counts) / (0.1, 1.0, 10.0, 100.0, 1_000.0)
    assert (np.diff(per_call) < 0).all()
    assert 1.1 < per_call[-1] < 1.2
    assert reserved_instances(0.0) == 0


@pytest.mark.parametrize("instances", [5, 20, 50, 99, 1000])
def test_the_most_that_may_run_on_average_needs_all_instances_and_no_more(instances: int) -> None:
    running = most_running(instances)
    assert reserved_instances(running) <= instances < reserved_instances(running + 0.01)
    assert running < instances


def test_no_clump_runs_on_fewer_instances_than_it_starts() -> None:
    assert most_running(0) == 0.0
    assert most_running(4) == 0.0
