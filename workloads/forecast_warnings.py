"""What a planner must know before trusting a forecast: warnings from the history and from the back-test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workloads.season import DETECT_DAYS_MIN, WEEK_DETECT_DAYS
from workloads.series import DAY_S, HOUR_S

if TYPE_CHECKING:
    from workloads.backtest import BackTest
    from workloads.season import Season
    from workloads.series import Array
    from workloads.traces import Trace

STEP_UP_DAYS = 14.0  # design/EVIDENCE.md, section 8: ServeGen's two weeks covered 87.3, not 95 %, a day ahead
STEPPED_UP = "levels above .5 are published one quantile higher (.95 as .99)"
COVERAGE_SLACK = 0.05  # two standard errors of a share of .95 over some eighty independent outcomes
MISSING_SHARE_WARN = 0.1  # a tenth of the history carried over from elsewhere shows in the fits


def is_short(history: Trace, reach_s: float) -> bool:
    """Whether a history holds too few stretches as long as the forecast to learn its errors from.

    Two weeks are fourteen days: a day ahead is judged by so many outcomes that do not depend on each other, and so is an hour
    by fourteen hours. A forecast of more than a day needs two weeks all the same.
    """
    return history.duration_s < STEP_UP_DAYS * min(reach_s, DAY_S)


def history_warnings(
    history: Trace, season: Season, gap_s: float, window_s: float, reach_s: float, stepped: bool
) -> list[str]:
    """Return what the length and quality of the history imply for a forecast that reaches `reach_s` beyond it."""
    days = history.duration_s / DAY_S
    warnings = []
    if season.day_steps is None and days < DETECT_DAYS_MIN:
        warnings.append(
            f"{days:.2f} days of history are under two daily seasons and one to judge by: only a level is "
            "forecast, no season"
        )
    if is_short(history, reach_s):
        done = STEPPED_UP if stepped else "no step up was asked for"
        least = (
            "two weeks" if reach_s >= DAY_S else f"{STEP_UP_DAYS:g} times the {reach_s / HOUR_S:.3g} h ahead"
        )
        warnings.append(f"{days:.1f} days of history are under {least}, so intervals are too narrow: {done}")
    elif stepped:
        warnings.append(f"{STEPPED_UP}, as asked")
    if season.day_steps is not None and season.week and days < WEEK_DETECT_DAYS:
        warnings.append(season.reason)
    if history.interval_s > window_s * (1.0 + 1e-9):
        warnings.append(
            f"the trace's interval of {history.interval_s:g} s is longer than the window of {window_s:g} s: "
            "each rate is held over its windows, and what happens inside it is not known"
        )
    if history.missing_share > MISSING_SHARE_WARN:
        warnings.append(f"{100 * history.missing_share:.0f} % of the history is missing and was carried over")
    if gap_s > DAY_S:
        warnings.append(
            f"the history ends {gap_s / DAY_S:.1f} days before the first window; give a newer one"
        )
    return warnings


def coverage_warnings(backtest: BackTest, chosen: str) -> list[str]:
    """Return a warning when the back-test covered clearly less than a level above .5 promises."""
    row = backtest.row(chosen)
    covered = () if row is None else tuple(zip(backtest.levels, row.coverage_share, strict=True))
    short = [
        f"level {level:g} covered {share:.2f}"
        for level, share in covered
        if level > 0.5 and share < level - COVERAGE_SLACK
    ]
    return [f"in the back-test of {chosen}, {', '.join(short)}: plan on a higher one"] if short else []


def reach_warnings(learnt_h: float, lead_h: Array, floor_rps: Array) -> list[str]:
    """Return what holds for leads of which the history taught nothing, or too little.

    Parameters
    ----------
    learnt_h
        Longest lead whose bin has errors of its own, hours.
    lead_h
        ``[b]`` hours ahead of each period.
    floor_rps
        ``[b, q]`` what the rises of other series raise the levels to; 0: nothing.
    """
    raised = floor_rps.any(axis=1)
    warnings = []
    if raised.any():
        warnings.append(
            f"the history is too short to know what comes more than {lead_h[raised][0]:.1f} h ahead: from there on, levels above "
            ".5 are at least the busiest hour seen times what other loads rose by behind as much history"
        )
    alone_h = float(lead_h[~raised][-1]) if (~raised).any() else 0.0
    if learnt_h < alone_h - 1e-9:
        warnings.append(
            f"the history is too short to learn errors more than {learnt_h:.1f} h ahead; intervals from there to "
            f"{alone_h:.1f} h are those of shorter leads, and too narrow"
        )
    return warnings
