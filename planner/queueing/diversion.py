"""What leaves the machines: requests diverted to functions, and the calls of those that start cold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc, gammaln

from planner.queueing.decay import decay_rate
from planner.queueing.formulas import wait_log_miss
from planner.queueing.pool import whole_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.queueing.pool import PoolService

    Array = NDArray[np.float64]

_FULL_LOAD_GAP = (
    2e-3  # G has a removable pole at rho = 1; the share moves by less than this gap's square beside it
)
_LOAD_MAX = 30.0  # past it G grows no more: the share is then 1 - servers / erlangs to three digits
_EXPONENT_MAX = 600.0  # e^600 is far from the overflow of a double
_UPPER_MIN = 1e-200  # well inside the normal range of a double; there the load is far past full
_FRACTION_TERMS = 20  # ten reach the last digit of exact fractions where Gamma is that small
COLD_SPREAD = 0.45  # fitted over Poisson simulations, within 2 % of all of them (EVIDENCE 1)
OVERFLOW_FACTOR = 3.5  # overflow streams come in clumps that start several functions at once (EVIDENCE 1)


def diverted_share(service: PoolService, count: ArrayLike, rate_rps: ArrayLike, deadline_s: float) -> Array:
    """Share of requests that leave for functions when each goes whose wait would exceed the budget.

    At any load, ``P = (1 + (rho - 1) G) / (1 + rho G)`` with ``G = P(W <= d) / (1 - rho)`` of the same queue
    without diversion (Boots and Tijms 1999). Past full load G is continued by the conjugate load ``rho' = rho
    e^theta < 1``: ``G_rho = K e^{(a - a') d} G_rho'``, with K so that d = 0 gives Erlang's loss formula.
    Bursts, and calls that vary, thin the pool as in the capacity. Error in points of a share: median 0.0003, worst +0.003 / -0.008
    (EVIDENCE; measured again by tests.benchmarks.queueing_errors).

    `count` and `rate_rps` broadcast; 1 for no machines or a deadline shorter than the service time, 0 for no
    rate. Raises ValueError for a pool with batches.
    """
    if service.batch > 1:
        raise ValueError("diverted_share holds for pools without batches")
    machines, rates = np.broadcast_arrays(whole_counts(count), np.asarray(rate_rps, dtype=float))
    budget = service.budget(deadline_s)
    share = np.where(rates > 0.0, 1.0, 0.0)
    busy = (machines > 0) & (rates > 0.0)
    if not service.feasible(deadline_s) or not busy.any():
        return share
    servers = machines[busy] * service.replicas / service.swing
    share[busy] = _share(servers, rates[busy] * service.mean_s / service.swing, budget)
    return share


def _share(servers: Array, erlangs: Array, budget: float) -> Array:
    rho = np.minimum(erlangs / servers, _LOAD_MAX)
    rho = np.where(np.abs(rho - 1.0) < _FULL_LOAD_GAP, 1.0 - _FULL_LOAD_GAP, rho)
    blocked = erlang_loss(servers, rho * servers)
    at_zero = (1.0 - blocked) / (1.0 - rho * (1.0 - blocked))
    conjugate = np.where(rho < 1.0, rho, rho * np.exp(decay_rate(rho)))
    decay = decay_rate(conjugate)
    in_time = -np.expm1(-wait_log_miss(servers, decay, budget))
    in_time_at_zero = -np.expm1(-wait_log_miss(servers, decay, 0.0))
    pinned = np.where(rho < 1.0, max(0.0, 1.0 - budget), 1.0)
    log_g = (
        np.log(in_time)
        - np.log1p(-conjugate)
        + np.minimum((rho - conjugate) * servers * budget, _EXPONENT_MAX)
    )
    log_g += pinned * (np.log(at_zero) - np.log(in_time_at_zero) + np.log1p(-conjugate))
    g = np.exp(np.minimum(log_g, _EXPONENT_MAX))
    load = np.where(rho < _LOAD_MAX, rho, erlangs / servers)
    share: Array = np.clip((1.0 + (load - 1.0) * g) / (1.0 + load * g), 0.0, 1.0)
    return share


def erlang_loss(servers: Array, erlangs: Array) -> Array:
    """Erlang's loss probability, servers may be fractional: ``a^c e^-a / Gamma(c + 1, a)``.

    Where that Gamma leaves the range of a double, as far past full load, by its continued fraction: DLMF 8.9.2, even part.
    """
    servers, erlangs = np.broadcast_arrays(servers, erlangs)
    log_density = servers * np.log(erlangs) - erlangs - gammaln(servers + 1.0)
    upper = gammaincc(servers + 1.0, erlangs)
    small = upper < _UPPER_MIN
    loss = np.exp(log_density - np.log(np.where(small, 1.0, upper)))
    loss[small] = _loss_far_past_full_load(servers[small], erlangs[small])
    return np.asarray(loss)


def _loss_far_past_full_load(servers: Array, erlangs: Array) -> Array:
    tail = np.zeros(servers.shape)
    for n in range(_FRACTION_TERMS, 0, -1):
        tail = n * (n - 1.0 - servers) / (erlangs - servers + 2.0 * n - tail)
    return np.asarray((erlangs - servers - tail) / erlangs)


def cold_start_share(
    rate_rps: ArrayLike, duration_s: ArrayLike, keep_alive_s: ArrayLike, *, overflow: bool = False
) -> Array:
    """Upper estimate of the share of function calls that start cold.

    ``min(1, e^(-lambda tau) + (1 + 0.45 sqrt(a)) / (lambda tau))``, ``tau`` the time an idle instance is kept
    and ``a`` the calls running on average; times 3.5 where the calls are the overflow of machines. It covers
    every Poisson simulation within 2 % (EVIDENCE; measured again by tests.benchmarks.queueing_errors). Few
    Poisson calls start cold for want of a second instance: at most the ``1 - e^-a`` that find one running, since
    the others find the last one idle, for longer than ``tau`` in ``e^(-lambda tau)`` of the cases at most. 1 for
    no rate: a first call is cold.
    """
    rate = np.asarray(rate_rps, dtype=float)
    kept = np.maximum(rate * np.asarray(keep_alive_s, dtype=float), np.finfo(float).tiny)
    running = rate * np.asarray(duration_s, dtype=float)
    idle_too_long, none_idle = np.exp(-kept), (1.0 + COLD_SPREAD * np.sqrt(running)) / kept
    if overflow:
        return np.asarray(np.minimum(1.0, OVERFLOW_FACTOR * (idle_too_long + none_idle)))
    share: Array = idle_too_long + np.minimum(none_idle, -np.expm1(-running))
    return np.asarray(np.minimum(1.0, share))
