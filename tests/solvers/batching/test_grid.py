"""Latency and cost of buffers: closed forms, quadrature over positions, event simulation, and what must hold of any."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from solvers.batching import BatchGrid, law_of, priced
from solvers.errors import ProblemError
from tests.solvers.batching.buffers import ALTERNATING, POISSON, RELAYED, SWITCHING, buffers
from tests.solvers.batching.events import arrival_times, batched
from tests.solvers.batching.quadrature import share_in_time

Process = tuple[np.ndarray, np.ndarray]


def grid_of(process: Process = POISSON, **changed: object) -> BatchGrid:
    problem = buffers(process, **changed)
    return priced(problem, law_of(problem))


def random_process(seed: int) -> Process:
    """Two to four phases, a third of the moves missing, rates within a factor of a thousand."""
    rng = np.random.default_rng(seed)
    phases = int(rng.integers(2, 5))
    silent, arriving = (np.exp(rng.uniform(-4.0, 3.0, (phases, phases))) for _ in range(2))
    silent *= rng.random((phases, phases)) < 0.7
    np.fill_diagonal(silent, 0.0)
    return silent - np.diag(silent.sum(axis=1) + arriving.sum(axis=1)), arriving


@pytest.mark.parametrize("deadline_s", [0.05, 0.16, 0.2, 0.35, 0.449, 0.45, 0.5])
def test_a_batch_of_two_by_hand(deadline_s: float) -> None:
    """Poisson, B = 2, T = 0.3 s: alone after T with e^-1.2, else the first waits an exponential time and the last none."""
    grid = grid_of()
    alone = np.exp(-1.2)
    both_s = deadline_s - 0.2  # service of two, less memory
    in_time = 0.0
    if deadline_s >= 0.3 + 0.15:
        in_time += alone
    if both_s >= 0:
        in_time += (1.0 - alone) + (1.0 - np.exp(-4.0 * min(both_s, 0.3)))
    slower = grid_of(service_s=np.outer([1.0, 1.0], [0.15, 0.2, 0.25, 0.3]))
    assert slower.meet_rate(deadline_s)[0, 1, 1] == pytest.approx(in_time / (2.0 - alone), abs=1e-13)
    assert grid.law.mean_batch[1, 1] == pytest.approx(2.0 - alone)


@pytest.mark.parametrize("process", [POISSON, SWITCHING, ALTERNATING, RELAYED])
def test_requests_sent_alone(process: Process) -> None:
    """B = 1 and T = 0: every latency is the service of one, every bill that of one."""
    grid = grid_of(process)
    for place in (np.s_[:, 0, :], np.s_[:, :, 0]):
        assert (grid.meet_rate(np.array([0.1, 0.05]))[place] == 1.0).all()
        assert (grid.meet_rate(np.array([0.1, 0.05]) - 1e-6)[place] < 1e-12).all()
        assert (grid.quantile_s(0.5)[place] == np.array([[0.1], [0.05]])).all()
        assert grid.usd_per_request[place] == pytest.approx(1e-6 + 2e-7)
        assert grid.concurrency_s[place][:, 1] == pytest.approx([0.1, 0.05])


@pytest.mark.parametrize("seed", range(6))
def test_any_process_against_quadrature(seed: int) -> None:
    """Shares in time equal those of positions followed one by one, whichever way deadlines are given."""
    process = random_process(seed)
    rng = np.random.default_rng(100 + seed)
    timeouts = rng.uniform(0.02, 0.5, 2)
    grid = grid_of(process, timeout_s=timeouts)
    deadlines = rng.uniform(0.05, 0.6, 2)
    found = grid.meet_rate(deadlines)
    for m, b, u in product(range(2), range(1, 3), range(2)):
        size = int(grid.problem.batch_size[b])
        exact = share_in_time(*process, size, timeouts[u], grid.problem.service_s[m], deadlines[m])
        assert found[m, b, u] == pytest.approx(exact, abs=1e-9)
    everywhere = np.broadcast_to(deadlines[:, None, None], found.shape)
    assert grid.meet_rate(everywhere) == pytest.approx(found, abs=1e-13)


@pytest.mark.parametrize("process", [SWITCHING, RELAYED])
def test_any_process_against_events(process: Process) -> None:
    """100,000 requests, one by one: shares within 0.015, costs and concurrency within 1 %."""
    times = arrival_times(np.random.default_rng(3), *process, 100_000)
    grid = grid_of(process, billing_step_s=0.1)
    meet = {deadline_s: grid.meet_rate(deadline_s) for deadline_s in (0.12, 0.2, 0.4, 0.9)}
    bill_usd = np.array([0.1, 0.2, 0.2, 0.3]) * 1e-5 + 2e-7  # 0.1, 0.15, 0.2 and 0.25 s in steps of 0.1
    for b, u in product((1, 2), (1, 2)):
        seen = batched(times, int(grid.problem.batch_size[b]), float(grid.problem.timeout_s[u]))
        for deadline_s, share in meet.items():
            latency_s = seen.latency_s(grid.problem.service_s[0])
            assert share[0, b, u] == pytest.approx(np.mean(latency_s <= deadline_s + 1e-9), abs=0.015)
        assert grid.usd_per_request[0, b, u] == pytest.approx(seen.usd_per_request(bill_usd), rel=0.01)
        seconds = seen.usd_per_request(grid.problem.service_s[0])
        assert grid.concurrency_s[0, b, u] == pytest.approx(seconds, rel=0.01)
        assert 1.0 / grid.calls_per_request[b, u] == pytest.approx(seen.sizes.mean(), rel=0.01)


def test_the_bill_is_of_the_size_that_each_batch_has() -> None:
    """B = 2, T = 0.3 s at 4 requests/s; 0.12 s are billed as 0.2 s, 0.2 s as 0.2 s: not the bill of the mean size."""
    grid = grid_of(service_s=np.outer([1.0, 1.0], [0.12, 0.2, 0.31, 0.4]), billing_step_s=0.1)
    alone = np.exp(-1.2)
    assert grid.usd_per_request[0, 1, 1] == pytest.approx((0.2e-5 + 2e-7) / (2.0 - alone))
    assert grid.concurrency_s[0, 1, 1] == pytest.approx((0.12 * alone + 0.2 * (1.0 - alone)) / (2.0 - alone))


@pytest.mark.parametrize("seed", range(8))
def test_shares_grow_with_the_deadline_and_quantiles_keep_it(seed: int) -> None:
    """More time, or the faster memory, never meets fewer; the quantile is the least latency that meets its share."""
    grid = grid_of(random_process(seed))
    shares = np.array([grid.meet_rate(deadline_s) for deadline_s in np.linspace(0.04, 1.4, 40)])
    assert (np.diff(shares, axis=0) >= -1e-12).all()
    assert (shares[:, 1] >= shares[:, 0] - 1e-12).all()
    assert shares[0] == pytest.approx(0.0, abs=1e-12)
    assert shares[-1] == pytest.approx(1.0, abs=1e-12)
    for percentile in (0.1, 0.5, 0.95, 0.999):
        quantile_s = grid.quantile_s(percentile)
        assert (grid.meet_rate(quantile_s) >= percentile).all()
        assert (grid.meet_rate(quantile_s * (1.0 - 3e-6)) < percentile).all()


def test_latencies_from_the_shortest_to_the_longest() -> None:
    """Less than the service of one: none in time; a full batch's service after the whole timeout: all."""
    grid = grid_of(SWITCHING)
    assert grid.meet_rate(np.array([0.0999, 0.0499])) == pytest.approx(0.0, abs=1e-12)
    longest_s = grid.problem.service_s[:, 3] + 1.0
    assert grid.meet_rate(longest_s) == pytest.approx(1.0, abs=1e-12)


