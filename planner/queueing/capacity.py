"""The one capacity table, and the share of requests in time at a given rate.

Units of the formulas: one mean service time. ``c`` servers, offered ``a`` Erlang, ``rho = a / c``, budget ``d
= (D - S) / S``, ``L = ln(1 / (1 - p))``. A pool keeps the share p in time as long as its decay rate is at
least ``theta* = L / (c d + g)`` (planner.queueing.decay, planner.queueing.offset_table), that is up to ``rho*
= theta* / (e^theta* - 1)``. Bursts of dispersion index z are Poisson arrivals to a pool of ``c / z`` servers,
batches change the exponent (planner.queueing.batching), noise in the service times enters through d. What
each of these may overstate is measured by ``python -m tests.benchmarks.queueing_errors`` and taken off.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.batching import batch_decay, batch_log_miss
from planner.queueing.decay import DECAY_MAX, decay_rate, utilisation
from planner.queueing.mdc import capacity_decay, tail_probability
from planner.queueing.offset_table import offset
from planner.queueing.pool import log_miss_allowed, whole_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BATCH_ERROR_SHARE = (
    0.005  # overstatement of the batch formula: at most 0.3 %, tests.benchmarks.queueing_errors
)
NOISE_ERROR_SHARE = 0.02
BURST_ERROR_SHARE = 0.10
LEAST_BATCH_BUDGET = (
    1.0  # 2 S_b <= D: below it greedy batching bunches (0.295 carried where M/D/(c b) says 0.80, EVIDENCE)
)
_LOG_MISS_RANGE = (
    1e-3,
    50.0,
)  # exponents the offset table is asked at; it is flat beyond its last percentile, L = 9.2
_TAIL_STEPS = 8  # the offset depends weakly on the exponent: eight rounds leave rounding


def stated_error_share(service: PoolService) -> float:
    """Share taken off the formula's rate so that it does not overstate: measured errors, added."""
    return (
        (BATCH_ERROR_SHARE if service.batch > 1 else 0.0)
        + (0.0 if service.deterministic else NOISE_ERROR_SHARE)
        + (BURST_ERROR_SHARE if service.thinning > 1.0 else 0.0)
    )


def capacity_rps(service: PoolService, counts: ArrayLike, deadline_s: float, percentile: float) -> Array:
    """Largest rate n machines keep the share `percentile` of requests inside `deadline_s` at, for each n.

    The table that the program, its bounds, the baselines and every check use. A pool with equal service
    times, one request a call and Poisson arrivals gets its exact M/D/c value, at most 1e-6 below and never
    above. Any other gets the formula's rate less `stated_error_share`: it is not exact, and is meant to be on
    the low side.

    Parameters
    ----------
    counts
        ``[n]`` (any shape) machines, whole, >= 0.
    deadline_s
        Latency limit D, seconds: waiting and service together.
    percentile
        Share p of requests inside it, in (0, 1).

    Returns ------- Requests/s, of the shape of `counts`; strictly rising in n; 0 for no machines, for a
    deadline shorter than the service time's quantile, and for batches with a waiting budget under one service
    time.

    Raises
    ------
    ValueError
        When a count is negative or not whole, or the percentile is not inside (0, 1).
    """
    machines = whole_counts(counts)
    log_miss = log_miss_allowed(percentile)
    budget = service.budget(deadline_s)
    rate = np.zeros(machines.shape)
    if budget < (LEAST_BATCH_BUDGET if service.batch > 1 else 0.0) or not machines.any():
        return rate
    servers = machines[machines > 0] * service.replicas
    if service.exact:
        decay = _exact_decay(servers, budget, log_miss)
    else:
        decay = _formula_decay(service, servers / service.thinning, budget, log_miss)
    per_server = service.batch / service.mean_s * (1.0 - stated_error_share(service))
    rate[machines > 0] = servers * utilisation(decay) * per_server
    return rate


def _exact_decay(servers: IntArray, budget: float, log_miss: float) -> Array:
    starts = log_miss / (servers * budget + offset(servers, budget, log_miss))
    return np.array(
        [
            capacity_decay(int(c), budget, log_miss, float(start))
            for c, start in zip(servers, starts, strict=True)
        ]
    )


def _formula_decay(service: PoolService, thinned: Array, budget: float, log_miss: float) -> Array:
    if service.batch > 1:
        return batch_decay(thinned * service.batch, budget, log_miss)
    return np.minimum(log_miss / (thinned * budget + offset(thinned, budget, log_miss)), DECAY_MAX)


