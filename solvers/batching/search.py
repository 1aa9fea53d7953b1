"""The cheapest buffer of a grid that keeps a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import ProblemError

if TYPE_CHECKING:
    from solvers.batching.grid import BatchGrid
    from solvers.problem import Array

GUARD_SHARE = 0.02  # of the deadline: P95 in simulation ran up to 1.2 % past the analytic one (tests.benchmarks.batching)


@dataclass(frozen=True)
class BatchChoice:
    """One point of a grid.

    Parameters
    ----------
    index
        Its place ``(m, b, u)`` in the grid's arrays.
    memory_mb, batch_size, timeout_s
        What is deployed.
    usd_per_request, concurrency_s, mean_batch
        As in `BatchGrid` and `BatchLaw`.
    quantile_s
        Latency that the percentile of requests stays within.
    deadline_meet_rate
        Share of requests within the whole deadline.
    guarded_meet_rate
        Share of requests within the deadline less its guard: at least the percentile.
    """

    index: tuple[int, int, int]
    memory_mb: int
    batch_size: int
    timeout_s: float
    usd_per_request: float
    concurrency_s: float
    mean_batch: float
    quantile_s: float
    deadline_meet_rate: float
    guarded_meet_rate: float


def cheapest(
    grid: BatchGrid, deadline_s: float | Array, percentile: float, guard_share: float = GUARD_SHARE
) -> BatchChoice | None:
    """The point of least cost whose percentile of latency keeps the deadline less its guard; None where there is none.

    Of points that cost the same, the first in the order of memory, batch size and timeout.

    Parameters
    ----------
    deadline_s
        Seconds: one, one a memory size ``[m]``, or one a point ``[m, b, u]``.
    percentile
        Share of requests that must be in time.
    guard_share
        Share of the deadline kept free for arrivals that are not quite as fitted.

    Raises
    ------
    ProblemError
        When a share is out of its range, or the deadlines have a shape that `BatchGrid.meet_rate` does not take.
    """
    if not (0.0 < percentile < 1.0 and 0.0 <= guard_share < 1.0):
        found = f"percentile is {percentile:g} and guard_share {guard_share:g}; they must lie in (0, 1) and [0, 1)"
        raise ProblemError([found])
    deadline = np.asarray(deadline_s, dtype=float)
    guarded = grid.meet_rate((1.0 - guard_share) * deadline)
    cost = np.where(guarded >= percentile, grid.usd_per_request, np.inf)
    m, b, u = index = tuple(int(one) for one in np.unravel_index(int(np.argmin(cost)), cost.shape))
    if not np.isfinite(cost[m, b, u]):
        return None
    point = np.array(index)[:, None]
    return BatchChoice(
        index=(m, b, u),
        memory_mb=int(grid.problem.memory_mb[m]),
        batch_size=int(grid.law.batch_size[b]),
        timeout_s=float(grid.law.timeout_s[u]),
        usd_per_request=float(grid.usd_per_request[m, b, u]),
        concurrency_s=float(grid.concurrency_s[m, b, u]),
        mean_batch=float(grid.law.mean_batch[b, u]),
        quantile_s=float(grid.quantile_at(point, percentile)[0]),
        deadline_meet_rate=float(grid.meet_rate_at(point, deadline[index[: deadline.ndim]].reshape(1))[0]),
        guarded_meet_rate=float(guarded[m, b, u]),
    )
