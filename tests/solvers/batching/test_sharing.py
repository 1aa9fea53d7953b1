"""A buffer shared by classes with deadlines of their own: its law against integrals, simulation and the buffer of one stream."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from solvers.batching import BufferProblem, law_of, priced
from solvers.batching.sharing import beyond, cheapest_buffers, group_timeouts_s
from solvers.errors import ProblemError
from tests.solvers.batching.shared_buffers import sharing_problem, simulated_batches

CASES = [  # rates, timeouts, largest batch
    ([3.0], [0.7], 6),
    ([3.0, 1.0], [0.2, 1.5], 6),
    ([0.5, 2.0, 4.0], [0.0, 0.3, 0.3], 8),
    ([0.1, 40.0, 5.0, 0.7], [2.0, 0.05, 0.5, 1.0], 12),
]


def mean_by_quadrature(rate: np.ndarray, timeout: np.ndarray, size: int) -> float:
    """E N = 1 + sum over first classes of l_c int P(open at x | c) dx, with the open-probability as it is first stated."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    edges = np.unique([0.0, *timeout])
    mean = 1.0
    for begin, end in pairwise(edges):
        for first, last in pairwise(np.linspace(begin, end, 9)):
            x = first + 0.5 * (last - first) * (nodes + 1)
            late = np.maximum(x[:, None] - timeout, 0.0)
            expected = (np.minimum(x[:, None], timeout) * rate).sum(axis=1)
            few = sum(np.exp(-expected) * expected**n / math.factorial(n) for n in range(size - 1))
            is_open = np.exp(-late @ rate) * few
            mean += 0.5 * (last - first) * weights @ is_open * rate[timeout > begin].sum()
    return float(mean)


@pytest.mark.parametrize(("rates", "timeouts", "size"), CASES)
def test_the_mean_batch_is_the_integral_of_the_open_probability(
    rates: list[float], timeouts: list[float], size: int
) -> None:
    rate, timeout = np.array(rates), np.array(timeouts)
    assert 1.0 + beyond(rate, timeout, size).sum() == pytest.approx(
        mean_by_quadrature(rate, timeout, size), rel=1e-9
    )


@pytest.mark.parametrize(("rates", "timeouts", "size"), CASES)
def test_sizes_are_those_of_simulated_batches_and_none_is_late(
    rates: list[float], timeouts: list[float], size: int
) -> None:
    rate, timeout = np.array(rates), np.array(timeouts)
    sizes, over = simulated_batches(np.random.default_rng(0), rate, timeout, size, 150_000)
    found = beyond(rate, timeout, size)
    simulated = np.array([(sizes > n).mean() for n in range(1, size)])
    assert np.abs(found - simulated).max() < 4.0 * 0.5 / math.sqrt(len(sizes))
    assert sizes.mean() == pytest.approx(1.0 + found.sum(), rel=0.01)
    assert over.max() < 1e-9


def test_the_law_holds_for_long_and_short_timeouts() -> None:
    """Nothing grows at timeout 0; nearly all batches are full when timeouts are long; a rate of 0 leaves a class out."""
    assert beyond(np.array([5.0, 1.0]), np.zeros(2), 4).tolist() == [0.0, 0.0, 0.0]
    assert beyond(np.array([5.0, 1.0]), np.array([1e4, 2e4]), 30) == pytest.approx(1.0)
    alone = beyond(np.array([2.0, 3.0]), np.array([0.4, 0.9]), 9)
    assert beyond(np.array([2.0, 0.0, 3.0]), np.array([0.4, 0.1, 0.9]), 9) == pytest.approx(alone, abs=1e-14)


