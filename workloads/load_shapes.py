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
    day_amplitude_share
        Swing of the day as a share of its mean, in [0, 1): 0.5 runs from half to one and a half times it.
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
    day_amplitude_share: float = 0.0
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
            (0 <= self.day_amplitude_share < 1, "day_amplitude_share", "at least 0 and below 1"),
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
        day_shape = 1 + self.day_amplitude_share * np.cos(2 * np.pi * (hour - self.peak_hour) / 24)
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
        Rate in the busy state over the rate in the calm one, >= 1.
    calm_s, busy_s
        Mean stay in each state, seconds, > 0; stays are exponential.
    """

    burst_ratio: float = 3.0
    calm_s: float = 1800.0
    busy_s: float = 600.0

    def __post_init__(self) -> None:
        checks = (
            (1 <= self.burst_ratio < np.inf, "burst_ratio", "at least 1"),
            (0 < self.calm_s < np.inf, "calm_s", "above 0"),
            (0 < self.busy_s < np.inf, "busy_s", "above 0"),
        )
        _raise_failed(checks, vars(self))


@dataclass(frozen=True)
class Surge:
    """A rise of the load to a multiple, held, and its fall; once, or again and again.

    Parameters
    ----------
    after_s
        Seconds from the start of the trace to the first rise, >= 0.
    factor
        Height of the plateau over the load without the surge, > 0.
    ramp_s, hold_s
        Seconds of the rise, and equally of the fall, and of the plateau, >= 0.
    every_s
        Seconds from one rise to the next, no shorter than a surge; None for a single one.
    """

    after_s: float
    factor: float = 4.0
    ramp_s: float = 300.0
    hold_s: float = 1800.0
    every_s: float | None = None

    def __post_init__(self) -> None:
        lasts = 2 * self.ramp_s + self.hold_s
        checks = (
            (0 <= self.after_s < np.inf, "after_s", "0 or more"),
            (0 < self.factor < np.inf, "factor", "above 0"),
            (0 <= self.ramp_s < np.inf, "ramp_s", "0 or more"),
            (0 <= self.hold_s < np.inf and lasts > 0, "hold_s", "0 or more, and above 0 without a ramp"),
            (
                self.every_s is None or lasts <= self.every_s < np.inf,
                "every_s",
                f"{lasts:g} (one surge) or more",
            ),
        )
        _raise_failed(checks, vars(self))

    def multiple(self, seconds: Array) -> Array:
        """[n] factor on the load at `seconds` [n] from the start of the trace."""
        since = seconds - self.after_s
        if self.every_s is not None:
            since = np.where(since >= 0, since % self.every_s, since)
        top = self.ramp_s + self.hold_s
        knots = [0.0, self.ramp_s, top, top + self.ramp_s]
        height = np.interp(since, knots, [0.0, 1.0, 1.0, 0.0])
        inside = (since >= 0) & (since <= knots[-1])
        return np.where(inside, 1 + (self.factor - 1) * height, 1.0)


def _raise_failed(checks: tuple[tuple[bool, str, str], ...], found: Mapping[str, object]) -> None:
    problems = [
        f"{field} is {found[field]}; it must be {allowed}" for holds, field, allowed in checks if not holds
    ]
    if problems:
        raise WorkloadError(problems)
