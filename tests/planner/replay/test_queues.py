"""Pools against queueing theory and another simulation; machines that leave."""

from __future__ import annotations

import numpy as np
import pytest

from planner.queueing import PoolService, capacity_rps, diverted_share
from planner.queueing.diversion import erlang_loss
from planner.replay.kernel import FIRST_PLACES
from planner.replay.laws import GRID, ServiceLaw
from tests.checker.simulation import latencies
from tests.planner.replay.kernel_cases import (
    EXPONENTIAL,
    SERVICE_S,
    SHARES,
    kernel,
    play,
    poisson_s,
    supply,
)


@pytest.mark.parametrize(("servers", "deadline_s"), [(1, 0.3), (5, 0.25), (40, 0.15)])
def test_at_the_exact_capacity_of_a_pool_as_many_are_in_time_as_asked(
    servers: int, deadline_s: float
) -> None:
    """M/D/c: capacity_rps is exact."""
    rate = float(capacity_rps(PoolService(SERVICE_S, SERVICE_S), [servers], deadline_s, 0.98)[0])
    found = kernel(supply(deadline_s=deadline_s), servers)
    play(found, poisson_s(rate, 400_000))
    found.finish(found.now_s)
    assert found.tally.in_time.sum() / found.tally.served.sum() == pytest.approx(0.98, abs=0.004)


def test_random_services_wait_as_in_a_queue_of_markov() -> None:
    """M/M/c (Erlang C): mean wait = C(c, a) S / (c - a), C from the loss formula."""
    servers, erlangs = 8, 6.0
    found = kernel(supply(law=EXPONENTIAL), servers)
    play(found, poisson_s(erlangs / SERVICE_S, 600_000))
    lost = float(erlang_loss(np.array([8.0]), np.array([erlangs]))[0])
    delayed = lost / (1 - erlangs / servers * (1 - lost))
    mean_s = float(np.trapezoid(EXPONENTIAL.quantile_s, SHARES))
    wait_s = delayed * mean_s / (servers - erlangs)
    latency_s = found.tally.latency_sum_s.sum() / found.tally.served.sum()
    assert latency_s - mean_s == pytest.approx(wait_s, rel=0.05)


def test_what_finds_no_free_machine_is_the_loss_of_erlang() -> None:
    """With a deadline of one service, overflow takes who would wait: M/G/c/c."""
    servers, erlangs = 6, 5.0
    found = kernel(supply(deadline_s=SERVICE_S), servers, overflow="function")
    play(found, poisson_s(erlangs / SERVICE_S, 400_000))
    lost = float(erlang_loss(np.array([6.0]), np.array([erlangs]))[0])
    assert found.tally.overflowed.sum() / 400_000 == pytest.approx(lost, abs=0.003)


@pytest.mark.parametrize("rate_rps", [35.0, 60.0])
def test_overflow_takes_the_diverted_share_and_the_rest_is_in_time(rate_rps: float) -> None:
    """Below and above full load (4 machines, 40 requests/s); nothing that stays is late: services are foreseen exactly."""
    found = kernel(supply(deadline_s=0.25), 4, overflow="function")
    play(found, poisson_s(rate_rps, 300_000))
    share = float(diverted_share(PoolService(SERVICE_S, SERVICE_S), [4], [rate_rps], 0.25)[0])
    assert found.tally.overflowed.sum() / 300_000 == pytest.approx(share, abs=0.01)
    assert found.tally.in_time[0, 0].sum() == found.tally.served[0, 0].sum()


def test_batches_answer_as_in_another_simulation_and_carry_what_the_planner_counts_on() -> None:
    service = PoolService(SERVICE_S, SERVICE_S, batch=4)
    rate = float(capacity_rps(service, [3], 0.3, 0.98)[0])
    times_s = poisson_s(rate, 60_000)
    found = kernel(supply(deadline_s=0.3, batch=4, timeout_s=0.05), 3)
    play(found, times_s, times_s[-1] + 1.0)
    wanted = latencies(times_s, 3, np.array([SERVICE_S]), 4, 0.05)
    assert found.tally.latency_sum_s.sum() == pytest.approx(
        wanted.sum(), abs=0.2
    )  # the other closes the last batch at once
    assert found.tally.in_time.sum() == (wanted <= 0.3 + 1e-9).sum()
    assert found.tally.in_time.sum() / 60_000 >= 0.98


def test_a_backlog_waits_in_memory_that_grows_and_is_served_by_those_who_come() -> None:
    count = 5 * FIRST_PLACES
    found = kernel(supply(), 1)
    play(found, np.linspace(0.0, 1.0, count), 1.0)
    assert found.observe(1.0).waiting[0] == count - 11
    for _ in range(99):
        found.machine_joins("pool", 1.0)
    found.advance([], [], 1.0 + count / 100 * SERVICE_S + 0.2)
    found.finish(found.now_s)
    assert found.tally.served.sum() == count
    assert found.tally.refused.sum() == 0


def test_a_draining_machine_finishes_its_call_and_a_lost_one_takes_none_that_would_be_cut() -> None:
    found = kernel(supply(), 2)
    found.advance([0.0, 0.01, 0.02], [0, 0, 0], 0.05)
    assert found.machine_leaves(0, 0.05) == pytest.approx(0.1)
    found.machine_leaves(1, 0.05, gone_s=0.25)
    found.advance([0.06], [0], 1.0)
    found.finish(1.0)
    assert found.tally.served.sum() == 3  # at 0, 0.01 and 0.11; the fourth could not end by 0.25
    assert found.tally.refused.sum() == 1
    assert found.tally.busy_s.sum() == pytest.approx(0.3)


def test_a_call_cut_by_a_loss_is_refused() -> None:
    """Foreseen as 0.1 s, the call lasts longer."""
    slow = ServiceLaw(np.full(GRID + 1, 0.4), 0.1)
    found = kernel(supply(law=slow), 1)
    found.machine_leaves(0, 0.0, gone_s=0.3)
    found.advance([0.1], [0], 1.0)
    assert found.tally.refused.sum() == 1
    assert found.tally.busy_s.sum() == pytest.approx(0.2)


def test_who_waits_for_a_pool_without_machines_is_refused_at_the_end() -> None:
    found = kernel(supply(), 0)
    found.advance([0.5, 1.0], [0, 0], 2.0)
    assert found.tally.refused.sum() == 0
    found.finish(2.0)
    assert found.tally.refused.tolist() == [[2.0]]


def test_whether_a_request_is_late_does_not_depend_on_how_long_others_will_take() -> None:
    """Of calls of 0.1 to 2 s one is under way at 0.05 s in any draw, and taken to end at its mean, 1.05 s.

    The second request is foreseen to wait for that, the third for another mean call besides; each then takes 0.5 s.
    """
    law = ServiceLaw(np.linspace(0.1, 2.0, GRID + 1), 0.5)
    for deadline_s, gone in ((1.49, 2), (1.51, 1), (2.54, 1), (2.56, 0)):
        for seed in range(20):
            found = kernel(supply(law=law, deadline_s=deadline_s), 1, overflow="function", seed=seed)
            found.advance([0.0, 0.05, 0.05], [0, 0, 0], 0.05)
            assert found.tally.overflowed.sum() == gone, (deadline_s, seed)
