"""How well a process agrees with its trace: figures measured beside fitted, and what to distrust."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workloads.arrival_measures import dispersion, in_windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.arrival_process import ArrivalProcess
    from workloads.traces import Array

FAR, FAR_Z = (
    0.2,
    2.0,
)  # relative error of an index of dispersion worth a warning, and the standard errors it must exceed
MEMORIES_MIN = 20.0  # of the bursts' memory in a trace: the variance of its rate is then known to a third, (2 / 20)^(1/2)
DRIFT_Z = 4.0  # standard errors between the halves of a stationary process: 1 in 16,000


@dataclass(frozen=True)
class Comparison:
    """One figure of the trace beside that of the process.

    Parameters
    ----------
    quantity
        What is compared, with its lag or window.
    measured, fitted
        Of the trace, of the process.
    std_error
        Of the measured one, were its samples independent; NaN for moments, whose error the unknown higher moments decide.
    """

    quantity: str
    measured: float
    fitted: float
    std_error: float = math.nan

    @property
    def error(self) -> float:
        """Fitted less measured: of a correlation as it is, of others as a share of the measured."""
        away = self.fitted - self.measured
        return (
            away
            if self.quantity.startswith("correlation") or not self.measured
            else away / abs(self.measured)
        )


def correlations_beside(
    kind: str, measured: Array, fitted: Callable[[int], float], samples: int
) -> list[Comparison]:
    """The autocorrelation at the first lags; of independent samples it has a standard error of n^(-1/2)."""
    return [
        Comparison(f"correlation of {kind}, lag {lag}", float(here), fitted(lag), samples**-0.5)
        for lag, here in enumerate(measured, start=1)
    ]


def dispersions_beside(
    process: ArrivalProcess, counts: Array, interval_s: float, lengths: list[int]
) -> list[Comparison]:
    """The index of dispersion over windows of so many intervals; of n windows it has a relative standard error of (2 / n)^(1/2)."""
    found = []
    for length in lengths:
        window_s, windows = length * interval_s, in_windows(counts, length)
        index = dispersion(windows)
        error = index * math.sqrt(2.0 / len(windows))
        found.append(
            Comparison(
                f"dispersion index, {window_s:.3g} s", index, process.dispersion_index(window_s), error
            )
        )
    return found


def drift(process: ArrivalProcess, halves: Array, half_s: float) -> list[str]:
    """Say so when the rate seems to move, which no stationary process follows: slowly, or between the halves of the trace."""
    found = []
    memory_s = 1.0 / process.decay_per_s
    if 2.0 * half_s < MEMORIES_MIN * memory_s:
        found.append(
            f"bursts keep for {memory_s:.3g} s, and the trace lasts {2.0 * half_s:.3g} s: too few of them, or a rate that moves; "
            "fit a longer part, or one without the change"
        )
    mean = float(halves.mean())
    error = math.sqrt(2.0 * process.dispersion_index(half_s) * mean)
    if abs(halves[1] - halves[0]) > DRIFT_Z * error:
        first, second = halves / half_s
        found.append(
            f"the rate moves from {first:.3g} to {second:.3g} requests/s between the halves, over {DRIFT_Z:g} standard errors: "
            "fit a shorter part"
        )
    return found


def far_off(comparisons: list[Comparison]) -> list[str]:
    """Say which indices of dispersion the process misses by more than the sample may be wrong."""
    return [
        f"{one.quantity}: measured {one.measured:.3g}, fitted {one.fitted:.3g}; two phases do not hold all of its bursts"
        for one in comparisons
        if one.quantity.startswith("dispersion")
        and abs(one.error) > FAR
        and abs(one.fitted - one.measured) > FAR_Z * one.std_error
    ]
