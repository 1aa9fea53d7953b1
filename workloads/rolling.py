"""Rolling origins: what every forecaster would have said at instants inside the history, and what came.

All origins and all outcomes lie inside the history; the last origin is its end, where the forecast itself
is made.  Fits are made on steps (30 minutes); judged and published are planning windows, or the maximum
over the windows of a holding period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.calibration import Outcomes
from workloads.members import Past, run_member
from workloads.nudge import nudge
from workloads.series import HOUR_S, make_ramp, to_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workloads.members import Forecaster
    from workloads.season import Season
    from workloads.series import Array, IntArray, RateCurve, StepSeries

# Measured: 60 origins with errors halved in 6 days, against 40 and 4 (design/EVIDENCE.md, section 8), lower the
# loss on all four series of tests/benchmarks/forecast_accuracy.py; .95 on taxi covers 93.5, not 91.8 %.
ORIGINS = 60
SPACING_H_MAX = 6.0  # four times of day; 60 of them reach back 2.5 half-lives of the error weights
SEASONAL_WARM_UP_DAYS = (2, 3)  # two seasons, the least the members need; three where history allows
SHORT_WARM_UP_STEPS = 8  # a level and its spread
SHORT_WARM_UP_SHARE = 0.25
END_ROUNDING_S = 1e-6  # a microsecond, the finest interval of a trace


@dataclass(frozen=True)
class Layout:
    """Which windows to forecast, seen from an origin.

    Parameters
    ----------
    gap_s
        Seconds from the origin to the first window, >= 0.
    window_s
        Length of a window, seconds.
    windows
        How many.
    hold
        Windows of one holding period; the last period may be shorter.
    """

    gap_s: float
    window_s: float
    windows: int
    hold: int = 1

    @property
    def edge_s(self) -> Array:
        """``[w + 1]`` window limits, seconds after the origin."""
        return self.gap_s + self.window_s * np.arange(self.windows + 1, dtype=np.float64)

    @property
    def first_of_period(self) -> IntArray:
        """``[b]`` first window of each holding period."""
        return np.arange(0, self.windows, self.hold)


@dataclass(frozen=True)
class Rolling:
    """Paths of several forecasters at rolling origins, per window, on the fourth-root scale.

    Parameters
    ----------
    layout
        The windows.
    origin_s
        ``[o]`` seconds after the start of the trace; the last is its end.
    paths
        Per forecaster ``[o, w]``.
    actual
        ``[o, w]`` what came; NaN where not known, all NaN in the last row.
    """

    layout: Layout
    origin_s: Array
    paths: Mapping[str, Array]
    actual: Array

    def by_window(self, name: str) -> Outcomes:
        """Return the outcomes of one forecaster per window."""
        return self._outcomes(self.paths[name], self.actual, self.layout.edge_s[:-1], self.layout.edge_s[1:])

    def by_period(self, name: str) -> Outcomes:
        """Return the outcomes of one forecaster as maxima over holding periods; unknown if a window is."""
        first = self.layout.first_of_period
        edges = self.layout.edge_s
        ends = edges[np.minimum(first + self.layout.hold, self.layout.windows)]
        path = np.maximum.reduceat(self.paths[name], first, axis=1)
        return self._outcomes(path, np.maximum.reduceat(self.actual, first, axis=1), edges[first], ends)

    def _outcomes(self, path: Array, actual: Array, begin_s: Array, end_s: Array) -> Outcomes:
        return Outcomes(self.origin_s, (begin_s + end_s) / 2.0 / HOUR_S, end_s, path, actual)


def choose_origins(steps: int, step_s: float, day_steps: int | None) -> IntArray:
    """Return the steps before which the rolling origins stand, the end of the history last.

    Parameters
    ----------
    steps
        Steps of the history.
    step_s
        Length of one, seconds.
    day_steps
        Steps of a day; None: a forecast without a season, which needs less warm-up.
    """
    if day_steps is None:
        first = max(SHORT_WARM_UP_STEPS, int(SHORT_WARM_UP_SHARE * steps))
    else:
        least, most = (days * day_steps for days in SEASONAL_WARM_UP_DAYS)
        first = min(max(steps // 2, least), most)
    room = max(steps - first, 0)
    spacing = int(np.clip(room // ORIGINS, 1, max(1, round(SPACING_H_MAX * HOUR_S / step_s))))
    return steps - spacing * np.arange(min(ORIGINS, room // spacing), -1, -1)


@dataclass(frozen=True)
class Said:
    """What several forecasters said at rolling origins, before any outcome is looked at.

    Parameters
    ----------
    layout
        The windows.
    origin_s
        ``[o]`` seconds after the start of the trace, rising.
    paths
        Per forecaster ``[o, w]`` on the fourth-root scale, not yet nudged.
    surprise
        Per forecaster ``[o]`` value of the last half step less what the path's line through it says.
    """

    layout: Layout
    origin_s: Array
    paths: Mapping[str, Array]
    surprise: Mapping[str, Array]

    def then(self, later: Said) -> Said:
        """Join what was said of the same windows at later origins."""
        return Said(
            self.layout,
            np.concatenate([self.origin_s, later.origin_s]),
            {name: np.concatenate([path, later.paths[name]]) for name, path in self.paths.items()},
            {name: np.concatenate([one, later.surprise[name]]) for name, one in self.surprise.items()},
        )

    def judged(self, curve: RateCurve) -> Rolling:
        """Set outcomes beside the paths, and nudge each path by what was known at its origin."""
        edge_s = self.layout.edge_s
        actual = to_root(curve.mean_rps(self.origin_s[:, None] + edge_s))
        # rounding must not let a window that straddles the end count as known
        actual[self.origin_s[:, None] + edge_s[1:] > curve.duration_s + END_ROUNDING_S] = np.nan
        lead_h = (edge_s[:-1] + edge_s[1:]) / 2.0 / HOUR_S
        paths = {
            name: nudge(path, actual, self.surprise[name], self.origin_s, lead_h)
            for name, path in self.paths.items()
        }
        return Rolling(self.layout, self.origin_s, paths, actual)


def roll(
    curve: RateCurve,
    series: StepSeries,
    season: Season,
    forecasters: Mapping[str, Forecaster],
    layout: Layout,
    combined: str | None = None,
) -> Rolling:
    """Run every forecaster at every rolling origin and at the end of the history.

    Parameters
    ----------
    curve, series
        The history, as a curve and cut into steps.
    season
        The season every forecaster takes for granted.
    forecasters
        By name.
    layout
        The windows to forecast.
    combined
        Name of the plain median of all forecasters, added as one more; None: not added.
    """
    origins = choose_origins(series.root.size, series.step_s, season.day_steps)
    return say(curve, series, season, forecasters, layout, origins, combined).judged(curve)


def say(
    curve: RateCurve,
    series: StepSeries,
    season: Season,
    forecasters: Mapping[str, Forecaster],
    layout: Layout,
    origins: IntArray,
    combined: str | None = None,
) -> Said:
    """Run every forecaster at the origins ``[o]``, given as steps of the series; the others as for `roll`."""
    ramp, steps = make_ramp(series.step_s, layout.gap_s, layout.window_s, layout.windows)
    step_paths = {
        name: np.stack([_path(forecaster, series, season, int(origin), steps) for origin in origins])
        for name, forecaster in forecasters.items()
    }
    if combined is not None:
        step_paths[combined] = np.median(np.stack(list(step_paths.values())), axis=0)
    origin_s = series.edge_s(origins)
    last = series.root[origins - 1]
    recent_s = origin_s[:, None] + np.array([-series.step_s / 2.0, 0.0])
    recent = to_root(curve.mean_rps(recent_s))[:, 0]
    surprise = {
        name: np.nan_to_num(
            recent - (0.75 * last + 0.25 * path[:, 0])
        )  # the line at a quarter of a step before the origin
        for name, path in step_paths.items()
    }
    return Said(
        layout, origin_s, {name: ramp.read(last, path) for name, path in step_paths.items()}, surprise
    )


def _path(forecaster: Forecaster, series: StepSeries, season: Season, origin: int, steps: int) -> Array:
    """Return ``[steps]``; past the end of the history no outcome is known and the path is held flat."""
    left = series.root.size - origin
    needed = steps if left == 0 else min(steps, left + 2)  # two more shape the line to the last known window
    path = run_member(forecaster, Past(series.root[:origin], series.known[:origin], season), needed)
    return np.pad(path, (0, steps - needed), mode="edge")
