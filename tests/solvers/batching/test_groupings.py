"""Who shares a buffer: the best grouping against brute force over all of them, and the two-stage merging step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.batching.groupings import best_in_order, best_sharing, sharing_of, two_stage_merging
from solvers.errors import ProblemError
from tests.solvers.batching.shared_buffers import partitions, sharing_problem

if TYPE_CHECKING:
    from solvers.batching.sharing import SharingProblem


def drawn(seed: int, classes: int, **changed: object) -> SharingProblem:
    rng = np.random.default_rng(seed)
    return sharing_problem(
        10 ** rng.uniform(-1.5, 1.3, classes), 10 ** rng.uniform(-0.5, 0.7, classes), **changed
    )


def cheapest_by_brute_force(problem: SharingProblem) -> float:
    """Over all partitions."""
    every = partitions(tuple(range(len(problem.rate_rps))))
    return min(sharing_of(problem, groups).usd_per_s for groups in every)


@pytest.mark.parametrize("one_timeout", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_best_grouping_is_that_of_brute_force(seed: int, one_timeout: bool) -> None:
    problem = drawn(seed, 2 + seed % 4, one_timeout=one_timeout)
    best = best_sharing(problem)
    assert best.of_all_groupings
    assert sorted(member for group in best.groups for member in group) == list(range(len(problem.rate_rps)))
    assert best.usd_per_s == pytest.approx(cheapest_by_brute_force(problem), rel=1e-12)
    assert best.usd_per_s == pytest.approx(sharing_of(problem, best.groups).usd_per_s, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_groups_in_order_are_the_best_of_those_and_bounded_by_the_best_of_all(seed: int) -> None:
    problem = drawn(100 + seed, 5)
    order = np.argsort(problem.deadline_s)
    cuts = ([cut for cut in range(1, 5) if chosen >> (cut - 1) & 1] for chosen in range(16))
    costs = [sharing_of(problem, [part.tolist() for part in np.split(order, cut)]).usd_per_s for cut in cuts]
    in_order = best_in_order(problem)
    assert in_order.usd_per_s == pytest.approx(min(costs), rel=1e-12)
    assert best_sharing(problem).usd_per_s <= in_order.usd_per_s * (1 + 1e-12) <= min(costs) * (1 + 1e-9)


def test_the_best_groups_need_not_follow_the_deadlines() -> None:
    """A busy class fills its batches alone; the urgent one does better with the patient one, past the busy one's deadline."""
    problem = sharing_problem(
        [45.0, 26.0, 15.0],
        [0.73, 0.33, 1.14],
        service_s=np.outer([1.0, 0.6], 0.12 + 0.042 * np.arange(1, 13)),
        usd_per_s=np.array([1.7e-5, 2.1e-5]),
        usd_per_call=2e-5,
        batch_size=np.array([1, 2, 3, 4, 6, 8, 12]),
    )
    best, in_order = best_sharing(problem), best_in_order(problem)
    assert best.groups == ((0,), (1, 2))
    assert in_order.groups == ((0, 2), (1,))
    assert in_order.usd_per_s > 1.01 * best.usd_per_s


def test_many_classes_share_in_the_order_of_their_deadlines_and_it_is_said() -> None:
    problem = drawn(3, 14)
    best = best_sharing(problem)
    assert not best.of_all_groupings
    assert best.usd_per_s == best_in_order(problem).usd_per_s
    assert best.usd_per_s <= two_stage_merging(problem).usd_per_s


@pytest.mark.parametrize("seed", range(10))
def test_merging_is_never_better_than_the_best_nor_worse_than_no_sharing(seed: int) -> None:
    problem = drawn(200 + seed, 5)
    merged = two_stage_merging(problem)
    alone = sharing_of(problem, [[one] for one in range(5)])
    assert best_sharing(problem).usd_per_s <= merged.usd_per_s * (1 + 1e-12) <= alone.usd_per_s * (1 + 1e-9)


def test_rare_classes_are_merged_into_a_batch_and_a_class_in_a_hurry_is_left_alone() -> None:
    """A call for two takes 0.161 s at the least, so 0.14 s leave room for one request: sharing would leave all unbatched."""
    problem = sharing_problem([0.1] * 6 + [5.0], [2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 0.14])
    merged = two_stage_merging(problem)
    assert merged.groups == ((0, 1, 2, 3, 4, 5), (6,))
    assert [buffer.batch_size > 1 for buffer in merged.buffers] == [True, False]
    assert merged.usd_per_s == pytest.approx(best_sharing(problem).usd_per_s)
    assert merged.usd_per_s < sharing_of(problem, [[one] for one in range(7)]).usd_per_s


def test_timeouts_follow_each_deadline() -> None:
    problem = sharing_problem([4.0, 4.0], [1.0, 1.5])
    (buffer,) = sharing_of(problem, [[0, 1]]).buffers
    longest = problem.longest_s[
        problem.memory_mb.tolist().index(buffer.memory_mb),
        problem.batch_size.tolist().index(buffer.batch_size),
    ]
    assert buffer.timeout_s == pytest.approx((1.0 - longest, 1.5 - longest))
    assert 1.0 < buffer.mean_batch <= buffer.batch_size


def test_groups_must_hold_each_class_once() -> None:
    problem = sharing_problem([1.0, 1.0, 1.0], [0.2, 1.0, 2.0])
    with pytest.raises(ProblemError, match="each of the 3 classes once"):
        sharing_of(problem, [[0, 1]])
