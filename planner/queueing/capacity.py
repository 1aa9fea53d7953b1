"""The one capacity table, and the share of requests in time at a given rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.decay import DECAY_MAX, decay_rate, utilisation
from planner.queueing.formulas import formula_log_miss, formula_rate
from planner.queueing.mdc import capacity_decay, tail_probability
from planner.queueing.offset_table import offset
from planner.queueing.pool import log_miss_allowed, whole_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


def capacity_rps(service: PoolService, counts: ArrayLike, deadline_s: float, percentile: float) -> Array:
    """Largest rate n machines keep the share `percentile` of requests inside `deadline_s` at, for each n.

    The table that the program, its bounds, the baselines and every check use. A pool with equal service
    times, one request a call and Poisson arrivals gets its exact M/D/c value, at most 1e-6 below and never
    above. Any other gets the closed form's rate less `stated_error_share`: it is not exact, and is meant to
    be on the low side.

    Parameters
    ----------
    counts
        ``[n]`` (any shape) machines, whole, >= 0.
    deadline_s
        Latency limit D, seconds: waiting and service together.
    percentile
        Share p of requests inside it, in (0, 1).

    Returns
    -------
    Array
        Requests/s, of the shape of `counts`; never falling in n; 0 for no machines, for a deadline shorter
        than the service time's quantile, and for batches with a waiting budget under one service time.

    Raises
    ------
    ValueError
        When a count is negative or not whole, or the percentile is not inside (0, 1).
    """
    machines = whole_counts(counts)
    log_miss = log_miss_allowed(percentile)
    rate = np.zeros(machines.shape)
    if service.feasible(deadline_s) and machines.any():
        servers = machines[machines > 0] * service.replicas
        rate[machines > 0] = (
            _exact_rate(service, servers, deadline_s, log_miss)
            if service.exact
            else formula_rate(service, servers, deadline_s, log_miss)
        )
    return rate


def _exact_rate(service: PoolService, servers: IntArray, deadline_s: float, log_miss: float) -> Array:
    budget = service.budget(deadline_s)
    starts = (log_miss / (servers * budget + offset(servers, budget, log_miss))).tolist()
    decay = [
        capacity_decay(c, budget, log_miss, start) for c, start in zip(servers.tolist(), starts, strict=True)
    ]
    return servers * utilisation(decay) / service.mean_s


def deadline_meet_rate(
    service: PoolService, count: ArrayLike, rate_rps: ArrayLike, deadline_s: float
) -> Array:
    """Share of requests inside the deadline in steady state; `count` and `rate_rps` broadcast.

    Exact (1e-9) where the capacity is; the closed forms elsewhere, at the rate raised by its stated error, so
    that at `capacity_rps` they return the tier's percentile. With noisy service times the wait is compared
    with the deadline less the p-quantile, as in the capacity. 1 for no rate; 0 where the pool cannot keep up,
    or has no machine, or the deadline is too short.
    """
    machines, rates = np.broadcast_arrays(whole_counts(count), np.asarray(rate_rps, dtype=float))
    met = np.where(rates > 0.0, 0.0, 1.0)
    busy = (machines > 0) & (rates > 0.0)
    if service.feasible(deadline_s) and busy.any():
        servers = machines[busy] * service.replicas
        if service.exact:
            met[busy] = 1.0 - _exact_tails(servers, rates[busy] * service.mean_s, service.budget(deadline_s))
        else:
            met[busy] = -np.expm1(-formula_log_miss(service, servers, rates[busy], deadline_s))
    return met


def _exact_tails(servers: IntArray, erlangs: Array, budget: float) -> Array:
    steady = erlangs < servers
    decay = np.minimum(decay_rate(np.where(steady, erlangs / servers, 0.5)), DECAY_MAX).tolist()
    return np.array(
        [
            tail_probability(c, theta, budget) if below else 1.0
            for c, theta, below in zip(servers.tolist(), decay, steady.tolist(), strict=True)
        ]
    )
