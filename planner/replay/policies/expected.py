"""The demand that a policy may reckon with: forecast from what has arrived by then, or realised, as a reference.

The traces' histories end where the replay begins; from there on a history grows by the requests that the policy saw arrive.
Every forecast is made from the history up to the instant of the decision alone, so nothing of what comes later can reach it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np

from planner.demand import Demand, demand_of
from planner.errors import InputError
from planner.scenario import ConstantTrace
from workloads.constant import constant_forecast
from workloads.errors import WorkloadError
from workloads.forecast import forecast_rates
from workloads.rolling_memory import RollingMemory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from planner.replay.decisions import Observation
    from planner.replay.policies.context import PolicyContext
    from planner.scenario import Scenario
    from workloads.forecast import Forecast
    from workloads.traces import Trace

    Array = NDArray[np.float64]

WHOLE_SHARE = 1e-6  # of an interval: what a sum of seconds may lack of it by rounding


class Expected(Protocol):
    """Demand of coming windows as some policy may know it at the instant of a decision."""

    def demand(self, seen: Observation, start_s: float, windows: int) -> Demand:
        """Demand of `windows` windows, the first of which begins at `start_s` seconds of the replay.

        Raises
        ------
        InputError, where the history is too short to forecast from.
        """
        ...


@dataclass
class Forecasts:
    """Forecasts from what has arrived by the instant of the decision.

    Parameters
    ----------
    scenario
        Its classes, scales and forecast settings; `window_s` is the length of the windows asked for, and second 0 of the replay
        is its horizon's start.
    histories
        By trace, unscaled, what is known at the horizon's start.
    dispersion_index
        By class: of its whole trace, unscaled, over the class's deadline.
    classes
        Names of the observation's classes, in its order.
    memories
        Earlier forecasts, by trace and by the time from its last known interval to the first window asked for.
    """

    scenario: Scenario
    histories: Mapping[str, Trace]
    dispersion_index: Mapping[str, float]
    classes: tuple[str, ...]
    memories: dict[tuple[str, float], RollingMemory] = field(default_factory=dict)

    def demand(self, seen: Observation, start_s: float, windows: int) -> Demand:
        """Demand of the coming windows at the scenario's levels."""
        asked = stretch(self.scenario, start_s, windows)
        forecasts: dict[str, Forecast] = {}
        problems: list[str] = []
        for name, history in self.histories.items():
            try:
                forecasts[name] = self._forecast(name, history, seen, asked)
            except WorkloadError as error:
                problems += error.problems
        if problems:
            raise InputError(problems)
        return demand_of(asked, forecasts, self.dispersion_index)

    def _forecast(self, name: str, history: Trace, seen: Observation, asked: Scenario) -> Forecast:
        source, settings = asked.workload.traces[name], asked.forecast
        start, levels = asked.horizon.start, settings.levels
        if isinstance(source, ConstantTrace):
            return constant_forecast(source.rate_rps, start, asked.window_s, asked.windows, levels)
        now = self.scenario.horizon.start + timedelta(seconds=seen.now_s)
        arrived = seen.arrived[self._members(name)].sum(axis=0) / self._sent_per_request(name)
        known = grown(history.before(now), arrived, seen.bin_s, self.scenario.horizon.start)
        gap_s = (start - known.end).total_seconds()
        skipped = gap_s / asked.window_s
        most = math.ceil(max(skipped, known.interval_s / asked.window_s))
        if settings.hold_s is not None or abs(skipped - round(skipped)) > WHOLE_SHARE:
            return self._made(name, known, start, asked.windows)
        found = self._made(name, known, known.end, asked.windows + most)
        first = round(skipped)
        kept = slice(first, first + asked.windows)
        return replace(found, start=start, rate_rps=found.rate_rps[kept], mean_rps=found.mean_rps[kept])

    def _made(self, name: str, known: Trace, start: datetime, windows: int) -> Forecast:
        """Forecast from what is known; where windows fit, from its last instant on, so that all forecasts ask alike."""
        settings, gap_s = self.scenario.forecast, round((start - known.end).total_seconds(), 3)
        return forecast_rates(
            known,
            start,
            self.scenario.window_s,
            windows,
            settings.levels,
            method=settings.method,
            season=settings.season,
            hold_s=settings.hold_s,
            memory=self.memories.setdefault((name, gap_s), RollingMemory()),
        )

    def _members(self, name: str) -> list[int]:
        """Rows of the observation that belong to a trace."""
        owner = {one.name: one.trace for one in self.scenario.workload.planned_classes}
        return [k for k, one in enumerate(self.classes) if owner[one] == name]

    def _sent_per_request(self, name: str) -> float:
        """Requests that the classes of a trace send for one of it: its scale times their shares."""
        planned = self.scenario.workload.planned_classes
        shares = sum(one.share for one in planned if one.trace == name)
        return shares * self.scenario.workload.scale_of(name)