def smallest_count(
    service: PoolService, rate_rps: float, deadline_s: float, percentile: float, count_max: int
) -> int | None:
    """Least number of machines whose capacity reaches `rate_rps`; None where `count_max` do not.

    Bisection on `capacity_rps`, which rises with n: about ``log2(count_max)`` cells.
    """
    if rate_rps <= 0.0:
        return 0

    def carries(count: int) -> bool:
        return bool(capacity_rps(service, [count], deadline_s, percentile)[0] >= rate_rps)

    # no pool carries more than a utilisation of one: fewer machines than this cannot do
    low = math.ceil(rate_rps * service.mean_s / (service.batch * service.replicas)) - 1
    high = max(low, 0) + 1
    while high < count_max and not carries(high):
        low, high = high, 2 * high
    high = min(high, count_max)
    if low >= high or not carries(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if carries(middle) else (middle, high)
    return high


def wait_log_miss(servers: ArrayLike, decay: ArrayLike, budget: float) -> Array:
    """-ln P(W > d) of the closed form; decay rates > 0, servers > 0 (fractional where bursts thin them).

    ``theta (c d + g)`` with g at the exponent itself, found by substitution. Error of the probability: median
    1e-5, worst 8e-4 (EVIDENCE; measured again by tests.benchmarks.queueing_errors).
    """
    c, theta = np.broadcast_arrays(np.asarray(servers, dtype=float), np.asarray(decay, dtype=float))
    exponent = theta * (c * budget + 1.0)
    for _ in range(_TAIL_STEPS):
        exponent = theta * (c * budget + offset(c, budget, np.clip(exponent, *_LOG_MISS_RANGE)))
    return exponent


def deadline_meet_rate(
    service: PoolService, count: ArrayLike, rate_rps: ArrayLike, deadline_s: float
) -> Array:
    """Share of requests inside the deadline in steady state; `count` and `rate_rps` broadcast.

    Exact (1e-9) where the capacity is; the closed forms elsewhere, at the rate raised by
    `stated_error_share`, so that at `capacity_rps` they return the tier's percentile. With noisy service
    times the wait is compared with the deadline less the p-quantile, as in the capacity. 1 for no rate; 0
    where the pool cannot keep up, or has no machine, or the deadline is too short.
    """
    machines, rates = np.broadcast_arrays(whole_counts(count), np.asarray(rate_rps, dtype=float))
    budget = service.budget(deadline_s)
    met = np.where(rates > 0.0, 0.0, 1.0)
    if budget < (LEAST_BATCH_BUDGET if service.batch > 1 else 0.0):
        return met
    servers = machines * service.replicas
    speed = np.maximum(servers, 1) * service.batch / service.mean_s * (1.0 - stated_error_share(service))
    load = rates / speed
    steady = (machines > 0) & (rates > 0.0) & (load < 1.0)
    if steady.any():
        met[steady] = -np.expm1(-_steady_log_miss(service, servers[steady], decay_rate(load[steady]), budget))
    return met


def _steady_log_miss(service: PoolService, servers: Array, decay: Array, budget: float) -> Array:
    if service.exact:
        tails = [
            tail_probability(int(c), min(float(theta), DECAY_MAX), budget)
            for c, theta in zip(servers, decay, strict=True)
        ]
        return -np.log(np.maximum(tails, np.finfo(float).tiny))
    thinned = servers / service.thinning
    if service.batch > 1:
        return np.maximum(batch_log_miss(thinned * service.batch, budget, decay), 0.0)
    return wait_log_miss(thinned, decay, budget)


def linear_capacity_rps(published_rps: float, counts: ArrayLike, target_utilisation: float = 1.0) -> Array:
    """Capacity where only a rate at a deadline is published: ``n x published x target``, requests/s.

    It promises "at least the published share in time", for deadlines and percentiles no stricter than the
    source's. Raises ValueError when the published rate is not finite and > 0 or the target not inside (0, 1].
    """
    if not 0.0 < published_rps < math.inf:
        raise ValueError(f"published_rps is {published_rps!r}; it must be finite and > 0")
    if not 0.0 < target_utilisation <= 1.0:
        raise ValueError(f"target_utilisation is {target_utilisation!r}; it must be in (0, 1]")
    return np.asarray(whole_counts(counts) * (published_rps * target_utilisation), dtype=float)
