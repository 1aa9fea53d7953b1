"""Which intervals of a trace are not known: rows that are absent, and zeros that cannot be zeros.

A zero means "missing" where the local level makes it impossible. With independent (Poisson) arrivals an
interval that expects m requests is empty with probability exp(-m); for m = 20 that is 2e-9, less than once in
the longest trace. Arrivals that come in bursts are emptier: with variance I times the mean (negative binomial
counts) the probability is I^(-m/(I-1)), so m ln(I)/(I-1) takes the place of m, and equals m as I falls to 1.
Without it the code-completion trace of Azure, where whole minutes are really empty beside minutes of 400
requests, would lose them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workloads.trace_report import Gap
from workloads.traces import MICROSECOND

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from workloads.traces import Array

SURPRISE_MIN = 20.0  # expected count above which a zero is impossible (measured on four public traces)
NEIGHBOUR_S = 1800.0  # the local level is taken over half an hour on each side: short beside a day's swing
NEIGHBOURS_MIN = 6  # and over no fewer than six intervals, so that one odd interval cannot set the median


@dataclass(frozen=True)
class Run:
    """Intervals first to last - 1 of a trace."""

    first: int
    last: int


def runs_of(mask: NDArray[np.bool_]) -> tuple[Run, ...]:
    """Stretches where `mask` [n] holds, in order."""
    steps = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    firsts, lasts = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return tuple(Run(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True))


def impossible_zeros(counts: Array, interval_s: float) -> tuple[Run, ...]:
    """Runs of zeros in `counts` [n] that must mean "missing" because of the traffic beside them.

    The level is the lower of the medians on the two sides (one side at the ends of the trace), so a run that
    begins or ends in quiet traffic is kept as a true zero.
    """
    reach = max(NEIGHBOURS_MIN, round(NEIGHBOUR_S / interval_s))
    busy = np.concatenate(([0], np.cumsum(counts > SURPRISE_MIN)))
    known = np.concatenate(([0], np.cumsum(~np.isnan(counts))))

    def may_be_busy(first: int, last: int) -> bool:
        """False, at the price of two look-ups, where the median cannot exceed the level that matters."""
        return bool(2 * (busy[last] - busy[first]) >= known[last] - known[first])

    return tuple(
        run
        for run in runs_of(counts == 0)
        if may_be_busy(max(0, run.first - reach), run.first)
        and may_be_busy(run.last, min(len(counts), run.last + reach))
        and _surprise(counts, run, reach) > SURPRISE_MIN
    )


def _surprise(counts: Array, run: Run, reach: int) -> float:
    """Minus the logarithm of the chance that one interval of `run` is empty at the local level."""
    sides = [counts[max(0, run.first - reach) : run.first], counts[run.last : run.last + reach]]
    known = [side[~np.isnan(side)] for side in sides]
    medians = [float(np.median(side)) for side in known if side.size]
    if not medians:
        return 0.0
    busy = np.concatenate(known)
    busy = busy[busy > 0]
    level = min(medians)
    if level <= SURPRISE_MIN or busy.size < 2:
        return level
    dispersion = max(1.0, float(busy.var(ddof=1) / busy.mean()))
    excess = dispersion - 1.0
    return float(level * np.log1p(excess) / excess) if excess > 0 else level


@dataclass(frozen=True, eq=False)
class Judged:
    """Counts [n] with NaN for all that is missing, the gaps, the zero runs, and the rule in one sentence."""

    counts: Array
    gaps: tuple[Gap, ...]
    zero_runs: tuple[Gap, ...]
    rule: str


def judge_missing(
    counts: Array, start: datetime, interval_us: int, absent: str = "missing", zeros: str = "judge"
) -> Judged:
    """Decide which intervals of a trace are missing.

    Parameters
    ----------
    counts
        [n] requests per interval, NaN where the source has no value.
    start
        First instant of the trace.
    interval_us
        Length of an interval, microseconds.
    absent
        What an interval without a value is: "missing" or "zero".
    zeros
        "judge" takes impossible zeros for missing, "keep" believes every zero.
    """
    without = runs_of(np.isnan(counts))
    result = np.nan_to_num(counts, nan=0.0) if absent == "zero" else counts.copy()
    runs = impossible_zeros(result, interval_us / 1e6) if zeros == "judge" else ()
    for run in runs:
        result[run.first : run.last] = np.nan
    rule = (
        f"intervals without a value are {'zero' if absent == 'zero' else 'missing'}; "
        + (
            "zeros that the local level makes impossible are missing"
            if zeros == "judge"
            else "zeros are zero"
        )
        + "; what is missing is left out of every sum and mean, never counted as zero"
    )
    return Judged(
        result,
        _gaps(without, start, interval_us, "no value in the source"),
        _gaps(runs, start, interval_us, "zeros that the local level makes impossible"),
        rule,
    )


def _gaps(runs: tuple[Run, ...], start: datetime, interval_us: int, reason: str) -> tuple[Gap, ...]:
    return tuple(
        Gap(
            start=start + run.first * interval_us * MICROSECOND,
            end=start + run.last * interval_us * MICROSECOND,
            intervals=run.last - run.first,
            reason=reason,
        )
        for run in runs
    )
