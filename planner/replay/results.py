"""What happened: counts of requests, times and money by window, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.interruptions import NOTICE_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.replay.supply import Supply

    Array = NDArray[np.float64]

COST_PARTS = ("machines_usd", "starts_usd", "loads_usd", "functions_usd")  # those of a plan's window


@dataclass(frozen=True)
class Notice:
    """The loss of a spot pool, as its notice finds the machines.

    Parameters
    ----------
    at_s
        The instant of the notice.
    spot_pool
        Which one is lost.
    before, left
        Pool -> machines at work just before, and just after, the standby machines that are called counted as started.
    """

    at_s: float
    spot_pool: str
    before: Mapping[str, int]
    left: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Replayed:
    """One policy over one set of requests.

    Indices: class k, target g (pools, then functions), pool j, function f, rental i, window t, cost part c.

    Parameters
    ----------
    policy, seed
        Who decided, and which draw of everything random this is.
    window_edge_s
        ``[t + 1]`` seconds since the start; a request counts in the window of its arrival.
    arrived
        ``[k, t]`` requests.
    served, in_time
        ``[k, g, t]`` requests answered by each target, and those of them answered within the deadline.
    refused
        ``[k, t]`` requests that nothing answered: no route, no machine before the end, or a call beyond the concurrency limit.
    overflowed
        ``[k, t]`` requests that were to wait in a pool and went to a function instead.
    latency_edge_s, latency
        ``[b + 1]``, ``[k, b]`` histogram of the time from arrival to answer.
    latency_sum_s
        ``[k, t]`` of answered requests.
    ready_s, busy_s
        ``[j, t]`` machine-seconds at work, and the part of them in calls (replica-seconds over replicas).
    machines_s
        ``[i, t]`` machine-seconds paid for, launches and loads included.
    usd
        ``[c, t]`` by `COST_PARTS`.
    starts, lost
        ``[i, t]`` launches, and machines that the provider took back.
    notices
        ``[n]`` losses of spot pools with machines, in the order of time.
    calls, cold_calls
        ``[f, t]`` function calls, and those that began cold.
    calls_usd, warm_s, billed_s
        ``[f, t]`` fees and seconds of calls, USD; seconds of calls without cold starts; seconds billed.
    most_calls
        ``[f, t]`` calls under way at once at most, of the requests simulated.
    simulated_share
        Part of the time whose requests were simulated; the counts above are already scaled to the whole.
    """

    policy: str
    seed: int
    supply: Supply
    window_edge_s: Array
    arrived: Array
    served: Array
    in_time: Array
    refused: Array
    overflowed: Array
    latency_edge_s: Array
    latency: Array
    latency_sum_s: Array
    ready_s: Array
    busy_s: Array
    machines_s: Array
    usd: Array
    starts: Array
    lost: Array
    notices: tuple[Notice, ...]
    calls: Array
    cold_calls: Array
    calls_usd: Array
    warm_s: Array
    billed_s: Array
    most_calls: Array
    simulated_share: float

    @property
    def notice_s(self) -> Array:
        """``[n]`` instants of the notices."""
        return np.array([one.at_s for one in self.notices], dtype=float)

    @property
    def touched(self) -> NDArray[np.bool_]:
        """``[n, t]`` windows that a loss falls in: from its notice until its machines are gone and others can have booted."""
        boot_s = max((one.boot_s for one in self.supply.rentals), default=0.0)
        notice_s = self.notice_s[:, None]
        over_s = notice_s + max(NOTICE_S, boot_s)
        begin_s, end_s = self.window_edge_s[:-1], self.window_edge_s[1:]
        touched: NDArray[np.bool_] = (notice_s < end_s) & (over_s >= begin_s)
        return touched
