"""Which classes share a buffer: the best of all groupings, and HarmonyBatch's two-stage merging as the baseline.

The cost of a grouping is the sum of its groups' (`solvers.batching.sharing`), so with the cost of all 2^k - 1 groups known the best
is found over subsets: best(S) = min over groups G in S that hold its first class of cost(G) + best(S - G), in 3^k / 2 steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.batching.sharing import cheapest_buffers, group_timeouts_s
from solvers.errors import ProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solvers.batching.sharing import GroupPrices, SharingProblem
    from solvers.problem import Array, BoolArray

MOST_CLASSES = (
    12  # for all groupings: 4,095 groups; beyond, only classes next to each other in deadline share
)
KNEE_RPS = (
    1e-3,
    1e3,
)  # between which the rate is sought from which on a class alone is better served in batches
KNEE_ROUNDS = 30  # of bisection: to 1e-8 of the rate


@dataclass(frozen=True)
class SharedBuffer:
    """A buffer and the classes that share it.

    Parameters
    ----------
    members
        Places of its classes, ascending.
    memory_mb, batch_size
        What is deployed.
    timeout_s
        Of each member: how long a request of it holds its batch open.
    mean_batch
        Requests of a batch on average.
    usd_per_request
        Expected bill of a batch over its mean size.
    """

    members: tuple[int, ...]
    memory_mb: int
    batch_size: int
    timeout_s: tuple[float, ...]
    mean_batch: float
    usd_per_request: float


@dataclass(frozen=True)
class Sharing:
    """A grouping of all classes.

    Parameters
    ----------
    buffers
        One for each group, in the order of their first classes.
    usd_per_s
        Cost of a second of all requests.
    of_all_groupings
        Whether it is the best there is, not only the best of those looked at.
    """

    buffers: tuple[SharedBuffer, ...]
    usd_per_s: float
    of_all_groupings: bool

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The classes of each buffer."""
        return tuple(buffer.members for buffer in self.buffers)


def best_sharing(problem: SharingProblem) -> Sharing:
    """The cheapest grouping: of all, with up to `MOST_CLASSES` classes.

    With more, of those whose groups are intervals of the classes in the order of their deadlines. The best of all groupings nearly
    always is one of these, but need not be: a class that fills its batches alone may lie between two that should share.
    """
    classes = len(problem.rate_rps)
    if classes > MOST_CLASSES:
        return best_in_order(problem)
    member = (np.arange(1, 2**classes)[:, None] >> np.arange(classes)) % 2 == 1
    cost = [0.0, *_prices(problem, member).usd_per_s.tolist()]
    best, first_group = [0.0], [0]
    for classes_left in range(1, 2**classes):
        first = classes_left & -classes_left
        others = rest = classes_left - first
        least, chosen = cost[classes_left], classes_left
        while rest:
            rest = (rest - 1) & others
            total = cost[first | rest] + best[others - rest]
            if total < least:
                least, chosen = total, first | rest
        best.append(least)
        first_group.append(chosen)
    groups, left = [], 2**classes - 1
    while left:
        groups.append(member[first_group[left] - 1])
        left -= first_group[left]
    return _sharing(problem, np.array(groups), of_all_groupings=True)


def best_in_order(problem: SharingProblem) -> Sharing:
    """The cheapest grouping into intervals of the classes in the order of their deadlines."""
    order = np.argsort(problem.deadline_s, kind="stable")
    classes = len(order)
    begin, end = np.triu_indices(classes)
    place = np.argsort(order)
    member = (place >= begin[:, None]) & (place <= end[:, None])
    cost = np.full((classes, classes), np.inf)
    cost[begin, end] = _prices(problem, member).usd_per_s
    best, cut = [0.0], [0]
    for last in range(classes):
        totals = np.array(best) + cost[: last + 1, last]
        cut.append(int(np.argmin(totals)))
        best.append(float(totals.min()))
    groups, last = [], classes
    while last:
        groups.append((place >= cut[last]) & (place < last))
        last = cut[last]
    return _sharing(problem, np.array(groups), of_all_groupings=classes <= 2)


def sharing_of(problem: SharingProblem, groups: Sequence[Sequence[int]]) -> Sharing:
    """A given grouping, each group in its cheapest buffer.

    Raises
    ------
    ProblemError
        When the groups do not hold each class once.
    """
    classes = len(problem.rate_rps)
    if sorted(one for group in groups for one in group) != list(range(classes)):
        raise ProblemError([f"groups are {list(groups)}; they must hold each of the {classes} classes once"])
    member = np.array([np.isin(np.arange(classes), group) for group in groups])
    return _sharing(problem, member, of_all_groupings=classes == 1)