@dataclass
class Realised:
    """The rates that windows will have, as their only level: what no policy can know, as a reference.

    Parameters
    ----------
    scenario, dispersion_index
        As for `Forecasts`; of the scenario's levels the top one stands for the only one.
    rate_rps
        ``[k, t]`` requests/s of every class of the scenario in every window from the replay's start; beyond the last window its
        rate goes on.
    """

    scenario: Scenario
    rate_rps: Array
    dispersion_index: Array

    def demand(self, seen: Observation, start_s: float, windows: int) -> Demand:
        """Demand of the coming windows as it will be; what has been seen does not matter."""
        first = round(start_s / self.scenario.window_s)
        rates = self.rate_rps[:, np.minimum(np.arange(first, first + windows), self.rate_rps.shape[1] - 1)]
        return Demand(
            classes=tuple(one.name for one in self.scenario.workload.planned_classes),
            rate_rps=rates[:, :, None],
            mean_rps=rates,
            levels=np.array(self.scenario.forecast.levels[-1:]),
            level_share=np.ones(1),
            window_h=np.full(windows, self.scenario.window_s / 3600),
            dispersion_index=self.dispersion_index,
        )


def forecasts_of(context: PolicyContext, scenario: Scenario) -> Forecasts:
    """Forecasts for the windows and levels of a scenario that has the context's classes and traces."""
    classes = tuple(one.name for one in context.supply.classes)
    return Forecasts(scenario, context.inputs.histories, context.dispersion_index, classes)


def realised_of(context: PolicyContext) -> Realised:
    """The mean rates that the windows of the replay will have."""
    asked, requests = one_level(context.scenario), context.requests
    windows = math.ceil(requests.duration_s / asked.window_s - WHOLE_SHARE)
    edge_s = np.minimum(asked.window_s * np.arange(windows + 1), requests.duration_s)
    rate_rps = requests.rate_rps(context.supply.classes, edge_s)
    return Realised(asked, rate_rps, context.demand.dispersion_index)


def largest_known_rps(context: PolicyContext, last_s: float) -> dict[str, float]:
    """Class -> largest rate of the intervals of the last seconds before the start, at least of one; 0 where none is known."""
    found = {}
    for one in context.scenario.workload.planned_classes:
        history = context.inputs.histories[one.trace]
        scale = context.scenario.workload.scale_of(one.trace)
        last = np.nan_to_num(history.rate_rps[-max(1, math.ceil(last_s / history.interval_s)) :])
        found[one.name] = one.share * scale * float(last.max())
    return found


def stretch(scenario: Scenario, start_s: float, windows: int) -> Scenario:
    """The scenario over other windows: so many, the first of which begins `start_s` seconds after its own start."""
    start = scenario.horizon.start + timedelta(seconds=start_s)
    duration_s = windows * scenario.window_s
    horizon = scenario.horizon.model_copy(update={"start": start, "duration_s": duration_s})
    return scenario.model_copy(update={"horizon": horizon})


def one_level(scenario: Scenario) -> Scenario:
    """The scenario with its top demand level as the only one; a spot loss then matters at that one."""
    forecast = scenario.forecast.model_copy(update={"levels": scenario.forecast.levels[-1:]})
    spot = scenario.spot.model_copy(update={"level": None})
    return scenario.model_copy(update={"forecast": forecast, "spot": spot})


def grown(history: Trace, arrived: Array, bin_s: float, start: datetime) -> Trace:
    """A history with the whole intervals that have been seen since the replay's start.

    Arrivals are taken to be even inside a bin. Intervals that the replay did not see whole, before its start, are not known.

    Parameters
    ----------
    history
        Before the replay, or as much of it as is known.
    arrived
        ``[bin]`` requests of the whole trace, unscaled, in every past bin of `bin_s` since `start`.
    """
    begun_s = (history.end - start).total_seconds()
    count = int((arrived.size * bin_s - begun_s) / history.interval_s + WHOLE_SHARE)
    if arrived.size == 0 or count < 1:
        return history
    edge_s = begun_s + history.interval_s * np.arange(count + 1)
    so_far = np.concatenate([[0.0], np.cumsum(arrived)])
    counts = np.diff(np.interp(edge_s, bin_s * np.arange(so_far.size), so_far))
    counts[edge_s[:-1] < -WHOLE_SHARE * history.interval_s] = np.nan
    return replace(history, counts=np.concatenate([history.counts, np.maximum(counts, 0.0)]))
