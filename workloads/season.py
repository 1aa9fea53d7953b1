"""Which seasons a history teaches: a day, a day and a week, or none.

A day is believed when two things hold: the autocorrelation at one day of the detrended series lies above
2.58/sqrt(n) (the 1 % two-sided limit for white noise, Box and Jenkins 1976, section 2.1.6), and the profile
of the day learned on the other days takes more than 5 % off the squared error of days that it has not seen.
Spectral peaks alone mislead (design/EVIDENCE.md, section 8).  A week is believed the same way on what the
profile of the day leaves, and needs 21 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from workloads.series import Array

SeasonChoice: TypeAlias = Literal["auto", "none", "day", "week"]

STEP_S = 1_800.0  # 30 minutes: more accurate than 5 and twenty times as quick (design/EVIDENCE.md, section 8)
COARSE_STEPS_S = (3_600.0, 7_200.0, 10_800.0, 14_400.0, 21_600.0)  # for coarser traces; each divides a day
SHORT_STEPS_S = (1_800.0, 900.0, 600.0, 300.0, 120.0, 60.0)  # for traces without a season
SHORT_STEP_COUNT = 96  # steps of a short trace: room for 60 rolling origins after a quarter as warm-up
AUTOCORRELATION_Z = 2.58  # 1 % two-sided limit (design/EVIDENCE.md, section 8)
SKILL_MIN_SHARE = 0.05  # out-of-sample skill a profile must show (design/EVIDENCE.md, section 8)
DETECT_DAYS_MIN = 3  # two seasons to learn from and one to judge by
WEEK_DETECT_DAYS = 21  # three weeks (design/EVIDENCE.md, section 8)
# Measured: weekly terms from here, not from 21 days, take the loss of ServeGen from 5.5 to 5.2 %, of the load
# balancer from 18.2 to 17.5 %, of WorldCup from 3.96 to 3.56 % of mean load.
WEEK_ASSUME_DAYS = 7


@dataclass(frozen=True)
class Season:
    """The season of a history.

    Parameters
    ----------
    day_steps
        Steps in a day; None: no daily season.
    week
        A weekly season on top of it.
    reason
        Why, in words, for the report.
    """

    day_steps: int | None
    week: bool
    reason: str


def season_step_s(interval_s: float) -> float | None:
    """Return the step for a seasonal forecast of a trace; None when its interval cannot show a day."""
    return next((step for step in (STEP_S, *COARSE_STEPS_S) if step >= interval_s), None)


def short_step_s(duration_s: float, interval_s: float) -> float:
    """Return the step for a trace without a season: the longest that still gives enough steps."""
    fits = (step for step in SHORT_STEPS_S if duration_s / step >= SHORT_STEP_COUNT)
    return max(next(fits, SHORT_STEPS_S[-1]), interval_s)


def detect_season(root: Array, day_steps: int) -> Season:
    """Decide by autocorrelation and out-of-sample skill which seasons a series shows.

    Parameters
    ----------
    root
        ``[n]`` the series on the fourth-root scale, without gaps.
    day_steps
        Steps in a day.
    """
    days = root.size / day_steps
    if days < DETECT_DAYS_MIN:
        return Season(
            None, False, f"{days:.1f} days are too few to teach a daily season ({DETECT_DAYS_MIN} are needed)"
        )
    detrended = _detrend(root)
    day_reason = _refusal(detrended, day_steps, "day")
    if day_reason:
        return Season(None, False, f"no daily season: {day_reason}")
    if days < WEEK_ASSUME_DAYS:
        return Season(day_steps, False, f"a daily season; {days:.1f} days cannot show a week")
    if days < WEEK_DETECT_DAYS:
        return Season(day_steps, True, f"a daily season; the week is assumed, {days:.1f} days cannot test it")
    whole = detrended[detrended.size % day_steps :]
    rest = (whole.reshape(-1, day_steps) - whole.reshape(-1, day_steps).mean(axis=0)).ravel()
    week_reason = _refusal(rest, 7 * day_steps, "week")
    if week_reason:
        return Season(day_steps, False, f"a daily season and no weekly one: {week_reason}")
    return Season(day_steps, True, "a daily and a weekly season")


def chosen_season(choice: SeasonChoice, root: Array, day_steps: int) -> Season:
    """Return the season asked for where the history is long enough, or for "auto" the one detected."""
    if choice == "auto":
        return detect_season(root, day_steps)
    if choice == "none" or root.size < 2 * day_steps:
        return Season(
            None, False, "none, as asked" if choice == "none" else "the history is shorter than two days"
        )
    week = choice == "week" and root.size >= 7 * day_steps
    if choice == "week" and not week:
        return Season(day_steps, False, "a daily season; the week asked for needs seven days")
    return Season(day_steps, week, f"{choice}, as asked")


def _detrend(series: Array) -> Array:
    time = np.linspace(-1.0, 1.0, series.size)
    slope, level = np.polyfit(time, series, 1)
    rest: Array = series - slope * time - level
    return rest


def _refusal(series: Array, period: int, name: str) -> str:
    """Return why `series` does not show the period, or an empty text."""
    centred = series - series.mean()
    power = float(centred @ centred)
    if power <= 1e-12 * series.size:  # a constant series; 1e-12 is rounding of values near 1
        return "the series is constant"
    autocorrelation = float(centred[:-period] @ centred[period:]) / power
    limit = AUTOCORRELATION_Z / float(np.sqrt(series.size))
    if autocorrelation <= limit:
        return f"autocorrelation {autocorrelation:.3f} at one {name} is not above {limit:.3f}"
    skill = profile_skill(centred, period)
    if skill <= SKILL_MIN_SHARE:
        return (
            f"the profile of the {name} takes {100 * skill:.1f} % off the error of unseen ones; "
            f"more than {100 * SKILL_MIN_SHARE:.0f} % is needed"
        )
    return ""


def profile_skill(series: Array, period: int) -> float:
    """Return the share of squared error that the mean profile of the other periods takes off each period.

    Each whole period is left out in turn (the last, incomplete one is not judged); the yardstick is the
    mean of the rest.
    """
    whole = series[series.size % period :].reshape(-1, period)
    others = (whole.sum(axis=0) - whole) / (whole.shape[0] - 1)
    level = others.mean(axis=1, keepdims=True)
    return float(1.0 - np.sum((whole - others) ** 2) / np.sum((whole - level) ** 2))
