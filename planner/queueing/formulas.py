"""Closed forms for pools that are not exact: rates, tails, and what may be overstated.

Units: one mean service time. ``c`` servers, offered ``a`` Erlang, ``rho = a / c``, budget ``d = (D - S) /
S``, ``L = ln(1 / (1 - p))``. A pool keeps the share p in time as long as its decay rate is at least ``theta*
= L / (c d + g)`` (planner.queueing.decay, planner.queueing.offset_table), that is up to ``rho* = theta* /
(e^theta* - 1)``. Batches change the exponent (planner.queueing.batching), noise in the service times enters
through d and as below, and of bursts only the index of dispersion z over one deadline is known:

- they are Poisson arrivals to a pool of ``c / z`` servers, offered ``a / z``; calls of b requests whose time varies by cs^2
  (`PoolService.variation`) are so, too: z is then ``z + b cs^2`` (`PoolService.swing`);
- a pool so lightly used that one request too close behind another is late loses ``(z - 1) / D`` requests/s against
  Poisson arrivals: a request finds ``lambda D + z - 1`` others within one deadline, not ``lambda D``.

The smaller rate counts. What it may still overstate is taken off; the shares below are measured by

    python -m tests.benchmarks.queueing_errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.batching import batch_decay, batch_log_miss
from planner.queueing.decay import DECAY_MAX, decay_rate, utilisation
from planner.queueing.offset_table import offset

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

BATCH_ERROR_SHARE = 0.005  # at most 0.5 % over simulation: queueing_errors, row "batching"
# At most 0.46 % over simulation, itself good to 0.5 %, up to a coefficient of variation of 1: the same, rows "noisy service times"
# and "noisy batches"
NOISE_ERROR_SHARE = 0.005
# Overstatement of the closed form under bursts of variance v: queueing_errors, row "bursts, index known"
BURST_ERROR_ROOT = 0.8  # times sqrt(v): swings of a tenth to a third
BURST_ERROR_BASE, BURST_ERROR_SLOPE = 0.3, 0.13  # and no more than this line in v: swings of a half and more
BURST_ERROR_MAX = 0.53  # at v = 1.8, the burstiest measured
_LOG_MISS_RANGE = (1e-3, 50.0)  # exponents the offset table is asked at; it is flat beyond its last, 9.2
_LEAST_REQUESTS = 1e-12  # requests in one deadline: far below any pool, it keeps the quotient finite
_TAIL_STEPS = 8  # the offset depends weakly on the exponent: eight rounds leave rounding
_ERROR_STEPS = 30  # each round leaves at most half of the error: thirty leave rounding


def stated_error_share(service: PoolService, rate_rps: ArrayLike, deadline_s: float) -> Array:
    """Share taken off the closed form so that a rate is not overstated: measured errors, added; 0 for exact pools.

    For bursts it is ``min(0.8 sqrt(v), 0.3 + 0.13 v, 0.53)`` with ``v = (z - 1) / (lambda D)``, the variance
    of the rate from one deadline to the next in squares of its mean: z does not tell how long the rate stays
    high, nor how skewed it is. It covers rates that switch between two states each held for 2 to 100 service
    times, up to four times the mean for a sixth of the time; not rarer, higher bursts, for which
    `mmpp_capacity_rps` is the right formula.
    """
    rate = np.asarray(rate_rps, dtype=float)
    fixed = (BATCH_ERROR_SHARE if service.batch > 1 else 0.0) + (
        0.0 if service.deterministic else NOISE_ERROR_SHARE
    )
    excess = service.thinning - 1.0
    if excess == 0.0:
        return np.full(rate.shape, fixed)
    variance = excess / np.maximum(rate * deadline_s, _LEAST_REQUESTS)
    line = np.minimum(BURST_ERROR_BASE + BURST_ERROR_SLOPE * variance, BURST_ERROR_MAX)
    return np.asarray(fixed + np.minimum(BURST_ERROR_ROOT * np.sqrt(variance), line))


def formula_rate(service: PoolService, servers: IntArray, deadline_s: float, log_miss: float) -> Array:
    """Capacity of `servers` > 0 by the closed forms, less the stated error, requests/s."""
    per_server = service.batch / service.mean_s
    budget = service.budget(deadline_s)
    raw = servers * utilisation(_decay(service.batch, service.swing, servers, budget, log_miss)) * per_server
    excess = service.thinning - 1.0
    if excess > 0.0:
        calm = _decay(service.batch, service.swing - excess, servers, budget, log_miss)
        poisson = servers * utilisation(calm) * per_server
        raw = np.minimum(raw, np.maximum(poisson - excess / deadline_s, 0.0))
    rate = raw
    for _ in range(_ERROR_STEPS if excess > 0.0 else 1):
        rate = raw * (1.0 - stated_error_share(service, rate, deadline_s))
    return rate


def formula_log_miss(service: PoolService, servers: IntArray, rate_rps: Array, deadline_s: float) -> Array:
    """-ln P(late) by the closed forms at rates > 0, each raised by its stated error; 0 where the pool is overloaded."""
    raised = rate_rps / (1.0 - stated_error_share(service, rate_rps, deadline_s))
    exponent = _log_miss(service, service.swing, servers, raised, deadline_s)
    excess = service.thinning - 1.0
    if excess > 0.0:
        calm = _log_miss(service, service.swing - excess, servers, raised + excess / deadline_s, deadline_s)
        exponent = np.minimum(exponent, calm)
    return exponent


def wait_log_miss(servers: ArrayLike, decay: ArrayLike, budget: float) -> Array:
    """-ln P(W > d) of the closed form; decay rates > 0, servers > 0 (fractional where bursts thin them).

    ``theta (c d + g)`` with g at the exponent itself, found by substitution. Error of the probability: row
    "deadline-meet rate" of the table of errors.
    """
    c, theta = np.broadcast_arrays(np.asarray(servers, dtype=float), np.asarray(decay, dtype=float))
    exponent = theta * (c * budget + 1.0)
    for _ in range(_TAIL_STEPS):
        exponent = theta * (c * budget + offset(c, budget, np.clip(exponent, *_LOG_MISS_RANGE)))
    return exponent


def _decay(batch: int, thinning: float, servers: IntArray, budget: float, log_miss: float) -> Array:
    if batch > 1:
        return batch_decay(batch / thinning, np.asarray(servers * budget), log_miss)
    thinned = servers / thinning
    return np.minimum(log_miss / (thinned * budget + offset(thinned, budget, log_miss)), DECAY_MAX)


def _log_miss(
    service: PoolService, thinning: float, servers: IntArray, rate_rps: Array, deadline_s: float
) -> Array:
    load = rate_rps * service.mean_s / (servers * service.batch)
    steady = load < 1.0
    decay = decay_rate(np.where(steady, load, 0.5))
    budget = service.budget(deadline_s)
    if service.batch > 1:
        exponent = batch_log_miss(service.batch / thinning, servers * budget, decay)
    else:
        exponent = wait_log_miss(servers / thinning, decay, budget)
    return np.where(steady, np.maximum(exponent, 0.0), 0.0)
