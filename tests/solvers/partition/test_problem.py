"""What a problem may hold, and the columns it allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers.errors import ProblemError
from solvers.partition import columns_of, solve_partition
from solvers.partition.goal import Goal
from solvers.partition.prices import ColumnPrices
from solvers.partition.relaxation import Relaxation
from solvers.partition.weights import fastest_memories, plain_weights
from tests.solvers.partition.hand_chains import limited_chain, paper_chain
from tests.solvers.partition.random_chains import random_chain

ENDS = [0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"param_mib": np.ones(3)}, r"param_mib has shape \(3,\); it must be \(2\)"),
        ({"block_ms": -np.ones((2, 2))}, "block_ms must be finite and >= 0"),
        ({"memory_mb": np.array([2000, 1000])}, "memory_mb must be above 0 and ascend"),
        ({"billing_step_ms": 0.0}, "billing_step_ms is 0.0"),
        ({"base_package_mib": 101.0}, "base_package_mib is 101; it must be at most package_mib, 100"),
        ({"cold_share": 1.5}, r"cold_share is 1.5; it must be in \[0, 1\]"),
        ({"max_functions": 0}, "max_functions is 0; it must be at least 1"),
        ({"timeout_ms": np.nan}, "timeout_ms is nan; it must be >= 0"),
        ({"send_ms": np.full((3, 2), np.inf)}, "no hop mode carries the answer"),
        ({"receive_ms": np.full((3, 2), np.nan)}, "receive_ms must be >= 0"),
        ({"hop_usd": np.full((3, 2), -1.0)}, "hop_usd must be finite and >= 0"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], said: str) -> None:
    """One contradiction, one sentence."""
    with pytest.raises(ProblemError, match=said):
        replace(paper_chain(), **change)


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Nobody corrects one thing to be told of the next."""
    with pytest.raises(ProblemError) as caught:
        replace(paper_chain(), cold_share=2.0, billing_step_ms=-1.0, call_ms=-1.0)
    assert len(caught.value.problems) == 3


def test_forks_must_fit_the_chain() -> None:
    """Stretches, memory sizes and amounts of forks are checked against the chain's."""
    forks = random_chain(np.random.default_rng(0), 6, 4, forks=2).forks
    assert forks is not None
    wrong = replace(forks, begin=np.array([0, 1]), end=np.array([1, 9]), usd=np.array([-1.0, 0.0]))
    with pytest.raises(ProblemError) as caught:
        replace(paper_chain(), forks=replace(wrong, memory=np.array([0, 7])))
    assert len(caught.value.problems) == 3


def test_modes_that_another_is_never_worse_than_are_left_out() -> None:
    """At boundary 1 both modes have their use; a store that is slower and dearer has none, nor has a twin."""
    nodes = ColumnPrices(paper_chain())
    assert list(zip(nodes.cut, nodes.mode, strict=True)) == [(0, 0), (1, 0), (1, 1), (2, 0)]
    slow = np.array([ENDS, [12.0, 14.0], ENDS])
    nodes = ColumnPrices(replace(paper_chain(), send_ms=slow, receive_ms=slow))
    assert list(zip(nodes.cut, nodes.mode, strict=True)) == [(0, 0), (1, 0), (2, 0)]
    only_store = np.array([ENDS, [np.inf, 4.0], ENDS])
    nodes = ColumnPrices(replace(paper_chain(), receive_ms=only_store))
    assert list(zip(nodes.cut, nodes.mode, strict=True)) == [(0, 0), (1, 1), (2, 0)]


def test_columns_on_paper() -> None:
    """Two functions, two modes, two sizes: eight columns, none over both blocks."""
    columns = columns_of(paper_chain())
    assert columns.begin.tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert columns.end.tolist() == [1, 1, 2, 2, 3, 3, 3, 3]
    assert columns.latency_ms.tolist() == [62, 42, 54, 34, 82, 52, 74, 44]
    # the requests of a hop are counted where it is sent
    assert (columns.usd * 1e6).round(9).tolist() == [71, 126, 91, 131, 91, 151, 81, 126]


def test_the_input_may_cost_requests_and_time() -> None:
    """What the caller's own mode takes and costs at either end is part of the first and the last function."""
    problem = replace(
        paper_chain(),
        receive_ms=np.array([[5.0, 9.0], [12.0, 4.0], ENDS]),
        send_ms=np.array([ENDS, [12.0, 4.0], [3.0, 9.0]]),
        hop_usd=np.array([[2e-6, 2e-6], [0.0, 30e-6], [1e-6, 1e-6]]),
    )
    columns = columns_of(problem)
    assert columns.latency_ms[0] == 62 + 5
    assert columns.usd[0] * 1e6 == pytest.approx(71 + 2)  # 67 ms are still 70
    assert columns.usd[4] * 1e6 == pytest.approx(91 + 1)  # 85 ms are still 90


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_those_of_the_columns(seed: int) -> None:
    """The least weight between two nodes, found without columns, is the least over the columns; so it is over the fastest sizes."""
    problem = random_chain(np.random.default_rng(seed), 60, 7, odd_tariff=seed % 2 == 0, hard_limits=seed < 4)
    prices, columns = ColumnPrices(problem), columns_of(problem)
    for usd_weight, ms_weight, memories in (
        (1.0, 0.0, np.arange(7)),
        (1.0, 1e-7, np.arange(7)),
        (0.0, 1.0, fastest_memories(prices)),
    ):
        least = np.full(prices.need_mib.shape, np.inf)
        np.minimum.at(least, (columns.begin, columns.end), columns.weight(usd_weight, ms_weight))
        np.testing.assert_allclose(
            plain_weights(prices, usd_weight, ms_weight, memories), least, rtol=1e-12, atol=0
        )


@pytest.mark.parametrize("minimise", ["cost", "latency"])
@pytest.mark.parametrize("seed", range(8))
def test_the_bound_of_the_relaxation_is_one(minimise: str, seed: int) -> None:
    """It lies at or below the optimum, and the path found with it keeps the limit."""
    problem = random_chain(np.random.default_rng(50 + seed), 20, 6, odd_tariff=True, hard_limits=False)
    fastest, cheapest = solve_partition(problem, minimise="latency"), solve_partition(problem)
    goal = Goal(minimise, np.inf, (fastest.usd + cheapest.usd) / 2)
    if minimise == "cost":
        goal = Goal(minimise, (fastest.latency_ms + cheapest.latency_ms) / 2, np.inf)
    bounded = Relaxation(ColumnPrices(problem), goal).bounded()
    optimum = solve_partition(
        problem, deadline_ms=goal.deadline_ms, budget_usd=goal.budget_usd, minimise=minimise, gap=0.0
    )
    assert bounded.bound <= optimum.objective * (1 + 1e-12)
    assert goal.sought(bounded.best) >= optimum.objective * (1 - 1e-12)
    assert goal.keeps(bounded.best)


def test_a_limit_on_functions_that_cannot_bind_is_none() -> None:
    """Three blocks are never more than three functions, unless forks bring workers."""
    assert limited_chain().function_limit == 2
    assert replace(limited_chain(), max_functions=3).function_limit is None
