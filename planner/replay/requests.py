"""What a replay sends: the traces of a stretch of time, with every interval's count known.

An interval whose count is not known is filled along the straight line between its known neighbours, beyond the first and the
last of them with their rate: a hole in the record is no hole in the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from planner.replay.supply import ServedClass
    from workloads.traces import Trace

    Array = NDArray[np.float64]

ROUNDING = timedelta(milliseconds=1)  # ours: clocks of traces are read to the microsecond, so this is no gap


@dataclass(frozen=True, eq=False)
class Requests:
    """Traces by name, and the stretch of them that is replayed.

    Parameters
    ----------
    traces
        Name -> its counts per interval; a `dispersion_index` above 1 makes arrivals bursty inside intervals.
    start
        Second 0 of the replay, aware.
    duration_s
        Its length, > 0.

    Raises
    ------
    InputError
        With every trace that does not span the stretch or has no known count, and a duration that is not above 0.
    """

    traces: Mapping[str, Trace]
    start: datetime
    duration_s: float

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.duration_s < np.inf:
            problems.append(f"the replay's duration is {self.duration_s} s; it must be a number above 0.")
        else:
            end = self.start + timedelta(seconds=self.duration_s)
            for name, trace in self.traces.items():
                spans = f"{trace.start.isoformat()} to {trace.end.isoformat()}"
                if trace.start > self.start + ROUNDING or trace.end < end - ROUNDING:
                    asked = f"{self.start.isoformat()} to {end.isoformat()}"
                    problems.append(
                        f"trace {name!r} spans {spans}; the replay runs from {asked}. "
                        "Give a trace that covers it; `planner compare` takes fewer --hours, too."
                    )
        problems += [
            f"trace {name!r} has no interval with a known count; give one that has requests."
            for name, trace in self.traces.items()
            if np.isnan(trace.counts).all()
        ]
        if problems:
            raise InputError(problems)

    @cached_property
    def counts(self) -> Mapping[str, Array]:
        """Trace -> ``[n]`` requests per interval of the whole trace, unknown ones filled."""
        return {name: filled(trace.counts) for name, trace in self.traces.items()}

    def offset_s(self, name: str) -> float:
        """Seconds from the start of the replay to that of a trace, <= 0."""
        return (self.traces[name].start - self.start).total_seconds()

    def rate_rps(self, classes: Sequence[ServedClass], edge_s: Array) -> Array:
        """Mean rate of every class between neighbouring instants.

        Parameters
        ----------
        classes
            Whose rates; index k.
        edge_s
            ``[t + 1]`` seconds since the start of the replay, rising.

        Returns
        -------
        Array
            ``[k, t]`` requests/s.
        """
        curves = {}
        for name in sorted({one.trace for one in classes}):
            counts, interval_s = self.counts[name], self.traces[name].interval_s
            edges = self.offset_s(name) + np.arange(counts.size + 1) * interval_s
            so_far = np.concatenate([[0.0], np.cumsum(counts)])
            curves[name] = np.diff(np.interp(edge_s, edges, so_far)) / np.diff(edge_s)
        return np.array([one.share * curves[one.trace] for one in classes])


def filled(counts: Array) -> Array:
    """``[n]`` counts with NaN replaced along straight lines between known neighbours."""
    known = np.flatnonzero(~np.isnan(counts))
    if known.size == counts.size:
        return counts
    return np.interp(np.arange(counts.size), known, counts[known])