def test_a_service_that_falls_with_the_batch_is_taken_as_it_is() -> None:
    """A measured time may fall where it should rise: shares still agree with events and with the quantiles."""
    service_s = np.outer([1.0, 0.5], [0.2, 0.12, 0.25, 0.18])
    grid = grid_of(SWITCHING, service_s=service_s)
    seen = batched(arrival_times(np.random.default_rng(4), *SWITCHING, 100_000), 4, 0.3)
    for deadline_s in (0.2, 0.3, 0.45):
        share = float(np.mean(seen.latency_s(service_s[0]) <= deadline_s))
        assert grid.meet_rate(deadline_s)[0, 2, 1] == pytest.approx(share, abs=0.01)
    assert (grid.meet_rate(grid.quantile_s(0.9)) >= 0.9).all()


def test_problems_that_share_a_law() -> None:
    """Another model on the same buffers is priced with the same law; other timeouts are refused."""
    first = buffers()
    law = law_of(first)
    other = buffers(service_s=2.0 * first.service_s)
    assert priced(other, law).concurrency_s == pytest.approx(2.0 * priced(first, law).concurrency_s)
    with pytest.raises(ProblemError, match=r"timeout_s of the problem is \[0.5\]"):
        priced(buffers(timeout_s=np.array([0.5])), law)


def test_deadlines_of_another_shape_and_impossible_percentiles() -> None:
    grid = grid_of()
    with pytest.raises(ProblemError, match=r"one number, \(2,\) or \(2, 3, 3\)"):
        grid.meet_rate(np.ones(3))
    with pytest.raises(ProblemError, match="between 0 and 1"):
        grid.quantile_s(1.0)
