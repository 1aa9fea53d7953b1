"""A buffer small enough to follow: one model measured at two batch sizes, two classes, and an event simulation of the buffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.enumeration import enumerate_options
from planner.functions.arrivals import BufferArrivals
from planner.functions.buffers import BufferLaws, buffers_at
from planner.functions.call_times import call_times
from planner.functions.offered import FunctionInputs
from tests.planner.small_catalogs import (
    demand,
    function_time,
    prices,
    profiles,
    request_class,
    scenario,
    tariffs,
    variant,
)
from workloads.arrival_fit import ArrivalFit
from workloads.arrival_process import ArrivalProcess
from workloads.fit_quality import Comparison

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.measurements import FunctionTime
    from planner.functions.buffers import Buffers
    from planner.options import OptionTable
    from planner.scenario import Scenario

    Array = NDArray[np.float64]

PROCESSES = {  # d0, d1 at 1 request/s
    "poisson": (np.array([[-1.0]]), np.array([[1.0]])),
    "bursty": (
        np.array([[-2.05, 0.05], [0.05, -0.55]]),
        np.array([[1.9, 0.1], [0.05, 0.45]]),
    ),
}
PROVISIONED = {"usd_per_provisioned_gb_s": 0.0000041667, "usd_per_gb_s_on_provisioned": 0.0000097222}


def arrivals(kind: str = "poisson") -> BufferArrivals:
    """Arrivals of the trace of the small catalogs."""
    process = ArrivalProcess(*PROCESSES[kind])
    exact = Comparison("rate", process.rate_rps, process.rate_rps)
    return BufferArrivals("load", 1.0, 0.2, ArrivalFit(process, "given", 0, (exact,), ()))


def batches(memory_mb: int = 2048, single_ms: float = 100.0, **more: Any) -> list[FunctionTime]:
    """A call of one request, and one of eight that takes three times as long; every call lasts exactly that long."""
    return [
        function_time(memory_mb=memory_mb, mean_ms=ms, batch=batch, quantiles=(), samples=None, **more)
        for batch, ms in ((1, single_ms), (8, 3 * single_ms))
    ]


def asked(**functions: Any) -> Scenario:
    """Two classes of one trace, 95 % within 0.5 s and within 2 s, and the functions that the keys ask for."""
    return scenario(
        request_class("quick", deadline_ms=500.0),
        request_class("slow", deadline_ms=2000.0),
        resources={"functions": functions},
    )


def options(question: Scenario, *times: FunctionTime, kind: str = "poisson", **tariff: Any) -> OptionTable:
    """Enumerate functions only; every class sends up to 40 requests/s."""
    return enumerate_options(
        question,
        demand(question),
        prices(),
        profiles(variants=(variant("good"),), functions=times or tuple(batches())),
        tariffs(**tariff),
        function_inputs=FunctionInputs({"load": arrivals(kind)}),
    )


@dataclass(frozen=True)
class Simulated:
    """What became of simulated requests: `latency_s` ``[x]`` without cold starts, `calls` batches."""

    latency_s: Array
    calls: int
    busy_s: float


def simulate(
    process: ArrivalProcess,
    batch: int,
    timeout_s: float,
    service_s: Array,
    requests: int = 60_000,
    seed: int = 1,
) -> Simulated:
    """Follow requests through a buffer one by one.

    Parameters
    ----------
    service_s
        ``[n]`` seconds of a call with n + 1 requests.
    """
    at = np.cumsum(process.sample_gaps_s(np.random.default_rng(seed), requests))
    latency, calls, busy_s, first = np.empty(requests), 0, 0.0, 0
    while first < requests:
        last = min(first + batch, requests)
        late = int(np.searchsorted(at[first:last], at[first] + timeout_s, side="right"))
        size = min(late, last - first)
        closed = at[first + size - 1] if size == batch else at[first] + timeout_s
        latency[first : first + size] = closed + service_s[size - 1] - at[first : first + size]
        calls, busy_s, first = calls + 1, busy_s + float(service_s[size - 1]), first + size
    return Simulated(latency, calls, busy_s)


def rated(
    rates_rps: list[float], sizes: list[int], timeouts_s: list[float], come: BufferArrivals | None = None
) -> list[Buffers]:
    """Buffers of `batches`, under Poisson arrivals where no others are given."""
    times, laws = call_times(batches(), 8), BufferLaws()
    grid = np.array(sizes), np.array(timeouts_s)
    (tariff,) = tariffs().tariffs
    return [buffers_at(rate, come or arrivals(), times, tariff, grid, laws, 600.0) for rate in rates_rps]
