"""The joint search over memory, batch size and timeout."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.batching import cheapest, law_of, priced
from solvers.errors import ProblemError
from tests.solvers.batching.buffers import SWITCHING, buffers


@pytest.mark.parametrize("deadline_s", [0.12, 0.3, 0.55, 0.9])
@pytest.mark.parametrize("guard_share", [0.0, 0.02, 0.3])
def test_the_choice_is_the_least_of_all_points(deadline_s: float, guard_share: float) -> None:
    """Against a walk over every point: the cheapest of those whose quantile is within the deadline less its guard."""
    problem = buffers(SWITCHING, timeout_s=np.linspace(0.0, 0.5, 6))
    grid = priced(problem, law_of(problem))
    kept = grid.quantile_s(0.9) <= deadline_s * (1.0 - guard_share) + 1e-9  # sums of floating-point times
    choice = cheapest(grid, deadline_s, 0.9, guard_share)
    assert choice is not None
    assert choice.usd_per_request == grid.usd_per_request[kept].min()
    m, b, u = choice.index
    assert kept[choice.index]
    assert choice.memory_mb == problem.memory_mb[m]
    assert choice.batch_size == problem.batch_size[b]
    assert choice.timeout_s == problem.timeout_s[u]
    assert choice.mean_batch == grid.law.mean_batch[b, u]
    assert choice.concurrency_s == grid.concurrency_s[choice.index]
    assert choice.quantile_s == grid.quantile_s(0.9)[choice.index]
    assert choice.guarded_meet_rate >= 0.9
    assert choice.deadline_meet_rate == pytest.approx(grid.meet_rate(deadline_s)[choice.index], abs=1e-13)
    assert choice.deadline_meet_rate >= choice.guarded_meet_rate


def test_nothing_keeps_a_deadline_below_the_fastest_call() -> None:
    problem = buffers(SWITCHING)
    assert cheapest(priced(problem, law_of(problem)), 0.049, 0.5) is None


def test_deadlines_of_their_own_for_each_memory_and_each_point() -> None:
    """A memory size without time for any call, or all points but one, are left out."""
    problem = buffers(SWITCHING)
    grid = priced(problem, law_of(problem))
    choice = cheapest(grid, np.array([0.01, 2.0]), 0.9)
    assert choice is not None
    assert choice.memory_mb == 2048
    points = np.zeros(grid.usd_per_request.shape)
    points[1, 1, 2] = 2.0
    only = cheapest(grid, points, 0.9)
    assert only is not None
    assert only.index == (1, 1, 2)
    assert only.deadline_meet_rate == pytest.approx(1.0)


def test_of_points_that_cost_the_same_the_first() -> None:
    """Batches of one cost the same whatever their timeout."""
    problem = buffers(batch_size=np.array([1]))
    choice = cheapest(priced(problem, law_of(problem)), 1.0, 0.9)
    assert choice is not None
    assert choice.index == (0, 0, 0)


def test_shares_out_of_range_are_refused() -> None:
    problem = buffers()
    grid = priced(problem, law_of(problem))
    for percentile, guard_share in ((0.0, 0.0), (1.0, 0.0), (0.9, 1.0), (0.9, -0.1)):
        with pytest.raises(ProblemError, match="must lie in"):
            cheapest(grid, 1.0, percentile, guard_share)
