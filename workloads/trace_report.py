"""What was found while a trace was read: its gaps, and how they were handled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Gap:
    """A stretch of intervals whose counts are not known.

    Parameters
    ----------
    start, end
        First instant of the stretch and the first one after it, UTC.
    intervals
        How many intervals of the trace it covers.
    reason
        Why it is a gap, in words: rows absent, or zeros that the local level makes impossible.
    """

    start: datetime
    end: datetime
    intervals: int
    reason: str

    def __str__(self) -> str:
        span = f"{self.start:%Y-%m-%dT%H:%M:%SZ} to {self.end:%Y-%m-%dT%H:%M:%SZ}"
        return f"{span} ({self.intervals} intervals): {self.reason}"


@dataclass(frozen=True)
class TraceReport:
    """What was found while a trace was read, and what was done about it.

    Parameters
    ----------
    kind
        "counts", "rates" or "requests" as read, "synthetic" when generated.
    rows
        Data rows read; 0 for a synthetic trace.
    gaps
        Stretches without rows.
    zero_runs
        Runs of zeros judged to mean "missing".
    rule
        How gaps and zero runs were handled, in one sentence.
    notes
        Everything else a reader of the plan should know (guessed columns, assumed start, resampling).
    """

    kind: str
    rows: int = 0
    gaps: tuple[Gap, ...] = ()
    zero_runs: tuple[Gap, ...] = ()
    rule: str = ""
    notes: tuple[str, ...] = ()

    @property
    def synthetic(self) -> bool:
        """True when the trace was generated, not measured."""
        return self.kind == "synthetic"

    def with_note(self, note: str) -> TraceReport:
        """Return the same report with one more note."""
        return replace(self, notes=(*self.notes, note))
