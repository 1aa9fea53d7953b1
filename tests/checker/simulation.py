"""Event simulation of one pool behind one first-come-first-served queue, written apart from the planner.

Times are in any one unit. Requests arrive in order; a free server takes the oldest ones, up to `batch`. A
call of a batch that is not full starts when the oldest request in it has waited `timeout`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WARM_UP_SHARE = 0.05  # first requests left out of every share: the queue starts empty


def poisson_points(rng: np.random.Generator, count: int) -> Array:
    """[n] points of a Poisson process of rate 1; divide by a rate to get arrival times."""
    return np.cumsum(rng.exponential(size=count))


def switching_points(
    rng: np.random.Generator,
    points: Array,
    rate: float,
    multiples: tuple[float, float],
    leave: tuple[float, float],
) -> Array:
    """[n] arrival times of a Poisson process whose rate switches between two multiples of `rate`.

    `points` of a rate-1 process are carried through the inverse of the cumulative rate. `leave` are the rates
    at which the states are left; `multiples` are expected to average 1 over time.
    """
    horizon = 1.05 * points[-1] / rate
    pairs = 64
    while True:
        stays = np.stack([rng.exponential(1.0 / r, size=pairs) for r in leave], axis=1).ravel()
        intensity = np.concatenate([[0.0], np.cumsum(stays * np.tile(multiples, pairs) * rate)])
        if intensity[-1] > points[-1] and stays.sum() > horizon:
            break
        pairs *= 2
    return np.interp(points, intensity, np.concatenate([[0.0], np.cumsum(stays)]))


def latencies(arrivals: Array, servers: int, service: Array, batch: int = 1, timeout: float = 0.0) -> Array:
    """[n] time from arrival to the end of service; `service` ``[m]`` is the time of the m-th call, reused cyclically."""
    if batch > 1:
        return _batched(arrivals, servers, service, batch, timeout)
    if len(service) == 1:
        return _deterministic(arrivals, servers, float(service[0]))
    free = [0.0] * servers
    done = np.empty(len(arrivals))
    times = np.resize(service, len(arrivals)).tolist()
    for i, (arrival, time) in enumerate(zip(arrivals.tolist(), times, strict=True)):
        end = max(free[0], arrival) + time
        heapreplace(free, end)
        done[i] = end
    return done - arrivals


def _deterministic(arrivals: Array, servers: int, service: float) -> Array:
    """Equal service times: request i follows request i - c, so each residue class is a Lindley recursion of its own."""
    rounds = -(-len(arrivals) // servers)
    grid = np.full(rounds * servers, np.inf)
    grid[: len(arrivals)] = arrivals
    steps = service * np.arange(rounds)[:, None]
    starts = np.maximum.accumulate(grid.reshape(rounds, servers) - steps, axis=0) + steps
    return starts.ravel()[: len(arrivals)] + service - arrivals


def _batched(arrivals: Array, servers: int, service: Array, batch: int, timeout: float) -> Array:
    free = [0.0] * servers
    heapify(free)
    times = arrivals.tolist()
    durations = service.tolist()
    ends = np.empty(len(times))
    first = call = 0
    total = len(times)
    while first < total:
        last = min(first + batch, total)
        ready = min(times[last - 1], times[first] + timeout)
        start = max(free[0], ready)
        last = min(last, bisect_right(times, start, first + 1, last))
        end = start + durations[call % len(durations)]
        heapreplace(free, end)
        ends[first:last] = end
        first = last
        call += 1
    return ends - arrivals


def share_in_time(latency: Array, deadline: float) -> float:
    """Share of requests inside the deadline, the warm-up left out."""
    return float(np.mean(latency[int(len(latency) * WARM_UP_SHARE) :] <= deadline))


def diverted(arrivals: Array, servers: int, service: float, budget: float) -> float:
    """Share of requests that leave because their wait would exceed `budget`, the warm-up left out."""
    free = [0.0] * servers
    left = np.zeros(len(arrivals), dtype=bool)
    for i, arrival in enumerate(arrivals.tolist()):
        start = max(free[0], arrival)
        if start - arrival > budget:
            left[i] = True
        else:
            heapreplace(free, start + service)
    return float(np.mean(left[int(len(left) * WARM_UP_SHARE) :]))


def cold_share(arrivals: Array, duration: float, keep_alive: float) -> float:
    """Share of function calls that find no idle instance; the one used last is used first, idle ones expire."""
    running: deque[float] = deque()
    idle: list[float] = []
    cold = np.zeros(len(arrivals), dtype=bool)
    for i, arrival in enumerate(arrivals.tolist()):
        while running and running[0] <= arrival:
            idle.append(running.popleft())
        if idle and idle[-1] >= arrival - keep_alive:
            idle.pop()
        else:
            idle.clear()
            cold[i] = True
        running.append(arrival + duration)
    return float(np.mean(cold[int(len(cold) * WARM_UP_SHARE) :]))
