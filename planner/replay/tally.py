"""Counts of a replay, compiled: what became of every request, and how long machines were busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

ROUNDING_S = 1e-9  # ours: differences of instants up to 1e6 s are good to 1e-10 s; a deadline met exactly counts as met
FIRST_OCTAVE = -14  # ours: latencies below 2^-14 s (0.06 ms) share a bin, and so do those from
LAST_OCTAVE = 17  # 2^17 s (36 h) on
OCTAVE_BITS = 6  # ours: 64 bins an octave, each at most 1.6 % wide
BINS = 2 + ((LAST_OCTAVE - FIRST_OCTAVE) << OCTAVE_BITS)
LEAST_KEY = (FIRST_OCTAVE + 1023) << OCTAVE_BITS  # 1023: exponent bias of a double (IEEE 754)


class Tally(NamedTuple):
    """Counts so far, indices as in `planner.replay.results.Replayed`: k class, g target, j pool, f function, t window, b bin.

    Parameters
    ----------
    window_edge_s
        ``[t + 1]`` seconds; what comes before the first or after the last counts in the first or last window.
    deadline_s
        ``[k]`` seconds.
    arrived, refused, overflowed, latency_sum_s
        ``[k, t]``, by the window of the arrival.
    served, in_time
        ``[k, g, t]``, by the window of the arrival.
    latency
        ``[k, b]`` answered requests by their latency; edges by `latency_edges_s`.
    busy_s
        ``[j, t]`` machine-seconds in calls: replica-seconds over replicas, each second in its own window.
    calls, cold_calls
        ``[f, t]`` function calls and those that began cold, by the window of their first request's arrival.
    calls_usd
        ``[f, t]`` fees and seconds of function calls.
    warm_s, billed_s
        ``[f, t]`` seconds of function calls without their cold starts, and those that are billed.
    most_calls
        ``[f, t]`` calls of a function under way at once at most, as calls begin.
    provisioned_usd
        ``[t]`` of instances kept ready, whatever the weights of requests.
    answered, met
        ``[k]`` requests and those in time since the last observation.
    busy_since_s, busy_window
        ``[j]`` replica-seconds of calls begun since the last observation; window of the last call's start.
    """

    window_edge_s: Array
    deadline_s: Array
    arrived: Array
    refused: Array
    overflowed: Array
    latency_sum_s: Array
    served: Array
    in_time: Array
    latency: Array
    busy_s: Array
    calls: Array
    cold_calls: Array
    calls_usd: Array
    warm_s: Array
    billed_s: Array
    most_calls: Array
    provisioned_usd: Array
    answered: Array
    met: Array
    busy_since_s: Array
    busy_window: IntArray


def empty_tally(window_edge_s: Array, deadline_s: Array, pools: int, functions: int) -> Tally:
    """All counts zero."""
    classes, targets, windows = len(deadline_s), pools + functions, len(window_edge_s) - 1
    return Tally(
        window_edge_s=window_edge_s,
        deadline_s=deadline_s,
        arrived=np.zeros((classes, windows)),
        refused=np.zeros((classes, windows)),
        overflowed=np.zeros((classes, windows)),
        latency_sum_s=np.zeros((classes, windows)),
        served=np.zeros((classes, targets, windows)),
        in_time=np.zeros((classes, targets, windows)),
        latency=np.zeros((classes, BINS)),
        busy_s=np.zeros((pools, windows)),
        calls=np.zeros((functions, windows)),
        cold_calls=np.zeros((functions, windows)),
        calls_usd=np.zeros((functions, windows)),
        warm_s=np.zeros((functions, windows)),
        billed_s=np.zeros((functions, windows)),
        most_calls=np.zeros((functions, windows)),
        provisioned_usd=np.zeros(windows),
        answered=np.zeros(classes),
        met=np.zeros(classes),
        busy_since_s=np.zeros(pools),
        busy_window=np.zeros(pools, dtype=np.int64),
    )


def latency_edges_s() -> Array:
    """Return the ``[BINS + 1]`` edges of the bins of latency: 0, then octaves cut into even parts, then infinity."""
    octaves = np.exp2(np.arange(FIRST_OCTAVE, LAST_OCTAVE))
    parts = 1 + np.arange(1 << OCTAVE_BITS) / (1 << OCTAVE_BITS)
    return np.concatenate([[0.0], (octaves[:, None] * parts).ravel(), [2.0**LAST_OCTAVE, np.inf]])


@compiled
def latency_bin(latency_s: float) -> int:
    """Bin of a latency: the leading bits of a double are its octave and the even part of it."""
    key = int(np.float64(latency_s).view(np.int64) >> (52 - OCTAVE_BITS)) - LEAST_KEY + 1
    return min(max(key, 0), BINS - 1)


@compiled
def count_answer(tally: Tally, k: int, target: int, window: int, weight: float, latency_s: float) -> None:
    """Count one answered request."""
    tally.served[k, target, window] += weight
    tally.latency_sum_s[k, window] += weight * latency_s
    tally.latency[k, latency_bin(latency_s)] += weight
    tally.answered[k] += 1.0
    if latency_s <= tally.deadline_s[k] + ROUNDING_S:
        tally.in_time[k, target, window] += weight
        tally.met[k] += 1.0


@compiled
def count_busy(tally: Tally, pool: int, weight: float, replicas: float, start_s: float, end_s: float) -> None:
    """Count one call of a pool, second by second in its windows; calls of a pool come in the order of their starts."""
    tally.busy_since_s[pool] += end_s - start_s
    edge_s = tally.window_edge_s
    last = len(edge_s) - 2
    window = tally.busy_window[pool]
    while window < last and start_s >= edge_s[window + 1]:
        window += 1
    tally.busy_window[pool] = window
    part = weight / replicas
    while window < last and end_s > edge_s[window + 1]:
        tally.busy_s[pool, window] += part * (edge_s[window + 1] - start_s)
        start_s = edge_s[window + 1]
        window += 1
    tally.busy_s[pool, window] += part * (end_s - start_s)
