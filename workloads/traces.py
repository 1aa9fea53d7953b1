"""The trace: requests counted per interval of equal length, on the UTC clock.

A count that is not known is NaN. Missing is never zero: an interval without a row, or with a zero that the
local level makes impossible (`workloads.gaps`), is NaN and stays NaN until an aggregation knows enough of the
surrounding time. Loading lives in `workloads.loading`, synthetic traces in `workloads.generators`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from workloads.errors import WorkloadError
from workloads.trace_report import TraceReport

Array = NDArray[np.float64]

KNOWN_SHARE_MIN = 0.5  # an aggregate needs half of its time known: below that the unknown part decides it
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, eq=False)
class Trace:
    """Requests per interval from one start, evenly spaced.

    Parameters
    ----------
    name
        What the trace is called in reports.
    start
        First instant of the first interval; aware, kept in UTC.
    interval_s
        Length of every interval, seconds, > 0, a whole number of microseconds.
    counts
        [n] requests per interval, >= 0; NaN where not known.
    report
        What was found while reading.
    source
        Where the counts come from: file, or generator and its settings.
    digest
        SHA-256 (hex) of the input file or files, or of the generator's settings.
    dispersion_index
        Variance over mean of the counts within a window as the source states it, where the counts are too
        coarse to show it (`workloads.burstiness`); None where the source states none.

    Raises
    ------
    WorkloadError
        When the start is naive, the interval is not positive, or a count is negative or infinite.
    """

    name: str
    start: datetime
    interval_s: float
    counts: Array
    report: TraceReport = field(default_factory=lambda: TraceReport(kind="counts"))
    source: str = ""
    digest: str = ""
    dispersion_index: float | None = None

    def __post_init__(self) -> None:
        counts = np.array(self.counts, dtype=np.float64)
        where = f"trace {self.name!r}"
        problems = []
        if counts.ndim != 1 or counts.size == 0:
            problems.append(f"{where}: counts have shape {counts.shape}; give at least one interval, as [n]")
        if np.any(counts < 0) or np.any(np.isinf(counts)):
            problems.append(f"{where}: counts must be finite and >= 0, or NaN where not known")
        if not np.isfinite(self.interval_s) or self.interval_us < 1:
            problems.append(f"{where}: interval_s is {self.interval_s}; it must be at least a microsecond")
        if self.start.tzinfo is None:
            problems.append(f"{where}: start {self.start} has no time zone; give an aware datetime")
        if self.dispersion_index is not None and not 0 <= self.dispersion_index < np.inf:
            problems.append(f"{where}: dispersion_index is {self.dispersion_index}; it must be >= 0")
        if problems:
            raise WorkloadError(problems)
        counts.flags.writeable = False
        object.__setattr__(self, "counts", counts)
        object.__setattr__(self, "interval_s", float(self.interval_s))
        object.__setattr__(self, "start", self.start.astimezone(UTC))

    @property
    def interval_us(self) -> int:
        """Length of one interval in whole microseconds, the unit in which grids are compared."""
        return round(self.interval_s * 1e6)

    @property
    def end(self) -> datetime:
        """First instant after the last interval."""
        return self.start + self.interval_us * len(self.counts) * MICROSECOND

    @property
    def duration_s(self) -> float:
        """Seconds from start to end, missing intervals included."""
        return len(self.counts) * self.interval_s

    @property
    def rate_rps(self) -> Array:
        """[n] mean request rate of each interval, requests/s; NaN where not known."""
        rate: Array = self.counts / self.interval_s
        return rate

    @property
    def mean_rps(self) -> float:
        """Mean rate over the known intervals, requests/s; NaN when none is known."""
        known = self.counts[~np.isnan(self.counts)]
        return float(known.mean() / self.interval_s) if known.size else float("nan")

    @property
    def missing_share(self) -> float:
        """Share of the intervals whose count is not known."""
        return float(np.isnan(self.counts).mean())

    def before(self, instant: datetime) -> Trace:
        """Return what is known at `instant`: the intervals that have ended by then.

        Raises
        ------
        WorkloadError
            When no interval has ended by then.
        """
        return self.between(self.start, instant)

    def between(self, start: datetime, end: datetime) -> Trace:
        """Return the intervals that lie whole inside [start, end).

        Raises
        ------
        WorkloadError
            When an instant is naive or no interval lies inside.
        """
        self._check_aware(start, end)
        first = max(0, -(-((start - self.start) // MICROSECOND) // self.interval_us))
        last = min(len(self.counts), ((end - self.start) // MICROSECOND) // self.interval_us)
        if last <= first:
            asked = f"between {start.isoformat()} and {end.isoformat()}"
            spans = f"{self.start.isoformat()} to {self.end.isoformat()} in steps of {self.interval_s:g} s"
            raise WorkloadError([f"trace {self.name!r} holds no whole interval {asked}; it spans {spans}"])
        offset = first * self.interval_us * MICROSECOND
        return replace(self, start=self.start + offset, counts=self.counts[first:last])

    def scaled(self, factor: float) -> Trace:
        """Return the trace with every count multiplied by `factor`, which must be finite and > 0.

        A common swing of all users grows with their number, so the part of a stated dispersion above 1 does.
        """
        if not np.isfinite(factor) or factor <= 0:
            raise WorkloadError([f"trace {self.name!r}: scale is {factor}; it must be a number above 0"])
        if factor == 1:
            return self
        report = self.report.with_note(f"counts scaled by {factor:g}")
        stated = self.dispersion_index
        index = None if stated is None else max(0.0, 1 + factor * (stated - 1))
        return replace(self, counts=self.counts * factor, report=report, dispersion_index=index)

    def resample(self, interval_s: float, origin: datetime | None = None) -> Trace:
        """Return the trace on a grid of `interval_s`.

        Requests are taken to arrive evenly inside an interval, so whole intervals are summed exactly and a
        split one holds its rate. A new interval of which at least half the time is known carries the rate of
        its known part; with less known it is NaN. New intervals that reach past either end are left out.

        Parameters
        ----------
        interval_s
            New interval, seconds.
        origin
            An instant that the new grid passes through; the start of the trace when None.

        Raises
        ------
        WorkloadError
            When the trace is shorter than one new interval, the interval is not positive, or the origin is
            naive.
        """
        where = f"trace {self.name!r}"
        if not np.isfinite(interval_s) or round(interval_s * 1e6) < 1:
            raise WorkloadError([f"{where}: cannot resample to {interval_s} s; give an interval above 0"])
        if origin is not None:
            self._check_aware(origin)
        step = round(interval_s * 1e6)
        shift = 0 if origin is None else ((origin - self.start) // MICROSECOND) % step
        if step == self.interval_us and shift == 0:
            return self
        span = self.interval_us * len(self.counts)
        bins = (span - shift) // step
        if bins < 1:
            short = f"lasts {self.duration_s:g} s: too short for an interval of {interval_s:g} s"
            raise WorkloadError([f"{where} {short}"])
        counts = _regrid(self.counts, self.interval_us, step, shift, bins)
        note = f"resampled from {self.interval_s:g} s to {interval_s:g} s"
        start = self.start + shift * MICROSECOND
        return replace(
            self, start=start, interval_s=step / 1e6, counts=counts, report=self.report.with_note(note)
        )

    def _check_aware(self, *instants: datetime) -> None:
        naive = [str(instant) for instant in instants if instant.tzinfo is None]
        if naive:
            lacks = f"{' and '.join(naive)} without a time zone; give aware datetimes"
            raise WorkloadError([f"trace {self.name!r}: {lacks}"])


def _regrid(counts: Array, old_us: int, new_us: int, shift_us: int, bins: int) -> Array:
    """Sum `counts` [n] over `bins` new intervals that begin `shift_us` after the first old one."""
    old_edges = np.arange(len(counts) + 1, dtype=np.int64) * old_us
    new_edges = shift_us + np.arange(bins + 1, dtype=np.int64) * new_us
    edges = np.union1d(old_edges, new_edges)
    edges = edges[(edges >= new_edges[0]) & (edges <= new_edges[-1])]
    length = np.diff(edges)
    piece = counts[edges[:-1] // old_us] * (length / old_us)
    into = (edges[:-1] - shift_us) // new_us
    known = ~np.isnan(piece)
    total = np.bincount(into[known], weights=piece[known], minlength=bins)
    known_us = np.bincount(into[known], weights=length[known], minlength=bins)
    share = known_us / new_us
    result: Array = np.full(bins, np.nan)
    enough = share >= KNOWN_SHARE_MIN
    result[enough] = total[enough] / share[enough]
    return result
