"""The law of a buffer: the phase in which a batch opens, the size it reaches, and how long its requests wait.

The model is BATCH's (Ali, Pinciroli, Yan, Smirni, "BATCH: Machine Learning Inference Serving on Serverless Platforms with Adaptive
Batching", SC 2020), without the approximations of its published solver (waits uniform, the opening phase by a rule of thumb). With
a the row of phases in which a batch opens and P(k, t) as in `solvers.batching.counts`:

    size n < B    a P(n-1, T) 1
    size B        a F 1,    F = integral of P(B-2, t) d1 over t from 0 to T  (the arrival that fills the batch)
    next opening  a = a (sum of P(k, T) over k <= B-2, plus F) (-d0)^-1 d1

Requests that wait longer than w are counted, not followed. T - w after its opening a batch that closes on time holds 1 + N(T - w)
requests, and these are the ones that wait longer than w; likewise w before it fills:

    of size n < B    sum over k of (1+k) a P(k, T-w) P(n-1-k, w) 1
    of size B        sum over k of (1+k) a G(k, T-w) P(B-2-k, w) d1 1,    G(k, x) = integral of P(k, t) over t from 0 to x

(the request at position r of its batch is counted by the terms k >= r-1). Divided by the mean batch these are shares of requests
(renewal reward). Nothing is integrated numerically, no wait is put on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.batching.counts import AT_ONCE, arrival_counts, closed

if TYPE_CHECKING:
    from solvers.batching.buffer import BufferProblem
    from solvers.batching.counts import ArrivalCounts
    from solvers.problem import Array, IntArray

RESTART_SHARE = (
    1e-10  # chance of a restart in `settle`; where it decides (`opening_phases`), phases are good to 1e-6
)


@dataclass(frozen=True)
class BatchLaw:
    """What arrivals, batch size and timeout alone decide; memory and service times play no part.

    Parameters
    ----------
    batch_size, timeout_s
        ``[b]`` and ``[u]``, as in the problem.
    opening_share
        ``[b, u, s]`` phase just after the request that opens a batch.
    size_share
        ``[b, u, n]`` share of batches that have n + 1 requests; n up to the largest batch size.
    mean_batch
        ``[b, u]`` requests of a batch.
    filling_rate
        ``[s]`` per second: arrivals from each phase.
    counts
        Arrivals within a time.
    """

    batch_size: IntArray
    timeout_s: Array
    opening_share: Array
    size_share: Array
    mean_batch: Array
    filling_rate: Array
    counts: ArrivalCounts

    @property
    def request_size_share(self) -> Array:
        """``[b, u, n]`` share of requests that are in a batch of n + 1."""
        return self.size_share * self.requests / self.mean_batch[:, :, None]

    @property
    def requests(self) -> IntArray:
        """``[n]`` requests of a batch of each size: 1, 2, .."""
        return np.arange(1, self.size_share.shape[2] + 1)

    def waiting_on_time(self, requests: IntArray, timeout_s: Array, wait_s: Array) -> Array:
        """``[x, s]`` requests that wait longer, in batches that close on time with so many requests, by opening phase.

        Parameters
        ----------
        requests, timeout_s, wait_s
            ``[x]`` n, T and w, 0 <= w < T.
        """
        return self._waiting(requests - 1, timeout_s, wait_s, filled=False)

    def waiting_filled(self, requests: IntArray, timeout_s: Array, wait_s: Array) -> Array:
        """``[x, s]`` requests that wait longer, in batches that fill up to so many requests, by opening phase; as above."""
        return self._waiting(requests - 2, timeout_s, wait_s, filled=True)

    def _waiting(self, later: IntArray, timeout_s: Array, wait_s: Array, *, filled: bool) -> Array:
        """Sum over k of (1+k) [P or G](k, T-w) P(later-k, w) v, with v = 1 or d1 1."""
        counts = self.counts
        _, phases, most, _ = counts.at_node.shape
        last = self.filling_rate if filled else np.ones(phases)
        found = np.empty((len(later), phases))
        together = max(1, AT_ONCE // (phases * most * phases))
        for first in range(0, len(later), together):
            some = slice(first, first + together)
            waits, place = np.unique(wait_s[some], return_inverse=True)
            missing = later[some, None] - np.arange(most)
            after = (counts.share(waits) @ last)[place]  # [x, s, k]
            after = np.take_along_axis(after, np.maximum(missing, 0)[:, None], axis=2)
            after *= ((missing >= 0) * np.arange(1, most + 1))[:, None]
            before = (counts.seconds if filled else counts.share)(timeout_s[some] - wait_s[some])
            found[some] = np.einsum("xikj,xjk->xi", before, after)
        return found


def law_of(problem: BufferProblem) -> BatchLaw:
    """Law of every buffer ``[b, u]`` of a problem; those that share arrivals, batch sizes and timeouts share it (`priced`)."""
    sizes, timeouts = problem.batch_size, problem.timeout_s
    most = max(int(sizes.max()) - 1, 1)
    d0, d1 = closed(problem.d0, problem.d1), problem.d1
    counts = arrival_counts(d0, d1, most, float(timeouts.max()))
    phases = len(d0)
    on_time = counts.share(timeouts).transpose(2, 0, 1, 3)  # [k, u, s, s]
    filled = counts.seconds(timeouts).transpose(2, 0, 1, 3) @ d1
    opened = np.broadcast_to(np.eye(phases), (1, len(timeouts), phases, phases))
    filled = np.concatenate([opened, filled])[
        sizes - 1
    ]  # a batch of one fills with the request that opens it
    closing = np.concatenate([0.0 * opened, np.cumsum(on_time, axis=0)])[sizes - 1] + filled
    opening = opening_phases(d0, d1, closing)
    share = np.zeros((len(sizes), len(timeouts), int(sizes.max())))
    share[:, :, :most] = np.einsum("bus,kusr->buk", opening, on_time)
    share *= np.arange(share.shape[2]) < sizes[:, None, None] - 1
    share[np.arange(len(sizes)), :, sizes - 1] = np.einsum("bus,busr->bu", opening, filled)
    return BatchLaw(
        batch_size=sizes,
        timeout_s=timeouts,
        opening_share=opening,
        size_share=share,
        mean_batch=np.clip(  # whatever rounding makes of it
            share @ np.arange(1.0, share.shape[2] + 1), 1.0, sizes[:, None].astype(float)
        ),
        filling_rate=d1.sum(axis=1),
        counts=counts,
    )


def opening_phases(d0: Array, d1: Array, closing: Array) -> Array:
    """Phases in which batches open in the long run: ``[b, u, s]`` with a = a R.

    R goes from one opening to the next. Where batches of a fixed size keep to a cycle of phases, R has several such rows, one for
    each place at which the first batch may open; a small chance to restart with any arrival averages over these places.

    Parameters
    ----------
    closing
        ``[b, u, s, s]`` phase at the opening to phase at the closing.
    """
    to_next = np.asarray(np.linalg.solve(-d0, d1), dtype=float)
    phases = len(d0)
    at_arrival = settle(to_next, np.full(phases, 1.0 / phases))
    return settle(closing @ to_next, at_arrival)


def settle(step: Array, start: Array) -> Array:
    """``[.., s]`` long-run law of a chain that restarts from `start` ``[s]`` with a small chance each step."""
    left = np.eye(len(start)) - (1.0 - RESTART_SHARE) * np.swapaxes(step, -1, -2)
    found: Array = np.abs(
        np.linalg.solve(left, np.broadcast_to(start[:, None], (*step.shape[:-1], 1)))[..., 0]
    )
    found /= found.sum(axis=-1, keepdims=True)
    return found
