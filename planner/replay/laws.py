"""How long a call lasts: the inverse of its distribution function on an even grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

GRID = 1024  # steps of the grid: its error is a thousandth of the calls at the most


@dataclass(frozen=True, eq=False)
class ServiceLaw:
    """Distribution of the time of one call.

    Parameters
    ----------
    quantile_s
        ``[GRID + 1]`` seconds at the shares 0, 1/GRID, ..., 1, linear between them, nowhere falling.
    foreseen_s
        What the dispatcher expects of a call when it asks whether a request would be late: its tier's quantile.
    """

    quantile_s: Array
    foreseen_s: float

    @property
    def mean_s(self) -> float:
        """Mean time of a call."""
        if self.steady:  # a mean of equal numbers need not round to the number
            return float(self.quantile_s[0])
        return float((self.quantile_s[1:] + self.quantile_s[:-1]).mean() / 2)

    @property
    def variation(self) -> float:
        """Variance of the time of a call over its squared mean."""
        low, high = self.quantile_s[:-1] / self.mean_s, self.quantile_s[1:] / self.mean_s
        return max(float((low**2 + low * high + high**2).mean() / 3) - 1.0, 0.0)

    @property
    def steady(self) -> bool:
        """Whether all calls last the same."""
        return bool(self.quantile_s[0] == self.quantile_s[-1])


def law_of(mean_s: float, quantiles_s: Sequence[tuple[float, float]], foreseen_s: float) -> ServiceLaw:
    """Law through known quantiles that keeps the mean.

    Between two quantiles times are first those of the lower one and then rise linearly; below the lowest one the first time is
    what the mean asks for, but at least half the mean of these calls. How long times stay low is the same part of every span:
    none where the mean allows it (a law linear between its quantiles), more the smaller the mean is beside them (long tails). A
    mean too great even for that stretches the longest time of all beyond the highest quantile; one too small for any law through
    the quantiles is not kept. Without quantiles every call lasts the mean.

    Parameters
    ----------
    quantiles_s
        (share, seconds), shares rising inside (0, 1], seconds not falling; at 1 stands the longest time of all.
    """
    if not quantiles_s:
        return ServiceLaw(np.full(GRID + 1, mean_s), foreseen_s)
    inner = [(at, value) for at, value in quantiles_s if at < 1]
    share = np.array([0.0, *(at for at, _ in inner), 1.0])
    time_s = np.array([0.0, *(value for _, value in inner), quantiles_s[-1][1]])
    width = np.diff(share)
    floor_s = float(width[1:] @ time_s[1:-1])
    rise_s = float(width[1:] @ np.diff(time_s[1:])) / 2
    first_mean_s = (mean_s - floor_s - rise_s) / width[
        0
    ]  # of the calls below the lowest quantile, all else linear
    rising = 1.0
    if first_mean_s >= 2 * time_s[1] / 3:  # linear from half this mean, or later, to the lowest quantile
        time_s[0] = min(2 * first_mean_s - time_s[1], time_s[1])
    else:
        rising = _rising_share(mean_s - floor_s, rise_s, width[0] * time_s[1])
        time_s[0] = rising * time_s[1] / (2 + rising)
    missing_s = mean_s - floor_s - rise_s - width[0] * (time_s[0] + time_s[1]) / 2
    if rising == 1.0:
        time_s[-1] += max(2 * missing_s / width[-1], 0.0)
    bend = share[:-1] + (1 - rising) * width
    at = np.stack([share[:-1], bend], axis=1).ravel()
    level_s = np.stack([time_s[:-1], time_s[:-1]], axis=1).ravel()
    grid = np.linspace(0.0, 1.0, GRID + 1)
    return ServiceLaw(np.interp(grid, [*at, 1.0], [*level_s, time_s[-1]]), foreseen_s)


def _rising_share(left_s: float, rise_s: float, first_s: float) -> float:
    """Part u of every span in which times rise, for a mean of `left_s` above the lower quantiles.

    Solves u rise + 2 u first / (2 + u) = left: the first span begins at half its mean, which is v u / (2 + u) for its quantile v.
    """
    square, linear, constant = rise_s, 2 * (rise_s + first_s) - left_s, -2 * max(left_s, 0.0)
    return -2 * constant / (linear + math.sqrt(linear**2 - 4 * square * constant))
