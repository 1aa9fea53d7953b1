"""Late share of one worker group at a rate, recomputed: exactly, by simulation, or by proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from tests.checker.exact import late_share
from tests.checker.simulation import latencies, poisson_points, switching_points

REQUESTS = 60_000  # per simulation
BATCHES = 20  # of consecutive requests, for the standard error
LATE_TOLERANCE = 0.25  # a simulated group may have a quarter more late requests than its tier allows
STANDARD_ERRORS = 3.0  # and this much for chance
RATE_TOLERANCE = 1e-6  # an exact group's rate may be this much above the exact capacity
SPREAD_SEED, ARRIVAL_SEED, STATE_SEED = 101, 102, 103


@dataclass(frozen=True)
class Pool:
    """A group as the plan states it, times in seconds.

    `quantile_s` is the time that the share `percentile` of calls stays within; both describe the service
    times only.
    """

    mean_s: float
    quantile_s: float
    percentile: float
    deterministic: bool
    batch: int
    timeout_s: float
    servers: int
    dispersion_index: float

    @property
    def exact(self) -> bool:
        """One request a call, equal service times, Poisson arrivals."""
        return self.deterministic and self.batch == 1 and self.dispersion_index <= 1.0


def pool_of(group: dict[str, Any]) -> Pool:
    """Read a group of queueing mode from the plan."""
    service = group["service"]
    return Pool(
        mean_s=service["mean_ms"] / 1000.0,
        quantile_s=service["quantile_ms"] / 1000.0,
        percentile=group["tier"]["percentile"],
        deterministic=service["deterministic"],
        batch=group["batch_size"],
        timeout_s=group["batch_timeout_ms"] / 1000.0,
        servers=group["count"] * group["replicas"],
        dispersion_index=group["dispersion_index"],
    )


def keeps(pool: Pool, rate_rps: float, deadline_s: float, percentile: float) -> bool:
    """Whether the share `percentile` of requests is inside the deadline: exactly, or within the stated tolerance."""
    if rate_rps <= 0.0:
        return True
    if pool.servers == 0:
        return False
    allowed = 1.0 - percentile
    if pool.exact:
        return late_share_of(pool, rate_rps * (1.0 - RATE_TOLERANCE), deadline_s) <= allowed
    late, error = simulated_late_share(pool, rate_rps, deadline_s)
    return late <= allowed * (1.0 + LATE_TOLERANCE) + STANDARD_ERRORS * error


def late_share_of(pool: Pool, rate_rps: float, deadline_s: float) -> float:
    """Late share of an exact group."""
    return late_share(pool.servers, rate_rps * pool.mean_s, deadline_s / pool.mean_s - 1.0)


@lru_cache(maxsize=4096)
def simulated_late_share(pool: Pool, rate_rps: float, deadline_s: float) -> tuple[float, float]:
    """Late share and its standard error: arrivals and service times drawn to fit what the plan states.

    Noisy service times are lognormal with the stated mean and quantile. Bursts switch between two rates, each
    held for two deadlines on average, so that the counts over one deadline have the stated index of
    dispersion.
    """
    service = _service_times(pool)
    arrivals = _arrivals(pool.dispersion_index, rate_rps, deadline_s)
    late = latencies(arrivals, pool.servers, service, pool.batch, pool.timeout_s) > deadline_s
    shares = late[len(late) % BATCHES :].reshape(BATCHES, -1).mean(axis=1)[1:]  # the first one starts empty
    return float(shares.mean()), float(shares.std(ddof=1) / math.sqrt(BATCHES - 1))


def _service_times(pool: Pool) -> np.ndarray[Any, np.dtype[np.float64]]:
    z = NormalDist().inv_cdf(pool.percentile)
    ratio = math.log(pool.quantile_s / pool.mean_s)
    if pool.deterministic or ratio <= 0.0 or z <= 0.0:
        return np.array([max(pool.mean_s, pool.quantile_s if ratio <= 0.0 else pool.mean_s)])
    # mean and quantile of a lognormal: spread^2 / 2 - z spread + ratio = 0; past the vertex the widest one there is
    spread = z - math.sqrt(max(z * z - 2.0 * ratio, 0.0))
    drawn = np.random.default_rng(SPREAD_SEED).lognormal(-spread * spread / 2.0, spread, REQUESTS)
    return pool.mean_s * drawn


def _arrivals(index: float, rate_rps: float, deadline_s: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    points = poisson_points(np.random.default_rng(ARRIVAL_SEED), REQUESTS)
    if index <= 1.0:
        return points / rate_rps
    # two states of mean stay 2 D relax within D: I(D) = 1 + 2 v lambda D e^-1
    variance = (index - 1.0) * math.e / (2.0 * rate_rps * deadline_s)
    swing = math.sqrt(variance)
    multiples = (1.0 + swing, 1.0 - swing) if swing <= 1.0 else (1.0 + variance, 0.0)
    high_share = (1.0 - multiples[1]) / (multiples[0] - multiples[1])
    leave = ((1.0 - high_share) / deadline_s, high_share / deadline_s)
    return switching_points(np.random.default_rng(STATE_SEED), points, rate_rps, multiples, leave)
