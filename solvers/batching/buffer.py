"""The question: one stream of requests, one function, and the memory sizes, batches and timeouts that are offered.

Index order everywhere: ``[m, b, u]`` memory size, batch size B, timeout T; n counts the requests of a batch, the first column one
request; s phases of the arrival process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import ProblemError

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray

ROW_SHARE = 1e-6  # of a phase's rate: what a row of d0 + d1 may miss 0 by; published processes are rounded to six decimals


@dataclass(frozen=True, kw_only=True)
class BufferProblem:
    """One arrival process and one grid of buffers.

    A batch opens with a request, and closes with its B-th request or T seconds after its first one, whichever comes first. It is
    then served at once, by a server of its own.

    Parameters
    ----------
    d0, d1
        ``[s, s]`` per second: rates of changing phase without and with an arrival (Markovian arrival process, Neuts 1979;
        Poisson: 1 x 1). Rows of d0 + d1 sum to 0.
    memory_mb
        ``[m]`` memory settings of the function.
    service_s
        ``[m, n]`` seconds, > 0: time of a call with n + 1 requests.
    usd_per_s
        ``[m]`` tariff times memory, for a second that is billed.
    usd_per_call
        For every call, besides its time.
    billing_step_s
        A call's time is billed in whole steps of this length.
    batch_size
        ``[b]`` values of B, >= 1, at most as many as `service_s` has columns.
    timeout_s
        ``[u]`` values of T, >= 0; at 0 every request is a batch of its own.

    Raises
    ------
    ProblemError
        With every contradiction between the arrays.
    """

    d0: Array
    d1: Array
    memory_mb: IntArray
    service_s: Array
    usd_per_s: Array
    usd_per_call: float
    billing_step_s: float
    batch_size: IntArray
    timeout_s: Array

    def __post_init__(self) -> None:
        problems = [*wrong_process(self.d0, self.d1), *self._wrong_grid(), *self._wrong_prices()]
        if problems:
            raise ProblemError(problems)

    def _wrong_grid(self) -> list[str]:
        problems = [
            f"{name} has shape {np.shape(values)}; it must be a list of at least one value"
            for name, values in (("batch_size", self.batch_size), ("timeout_s", self.timeout_s))
            if np.ndim(values) != 1 or not np.size(values)
        ]
        times = self.service_s
        if np.ndim(times) != 2 or not np.size(times):
            problems.append(
                f"service_s has shape {np.shape(times)}; it must be memory sizes x requests of a call"
            )
        if problems:
            return problems
        sizes, timeouts, most = self.batch_size, self.timeout_s, times.shape[1]
        if not (np.isfinite(times).all() and (times > 0).all()):
            problems.append(
                f"service_s goes from {times.min():g} to {times.max():g}; a call takes a finite time > 0"
            )
        if not ((sizes >= 1) & (sizes <= most)).all():
            problems.append(
                f"batch_size goes from {sizes.min()} to {sizes.max()}; service_s is given for 1 to {most} requests"
            )
        if not (np.isfinite(timeouts).all() and (timeouts >= 0).all()):
            problems.append(
                f"timeout_s goes from {timeouts.min():g} to {timeouts.max():g}; it must be finite and >= 0"
            )
        return problems

    def _wrong_prices(self) -> list[str]:
        sizes = np.shape(self.service_s)[:1]
        problems = [
            f"{name} has shape {np.shape(values)}; it must be {sizes}, one for each row of service_s"
            for name, values in (("memory_mb", self.memory_mb), ("usd_per_s", self.usd_per_s))
            if np.shape(values) != sizes
        ]
        least = np.min([self.usd_per_call, *np.ravel(self.usd_per_s)])
        if not 0.0 <= least < np.inf:
            problems.append(
                f"a price of usd_per_s or usd_per_call is {least:g}; prices must be finite and >= 0"
            )
        if not 0.0 < self.billing_step_s < np.inf:
            problems.append(f"billing_step_s is {self.billing_step_s:g}; it must be finite and > 0")
        return problems


def wrong_process(d0: Array, d1: Array) -> list[str]:
    """Say what keeps (d0, d1) from being an arrival process with one long-run behaviour."""
    if (
        np.ndim(d0) != 2
        or np.shape(d0)[0] != np.shape(d0)[1]
        or np.shape(d0) != np.shape(d1)
        or not np.size(d0)
    ):
        return [f"d0 has shape {np.shape(d0)} and d1 {np.shape(d1)}; both must be phases x phases"]
    if not (np.isfinite(d0).all() and np.isfinite(d1).all()):
        return ["d0 or d1 holds a value that is not finite"]
    jumps = d0 - np.diag(np.diag(d0))
    if (jumps < 0).any() or (d1 < 0).any():
        return [
            f"rates of changing phase fall to {min(jumps.min(), d1.min()):g} per second; beside d0's diagonal they are >= 0"
        ]
    missed = np.abs(d0.sum(axis=1) + d1.sum(axis=1))
    if (missed > ROW_SHARE * np.maximum(-np.diag(d0), jumps.sum(axis=1) + d1.sum(axis=1))).any():
        return [f"a row of d0 + d1 sums to {missed.max():g} per second; every row must sum to 0"]
    arrives = (reachable(jumps) & (d1.sum(axis=1) > 0)).any(axis=1)
    if not arrives.all():
        return [
            f"no request ever arrives from phase {int(np.argmin(arrives)) + 1}; every phase must lead to an arrival"
        ]
    if not reachable(jumps + d1).all(axis=0).any():
        return ["the phases fall apart into sets that never meet; pass each set as a process of its own"]
    return []


def reachable(rates: Array) -> BoolArray:
    """``[s, s]`` whether a chain with these rates beside its diagonal can go from one phase to the other; to itself always."""
    phases = len(rates)
    steps = np.eye(phases) + (rates > 0)
    return np.linalg.matrix_power((steps > 0).astype(float), phases) > 0
