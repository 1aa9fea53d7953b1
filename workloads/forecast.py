"""Forecast of a load: rate quantiles per planning window, with the back-test that chose the forecaster.

The way from a history to quantiles, each step a module: season (`workloads.season`), five statsmodels
members or, where no season can be learnt, three with a short memory (`workloads.members`,
`workloads.short_memory`), their median `auto` at rolling origins (`workloads.rolling`), quantiles from its
own errors (`workloads.calibration`), raised where the history is short by what other series teach
(`workloads.rises`), and the table (`workloads.backtest`).

`auto` is the plain median.  The one forecaster that may replace it is the seasonal naive one, when it wins
the back-test clearly (`workloads.backtest.wins_clearly`); the method then says so.  Which level to plan on:
r/(1 + r) with r the net cost ratio of under- to over-provisioning, 0.95 where nothing is known
(design/EVIDENCE.md, section 8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.backtest import SCORED_LEVELS, BackTest, back_test, wins_clearly
from workloads.burstiness import COUNTS_MIN, trace_dispersion
from workloads.calibration import calibrated_lead_h, mean_rate_rps, replay_quantiles
from workloads.errors import WorkloadError
from workloads.forecast_checks import AUTO, check_request, listed
from workloads.forecast_warnings import coverage_warnings, history_warnings, is_short, reach_warnings
from workloads.members import SEASONAL_MEMBERS
from workloads.rises import rise_floor_rps
from workloads.rolling import Layout, Rolling, roll
from workloads.season import Season, SeasonChoice, chosen_season, season_step_s, short_step_s
from workloads.series import DAY_S, HOUR_S, RateCurve, cut_steps, to_rate
from workloads.short_memory import SHORT_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from workloads.rolling_memory import RollingMemory
    from workloads.series import Array
    from workloads.traces import Trace

SIMPLE = "seasonal-naive"
STEP_UP_TAIL_RATIO = 5.0  # one quantile up: .95 becomes .99


@dataclass(frozen=True)
class Forecast:
    """Quantiles of the mean rate of each planning window.

    Parameters
    ----------
    start
        First instant of the first window, UTC.
    window_s
        Length of a window, seconds.
    levels
        ``[q]`` ascending probabilities in (0, 1).
    rate_rps
        ``[t, q]`` requests/s, non-decreasing along q.  Where capacity is held for several windows, the
        quantile of the largest of them, the same for all windows of a holding period.
    mean_rps
        ``[t]`` expected rate of the window itself, requests/s.
    dispersion_index
        Index of dispersion of counts inside a window, >= 1; 1 stands for Poisson arrivals.
    method
        What was used, in words.
    backtest
        How every candidate did inside the history.
    warnings
        What a planner must know before trusting the quantiles.
    """

    start: datetime
    window_s: float
    levels: Array
    rate_rps: Array
    mean_rps: Array
    dispersion_index: float
    method: str
    backtest: BackTest
    warnings: tuple[str, ...]


def forecast_rates(
    history: Trace,
    start: datetime,
    window_s: float,
    windows: int,
    levels: Sequence[float] | Array,
    *,
    method: str = AUTO,
    season: SeasonChoice = "auto",
    hold_s: float | None = None,
    step_up: bool | None = None,
    memory: RollingMemory | None = None,
) -> Forecast:
    """Forecast rate quantiles for planning windows from the history before them.

    Parameters
    ----------
    history
        The trace up to at most `start`; missing counts are NaN.
    start
        First instant of the first window, aware.
    window_s
        Length of a window, seconds.
    windows
        How many.
    levels
        ``[q]`` ascending probabilities in (0, 1).
    method
        "auto", or one member's name (`workloads.forecast_checks.METHODS`).
    season
        "auto" detects; "none", "day" and "week" are taken as given where the history is long enough.
    hold_s
        Seconds for which capacity is held, a multiple of `window_s`: the quantiles are those of the largest
        window in each holding period, counted from `start`.  None: one window.
    step_up
        Publish one quantile higher (.95 becomes .99) at levels above .5.  None: where the history is short for how far the
        forecast reaches (`workloads.forecast_warnings.is_short`).
    memory
        What earlier forecasts of the same trace left, for those made anew as its history grows; the forecaster chosen by one of
        them is then the only one that is back-tested again.

    Raises
    ------
    WorkloadError
        When the history does not end by `start`, is too short to learn any error from, or a setting is out
        of range; all problems are listed at once.
    """
    asked = np.asarray(levels, dtype=np.float64)
    hold = check_request(history, start, window_s, windows, asked, method, season, hold_s)
    gap_s = (start - history.end).total_seconds()
    layout = Layout(gap_s=gap_s, window_s=window_s, windows=windows, hold=hold)
    reach_s = float(layout.edge_s[-1])
    stepped = is_short(history, reach_s) if step_up is None else step_up
    found, rolling = _roll_history(history, layout, season, method, memory)
    published = _stepped_up(asked) if stepped else asked
    wanted = np.unique(np.concatenate([asked, published, SCORED_LEVELS]))
    before = None if memory is None else memory.choices.get(method)
    judged = rolling.paths if before is None else before[:1]
    quantiles = {name: to_rate(replay_quantiles(rolling.by_period(name), wanted)) for name in judged}
    backtest, losses = back_test(rolling, quantiles, wanted, asked)
    chosen, described = before or _choose(method, found, losses, rolling.origin_s)
    if memory is not None:
        memory.choices[method] = (chosen, described)
    by_period = rolling.by_period(chosen)
    row = quantiles[chosen][-1][:, np.searchsorted(wanted, published - 1e-12)]
    floor_rps = rise_floor_rps(history, by_period.due_s / HOUR_S, asked)
    row = np.maximum(row, floor_rps)
    if np.isnan(row).any():
        raise WorkloadError(
            [
                f"trace {history.name!r}: {history.duration_s:g} s of history give too few outcomes "
                f"{gap_s + window_s:g} s ahead to learn an interval from; give a longer one or a nearer start"
            ]
        )
    dispersion, unsure = _dispersion_index(history, window_s)
    warnings = [
        *history_warnings(history, found, gap_s, window_s, reach_s, stepped),
        *coverage_warnings(backtest, chosen),
        *reach_warnings(calibrated_lead_h(by_period), by_period.lead_h, floor_rps),
        *unsure,
    ]
    return Forecast(
        start=start.astimezone(history.start.tzinfo),
        window_s=float(window_s),
        levels=asked,
        rate_rps=np.repeat(row, hold, axis=0)[:windows],
        mean_rps=mean_rate_rps(rolling.by_window(chosen)),
        dispersion_index=dispersion,
        method=described,
        backtest=backtest,
        warnings=tuple(warnings),
    )


def _roll_history(
    history: Trace, layout: Layout, choice: SeasonChoice, method: str, memory: RollingMemory | None
) -> tuple[Season, Rolling]:
    """Find the season, then run the forecasters that fit it at the rolling origins."""
    curve = RateCurve(history)
    season = Season(None, False, f"an interval of {history.interval_s:g} s cannot show a day")
    step_s = season_step_s(history.interval_s)
    if step_s is not None and history.duration_s >= 2 * step_s:
        day_steps = round(DAY_S / step_s)
        series = cut_steps(curve, step_s, day_steps)
        season = chosen_season(choice, series.root, day_steps)
    if season.day_steps is None:
        step_s = short_step_s(history.duration_s, history.interval_s)
        if history.duration_s < step_s:
            raise WorkloadError(
                [f"trace {history.name!r} lasts {history.duration_s:g} s, less than one step of {step_s:g} s"]
            )
        series = cut_steps(curve, step_s, None)
    members = SHORT_MEMBERS if season.day_steps is None else SEASONAL_MEMBERS
    if method not in (AUTO, *members):
        raise WorkloadError(
            [
                f"forecast method {method!r} does not fit trace {history.name!r}: {season.reason}; "
                f"choose {listed((AUTO, *members))}"
            ]
        )
    run = roll if memory is None else memory.roll
    return season, run(curve, series, season, members, layout, AUTO)


def _choose(method: str, season: Season, losses: dict[str, Array], origin_s: Array) -> tuple[str, str]:
    """Return the forecaster to publish and what to call it."""
    if method != AUTO:
        return method, method
    if season.day_steps is None:
        return AUTO, f"auto (median of {len(SHORT_MEMBERS)} short-memory forecasters; {season.reason})"
    if SIMPLE in losses and AUTO in losses and wins_clearly(losses[SIMPLE], losses[AUTO], origin_s):
        saved = 100.0 * (1.0 - float(np.nanmean(losses[SIMPLE]) / np.nanmean(losses[AUTO])))
        won = f"simpler, and {saved:.1f} % less loss than the median of five in the back-test"
        return SIMPLE, f"{SIMPLE} ({won}; {season.reason})"
    return AUTO, f"auto (median of {len(SEASONAL_MEMBERS)} members; {season.reason})"


def _stepped_up(levels: Array) -> Array:
    """Return the levels one quantile up: the tail of each level above .5 is divided by five."""
    return np.where(levels > 0.5, 1.0 - (1.0 - levels) / STEP_UP_TAIL_RATIO, levels)


def _dispersion_index(history: Trace, window_s: float) -> tuple[float, list[str]]:
    """Return the index of dispersion inside a window from the trace's own intervals, or 1 with a warning."""
    unknown = "Poisson arrivals are assumed inside a window (index of dispersion 1)"
    if history.interval_s >= window_s * (1.0 - 1e-9):
        return 1.0, [
            f"the trace's interval of {history.interval_s:g} s is no finer than the window: {unknown}"
        ]
    try:
        found = trace_dispersion(history, max(window_s, COUNTS_MIN * history.interval_s))
    except WorkloadError as error:
        return 1.0, [f"{error.problems[0]}: {unknown}"]
    return max(1.0, found.index), []
