"""The labels against every partition of small chains."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from solvers.partition import InfeasiblePartitionError, solve_partition
from tests.solvers.partition.enumeration import partitions_of
from tests.solvers.partition.random_chains import random_chain

if TYPE_CHECKING:
    from solvers.partition import PartitionProblem

SMALL = 60  # more of them: python -m tests.benchmarks.partition


def small_chain(seed: int) -> PartitionProblem:
    """A chain of at most five blocks with, now and then, each of the complications there are."""
    rng = np.random.default_rng(seed)
    return random_chain(
        rng,
        int(rng.integers(1, 6)),
        int(rng.integers(1, 3)),
        max_functions=int(rng.integers(1, 4)) if rng.random() < 0.4 else None,
        forks=int(rng.integers(1, 6)) if rng.random() < 0.4 else 0,
        odd_tariff=bool(rng.random() < 0.5),
        step_ms=float(rng.choice([1.0, 100.0])),
        hard_limits=bool(rng.random() < 0.6),
    )


@pytest.mark.parametrize("seed", range(SMALL))
def test_labels_find_the_optimum_of_every_small_chain(seed: int) -> None:
    """Least price within a deadline and least latency within a budget are those of enumeration, and so is "infeasible"."""
    problem = small_chain(seed)
    every = partitions_of(problem)
    if not every:
        with pytest.raises(InfeasiblePartitionError):
            solve_partition(problem)
        return
    rng = np.random.default_rng(seed)
    deadline_ms, budget_usd = (
        float(rng.uniform(0.95, 1.05) * rng.choice([getattr(one, name) for one in every]))
        for name in ("latency_ms", "usd")
    )
    for minimise, goal in (("cost", "usd"), ("latency", "latency_ms")):
        for limits in (
            {},
            {"deadline_ms": deadline_ms},
            {"budget_usd": budget_usd},
            {"deadline_ms": deadline_ms, "budget_usd": budget_usd},
        ):
            check(problem, every, minimise, goal, limits)


def check(
    problem: PartitionProblem, every: list[Any], minimise: str, goal: str, limits: dict[str, Any]
) -> None:
    """One question: the answer keeps its limits and reaches what enumeration reaches."""
    allowed = [
        getattr(one, goal)
        for one in every
        if one.latency_ms <= limits.get("deadline_ms", math.inf) * (1 + 1e-9)
        and one.usd <= limits.get("budget_usd", math.inf) * (1 + 1e-9)
    ]
    if not allowed:
        with pytest.raises(InfeasiblePartitionError) as caught:
            solve_partition(problem, minimise=minimise, **limits)
        assert caught.value.limit in ("deadline", "budget")
        return
    answer = solve_partition(problem, minimise=minimise, gap=0.0, **limits)
    assert answer.status == "optimal"
    assert answer.objective == pytest.approx(min(allowed), rel=1e-9)
    assert answer.bound == pytest.approx(answer.objective, rel=1e-9)
    assert any(
        (one.usd, one.latency_ms) == pytest.approx((answer.usd, answer.latency_ms), rel=1e-9) for one in every
    )