def test_equal_deadlines_give_the_buffer_of_one_stream() -> None:
    problem = sharing_problem([1.0, 2.5], [1.4, 1.4])
    prices = cheapest_buffers(problem, np.array([[1.0, 2.5]]))
    m, b = prices.memory[0], prices.batch[0]
    stream = BufferProblem(
        d0=np.array([[-3.5]]),
        d1=np.array([[3.5]]),
        memory_mb=problem.memory_mb,
        service_s=problem.service_s,
        usd_per_s=problem.usd_per_s,
        usd_per_call=problem.usd_per_call,
        billing_step_s=problem.billing_step_s,
        batch_size=problem.batch_size,
        timeout_s=group_timeouts_s(problem, np.ones((1, 2), dtype=bool))[0, m, b, :1],
    )
    grid = priced(stream, law_of(stream))
    assert prices.mean_batch[0] == pytest.approx(grid.law.mean_batch[b, 0], rel=1e-9)
    assert prices.usd_per_s[0] == pytest.approx(3.5 * grid.usd_per_request[m, b, 0], rel=1e-9)


def test_one_timeout_is_that_of_the_most_urgent_member() -> None:
    own = sharing_problem([1.0, 2.0, 3.0], [1.0, 2.0, 0.5])
    one = sharing_problem([1.0, 2.0, 3.0], [1.0, 2.0, 0.5], one_timeout=True)
    member = np.array([[True, True, False]])
    timeouts = group_timeouts_s(own, member)[0, 0, 0]
    assert timeouts == pytest.approx([0.8, 1.8, 0.3])
    assert group_timeouts_s(one, member)[0, 0, 0] == pytest.approx([0.8, 0.8, 0.8])
    rates = member * own.rate_rps
    assert cheapest_buffers(own, rates).usd_per_s < cheapest_buffers(one, rates).usd_per_s


def test_the_cheapest_buffer_is_the_least_of_the_grid_one_by_one() -> None:
    problem = sharing_problem([1.0, 6.0], [0.5, 1.5])
    rate = problem.rate_rps
    costs = {}
    for m, b in np.ndindex(2, 4):
        size = int(problem.batch_size[b])
        timeout = problem.deadline_s - problem.longest_s[m, b]
        if timeout.min() < 0:
            continue
        grows = np.array([1.0, *beyond(rate, timeout, size)])
        share = grows - np.append(grows[1:], 0.0)
        costs[m, b] = 7.0 * share @ problem.bill_usd[m, :size] / grows.sum()
    prices = cheapest_buffers(problem, rate[None])
    assert prices.usd_per_s[0] == pytest.approx(min(costs.values()))
    assert (prices.memory[0], prices.batch[0]) == min(costs, key=costs.__getitem__)


def test_groups_are_priced_alike_alone_and_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = sharing_problem([1.0, 6.0, 2.0], [0.5, 1.5, 3.0])
    rates = problem.rate_rps * (np.arange(1, 8)[:, None] >> np.arange(3) & 1)
    whole = cheapest_buffers(problem, rates)
    monkeypatch.setattr("solvers.batching.sharing.AT_ONCE", 1)
    parts = cheapest_buffers(problem, rates)
    assert parts.usd_per_s.tolist() == whole.usd_per_s.tolist()
    assert parts.batch.tolist() == whole.batch.tolist()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"deadline_s": np.array([1.0])}, "deadline_s has shape (1,)"),
        ({"rate_rps": np.array([1.0, 0.0])}, "rate_rps goes from 0 to 1"),
        ({"batch_size": np.array([9])}, "batch_size is [9]"),
        ({"usd_per_s": np.array([1.0])}, "usd_per_s has shape (1,)"),
        ({"usd_per_call": -1.0}, "price"),
        ({"billing_step_s": 0.0}, "billing_step_s is 0"),
        ({"service_s": np.zeros((2, 8))}, "service_s holds"),
        ({"service_s": np.zeros(8)}, "service_s has shape"),
        (
            {"deadline_s": np.array([1.0, 0.1])},
            "class 1 must be answered within 0.1 s, and the fastest call takes 0.134 s",
        ),
    ],
)
def test_contradictions_are_named(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ProblemError) as raised:
        sharing_problem([1.0, 2.0], [1.0, 2.0], **changed)
    assert said in str(raised.value)
