"""A MAP(2) or MMPP(2) from a trace.

- `fit_gaps`: from the gaps between requests. The first three moments and the decay of the autocorrelation fix a MAP(2)
  (`workloads.map_matching`); the decay is that which comes nearest to the first lags by least squares.
- `fit_counts`: from the requests per interval. The index of dispersion over windows from one interval to a thirtieth of the trace,
  and the third moment, fix an MMPP(2) (`workloads.mmpp_matching`).

Figures that no process of two phases has are moved to the nearest that one has, and the fit says so;
`workloads.fit_quality` tells how well it agrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from workloads.arrival_measures import (
    correlations,
    in_windows,
    least,
    moments_of,
    window_lengths,
)
from workloads.errors import WorkloadError
from workloads.fit_quality import Comparison, correlations_beside, dispersions_beside, drift, far_off
from workloads.map_matching import canonical_map, gamma_bounds, nearest_phases
from workloads.mmpp_matching import count_correlation, count_skewness, nearest_mmpp

if TYPE_CHECKING:
    from workloads.arrival_process import ArrivalProcess
    from workloads.traces import Array

LAGS = 10  # of the autocorrelation that are fitted and reported
GAPS_MIN = 100
GAPS_FEW = 1000  # below: the third moment of Poisson gaps has a standard error of 14 % at 1,000, (720 - 36)^(1/2) / 6 / n^(1/2)
COUNTS_MIN = (
    60  # intervals: thirty windows of two (`arrival_measures.WINDOWS_MIN`), so that there are two scales
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
        *correlations_beside("gaps", measured, process.autocorrelation, len(gaps)),
        *dispersions_beside(process, counts, mean_s, window_lengths(len(counts))[2::2]),
    ]
    halves = np.histogram(instants, bins=2, range=(0.0, float(instants[-1])))[0]
    warnings += [*drift(process, halves, 0.5 * float(instants[-1])), *far_off(comparisons)]
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
        *correlations_beside("counts", measured, partial(count_correlation, process, interval_s), len(known)),
        *dispersions_beside(process, counts, interval_s, lengths),
    ]
    half = len(known) // 2
    halves = np.array([known[:half].sum(), known[half : 2 * half].sum()])
    warnings += [*drift(process, halves, half * interval_s), *far_off(comparisons)]
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
