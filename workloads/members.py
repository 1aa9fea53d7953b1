"""Point forecasters for a series with a daily and perhaps a weekly season; their plain median is `auto`.

Each takes the past on the fourth-root scale and returns the path of the steps after it; every fit is a
statsmodels fit.  The plain median of the five beats picking the recent winner (pinball loss 3.16 against
4.87 % of mean load, design/EVIDENCE.md, section 8).  Without the trend column weekly harmonics turn growth
into a sawtooth; with a trend carried on the path runs away, so the trend is held flat at its last value.

Sources: harmonic regression with autoregressive errors, Hyndman and Athanasopoulos, Forecasting (3rd ed.),
section 10.5; ETS(A,N,A), Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008),
section 3.4; the median as a combination, Stock and Watson, Journal of Forecasting 23 (2004).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from workloads.season import Season
    from workloads.series import Array, BoolArray

MEMORY_WEEKS = 12  # older steps change no fit by more than 1e-3: six half-lives of the slowest member
SMOOTHING_WEEKS = 4  # exponential smoothing forgets faster still; keeps one fit near 10 ms
DEPARTURE_SMOOTHED_H = 2.5  # measured: five steps of 30 minutes lose less 24 h ahead than nine or thirteen
LEVEL_SHIFT_SHARE = 0.5  # of the last day's mean residual is taken to stay (design/EVIDENCE.md, section 8)
OBSERVATIONS_PER_LAG = 2  # an autoregression needs twice its longest lag in observations
PATH_ROOT_MAX_RATIO = 1.5  # five times the largest rate seen: beyond it a root of the fit has exploded
DAY_HARMONICS = 6  # design/EVIDENCE.md, section 8, members 1 and 2
NEAR_LAGS = (1, 2, 3)  # the same


@dataclass(frozen=True)
class Past:
    """What a forecaster may see.

    Parameters
    ----------
    root
        ``[n]`` fourth root of the mean rate of each step up to the origin, without gaps.
    known
        ``[n]`` False where the value was carried over from before a gap.
    season
        The season taken for granted.
    """

    root: Array
    known: BoolArray
    season: Season

    def latest(self, steps: int) -> Past:
        """Return the last `steps` steps of the past."""
        return Past(self.root[-steps:], self.known[-steps:], self.season)

    @property
    def day(self) -> int:
        """Steps in a day; the members of this module are only called with a daily season."""
        assert self.season.day_steps is not None
        return self.season.day_steps


Forecaster: TypeAlias = Callable[[Past, int], "Array"]


def weighted_harmonics(past: Past, steps: int) -> Array:
    """(1) Least squares weighted by age (half-life 7 days), 6 daily, 2 weekly harmonics, autoregression."""
    return _harmonics(past, steps, half_life_days=7.0, week_harmonics=2)


def weekly_harmonics(past: Past, steps: int) -> Array:
    """(2) The same with 20 weekly harmonics and half-life 14 days."""
    return _harmonics(past, steps, half_life_days=14.0, week_harmonics=20)


def autoregression(past: Past, steps: int) -> Array:
    """(3) Autoregression on lags 1, 2, 3, one day, one week, and the step before each."""
    from statsmodels.tsa.ar_model import AutoReg

    past = past.latest(MEMORY_WEEKS * 7 * past.day)
    wanted = [*NEAR_LAGS, past.day, past.day + 1]
    if past.season.week:
        wanted += [7 * past.day, 7 * past.day + 1]
    lags = [lag for lag in wanted if past.root.size >= OBSERVATIONS_PER_LAG * lag + len(wanted)]
    path: Array = AutoReg(past.root, lags=lags, trend="c").fit().forecast(steps)
    return path


def seasonal_naive(past: Past, steps: int) -> Array:
    """(4) The last week again; the last day where no week is believed or there is less than one."""
    week = 7 * past.day
    season = week if past.season.week and past.root.size >= week else past.day
    return np.resize(past.root[-season:], steps)


def exponential_smoothing(past: Past, steps: int) -> Array:
    """(5) ETS(A,N,A) with the day as its season, heuristic initial states (estimated ones take minutes).

    What a weekday is above or below the mean day is taken off before and put back after, for one season is all
    the model has: the loss of the median of five falls from 4.65 to 4.47 % of mean load on taxi and from 3.19 to
    3.06 % on WorldCup (measured, origins every 6 h).
    """
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    past = past.latest(SMOOTHING_WEEKS * 7 * past.day)
    departure = week_departure(past)
    past = past.latest(past.root.size // departure.size * departure.size)
    adjusted = past.root - np.resize(departure, past.root.size)
    model = ETSModel(
        adjusted, error="add", seasonal="add", seasonal_periods=past.day, initialization_method="heuristic"
    )
    path: Array = model.fit(disp=False).forecast(steps) + np.resize(departure, steps)
    return path


def week_departure(past: Past) -> Array:
    """Return how each step of the week, from the origin on, departs from the mean of its series.

    Each week of the detrended past counts alike, a moving average takes out the noise of single steps, and k
    weeks are believed k/(k + 1).  One step of zero where no week is believed or the past holds less than two.
    """
    week = 7 * past.day
    weeks = past.root.size // week
    if not past.season.week or weeks < 2:
        return np.zeros(1)
    latest = past.root[-weeks * week :]
    time = np.arange(latest.size) - (latest.size - 1) / 2.0
    slope = float(time @ latest) / float(time @ time)
    rest = latest - latest.mean() - slope * time
    mean = rest.reshape(weeks, week).mean(axis=0) * weeks / (weeks + 1.0)
    reach = max(0, round((DEPARTURE_SMOOTHED_H * past.day / 24.0 - 1.0) / 2.0))
    around = np.concatenate([mean[week - reach :], mean, mean[:reach]])
    return np.convolve(around, np.full(2 * reach + 1, 1.0 / (2 * reach + 1)), mode="valid")


SEASONAL_MEMBERS: Mapping[str, Forecaster] = MappingProxyType(
    {
        "weighted-harmonics": weighted_harmonics,
        "weekly-harmonics": weekly_harmonics,
        "autoregression": autoregression,
        "seasonal-naive": seasonal_naive,
        "exponential-smoothing": exponential_smoothing,
    }
)


def run_member(forecaster: Forecaster, past: Past, steps: int) -> Array:
    """Return the path of one forecaster, kept between 0 and 1.5 times the largest root seen.

    A past that never moves is its own forecast: no fit has anything to estimate there.
    """
    from statsmodels.tools.sm_exceptions import ModelWarning

    low, high = float(past.root.min()), float(past.root.max())
    if high - low <= 1e-9 * max(high, 1.0):  # 1e-9: rounding of equal rates
        return np.full(steps, past.root[-1])
    with warnings.catch_warnings():
        # A fit that stopped early or found two columns alike still gives a path; the back-test judges it.
        warnings.simplefilter("ignore", category=ModelWarning)
        path = forecaster(past, steps)
    return np.clip(path, 0.0, PATH_ROOT_MAX_RATIO * high)


def _harmonics(past: Past, steps: int, half_life_days: float, week_harmonics: int) -> Array:
    from statsmodels.regression.linear_model import WLS
    from statsmodels.tsa.ar_model import AutoReg

    past = past.latest(MEMORY_WEEKS * 7 * past.day)
    seen, day = past.root.size, past.day
    days = (np.arange(seen + steps) - (seen - 1)) / day
    columns = _columns(days, week_harmonics if past.season.week and seen >= 7 * day else 0)
    weight = 0.5 ** (-days[:seen] / half_life_days)
    known = past.known if past.known.sum() >= columns.shape[1] else np.ones(seen, dtype=np.bool_)
    fit = WLS(past.root[known], columns[:seen][known], weights=weight[known]).fit()
    fitted = columns @ fit.params
    residual = np.where(known, past.root - fitted[:seen], 0.0)
    shift = LEVEL_SHIFT_SHARE * float(residual[-day:].mean())
    lags = [lag for lag in (*NEAR_LAGS, day) if seen >= OBSERVATIONS_PER_LAG * lag + len(NEAR_LAGS) + 1]
    path: Array = (
        fitted[seen:] + shift + AutoReg(residual - shift, lags=lags, trend="n").fit().forecast(steps)
    )
    return path


def _columns(days: Array, week_harmonics: int) -> Array:
    """Return ``[n, c]``: constant, trend held flat after the origin (day 0), sines, cosines."""
    week = [k / 7.0 for k in range(1, week_harmonics + 1) if k % 7 or k > 7 * DAY_HARMONICS]
    cycles_per_day = np.array([*range(1, DAY_HARMONICS + 1), *week])
    angle = 2.0 * np.pi * np.outer(days, cycles_per_day)
    return np.column_stack([np.ones(days.size), np.minimum(days, 0.0), np.sin(angle), np.cos(angle)])
