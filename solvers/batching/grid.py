"""Latency and cost of every point of a grid: memory size x batch size x timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.batching.lateness import late_at, late_by_memory
from solvers.errors import ProblemError

if TYPE_CHECKING:
    from solvers.batching.buffer import BufferProblem
    from solvers.batching.law import BatchLaw
    from solvers.problem import Array, IntArray

QUANTILE_SHARE = 1e-6  # how far a quantile may be given above the exact one, of itself
BILLING_SLACK_SHARE = (
    1e-9  # of a billing step: a time that is a whole number of steps up to rounding is billed as that number
)


@dataclass(frozen=True)
class BatchGrid:
    """Every buffer of a problem, priced.

    Latency is the wait until the batch closes plus the service of the batch as it closed; shares of requests within a deadline are
    exact to about 1e-11.

    Parameters
    ----------
    problem, law
        What was asked, and the law of its buffers.
    usd_per_request
        ``[m, b, u]`` expected bill of a call over the mean batch, each batch billed at its own size.
    concurrency_s
        ``[m, b, u]`` seconds of service a request: times the rate, the calls under way on average (Little 1961).
    calls_per_request
        ``[b, u]`` 1 / mean batch.
    """

    problem: BufferProblem
    law: BatchLaw
    usd_per_request: Array
    concurrency_s: Array
    calls_per_request: Array

    def meet_rate(self, deadline_s: float | Array) -> Array:
        """``[m, b, u]`` share of requests whose latency is at most the deadline.

        Parameters
        ----------
        deadline_s
            Seconds: one, one a memory size ``[m]``, or one a point ``[m, b, u]``.

        Raises
        ------
        ProblemError
            When the deadlines have another shape.
        """
        shape = self.usd_per_request.shape
        deadline = np.asarray(deadline_s, dtype=float)
        if deadline.shape == shape:
            return self.meet_rate_at(np.indices(shape).reshape(3, -1), deadline.ravel()).reshape(shape)
        if deadline.shape not in ((), shape[:1]):
            found = f"deadline_s has shape {deadline.shape}; it must be one number, {shape[:1]} or {shape}"
            raise ProblemError([found])
        of_memory = np.broadcast_to(deadline, shape[:1])
        late = late_by_memory(self.law, self.problem.service_s, of_memory)
        return np.clip(1.0 - late * self.calls_per_request, 0.0, 1.0)

    def meet_rate_at(self, points: IntArray, deadline_s: Array) -> Array:
        """``[x]`` the same at single points ``[3, x]``, as in `quantile_at`, each with its own deadline ``[x]``."""
        late = late_at(self.law, self.problem.service_s, points, deadline_s)
        share: Array = np.clip(1.0 - late * self.calls_per_request[points[1], points[2]], 0.0, 1.0)
        return share

    def quantile_s(self, percentile: float) -> Array:
        """``[m, b, u]`` seconds: the least latency that this share of requests stays within, as `quantile_at`."""
        shape = self.usd_per_request.shape
        return self.quantile_at(np.indices(shape).reshape(3, -1), percentile).reshape(shape)

    def quantile_at(self, points: IntArray, percentile: float) -> Array:
        """``[x]`` the same at single points: by bisection, never below the exact quantile and above it by 1e-6 of itself at most.

        Exact where the quantile is a latency that many requests share: those that wait for nothing, or for the whole timeout.

        Parameters
        ----------
        points
            ``[3, x]`` indices of memory size, batch size and timeout.
        percentile
            Share of requests.

        Raises
        ------
        ProblemError
            When the percentile is not between 0 and 1.
        """
        if not 0.0 < percentile < 1.0:
            raise ProblemError([f"percentile is {percentile:g}; it must lie between 0 and 1"])
        low, high = self._bracket(points, percentile)
        while len(x := np.flatnonzero(high - low > QUANTILE_SHARE * low)):
            middle = 0.5 * (low[x] + high[x])
            met = self.meet_rate_at(points[:, x], middle) >= percentile
            high[x[met]] = middle[met]
            low[x[~met]] = middle[~met]
        jump = self._first_jump(points, low, high)
        return np.where(self.meet_rate_at(points, jump) >= percentile, jump, high)

    def _first_jump(self, points: IntArray, low: Array, high: Array) -> Array:
        """``[x]`` the first latency above `low`, up to `high`, that many share: a service time, or that after a whole timeout."""
        memory, _, timeout = points
        service_s = self.problem.service_s[memory, : len(self.law.requests)]
        shared = np.concatenate([service_s, service_s + self.law.timeout_s[timeout][:, None]], axis=1)
        first: Array = np.where(shared > low[:, None], shared, np.inf).min(axis=1)
        return np.minimum(first, high)

    def _bracket(self, points: IntArray, percentile: float) -> tuple[Array, Array]:
        """Latencies ``[x]`` below the quantile, and not below it.

        With n the least size such that enough requests are in batches up to it: these take at most the slowest of their services
        and T, and the other requests with those of size n at least the fastest of theirs.
        """
        memory, batch, timeout = points
        size = self.law.batch_size[batch][:, None]
        within = np.cumsum(self.law.request_size_share, axis=2)[batch, timeout]
        least = np.argmax((within >= percentile) | (self.law.requests == size), axis=1)[:, None]
        service_s = self.problem.service_s[memory, : within.shape[1]]
        up_to = self.law.requests - 1 <= least
        from_there = (self.law.requests - 1 >= least) & (self.law.requests <= size)
        low = (1.0 - 0.5 * QUANTILE_SHARE) * np.where(from_there, service_s, np.inf).min(axis=1)
        high = np.where(up_to, service_s, 0.0).max(axis=1) + self.law.timeout_s[timeout]
        return low, high


def priced(problem: BufferProblem, law: BatchLaw) -> BatchGrid:
    """Price every point of a problem's grid under a law, which several problems may share.

    E[bill of a batch] / E[batch]; the bill is usd_per_s times service(n) in whole billing steps, plus the call's price.

    Raises
    ------
    ProblemError
        When the law is of other batch sizes or timeouts than the problem's.
    """
    for name in ("batch_size", "timeout_s"):
        if not np.array_equal(getattr(problem, name), getattr(law, name)):
            asked, known = getattr(problem, name).tolist(), getattr(law, name).tolist()
            raise ProblemError(
                [f"{name} of the problem is {asked}, of the law {known}; pass the law of the same values"]
            )
    service_s = problem.service_s[:, : len(law.requests)]
    steps = np.ceil(service_s / problem.billing_step_s - BILLING_SLACK_SHARE)
    bill_usd = problem.usd_per_s[:, None] * steps * problem.billing_step_s + problem.usd_per_call
    return BatchGrid(
        problem=problem,
        law=law,
        usd_per_request=np.einsum("mn,bun->mbu", bill_usd, law.size_share) / law.mean_batch,
        concurrency_s=np.einsum("mn,bun->mbu", service_s, law.size_share) / law.mean_batch,
        calls_per_request=1.0 / law.mean_batch,
    )
