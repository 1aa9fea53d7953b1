"""Buffers in front of a function at one rate: price, time held and share in time of every memory size, batch and timeout.

What is provisioned enters by the share of cold calls alone, so the costly part, how requests wait (`solvers.batching`), is
computed once for all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import pdtrc

from planner.functions.cold_starts import idle_cold_share, spilled_share
from solvers.batching import BufferProblem, law_of, priced

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.tariffs import FunctionTariff
    from planner.functions.arrivals import BufferArrivals
    from planner.functions.call_times import CallTimes
    from solvers.batching import BatchGrid, BatchLaw
    from workloads.arrival_process import ArrivalProcess

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

MB_PER_GB = 1024  # as tariffs count a GB-second
LawKey = tuple[str, float, bytes, bytes]  # arrivals, requests/s, batch sizes, timeouts


class BufferLaws:
    """Laws of buffers, each computed once: models, memory sizes and deadlines share them."""

    def __init__(self) -> None:
        self._known: dict[LawKey, BatchLaw] = {}

    def law(self, arrivals: BufferArrivals, rate_rps: float, problem: BufferProblem) -> BatchLaw:
        """Law of a problem under arrivals at a rate."""
        key = (arrivals.label, rate_rps, problem.batch_size.tobytes(), problem.timeout_s.tobytes())
        if key not in self._known:
            self._known[key] = law_of(problem)
        return self._known[key]


@dataclass(frozen=True, eq=False)
class Buffers:
    """Every buffer of one model at one rate, arrays ``[m, b, u]``: memory size, batch size, timeout.

    Parameters
    ----------
    rate_rps
        Requests/s sent to the buffer.
    process
        Arrivals of the requests.
    grid
        Price and time held of warm calls of mean length.
    at_share
        Each further share of the calls, and the grid of calls as long as these may be.
    load_s
        ``[m]`` more seconds of a cold call; NaN where unknown.
    keep_alive_s
        How long an idle function stays warm.
    """

    rate_rps: float
    process: ArrivalProcess
    grid: BatchGrid
    at_share: tuple[tuple[float, BatchGrid], ...]
    load_s: Array
    keep_alive_s: float
    _in_time: dict[float, tuple[Array, Array]] = field(default_factory=dict, repr=False)

    @cached_property
    def calls_per_s(self) -> Array:
        """Calls a second; the same at every memory size."""
        calls = self.rate_rps * self.grid.calls_per_request
        return np.broadcast_to(calls, self.grid.concurrency_s.shape)

    @cached_property
    def call_s(self) -> Array:
        """Mean time of a warm call."""
        return np.asarray(self.grid.concurrency_s / self.grid.calls_per_request)

    @cached_property
    def calls_by_phase(self) -> tuple[Array, Array]:
        """``[s, 1, b, u]`` calls a second while a phase of the arrivals lasts, its requests Poisson, and its share of the calls."""
        rate = self.process.d1.sum(axis=1)[:, None, None, None]
        batch_size, timeout_s = self.grid.problem.batch_size[:, None], self.grid.problem.timeout_s[None, :]
        others = np.arange(1, batch_size.max(initial=1))[
            :, None, None, None, None
        ]  # requests that join the first
        joined = np.where(others < batch_size, pdtrc(others - 1, rate * timeout_s), 0.0).sum(axis=0)
        calls = rate / (1.0 + joined)
        share = calls * self.process.phase_share[:, None, None, None]
        return calls, share / share.sum(axis=0)

    @cached_property
    def idle_cold_share(self) -> Array:
        """Share of cold calls where nothing is kept ready."""
        return idle_cold_share(self.calls_per_s, self.call_s, self.keep_alive_s)

    def spilled_share(self, provisioned: Array) -> Array:
        """Share of cold calls where so many functions are kept ready; none are kept: that of idle ones."""
        calls_per_s, call_share = self.calls_by_phase
        spilled = spilled_share(np.maximum(provisioned, 1), calls_per_s, self.call_s, call_share)
        return np.where(provisioned > 0, spilled, self.idle_cold_share)

    def in_time(self, cold: Array, deadline_s: float) -> Array:
        """Share of requests in time where a share of the calls is cold: (1 - c) F(D) + c F(D - load)."""
        warm, loaded = self.shares_in_time(deadline_s)
        return np.asarray((1 - cold) * warm + cold * loaded)

    def shares_in_time(self, deadline_s: float) -> tuple[Array, Array]:
        """Share of requests in time if no call were cold, and if every call were; a load of unknown length is never in time."""
        if deadline_s not in self._in_time:
            left = np.where(np.isnan(self.load_s), -1.0, deadline_s - self.load_s)
            self._in_time[deadline_s] = (
                self._known_in_time(np.full(len(self.load_s), deadline_s)),
                self._known_in_time(left) if (left > 0).any() else np.zeros(self.call_s.shape),
            )
        return self._in_time[deadline_s]

    def _known_in_time(self, deadline_s: Array) -> Array:
        """Sum over the known shares u of the calls of P(wait + the time that these stay within <= deadline)."""
        found = np.zeros(self.call_s.shape)
        for share, grid in self.at_share:
            found += share * grid.meet_rate(deadline_s)
        return found

    def concurrency_s(self, cold: Array) -> Array:
        """Function-seconds that a request holds."""
        return np.asarray(self.grid.concurrency_s + cold * self._loads_s * self.grid.calls_per_request)

    def usd_per_request(self, cold: Array, on_ready: Array | None = None) -> Array:
        """Price of a request where a share of the calls is cold, and the warm ones cost `on_ready` (None: the same tariff)."""
        p, grid = self.grid.problem, self.grid
        warm = grid.usd_per_request if on_ready is None else on_ready
        loaded = (
            np.ceil(self._loads_s / p.billing_step_s - 1e-9) * p.billing_step_s * p.usd_per_s[:, None, None]
        )
        return np.asarray((1 - cold) * warm + cold * (grid.usd_per_request + loaded * grid.calls_per_request))

    def usd_on_ready(self, usd_per_gb_s: float) -> Array:
        """Price of a request whose call runs on a function that is kept ready."""
        problem = replace(self.grid.problem, usd_per_s=usd_per_gb_s * self.grid.problem.memory_mb / MB_PER_GB)
        return priced(problem, self.grid.law).usd_per_request

    @cached_property
    def _loads_s(self) -> Array:
        return np.nan_to_num(self.load_s)[:, None, None]


def buffers_at(
    rate_rps: float,
    arrivals: BufferArrivals,
    times: CallTimes,
    tariff: FunctionTariff,
    sizes: tuple[IntArray, Array],
    laws: BufferLaws,
    keep_alive_s: float,
) -> Buffers:
    """Buffers of every memory size of `times` and of the batch `sizes` and timeouts (s) given."""
    process = arrivals.at(rate_rps)
    problem = BufferProblem(
        d0=process.d0,
        d1=process.d1,
        memory_mb=times.memory_mb,
        service_s=times.mean_s,
        usd_per_s=tariff.gb_second_tiers[0][1] * times.memory_mb / MB_PER_GB,
        usd_per_call=tariff.usd_per_million_requests / 1e6,
        billing_step_s=tariff.billing_step_ms / 1000,
        batch_size=sizes[0],
        timeout_s=sizes[1],
    )
    law = laws.law(arrivals, rate_rps, problem)
    return Buffers(
        rate_rps=rate_rps,
        process=process,
        grid=priced(problem, law),
        at_share=tuple(
            (share, priced(replace(problem, service_s=time_s), law)) for share, time_s in times.steps
        ),
        load_s=times.load_s,
        keep_alive_s=keep_alive_s,
    )
