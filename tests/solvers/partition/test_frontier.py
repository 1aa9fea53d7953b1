"""All trade-offs of a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from solvers.partition import frontier_of, solve_partition
from tests.solvers.partition.enumeration import partitions_of
from tests.solvers.partition.hand_chains import limited_chain, paper_chain
from tests.solvers.partition.test_labels import small_chain

if TYPE_CHECKING:
    from solvers.partition import PartitionProblem


def test_the_trade_offs_on_paper() -> None:
    """Of the eight partitions, five; the payload beats the store only where both functions are small."""
    frontier = frontier_of(paper_chain())
    assert frontier.latency_ms.tolist() == pytest.approx([78, 98, 108, 128, 144])
    assert (frontier.usd * 1e6).tolist() == pytest.approx([257, 217, 212, 172, 162])
    assert len(frontier) == 5
    for n, latency_ms in enumerate(frontier.latency_ms):
        asked = solve_partition(paper_chain(), deadline_ms=float(latency_ms), gap=0.0)
        assert frontier.answer(n).segments == asked.segments


@pytest.mark.parametrize("problem", [limited_chain(), *(small_chain(seed) for seed in range(20))])
def test_the_trade_offs_are_those_of_enumeration(problem: PartitionProblem) -> None:
    """Points that no other beats in both, however many functions they take."""
    points = sorted({(round(one.latency_ms, 6), round(one.usd, 12)) for one in partitions_of(problem)})
    if not points:
        return
    best, wanted = float("inf"), []
    for latency_ms, usd in points:
        if usd < best:
            wanted.append((latency_ms, usd))
            best = usd
    frontier = frontier_of(problem)
    found = [(round(t, 6), round(c, 12)) for t, c in zip(frontier.latency_ms, frontier.usd, strict=True)]
    assert found == wanted