def two_stage_merging(problem: SharingProblem) -> Sharing:
    """HarmonyBatch's grouping (section IV), each group in its cheapest buffer by our exact law.

    Classes start alone, in the order of their deadlines. First, neighbours that are served one by one are joined until their rate
    passes the knee of the first one's deadline, from which on batches are cheaper; then neighbours of which one is batched are
    joined pair by pair; always only where the cost falls. In the paper "one by one" is a CPU function, "batched" a GPU function.
    """
    knee_rps = _knees_rps(problem)
    groups: list[tuple[int, ...]] = [(int(one),) for one in np.argsort(problem.deadline_s, kind="stable")]
    place = 0
    while place < len(groups):
        run = _unbatched_run(problem, groups[place:], knee_rps[groups[place][0]])
        joined = _merged(problem, groups, place, place + run) if run > 1 else None
        groups, place = (joined, place + 1) if joined else (groups, place + max(1, run))
    place = 0
    while place + 1 < len(groups):
        joined = None
        if _batches(problem, groups[place : place + 2]).any():
            joined = _merged(problem, groups, place, place + 2)
        groups, place = (joined, place) if joined else (groups, place + 1)
    return sharing_of(problem, groups)


def _knees_rps(problem: SharingProblem) -> Array:
    """``[k]`` least rate at which a class of each deadline, alone, is cheapest in batches; the upper limit where none is."""
    low, high = (np.full(len(problem.rate_rps), limit) for limit in KNEE_RPS)
    for _ in range(KNEE_ROUNDS):
        middle = np.sqrt(low * high)
        batches = np.asarray(problem.batch_size)[cheapest_buffers(problem, np.diag(middle)).batch] > 1
        low, high = np.where(batches, low, middle), np.where(batches, middle, high)
    return high


def _unbatched_run(problem: SharingProblem, groups: list[tuple[int, ...]], knee_rps: float) -> int:
    """How many of the first groups are unbatched, up to the one with which their rate passes the knee."""
    total_rps = 0.0
    for number, (group, batched) in enumerate(zip(groups, _batches(problem, groups), strict=True)):
        if batched or total_rps > knee_rps:
            return number
        total_rps += float(problem.rate_rps[list(group)].sum())
    return len(groups)


def _merged(
    problem: SharingProblem, groups: list[tuple[int, ...]], begin: int, end: int
) -> list[tuple[int, ...]] | None:
    """The groups with those from `begin` up to `end` as one; None where that is no cheaper."""
    one = tuple(sorted(member for group in groups[begin:end] for member in group))
    usd_per_s = _prices(problem, _members(problem, [one, *groups[begin:end]])).usd_per_s
    return [*groups[:begin], one, *groups[end:]] if usd_per_s[0] < usd_per_s[1:].sum() else None


def _batches(problem: SharingProblem, groups: list[tuple[int, ...]]) -> BoolArray:
    """``[g]`` whether the cheapest buffer of each group holds more than one request."""
    return np.asarray(problem.batch_size)[_prices(problem, _members(problem, groups)).batch] > 1


def _members(problem: SharingProblem, groups: Sequence[Sequence[int]]) -> BoolArray:
    """``[g, k]`` whether class k is in group g."""
    return np.array([np.isin(np.arange(len(problem.rate_rps)), group) for group in groups])


def _prices(problem: SharingProblem, member: BoolArray) -> GroupPrices:
    return cheapest_buffers(problem, member * problem.rate_rps)


def _sharing(problem: SharingProblem, member: BoolArray, *, of_all_groupings: bool) -> Sharing:
    """The groups ``[g, k]`` with their buffers."""
    member = member[np.argsort(np.argmax(member, axis=1))]
    prices = _prices(problem, member)
    timeouts = group_timeouts_s(problem, member)
    rate = (member * problem.rate_rps).sum(axis=1)
    buffers = tuple(
        SharedBuffer(
            members=tuple(np.flatnonzero(classes).tolist()),
            memory_mb=int(problem.memory_mb[memory]),
            batch_size=int(problem.batch_size[batch]),
            timeout_s=tuple(timeout[memory, batch, classes].tolist()),
            mean_batch=float(mean),
            usd_per_request=float(usd_per_request),
        )
        for classes, memory, batch, timeout, mean, usd_per_request in zip(
            member,
            prices.memory,
            prices.batch,
            timeouts,
            prices.mean_batch,
            prices.usd_per_s / rate,
            strict=True,
        )
    )
    return Sharing(buffers, float(prices.usd_per_s.sum()), of_all_groupings)
