"""Problems of classes that may share a buffer, and an event simulation of such a buffer by no formula of the planner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.batching.sharing import SharingProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def sharing_problem(rates: Sequence[float], deadlines: Sequence[float], **changed: Any) -> SharingProblem:
    """Two memory sizes and batches of up to 8; 0.2 s + 0.04 s a request, or in two thirds of that for 1.6 times the price."""
    values: dict[str, Any] = {
        "rate_rps": np.array(rates, dtype=float),
        "deadline_s": np.array(deadlines, dtype=float),
        "memory_mb": np.array([1024, 2048]),
        "service_s": np.outer([1.0, 0.67], 0.2 + 0.04 * np.arange(8)),
        "usd_per_s": np.array([1.7e-5, 2.7e-5]),
        "usd_per_call": 2e-7,
        "billing_step_s": 0.001,
        "batch_size": np.array([1, 2, 4, 8]),
    }
    return SharingProblem(**values | changed)


def partitions(members: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """Every way to part members into groups."""
    if not members:
        yield []
        return
    first, rest = members[0], members[1:]
    for smaller in partitions(rest):
        yield [(first,), *smaller]
        for place, group in enumerate(smaller):
            yield [*smaller[:place], (first, *group), *smaller[place + 1 :]]


def simulated_batches(
    rng: np.random.Generator, rate_rps: Array, timeout_s: Array, size: int, requests: int
) -> tuple[NDArray[np.int64], Array]:
    """Sizes of batches, and of each request how long it waited over its class's timeout (<= 0: in time)."""
    times = np.cumsum(rng.exponential(1.0 / rate_rps.sum(), requests)).tolist()
    classes = rng.choice(len(rate_rps), requests, p=rate_rps / rate_rps.sum())
    allowed = timeout_s[classes].tolist()
    sizes: list[int] = []
    over: list[float] = []
    waiting: list[int] = []
    due = np.inf
    for request, now in enumerate(times):
        if now > due:
            sizes.append(len(waiting))
            over.extend(due - times[one] - allowed[one] for one in waiting)
            waiting, due = [], np.inf
        waiting.append(request)
        due = min(due, now + allowed[request])
        if len(waiting) == size:
            sizes.append(size)
            over.extend(now - times[one] - allowed[one] for one in waiting)
            waiting, due = [], np.inf
    return np.array(sizes), np.array(over)
