"""Late requests that yield: the order of service, overload that passes, and capacities that hold all the same."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from planner.queueing import PoolService, batch_timeout_s, capacity_rps, variation_of
from planner.replay.laws import law_of
from tests.planner.replay.kernel_cases import SERVICE_S, kernel, play, poisson_s, supply


def test_a_late_request_waits_behind_one_that_came_after_it_and_can_still_be_in_time() -> None:
    """One machine, 0.1 s a call, deadline 0.25 s: the third is late and is answered last, at 0.4 s."""
    found = kernel(supply(deadline_s=0.25), 1, late_yields=True)
    found.advance([0.0, 0.01, 0.02, 0.06], [0] * 4, 0.2)
    assert found.observe(0.2).waiting.tolist() == [1]
    found.advance([], [], 1.0)
    assert found.tally.in_time.sum() == 3
    assert found.tally.latency_sum_s.sum() == pytest.approx(0.1 + 0.19 + 0.24 + 0.38)


def test_a_late_request_that_has_begun_keeps_its_machine() -> None:
    """The third begins at 0.2 s, so that of 0.25 s begins at 0.3 s: it is foreseen late by then, and the next one is not."""
    found = kernel(supply(deadline_s=0.25), 1, late_yields=True)
    found.advance([0.0, 0.01, 0.02, 0.25], [0] * 4, 1.0)
    assert found.tally.latency_sum_s.sum() == pytest.approx(0.1 + 0.19 + 0.28 + 0.15)


def test_what_still_yields_at_the_end_is_refused() -> None:
    found = kernel(supply(deadline_s=0.15), 1, late_yields=True)
    found.advance([0.0, 0.01, 0.02], [0] * 3, 0.05)
    found.finish(0.05)
    assert found.tally.refused.sum() == 2


def test_a_late_request_yields_only_where_no_function_has_room() -> None:
    found = kernel(supply(deadline_s=0.15, limit=1), 1, overflow="function", late_yields=True)
    found.advance([0.0, 0.01, 0.02], [0] * 3, 0.05)
    assert found.tally.overflowed.sum() == 1
    assert found.observe(0.05).waiting.tolist() == [1]


def test_after_an_overload_nobody_is_late_but_those_who_were_too_many() -> None:
    """60 requests/s for 50 s on 4 machines that answer 40: in arrival order the backlog makes all later ones late."""
    times_s = np.concatenate([np.arange(3000) / 60, 50 + np.arange(1500) / 30])
    share = {}
    for late_yields in (False, True):
        found = kernel(supply(deadline_s=0.3), 4, late_yields=late_yields)
        play(found, times_s, 200.0)
        assert found.tally.served.sum() == len(times_s)
        share[late_yields] = found.tally.in_time.sum() / len(times_s)
    assert share[False] < 0.02
    assert share[True] == pytest.approx((2000 + 1500) / 4500, abs=0.01)


@pytest.mark.parametrize("load", [0.9, 1.0, 1.1])
def test_one_by_one_whoever_is_in_time_in_the_order_of_arrival_is_so_with_late_lines(load: float) -> None:
    times_s = poisson_s(load * 5 / SERVICE_S, 50_000)
    met = []
    for late_yields in (False, True):
        found = kernel(supply(deadline_s=0.25), 5, late_yields=late_yields, edges=np.append(times_s, 1e9))
        play(found, times_s, times_s[-1] + 1e3)
        met.append(found.tally.in_time[0, 0] > 0)
    assert (met[1] >= met[0]).all()
    assert met[1].sum() > met[0].sum()


def test_batches_carry_what_the_planner_counts_on() -> None:
    service = PoolService(SERVICE_S, SERVICE_S, batch=4)
    rate = float(capacity_rps(service, [3], 0.3, 0.98)[0])
    found = kernel(supply(deadline_s=0.3, batch=4, timeout_s=0.05), 3, late_yields=True)
    play(found, poisson_s(rate, 200_000))
    found.finish(found.now_s)
    assert found.tally.in_time.sum() / 200_000 >= 0.98


@pytest.mark.parametrize("sigma", [0.1, 0.8])
@pytest.mark.parametrize(
    ("machines", "batch", "deadline"), [(1, 1, 3.0), (1, 4, 3.0), (3, 1, 3.0), (3, 4, 5.0)]
)
def test_times_that_vary_keep_what_the_planner_counts_on(
    sigma: float, machines: int, batch: int, deadline: float
) -> None:
    """Lognormal times; the deadline in 0.98-quantiles. Who will be late can only be foreseen with an error there."""
    known = [
        (p, SERVICE_S * math.exp(sigma * NormalDist().inv_cdf(p) - sigma**2 / 2))
        for p in (0.5, 0.9, 0.95, 0.98, 0.99)
    ]
    quantile_s = dict(known)[0.98]
    service = PoolService(SERVICE_S, quantile_s, batch, variation=variation_of(SERVICE_S, known))
    deadline_s = deadline * quantile_s
    rate = float(capacity_rps(service, [machines], deadline_s, 0.98)[0])
    law = law_of(SERVICE_S, known, quantile_s)
    timeout_s = batch_timeout_s(service, deadline_s)
    found = kernel(
        supply(law=law, deadline_s=deadline_s, batch=batch, timeout_s=timeout_s), machines, late_yields=True
    )
    play(found, poisson_s(rate, 60_000))
    found.finish(found.now_s)
    assert found.tally.in_time.sum() / 60_000 >= 0.98
