"""What stands in the way is named, with how much is needed and how much there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solvers.partition import SOLVERS, Forks, InfeasiblePartitionError, PartitionProblem, solve_partition
from tests.solvers.partition.hand_chains import limited_chain, paper_chain


def refused(problem: PartitionProblem, **question: Any) -> InfeasiblePartitionError:
    """The error of a question nothing answers."""
    with pytest.raises(InfeasiblePartitionError) as caught:
        solve_partition(problem, **question)
    return caught.value


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_least_latency_there_is_stands_against_the_deadline(solver: str) -> None:
    """The fastest partition on paper takes 78 ms."""
    error = refused(paper_chain(), deadline_ms=70, solver=solver)
    assert (error.limit, error.needed, error.allowed) == ("deadline", pytest.approx(78), 70)
    assert "the least latency there is is 78 ms; raise the deadline by 8 ms at least" in str(error)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_least_price_there_is_stands_against_the_budget(solver: str) -> None:
    """The cheapest partition on paper costs 162 micro-dollars, within 110 ms 212."""
    error = refused(paper_chain(), budget_usd=150e-6, minimise="latency", solver=solver)
    assert (error.limit, error.needed) == ("budget", pytest.approx(162e-6))
    error = refused(paper_chain(), budget_usd=200e-6, deadline_ms=110, solver=solver)
    assert (error.limit, error.needed) == ("budget", pytest.approx(212e-6, rel=2e-6))
    assert "the least price of a call there is within 110 ms is 0.000212 USD" in str(error)
    error = refused(paper_chain(), budget_usd=220e-6, deadline_ms=90, minimise="latency", solver=solver)
    assert (error.limit, error.needed) == ("deadline", pytest.approx(98, rel=2e-6))


@pytest.mark.parametrize(
    ("change", "limit", "block", "needed"),
    [
        ({"package_mib": 55.0}, "package", 0, 60.0),
        ({"tmp_mib": 50.0, "weights_in_tmp": True}, "tmp", 0, 60.0),
        ({"base_memory_mib": 1925.0}, "memory", 1, 2005.0),
        ({"timeout_ms": 35.0}, "timeout", 1, 40.0),
    ],
)
def test_a_block_that_fits_nowhere_is_named(
    change: dict[str, Any], limit: str, block: int, needed: float
) -> None:
    """Package, temporary disk, memory, timeout: the first block that breaks one alone."""
    error = refused(replace(paper_chain(), **change))
    assert (error.limit, error.begin, error.end) == (limit, block, block + 1)
    assert error.needed == pytest.approx(needed)
    assert f"block {block} alone needs {needed:g}" in str(error)


def test_a_fork_may_hold_what_no_plain_function_does() -> None:
    """Blocks that some fork covers are not in the way."""
    forks = Forks(
        begin=np.array([0]),
        end=np.array([1]),
        memory=np.array([0]),
        elapsed_ms=np.array([15.0]),
        load_ms=np.zeros(1),
        usd=np.array([3e-5]),
        workers=np.array([2]),
        param_mib=np.array([1.0]),
        peak_mib=np.array([1.0]),
    )
    heavy = replace(paper_chain(), param_mib=np.array([120.0, 60.0]))
    assert refused(heavy).begin == 0
    answer = solve_partition(replace(heavy, forks=forks))
    # coordinator 10 + 15 + 12 = 37 -> 40 ms, and its workers 30; then 12 + 10 + 60 = 82 -> 90 ms; two calls at 1
    assert answer.usd == pytest.approx(40e-6 + 30e-6 + 90e-6 + 2e-6)
    assert [one.fork for one in answer.segments] == [0, None]


def test_a_tensor_that_no_mode_carries_is_named() -> None:
    """Boundary 1 cannot be crossed, and both blocks together need 120 MiB of package."""
    hops = np.array([[0.0, 0.0], [np.inf, np.inf], [0.0, 0.0]])
    error = refused(replace(paper_chain(), send_ms=hops, receive_ms=hops))
    assert (error.limit, error.begin, error.end, error.needed) == ("hop", 0, 2, 120.0)
    assert "no hop mode carries the tensor at boundary 1" in str(error)


def test_the_least_number_of_functions_is_named() -> None:
    """One function is allowed and two are needed."""
    error = refused(replace(limited_chain(), max_functions=1))
    assert (error.limit, error.needed, error.allowed) == ("functions", 2.0, 1.0)


def test_a_timeout_that_hops_break_is_told_where() -> None:
    """Each block ends within 45 ms, but not with the tensor at boundary 1 sent."""
    hops = np.array([[0.0, 0.0], [30.0, 40.0], [0.0, 0.0]])
    error = refused(replace(paper_chain(), send_ms=hops, receive_ms=hops, timeout_ms=45.0))
    assert (error.limit, error.begin, error.end) == ("timeout", 0, 1)
    assert "no function that begins at boundary 0 ends within timeout_ms 45" in str(error)
