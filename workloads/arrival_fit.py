"""A MAP(2) or MMPP(2) from a trace, and how well it fits.

- `fit_gaps`: from the gaps between requests. The first three moments and the decay of the autocorrelation fix a MAP(2)
  (`workloads.map_matching`); the decay is that which comes nearest to the first lags by least squares.
- `fit_counts`: from the requests per interval. The index of dispersion over windows from one interval to a thirtieth of the trace,
  and the third moment, fix an MMPP(2) (`workloads.mmpp_matching`).

Figures that no process of two phases has are moved to the nearest that one has, and the fit says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from workloads.arrival_measures import (
    correlations,
    dispersion,
    in_windows,
    least,
    moments_of,
    window_lengths,
)
from workloads.errors import WorkloadError
from workloads.map_matching import canonical_map, gamma_bounds, nearest_phases
from workloads.mmpp_matching import count_correlation, count_skewness, nearest_mmpp

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.arrival_process import ArrivalProcess
    from workloads.traces import Array

LAGS = 10  # of the autocorrelation that are fitted and reported
GAPS_MIN = 100
GAPS_FEW = 1000  # below: the third moment of Poisson gaps has a standard error of 14 % at 1,000, (720 - 36)^(1/2) / 6 / n^(1/2)
COUNTS_MIN = (
    60  # intervals: thirty windows of two (`arrival_measures.WINDOWS_MIN`), so that there are two scales
)
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


@dataclass(frozen=True)
class ArrivalFit:
    """A fitted process and its quality.

    Parameters
    ----------
    process
        What was fitted.
    method
        How, in words.
    samples
        Gaps or intervals that were known.
    comparisons
        Measured beside fitted: of gaps the mean, squared cv, skewness and autocorrelation; of counts the rate, skewness and
        autocorrelation; of both the index of dispersion over several windows.
    warnings
        What to distrust: few samples, figures that no such process has, a rate that moves, a long memory.
    """

    process: ArrivalProcess
    method: str
    samples: int
    comparisons: tuple[Comparison, ...]
    warnings: tuple[str, ...]

    @property
    def error(self) -> float:
        """Root mean square of the errors of all comparisons."""
        return math.sqrt(sum(one.error**2 for one in self.comparisons) / len(self.comparisons))


def fit_gaps(gaps_s: Array) -> ArrivalFit:
    """Fit a MAP(2) to gaps between requests.

    Parameters
    ----------
    gaps_s
        ``[n]`` seconds between successive requests, >= 0, at least 100.

    Raises
    ------
    WorkloadError
        When there are too few gaps, one is negative or not finite, or all are 0.
    """
    gaps = np.asarray(gaps_s, dtype=float)
    if gaps.ndim != 1 or len(gaps) < GAPS_MIN:
        raise WorkloadError([f"gaps have shape {gaps.shape}; give at least {GAPS_MIN} of them, as [n]"])
    if not (np.isfinite(gaps) & (gaps >= 0)).all() or not gaps.any():
        found = f"gaps go from {gaps.min():g} to {gaps.max():g} s"
        raise WorkloadError([f"{found}; they must be finite, >= 0 and not all 0. Sort the time stamps."])
    mean_s, squared_cv, skewness = moments_of(gaps)
    phases, warnings = nearest_phases(squared_cv, skewness)
    measured = correlations(gaps, LAGS)
    gamma = 0.0
    if phases is not None:
        cv2 = canonical_map(mean_s, phases, 0.0).squared_cv
        first = 0.5 * (1.0 - 1.0 / cv2)
        lags = np.arange(1, LAGS + 1)
        gamma = least(
            lambda tried: ((measured - first * tried[:, None] ** lags) ** 2).sum(axis=1),
            *gamma_bounds(phases),
        )
    process = canonical_map(mean_s, phases, gamma)
    if len(gaps) < GAPS_FEW:
        warnings.insert(0, f"{len(gaps)} gaps are few: below {GAPS_FEW} the third moment is uncertain")
    instants = np.cumsum(gaps)
    counts = _counted(instants, mean_s)
    comparisons = [
        Comparison("gap_mean_s", mean_s, process.gap_moment(1)),
        Comparison("gap_squared_cv", squared_cv, process.squared_cv),
        Comparison("gap_skewness", skewness, process.skewness),
        *_correlations("gaps", measured, process.autocorrelation, len(gaps)),
        *_dispersions(process, counts, mean_s, window_lengths(len(counts))[2::2]),
    ]
    halves = np.histogram(instants, bins=2, range=(0.0, float(instants[-1])))[0]
    warnings += [*_drift(process, halves, 0.5 * float(instants[-1])), *_far(comparisons)]
    return ArrivalFit(
        process,
        "MAP(2): three moments and correlation of the gaps",
        len(gaps),
        tuple(comparisons),
        tuple(warnings),
    )


def fit_counts(counts: Array, interval_s: float) -> ArrivalFit:
    """Fit an MMPP(2) to requests per interval.

    Parameters
    ----------
    counts
        ``[n]`` requests in successive intervals, >= 0, NaN where not known; at least 60 known.
    interval_s
        Length of an interval, seconds, > 0.

    Raises
    ------
    WorkloadError
        When too few intervals are known, a count is negative or infinite, all are 0, or the interval is not above 0.
    """
    counts = np.asarray(counts, dtype=float)
    known = counts[~np.isnan(counts)]
    problems = []
    if counts.ndim != 1 or len(known) < COUNTS_MIN:
        found = f"counts have shape {counts.shape}, {len(known)} of them known"
        problems.append(f"{found}; give at least {COUNTS_MIN} known ones, as [n]")
    elif (known < 0).any() or np.isinf(known).any() or not known.any():
        problems.append(f"counts go from {known.min():g} to {known.max():g}; they must be >= 0 and not all 0")
    if not 0 < interval_s < math.inf:
        problems.append(f"interval_s is {interval_s}; it must be finite and above 0")
    if problems:
        raise WorkloadError(problems)
    rate = float(known.mean()) / interval_s
    lengths = [length for length in window_lengths(len(counts)) if _shows(in_windows(counts, length))]
    windows = [in_windows(counts, length) for length in lengths]
    process, warnings = nearest_mmpp(windows, interval_s * np.array(lengths), rate)
    measured = correlations(counts, LAGS)
    comparisons = [
        Comparison("rate_rps", rate, process.rate_rps),
        Comparison("count_skewness", moments_of(known)[2], count_skewness(process, interval_s)),
        *_correlations("counts", measured, partial(count_correlation, process, interval_s), len(known)),
        *_dispersions(process, counts, interval_s, lengths),
    ]
    half = len(known) // 2
    halves = np.array([known[:half].sum(), known[half : 2 * half].sum()])
    warnings += [*_drift(process, halves, half * interval_s), *_far(comparisons)]
    return ArrivalFit(
        process,
        "MMPP(2): rate, dispersion and third moment of counts",
        len(known),
        tuple(comparisons),
        tuple(warnings),
    )


def _shows(windows: Array) -> bool:
    """Whether counts of windows have a variance to speak of."""
    return len(windows) > 1 and bool(windows.any())


def _counted(instants: Array, width_s: float) -> Array:
    """Requests in successive intervals of this width, up to the last whole one."""
    return np.bincount((instants / width_s).astype(int))[:-1].astype(float)


def _correlations(
    kind: str, measured: Array, fitted: Callable[[int], float], samples: int
) -> list[Comparison]:
    """The autocorrelation at the first lags; of independent samples it has a standard error of n^(-1/2)."""
    return [
        Comparison(f"correlation of {kind}, lag {lag}", float(here), fitted(lag), samples**-0.5)
        for lag, here in enumerate(measured, start=1)
    ]


def _dispersions(
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


def _drift(process: ArrivalProcess, halves: Array, half_s: float) -> list[str]:
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


def _far(comparisons: list[Comparison]) -> list[str]:
    """Say which indices of dispersion the process misses by more than the sample may be wrong."""
    return [
        f"{one.quantity}: measured {one.measured:.3g}, fitted {one.fitted:.3g}; two phases do not hold all of its bursts"
        for one in comparisons
        if one.quantity.startswith("dispersion")
        and abs(one.error) > FAR
        and abs(one.fitted - one.measured) > FAR_Z * one.std_error
    ]
