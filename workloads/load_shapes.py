"""The shape of a synthetic load: its span and week, its bursts, its surges; every range is checked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workloads.traces import Array

DAY_S = 86_400.0
A_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
INTERVALS_MAX = 20_000_000  # as for traces read from files


@dataclass(frozen=True)
class Span:
    """When and how finely a synthetic trace runs, how much it carries, and the shape of its week.

    Parameters
    ----------
    start
        First instant, aware.
    duration_s, interval_s
        Length of the trace and of one interval, seconds; the trace holds the whole intervals.
    mean_rps
        Mean rate over a week, requests/s, > 0.
    seed
        Seed of the random numbers, >= 0.
    daily_swing_share
        Height of the daily wave over the mean, in [0, 1]: 0.5 runs from half to one and a half times it.
    peak_hour
        Hour of the day, UTC, of the highest rate.
    weekend_share
        Rate of Saturday and Sunday as a share of a working day's, > 0.
    """

    start: datetime
    duration_s: float
    interval_s: float
    mean_rps: float
    seed: int = 0
    daily_swing_share: float = 0.0
    peak_hour: float = 14.0
    weekend_share: float = 1.0

    def __post_init__(self) -> None:
        checks = (
            (self.start.tzinfo is not None, "start", "an instant with a time zone"),
            (self.interval_s >= 1e-6, "interval_s", "a microsecond or more"),
            (self.interval_s <= self.duration_s < np.inf, "duration_s", "at least one interval"),
            (
                self.duration_s <= self.interval_s * INTERVALS_MAX,
                "duration_s",
                f"{INTERVALS_MAX} intervals at most",
            ),
            (0 < self.mean_rps < np.inf, "mean_rps", "above 0"),
            (isinstance(self.seed, int) and self.seed >= 0, "seed", "a whole number of at least 0"),
            (0 <= self.daily_swing_share <= 1, "daily_swing_share", "0 to 1"),
            (0 <= self.peak_hour < 24, "peak_hour", "at least 0 and below 24"),
            (0 < self.weekend_share < np.inf, "weekend_share", "above 0"),
        )
        _raise_failed(checks, vars(self))

    @property
    def intervals(self) -> int:
        """Whole intervals in the duration."""
        return int(self.duration_s / self.interval_s + 1e-9)

    @property
    def middles_s(self) -> Array:
        """[n] seconds from the start to the middle of each interval."""
        return np.asarray((np.arange(self.intervals) + 0.5) * self.interval_s, dtype=np.float64)

    def expected_counts(self) -> Array:
        """[n] requests expected per interval by the profile; the rate of its middle holds for an interval."""
        clock = (self.start - A_MONDAY).total_seconds() + self.middles_s
        hour = clock % DAY_S / 3600
        day_shape = 1 + self.daily_swing_share * np.cos(2 * np.pi * (hour - self.peak_hour) / 24)
        weekend = clock // DAY_S % 7 >= 5
        week_shape = np.where(weekend, self.weekend_share, 1.0) * 7 / (5 + 2 * self.weekend_share)
        expected = self.mean_rps * self.interval_s * day_shape * week_shape
        return np.asarray(expected, dtype=np.float64)


@dataclass(frozen=True)
class Bursts:
    """The two states of an MMPP(2).

    Parameters
    ----------
    burst_ratio
        Rate in a burst over the rate outside one, >= 1.
    burst_s, calm_s
        Mean length of a burst, and of the calm between two, seconds, > 0; both are exponential.
    """

    burst_ratio: float = 2.0
    burst_s: float = 600.0
    calm_s: float = 5400.0

    def __post_init__(self) -> None:
        checks = (
            (1 <= self.burst_ratio < np.inf, "burst_ratio", "at least 1"),
            (0 < self.burst_s < np.inf, "burst_s", "above 0"),
            (0 < self.calm_s < np.inf, "calm_s", "above 0"),
        )
        _raise_failed(checks, vars(self))


@dataclass(frozen=True)
class Surge:
    """A rise of the load to a multiple, held, and its fall.

    Parameters
    ----------
    surge_start
        Instant of the first rise, aware.
    surge_duration_s
        Seconds from the first rise to the end of the fall, > 0.
    surge_ratio
        Height of the plateau over the load without the surge, > 0.
    ramp_share
        Part of the duration in which the load rises, and again in which it falls, in [0, 0.5].
    """

    surge_start: datetime
    surge_duration_s: float
    surge_ratio: float = 3.0
    ramp_share: float = 0.1

    def __post_init__(self) -> None:
        checks = (
            (self.surge_start.tzinfo is not None, "surge_start", "an instant with a time zone"),
            (0 < self.surge_duration_s < np.inf, "surge_duration_s", "above 0"),
            (0 < self.surge_ratio < np.inf, "surge_ratio", "above 0"),
            (0 <= self.ramp_share <= 0.5, "ramp_share", "0 to 0.5"),
        )
        _raise_failed(checks, vars(self))

    def multiple(self, span: Span) -> Array:
        """[n] factor on the load in the middle of each interval of `span`."""
        since = (span.start - self.surge_start).total_seconds() + span.middles_s
        ramp = self.ramp_share * self.surge_duration_s
        knots = [0.0, ramp, self.surge_duration_s - ramp, self.surge_duration_s]
        height = np.interp(since, knots, [0.0, 1.0, 1.0, 0.0])
        inside = (since >= 0) & (since < self.surge_duration_s)
        return np.where(inside, 1 + (self.surge_ratio - 1) * height, 1.0)


def _raise_failed(checks: tuple[tuple[bool, str, str], ...], found: Mapping[str, object]) -> None:
    problems = [
        f"{field} is {found[field]}; it must be {allowed}" for holds, field, allowed in checks if not holds
    ]
    if problems:
        raise WorkloadError(problems)
