"""Capacity of pools whose service times vary, against simulation."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner.queueing import PoolService, batch_timeout_s, capacity_rps, variation_of
from tests.checker.simulation import latencies, poisson_points, share_in_time

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POINTS = poisson_points(np.random.default_rng(42), 60_000)


def slack(late: float) -> float:
    """Two standard errors of a simulated late share; waits of neighbours go together, so ten requests count as one."""
    return 2.0 * math.sqrt(late * (1.0 - late) * 10.0 / len(POINTS))


def lognormal_times(spread: float) -> Array:
    """Times of mean 1 and a coefficient of variation."""
    times = np.random.default_rng(1).lognormal(0.0, math.sqrt(math.log1p(spread**2)), len(POINTS))
    return np.asarray(times / times.mean())


@pytest.mark.parametrize("spread", [0.05, 0.15, 0.3])
@pytest.mark.parametrize(("servers", "deadline"), [(1, 2.5), (3, 2.0), (12, 2.0)])
def test_noisy_pools_keep_their_percentile(spread: float, servers: int, deadline: float) -> None:
    times = lognormal_times(spread)
    quantile = float(np.quantile(times, 0.98))
    service = PoolService(1.0, quantile, variation=variation_of(1.0, [(0.98, quantile)]))
    rate = float(capacity_rps(service, [servers], deadline, 0.98)[0])
    in_time = share_in_time(latencies(POINTS / max(rate, 1e-9), servers, times), deadline)
    assert in_time >= 0.98 - slack(0.02)
    assert (rate == 0.0) == (deadline < 3.0 * service.quantile_s - 2.0)


@pytest.mark.parametrize(("spread", "percentile"), [(0.4, 0.9), (0.4, 0.98), (1.0, 0.9), (1.0, 0.98)])
@pytest.mark.parametrize(("servers", "batch"), [(1, 1), (1, 4), (3, 1), (3, 16)])
def test_pools_with_long_tails_keep_their_percentile(
    spread: float, percentile: float, servers: int, batch: int
) -> None:
    """A wait of several calls adds up their noise: where it is not counted, many more are late than may be."""
    times = lognormal_times(spread)
    quantile = float(np.quantile(times, percentile))
    deadline = 4.0 * quantile
    service = PoolService(1.0, quantile, batch, variation=variation_of(1.0, [(percentile, quantile)]))
    assert service.variation == pytest.approx(spread**2, rel=0.1)
    rate = float(capacity_rps(service, [servers], deadline, percentile)[0])
    timeout = batch_timeout_s(service, deadline)
    found = latencies(POINTS / rate, servers, times, batch, timeout)
    late = 1.0 - percentile
    assert share_in_time(found, deadline) >= percentile - 0.005 - slack(late)
    if (servers, batch, spread) == (1, 4, 1.0):
        blind = float(capacity_rps(replace(service, variation=0.0), [servers], deadline, percentile)[0])
        missed = percentile - share_in_time(
            latencies(POINTS / blind, servers, times, batch, timeout), deadline
        )
        assert missed > 0.1


def test_variation_of_a_lognormal_time_from_any_of_its_quantiles() -> None:
    sigma = math.sqrt(math.log1p(0.16))
    for share in (0.5, 0.9, 0.98):
        quantile = 0.05 * math.exp(sigma * NormalDist().inv_cdf(share) - sigma**2 / 2)
        assert variation_of(0.05, [(share, quantile)]) == pytest.approx(0.16)
        assert variation_of(0.05, [(0.1, 0.05), (share, quantile)]) >= 0.16 * (1 - 1e-9)
    assert variation_of(0.05, []) == 0.0
    assert variation_of(0.05, [(1.0, 0.05)]) == 0.0  # the longest of all times tells nothing of a lognormal
    assert variation_of(1.0, [(0.98, 1e3)]) == pytest.approx(math.expm1(NormalDist().inv_cdf(0.98) ** 2))


def test_variation_costs_capacity() -> None:
    for batch in (1, 4):
        rates = [
            float(capacity_rps(PoolService(0.1, 0.12, batch, variation=v), [5], 0.6, 0.98)[0])
            for v in (0.0, 0.01, 0.1, 0.5)
        ]
        assert rates == sorted(rates, reverse=True)
        assert rates[3] < 0.97 * rates[0]


def test_noise_costs_capacity() -> None:
    rates = [
        float(capacity_rps(PoolService(0.1, q), [5], 0.3, 0.98)[0]) for q in (0.1, 0.1001, 0.11, 0.13, 0.16)
    ]
    assert rates == sorted(rates, reverse=True)
    assert rates[1] == pytest.approx(0.995 * rates[0], rel=0.003)
    assert rates[4] > 0.0 == float(capacity_rps(PoolService(0.1, 0.167), [5], 0.3, 0.98)[0])


@pytest.mark.real_data
def test_measured_samples_keep_their_percentile(shared_data: object) -> None:
    """The noisiest service times of the 16-instance samples, drawn again as they were measured."""
    import json
    import tarfile
    from pathlib import Path

    archive = Path(str(shared_data)) / "profiles" / "ribbon_latency_samples.tar.gz"
    with tarfile.open(archive) as samples:
        for name in (
            "t3.xlarge/mtwnd_30_1",
            "t3.xlarge/dien_10_1",
            "t3.2xlarge/vgg_490_1",
            "c5.4xlarge/resnet_10_1",
        ):
            member = samples.extractfile(f"logs/{name}.json")
            assert member is not None
            measured = np.array(json.load(member))
            times = np.random.default_rng(2).choice(measured / measured.mean(), len(POINTS))
            for servers, deadline, percentile in [
                (1, 2.5, 0.98),
                (2, 1.6, 0.95),
                (8, 1.6, 0.98),
                (8, 3.0, 0.9),
            ]:
                service = PoolService(
                    1.0, float(np.quantile(measured, percentile, method="higher") / measured.mean())
                )
                rate = float(capacity_rps(service, [servers], deadline, percentile)[0])
                if deadline < 3.0 * service.quantile_s - 2.0:
                    assert rate == 0.0
                    continue
                in_time = share_in_time(latencies(POINTS / rate, servers, times), deadline)
                assert in_time >= percentile - slack(1.0 - percentile), (name, servers, deadline)
