"""Requests that gather into one call of the chain: how large a batch gets, and how cold its functions are.

Requests of a Poisson stream gather until the batch has B of them or T seconds have passed since its first. Those after the first
come as a Poisson count over T, cut off at B - 1, so a batch has 1 + sum over k = 1 .. B-1 of P(Poisson(rate T) >= k) requests on
average. No request waits longer than T: the deadline less T is left to the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import cold_start_share

if TYPE_CHECKING:
    from planner.partition.question import PartitionQuestion

FILLING_SHARES = (
    0.25,
    0.5,
    1.0,
    1.5,
    2.0,
    3.0,
)  # timeouts over the mean time to fill; at 3 nine batches of ten are full
DEADLINE_SHARES = (
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
)  # and over the deadline, for rates too low to fill a batch in time


@dataclass(frozen=True, kw_only=True)
class Batching:
    """One way to gather requests.

    Parameters
    ----------
    size
        Requests at which a batch closes, B.
    timeout_s
        Time after its first request at which it closes, T; 0 for batches of one.
    mean
        Requests of a batch on average.
    """

    size: int
    timeout_s: float
    mean: float

    @property
    def timeout_ms(self) -> float:
        """The longest wait of a request, milliseconds."""
        return 1000.0 * self.timeout_s


def mean_batch(size: int, timeout_s: float, rate_rps: float) -> float:
    """Mean requests of a batch at Poisson arrivals."""
    from scipy.special import gammainc

    return 1.0 + float(np.sum(gammainc(np.arange(1, size), rate_rps * timeout_s)))  # P(Poisson(x) >= k)


def batchings(question: PartitionQuestion) -> list[Batching]:
    """List the ways to gather that a question allows: every batch size with a grid of timeouts."""
    found = []
    for size in sorted(set(question.batch)):
        if size == 1 or question.rate_rps is None:
            found.append(Batching(size=1, timeout_s=0.0, mean=1.0))
            continue
        filling_s = (size - 1) / question.rate_rps
        timeouts = {share * filling_s for share in FILLING_SHARES}
        deadline_s = question.deadline_or_inf_ms / 1000
        if np.isfinite(deadline_s):
            timeouts |= {share * deadline_s for share in DEADLINE_SHARES if share * deadline_s < filling_s}
        found += [
            Batching(size=size, timeout_s=timeout, mean=mean_batch(size, timeout, question.rate_rps))
            for timeout in sorted(timeouts)
            if timeout < deadline_s
        ]
    return found


def cold_share(question: PartitionQuestion, batching: Batching, longest_s: float) -> float:
    """Share of cold calls of every function: as given, by the rate of calls and the keep-alive time, or 0.

    Parameters
    ----------
    longest_s
        No function of the chain is busy longer with a call: more calls at once mean more that start cold.
    """
    if question.cold_share is not None:
        return question.cold_share
    if question.rate_rps is None:
        return 0.0
    calls_rps = question.rate_rps / batching.mean
    return float(cold_start_share(calls_rps, longest_s, question.keep_alive_s))
