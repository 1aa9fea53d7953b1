"""A sample of BATCH's 48 arrival processes on its three service-time surfaces, against event simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from solvers.batching import law_of, priced
from tests.solvers.batching.buffers import buffers, published, surface_s
from tests.solvers.batching.events import arrival_times, batched

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_MB = np.array([1536, 3008])


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["NYS-1", "NYS-16", "Twitter-4", "Twitter-24"])
@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_latency_and_cost_of_published_processes(shared_data: Path, name: str, speed: float) -> None:
    """60,000 requests: the simulated share at the analytic P95 and cost agree; so does P95 within the sample's own error."""
    processes, coefficients = published(shared_data)
    times = arrival_times(np.random.default_rng(5), *processes[name], 60_000)
    seen = batched(times, 8, 0.1)
    for model, values in coefficients.items():
        service_s = surface_s(values, MEMORY_MB, 8) / speed
        problem = buffers(
            processes[name],
            memory_mb=MEMORY_MB,
            service_s=service_s,
            batch_size=np.array([8]),
            timeout_s=np.array([0.1]),
        )
        grid = priced(problem, law_of(problem))
        quantile_s = grid.quantile_s(0.95)[:, 0, 0]
        share = grid.meet_rate(quantile_s)[:, 0, 0]
        for m in range(len(MEMORY_MB)):
            latency_s = seen.latency_s(service_s[m])
            assert np.mean(latency_s <= quantile_s[m] + 1e-9) == pytest.approx(share[m], abs=0.01), model
            low_s, high_s = np.quantile(latency_s, [0.94, 0.96], method="inverted_cdf")
            assert low_s - 1e-9 <= quantile_s[m] <= high_s + 1e-6, model
            steps = np.ceil(service_s[m] / 0.001 - 1e-9)
            paid = seen.usd_per_request(problem.usd_per_s[m] * steps * 0.001 + problem.usd_per_call)
            assert grid.usd_per_request[m, 0, 0] == pytest.approx(paid, rel=0.01), model


@pytest.mark.real_data
def test_surfaces_are_those_of_the_publication(shared_data: Path) -> None:
    """Inception-v4 at 1,536 MB: 1.59 s for one request, 8.73 s for eight; never below 0.29 s, and longer for more requests."""
    processes, coefficients = published(shared_data)
    assert len(processes) == 48
    times = surface_s(coefficients["TF-inceptionV4"], np.array([1536]), 8)
    assert times[0, [0, 7]] == pytest.approx([1.592, 8.733], abs=0.01)
    for values in coefficients.values():
        times = surface_s(values, np.arange(1280, 3009, 64), 20)
        assert times.min() > 0.29
        assert (np.diff(times, axis=1) > 0).all()
