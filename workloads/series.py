"""A history laid on a regular grid of steps, on the fourth-root scale on which the forecasters work.

Three views of one trace: `RateCurve` gives its mean rate between any two instants, `StepSeries` its steps (30
minutes for a series with a daily season), `WindowRamp` the way back from steps to planning windows.  The
fourth root tames the upper tail without the blow-up of a logarithm (design/EVIDENCE.md, section 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from workloads.errors import WorkloadError
from workloads.traces import KNOWN_SHARE_MIN

if TYPE_CHECKING:
    from workloads.traces import Trace

Array: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

DAY_S = 86_400.0
HOUR_S = 3_600.0
ROOT = 4  # design/EVIDENCE.md, section 8: log1p blows up the upper tail, raw under-covers under growth


def to_root(rate_rps: Array) -> Array:
    """Return the fourth root of a rate, any shape; NaN stays NaN."""
    root: Array = np.maximum(rate_rps, 0.0) ** (1.0 / ROOT)
    return root


def to_rate(root: Array) -> Array:
    """Return the rate of a fourth root, any shape; a root below 0 is the rate 0."""
    rate: Array = np.maximum(root, 0.0) ** ROOT
    return rate


class RateCurve:
    """Mean rate of a trace between any two instants.

    Kept as requests so far and time known so far, so that a mean is one subtraction.  Requests are taken to
    arrive evenly inside an interval of the trace.
    """

    def __init__(self, trace: Trace) -> None:
        known = ~np.isnan(trace.counts)
        self.duration_s = trace.duration_s
        self._edge_s = np.arange(trace.counts.size + 1) * trace.interval_s
        self._requests = np.concatenate([[0.0], np.cumsum(np.where(known, trace.counts, 0.0))])
        self._known_s = np.concatenate([[0.0], np.cumsum(np.where(known, trace.interval_s, 0.0))])

    def mean_rps(self, edge_s: Array) -> Array:
        """Return the mean rate between neighbouring instants.

        Parameters
        ----------
        edge_s
            ``[..., n + 1]`` seconds after the start of the trace, rising along the last axis.

        Returns
        -------
        Array
            ``[..., n]`` requests/s; NaN where less than half of the time is known.
        """
        length_s = np.diff(edge_s, axis=-1)
        known_s = np.diff(np.interp(edge_s, self._edge_s, self._known_s), axis=-1)
        requests = np.diff(np.interp(edge_s, self._edge_s, self._requests), axis=-1)
        enough = known_s >= KNOWN_SHARE_MIN * length_s * (1.0 - 1e-9)  # 1e-9: rounding of sums of seconds
        rate: Array = np.where(enough, requests / np.where(enough, known_s, 1.0), np.nan)
        return rate


@dataclass(frozen=True)
class StepSeries:
    """A trace cut into steps that end where the trace ends.

    Parameters
    ----------
    step_s
        Length of one step, seconds.
    start_s
        First instant of the first step, seconds after the start of the trace.
    root
        ``[n]`` fourth root of the mean rate; what is missing is carried over from one season earlier, else
        from the step before, so that a prefix of the grid never holds anything that lies after it.
    known
        ``[n]`` False where the value was carried over.
    """

    step_s: float
    start_s: float
    root: Array
    known: BoolArray

    def edge_s(self, step: IntArray) -> Array:
        """Return the first instant of each step, seconds after the start of the trace."""
        return self.start_s + step.astype(np.float64) * self.step_s


def cut_steps(curve: RateCurve, step_s: float, season_steps: int | None) -> StepSeries:
    """Cut a trace into steps and carry missing ones over from the past.

    Parameters
    ----------
    curve
        The trace.
    step_s
        Length of one step, seconds.
    season_steps
        Steps of a day, from which a missing step is carried over; None: from the step before.

    Raises
    ------
    WorkloadError
        When no step of the trace is known.
    """
    count = int(
        curve.duration_s / step_s * (1.0 + 1e-12)
    )  # 1e-12: a whole number of steps must not lose one to rounding
    edges = curve.duration_s - step_s * np.arange(count, -1, -1.0)
    root = to_root(curve.mean_rps(edges))
    known = ~np.isnan(root)
    if not known.any():
        raise WorkloadError([f"no stretch of {step_s:g} s of the history is known; give a trace with counts"])
    first = int(np.argmax(known))
    root, known = root[first:].copy(), known[first:]
    for index in np.flatnonzero(~known):
        back = season_steps if season_steps is not None and index >= season_steps else 1
        root[index] = root[index - back]
    return StepSeries(step_s=step_s, start_s=float(edges[first]), root=root, known=known)


@dataclass(frozen=True)
class WindowRamp:
    """Straight lines between the middles of steps, read off in the middle of windows.

    A window longer than a step is read off at several points and averaged.  Built once for all rolling
    origins: leads are seconds after the origin.

    Parameters
    ----------
    left
        ``[w, s]`` step whose middle is at or before the point; 0 is the last step of the past, 1 the first
        of the path.
    share
        ``[w, s]`` weight of the next step, in [0, 1].
    """

    left: IntArray
    share: Array

    def read(self, last: Array, path: Array) -> Array:
        """Return the path per window.

        Parameters
        ----------
        last
            ``[...]`` value of the last step before the origin.
        path
            ``[..., h]`` values of the steps after it.

        Returns
        -------
        Array
            ``[..., w]`` values of the windows.
        """
        nodes = np.concatenate([last[..., None], path], axis=-1)
        points = nodes[..., self.left] * (1.0 - self.share) + nodes[..., self.left + 1] * self.share
        read: Array = points.mean(axis=-1)
        return read


def make_ramp(step_s: float, gap_s: float, window_s: float, windows: int) -> tuple[WindowRamp, int]:
    """Build the ramp of windows that begin `gap_s` after the origin, and the steps of path it needs."""
    samples = max(1, round(window_s / step_s))
    lead_s = gap_s + window_s * (np.arange(windows)[:, None] + (np.arange(samples) + 0.5) / samples)
    position = lead_s / step_s + 0.5  # the last step of the past has its middle half a step before the origin
    left = np.floor(position).astype(np.int64)
    return WindowRamp(left=left, share=position - left), int(left.max()) + 1
