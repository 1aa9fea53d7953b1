"""What the kernel counts and shows, and what does not change its counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from planner.replay.kernel import Kernel
from planner.replay.tally import latency_edges_s
from tests.planner.replay.kernel_cases import (
    EXPONENTIAL,
    SERVICE_S,
    kernel,
    play,
    poisson_s,
    routes,
    supply,
)


def test_latency_bins_hold_the_quantiles() -> None:
    found = kernel(supply(law=EXPONENTIAL), 30)
    play(found, poisson_s(50.0, 100_000))
    counts = found.tally.latency[0]
    edges = latency_edges_s()
    assert counts.shape == (len(edges) - 1,)
    assert (np.diff(edges) > 0).all()
    upper = edges[1:][np.searchsorted(np.cumsum(counts) / counts.sum(), [0.5, 0.9])]
    assert upper == pytest.approx(SERVICE_S * np.log([2, 10]), rel=0.03)


def test_a_skip_freezes_who_waits_and_weights_scale_the_counts() -> None:
    found = kernel(supply(), 1, edges=(0.0, 10.0, 20.0))
    found.advance([0.0, 0.0, 0.0], [0, 0, 0], 0.05, weight=2.0)
    found.skip_to(15.0)
    found.advance([15.01], [0], 16.0, weight=0.0)
    tally = found.tally
    assert tally.arrived.tolist() == [[6.0, 0.0]]
    assert tally.latency_sum_s == pytest.approx(np.array([[2 * (0.1 + 0.2 + 0.3), 0.0]]))
    assert tally.busy_s == pytest.approx(np.array([[2 * 0.1, 2 * 0.2]]))


def test_an_observation_shows_the_time_since_the_last_one() -> None:
    found = kernel(supply(replicas=2, deadline_s=0.15), 1)
    found.advance([0.0], [0], 0.0)
    found.observe(0.0)
    found.advance([0.02, 0.03, 0.04, 0.05, 0.06], [0] * 5, 0.15)
    seen = found.observe(0.15)
    assert seen.busy_share == pytest.approx([(0.15 + 0.13) / 0.3])
    assert seen.waiting.tolist() == [2]
    assert seen.in_time_share == pytest.approx([1 / 3])  # of the calls at 0.02, 0.1 and 0.12 s
    assert np.isnan(found.observe(0.15).in_time_share).all()


def test_the_same_seed_gives_the_same_and_another_one_does_not() -> None:
    sums = []
    for seed in (1, 1, 2):
        found = Kernel(supply(law=EXPONENTIAL), [0.0, 1e9], seed)
        found.machine_joins("pool", 0.0)
        found.set_routes(routes(1.0, 0.0), 0.0)
        play(found, poisson_s(8.0, 1000))
        sums.append(found.tally.latency_sum_s.sum())
    assert sums[0] == sums[1] != sums[2]


def test_chunks_do_not_matter() -> None:
    times_s = poisson_s(38.0, 2000)
    whole, parts = (kernel(supply(batch=2, timeout_s=0.03), 2, overflow="function") for _ in range(2))
    play(whole, times_s)
    for part in np.array_split(times_s, 37):
        play(parts, part)
    for name in ("served", "in_time", "overflowed", "latency", "calls"):
        assert (getattr(whole.tally, name) == getattr(parts.tally, name)).all()


def test_time_does_not_go_back() -> None:
    found = kernel(supply(), 1)
    found.advance([], [], 5.0)
    with pytest.raises(ValueError, match=r"it is 5\.0 s; 4\.0 s is past"):
        found.machine_joins("pool", 4.0)
    with pytest.raises(ValueError, match="must lie at or after now"):
        found.advance([4.0], [0], 6.0)
    with pytest.raises(ValueError, match="must be sorted"):
        found.advance([6.0, 5.5], [0, 0], 7.0)


def test_pools_need_no_functions_and_functions_no_pools() -> None:
    one = supply()
    for part, weights in ((replace(one, functions=()), (1.0,)), (replace(one, pools=()), (1.0,))):
        found = Kernel(part, [0.0, 10.0], seed=1)
        if part.pools:
            found.machine_joins("pool", 0.0)
        found.set_routes(routes(*weights), 0.0)
        found.advance([1.0], [0], 5.0)
        found.observe(5.0)
        found.finish(5.0)
        assert found.tally.served.sum() == 1
