"""Table of errors of the queueing formulas: ``python -m tests.benchmarks.queueing_errors [--requests N] [ROW ...]``.

Every row compares `planner.queueing` with the exact M/D/c tail or with event simulation
(tests.checker.simulation). Capacity errors are (formula - truth) / truth before the stated error is taken
off, in %; errors of shares are in points of a share. The simulated capacity is the rate at which exactly p of
the simulated requests are in time, all rates on the same random numbers. With the default 300,000 requests a
simulated capacity is good to about 0.5 %.
"""

from __future__ import annotations

import argparse
import json
import math
import tarfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing import (
    PoolService,
    SwitchingArrivals,
    batch_timeout_s,
    capacity_rps,
    cold_start_share,
    deadline_meet_rate,
    diverted_share,
    mmpp_capacity_rps,
    stated_error_share,
    variation_of,
)
from planner.queueing.bursts import MMPP_ERROR_SHARE
from planner.queueing.decay import decay_rate, utilisation
from planner.queueing.formulas import wait_log_miss
from planner.queueing.mdc import capacity_decay, tail_probability
from planner.queueing.offset_table import offset
from tests.checker.simulation import (
    cold_share,
    diverted,
    latencies,
    poisson_points,
    share_in_time,
    switching_points,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SAMPLES = (
    Path(__file__).resolve().parents[3] / "shared" / "data" / "profiles" / "ribbon_latency_samples.tar.gz"
)
ONE = np.ones(1)


def simulated_capacity(share_at: Callable[[float], float], percentile: float, start: float) -> float:
    """Rate at which the simulated share in time is `percentile`, by false position on the ln of the late share."""

    def exponent(rate: float) -> float:
        return math.log(max(1.0 - share_at(rate), 1e-7) / (1.0 - percentile))

    low = high = start
    below = above = exponent(start)
    while below > 0.0 and low > 1e-3 * start:
        low, high, above = 0.9 * low, low, below
        below = exponent(low)
    while above < 0.0:
        low, high, below = high, 1.05 * high, above
        above = exponent(high)
    for _ in range(12):
        if high - low < 1e-3 * low:
            break
        middle = low + (high - low) * min(max(-below / (above - below), 0.1), 0.9)
        found = exponent(middle)
        low, below, high, above = (low, below, middle, found) if found > 0 else (middle, found, high, above)
    return 0.5 * (low + high)


def closed_form() -> Iterator[float]:
    """Closed form against the exact M/D/c capacity, held-out cells."""
    rng = np.random.default_rng(7)
    for _ in range(1500):
        servers = int(np.exp(rng.uniform(0.0, np.log(500))))
        budget, log_miss = rng.uniform(0.0, 5.0), float(np.exp(rng.uniform(np.log(1.0), np.log(9.0))))
        theta = log_miss / (servers * budget + float(offset(servers, budget, log_miss)))
        exact = float(utilisation(capacity_decay(servers, budget, log_miss, theta)))
        yield 100.0 * (float(utilisation(theta)) / exact - 1.0)


def meet_rate() -> Iterator[float]:
    """Closed form of the deadline-meet rate against the exact tail, in points of a share."""
    rng = np.random.default_rng(8)
    for _ in range(1500):
        servers = int(np.exp(rng.uniform(0.0, np.log(200))))
        budget, rho = rng.uniform(0.0, 4.0), rng.uniform(0.3, 0.99)
        decay = float(decay_rate(rho))
        yield math.exp(-float(wait_log_miss(servers, decay, budget))) - tail_probability(
            servers, decay, budget
        )


def exact_capacity(requests: int) -> Iterator[float]:
    """Exact capacity against simulation."""
    points = poisson_points(np.random.default_rng(1), requests)
    for servers, deadline, percentile in product((1, 2, 5, 20, 60), (1.2, 1.5, 2.0, 3.0), (0.9, 0.98)):
        rate = float(capacity_rps(PoolService(1.0, 1.0), [servers], deadline, percentile)[0])

        def share(tried: float, servers: int = servers, deadline: float = deadline) -> float:
            return share_in_time(latencies(points / tried, servers, ONE), deadline)

        if rate / servers < 0.96:  # nearer to full load the simulation is too short to settle
            yield 100.0 * (rate / simulated_capacity(share, percentile, rate) - 1.0)


def batching(requests: int) -> Iterator[float]:
    """Batches: capacity against simulation, with the batch timeout that the plan publishes."""
    points = poisson_points(np.random.default_rng(2), requests)
    cells = product(
        ((1, 2), (1, 4), (1, 16), (2, 2), (2, 8), (4, 4), (10, 2)), (2.0, 2.2, 2.5, 3.0, 5.0), (0.9, 0.98)
    )
    for (servers, batch), deadline, percentile in cells:
        service = PoolService(1.0, 1.0, batch=batch)
        rate = float(capacity_rps(service, [servers], deadline, percentile)[0])
        raw = rate / (1.0 - float(stated_error_share(service, rate, deadline)))
        timeout = batch_timeout_s(service, deadline)

        def share(
            tried: float, c: int = servers, b: int = batch, d: float = deadline, t: float = timeout
        ) -> float:
            return share_in_time(latencies(points / tried, c, ONE, b, t), d)

        if raw / (servers * batch) < 0.96:
            yield 100.0 * (raw / simulated_capacity(share, percentile, raw) - 1.0)


def sample_sets() -> Iterator[tuple[str, Array]]:
    """Service times in units of their mean: the noisiest measured ones, and drawn ones that are noisier."""
    if SAMPLES.is_file():
        with tarfile.open(SAMPLES) as archive:
            for name in (
                "t3.xlarge/mtwnd_30_1",
                "t3.xlarge/dien_10_1",
                "t3.2xlarge/vgg_490_1",
                "c5.4xlarge/resnet_10_1",
            ):
                member = archive.extractfile(f"logs/{name}.json")
                times = np.array(json.load(member)) if member else ONE
                yield name, times / times.mean()
    for spread in (0.1, 0.2, 0.4, 0.7, 1.0):
        drawn = np.random.default_rng(3).lognormal(0.0, math.sqrt(math.log1p(spread**2)), 20_000)
        yield f"lognormal, cv {spread}", drawn / drawn.mean()


def noisy_service(requests: int) -> Iterator[float]:
    """Noisy service times, one request a call: what a profile tells (mean and quantiles) against simulation."""
    points = poisson_points(np.random.default_rng(4), requests)
    for _, times in sample_sets():
        for servers, deadline, percentile in product((1, 3, 12), (1.3, 1.8, 3.0, 8.0), (0.9, 0.98)):
            yield from noisy_error(points, times, 1, servers, deadline, percentile)


def noisy_batches(requests: int) -> Iterator[float]:
    """Noisy service times of batches, with the batch timeout that the plan publishes."""
    points = poisson_points(np.random.default_rng(6), requests)
    for _, times in sample_sets():
        for (servers, batch), deadline, percentile in product(
            ((1, 4), (1, 16), (3, 4)), (2.5, 4.0, 8.0), (0.9, 0.98)
        ):
            yield from noisy_error(points, times, batch, servers, deadline, percentile)


def noisy_error(
    points: Array, times: Array, batch: int, servers: int, deadline: float, percentile: float
) -> Iterator[float]:
    """Overstatement of one cell in %; none where nothing is carried or the pool is nearly full."""
    known = [(p, float(np.quantile(times, p, method="higher"))) for p in (0.5, 0.9, 0.95, 0.98, 0.99)]
    quantile = max(dict(known)[percentile], 1.0)
    service = PoolService(1.0, quantile, batch, variation=variation_of(1.0, known))
    rate = float(capacity_rps(service, [servers], deadline, percentile)[0])
    raw = rate / (1.0 - float(stated_error_share(service, rate, deadline)))
    timeout = batch_timeout_s(service, deadline)
    service_s = np.random.default_rng(5).choice(times, len(points))

    def share(tried: float) -> float:
        return share_in_time(latencies(points / tried, servers, service_s, batch, timeout), deadline)

    if 0.0 < raw / (servers * batch) < 0.96:
        yield 100.0 * (raw / simulated_capacity(share, percentile, raw) - 1.0)


def burst_cells() -> Iterator[tuple[SwitchingArrivals, int, float, float]]:
    """Two-state arrivals, servers, deadline, percentile; times in service times."""
    shapes = ((1.1, 0.9), (1.2, 0.8), (1.5, 0.5), (2.0, 0.5), (4.0, 0.4))
    for (high, low), relax, servers, deadline, percentile in product(
        shapes, (2.0, 20.0, 100.0), (1, 3, 20), (1.5, 2.5, 5.0), (0.9, 0.95, 0.98)
    ):
        leave_low = (1.0 - low) / (high - low) / relax
        yield SwitchingArrivals(high, low, 1.0 / relax - leave_low, leave_low), servers, deadline, percentile


def burst_share(
    arrivals: SwitchingArrivals, servers: int, deadline: float, requests: int
) -> Callable[[float], float]:
    points = poisson_points(np.random.default_rng(6), requests)
    multiples = (arrivals.high, arrivals.low)
    leave = (arrivals.leave_high_per_s, arrivals.leave_low_per_s)

    def share(tried: float) -> float:
        times = switching_points(np.random.default_rng(9), points, tried, multiples, leave)
        return share_in_time(latencies(times, servers, ONE), deadline)

    return share


def index_capacity(
    arrivals: SwitchingArrivals, servers: int, deadline: float, percentile: float
) -> tuple[float, float]:
    """Rate (less its stated error) whose own index of dispersion gives it back, and the index: by damped rounds."""
    rate = 0.5 * float(capacity_rps(PoolService(1.0, 1.0), [servers], deadline, percentile)[0])
    for _ in range(100):
        index = arrivals.dispersion_index(rate, deadline)
        service = PoolService(1.0, 1.0, dispersion_index=index)
        rate = math.sqrt(
            rate * max(float(capacity_rps(service, [servers], deadline, percentile)[0]), 1e-3 * rate)
        )
    return rate, index


def bursts_by_index(requests: int) -> Iterator[float]:
    """Bursts of known index: capacity less its stated error against simulation (above 0: not covered)."""
    for arrivals, servers, deadline, percentile in burst_cells():
        rate, _ = index_capacity(arrivals, servers, deadline, percentile)
        truth = simulated_capacity(burst_share(arrivals, servers, deadline, requests), percentile, rate)
        yield 100.0 * (rate / truth - 1.0)


def bursts_by_shape(requests: int) -> Iterator[float]:
    """Bursts of known MMPP(2): capacity against simulation."""
    for arrivals, servers, deadline, percentile in burst_cells():
        rate = float(mmpp_capacity_rps(PoolService(1.0, 1.0), [servers], deadline, percentile, arrivals)[0])
        raw = rate / (1.0 - MMPP_ERROR_SHARE)
        truth = simulated_capacity(burst_share(arrivals, servers, deadline, requests), percentile, raw)
        yield 100.0 * (raw / truth - 1.0)


def diversion(requests: int) -> Iterator[float]:
    """Share diverted when the wait would exceed the budget, in points of a share."""
    points = poisson_points(np.random.default_rng(10), requests)
    for servers, budget, load in product((1, 3, 10, 40), (0.0, 0.3, 1.0, 2.5), (0.6, 0.9, 1.0, 1.1, 1.6)):
        rate = load * servers
        found = float(diverted_share(PoolService(1.0, 1.0), servers, rate, 1.0 + budget))
        yield found - diverted(points / rate, servers, 1.0, budget)


def cold_starts(requests: int) -> Iterator[float]:
    """Cold share, in % of the simulated one (below 0: not covered)."""
    points = poisson_points(np.random.default_rng(11), requests)
    for running, kept in product((0.05, 0.5, 3.0, 20.0), (5.0, 30.0, 200.0)):
        rate, keep_alive = running, kept / running
        simulated = cold_share(points / rate, 1.0, keep_alive)
        yield 100.0 * (float(cold_start_share(rate, 1.0, keep_alive)) / simulated - 1.0)


def meet_at_capacity() -> Iterator[float]:
    """Deadline-meet rate at the capacity less the percentile, all kinds of pools: consistency of the two."""
    counts = np.array([1, 2, 7, 40, 300])
    for batch, noise, index in product((1, 4), (1.0, 1.2), (1.0, 1.3, 6.0)):
        service = PoolService(0.1, 0.1 * noise, batch=batch, dispersion_index=index)
        rates = capacity_rps(service, counts, 0.35, 0.98)
        yield from deadline_meet_rate(service, counts, rates, 0.35)[rates > 0.0] - 0.98


ROWS: dict[str, tuple[str, Callable[..., Iterator[float]]]] = {
    "closed form": ("%", closed_form),
    "deadline-meet rate": ("points", meet_rate),
    "meet rate at capacity": ("points", meet_at_capacity),
    "exact capacity": ("%", exact_capacity),
    "batching": ("%", batching),
    "noisy service times": ("%", noisy_service),
    "noisy batches": ("%", noisy_batches),
    "bursts, index known": ("%", bursts_by_index),
    "bursts, MMPP(2) known": ("%", bursts_by_shape),
    "diverted share": ("points", diversion),
    "cold starts": ("%", cold_starts),
}
UNSIMULATED = ("closed form", "deadline-meet rate", "meet rate at capacity")


def main() -> None:
    """Print one line a row: cells, median, 5 % and 95 % quantiles, lowest and highest error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"rows to measure, of: {', '.join(ROWS)}")
    parser.add_argument("--requests", type=int, default=300_000, help="requests per simulation")
    chosen = parser.parse_args()
    print(
        f"{'question':24} {'unit':7} {'cells':>5} {'median':>9} {'5 %':>9} {'95 %':>9} {'lowest':>9} {'highest':>9}"
    )
    for name in chosen.rows or ROWS:
        unit, measure = ROWS[name]
        errors = np.array(list(measure() if name in UNSIMULATED else measure(chosen.requests)))
        figures = (np.median(errors), *np.quantile(errors, [0.05, 0.95]), errors.min(), errors.max())
        print(
            f"{name:24} {unit:7} {len(errors):5d} " + " ".join(f"{figure:+9.4f}" for figure in figures),
            flush=True,
        )


if __name__ == "__main__":
    main()
