"""Times of a trace file on one clock: microseconds of UTC since 1970.

Read are ISO 8601 texts (with or without an offset), texts in a stated format, instants of a Parquet file,
epoch numbers in s, ms, us or ns (told apart by their size), and seconds relative to a given start. A local
time that the clock shows twice, when summer time ends, is its first showing until the file steps back, and
its second one from there on; a local time that the clock skips is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from workloads.errors import WorkloadError
from workloads.tables import list_rows
from workloads.traces import MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Times = NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXAMPLE_START = "2026-01-31T00:00Z"
UNKNOWN_TIME = np.iinfo(np.int64).min
EPOCH_UNITS = (  # (smallest number read so, unit, microseconds): each covers the years 1973 to 5138
    (1e17, "ns", 1e-3),
    (1e14, "us", 1.0),
    (1e11, "ms", 1e3),
    (1e8, "s", 1e6),
)


@dataclass(frozen=True)
class Clock:
    """How the times of a file are to be read.

    Parameters
    ----------
    timezone
        IANA name of the zone of times without an offset.
    time_format
        A strptime format; None means ISO 8601.
    start
        The instant of relative second 0; None when the file's times are absolute.
    """

    timezone: str = "UTC"
    time_format: str | None = None
    start: datetime | None = None


@dataclass(frozen=True, eq=False)
class ClockReading:
    """Times [n] in microseconds (UNKNOWN_TIME where unreadable), the problems found, and what was assumed."""

    times: Times
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def zone_of(timezone: str) -> ZoneInfo:
    """Return the IANA time zone of that name.

    Raises
    ------
    WorkloadError
        When there is no such zone; near names are offered.
    """
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        from difflib import get_close_matches
        from zoneinfo import available_timezones

        near = get_close_matches(timezone, sorted(available_timezones()), n=3, cutoff=0.6)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Names look like Europe/Paris or UTC."
        raise WorkloadError([f"time zone {timezone!r} is not known. {hint}"]) from None


def read_times(cells: Sequence[object], rows: Sequence[int], where: str, clock: Clock) -> ClockReading:
    """Put the cells [n] of a time column on the UTC clock.

    Parameters
    ----------
    cells
        Texts, numbers or datetimes.
    rows
        [n] row numbers, for messages.
    where
        File and column, for messages.
    clock
        How to read them.

    Raises
    ------
    WorkloadError
        When the time zone is unknown or the start is naive: nothing can be read then.
    """
    zone = zone_of(clock.timezone)
    if clock.start is not None and clock.start.tzinfo is None:
        raise WorkloadError(
            [f"start {clock.start} has no time zone; write it with an offset, as 2026-01-31T00:00Z"]
        )
    if clock.time_format is None and (numbers := _as_numbers(cells)) is not None:
        return _read_numbers(numbers, rows, where, clock.start)
    instants: list[datetime | None] = [_as_instant(cell, clock.time_format) for cell in cells]
    bad = [index for index, instant in enumerate(instants) if instant is None]
    problems = []
    if bad:
        wanted = (
            f"a time in the format {clock.time_format!r}"
            if clock.time_format
            else "an ISO 8601 time or a number"
        )
        found = ", ".join(repr(cells[index]) for index in bad[:3])
        problems.append(
            f"{where} {list_rows([rows[index] for index in bad])}: {found} is not {wanted}. "
            "Correct these rows, or state the format with time_format."
        )
    times, skipped, notes = _to_utc(instants, zone)
    if skipped:
        shown = ", ".join(str(instants[index]) for index in skipped[:3])
        bad_rows = list_rows([rows[index] for index in skipped])
        problems.append(
            f"{where} {bad_rows}: the local time {shown} does not exist in {clock.timezone}, whose clock "
            "skips it. Is the file in another zone, such as UTC?"
        )
    return ClockReading(times, tuple(problems), notes)


def _as_numbers(cells: Sequence[object]) -> NDArray[np.float64] | None:
    """Cells as numbers, NaN where one is not; None when the first is no number, for then none need be."""
    try:
        float(cells[0])  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    numbers = np.full(len(cells), np.nan)
    for index, cell in enumerate(cells):
        try:
            numbers[index] = float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
    return numbers


def _read_numbers(
    numbers: NDArray[np.float64], rows: Sequence[int], where: str, start: datetime | None
) -> ClockReading:
    known = np.isfinite(numbers)
    problems = []
    if not known.all():
        bad = list_rows([rows[int(index)] for index in np.flatnonzero(~known)])
        problems.append(f"{where} {bad}: the time is not a number as the others are. Correct these rows.")
    largest = float(np.abs(numbers[known]).max(initial=0.0))
    epoch = next(((unit, scale) for least, unit, scale in EPOCH_UNITS if largest >= least), None)
    times = np.full(len(numbers), UNKNOWN_TIME, dtype=np.int64)
    upto = f"{where}: times run up to {largest:g}"
    if epoch is None and start is None:
        problems.append(f"{upto}, seconds from an unstated start. State the start, as {EXAMPLE_START}.")
        return ClockReading(times, tuple(problems), ())
    if epoch is not None and start is not None:
        problems.append(
            f"{upto}, which is epoch {epoch[0]}; a start is for relative seconds. Drop the start."
        )
        return ClockReading(times, tuple(problems), ())
    if epoch is not None:
        times[known] = np.rint(numbers[known] * epoch[1]).astype(np.int64)
        return ClockReading(times, tuple(problems), (f"times read as epoch {epoch[0]}",))
    assert start is not None
    times[known] = (start - EPOCH) // MICROSECOND + np.rint(numbers[known] * 1e6).astype(np.int64)
    return ClockReading(times, tuple(problems), (f"times read as seconds from {start.isoformat()}",))


def _as_instant(cell: object, time_format: str | None) -> datetime | None:
    if isinstance(cell, datetime):
        return cell
    try:
        return datetime.strptime(str(cell), time_format) if time_format else datetime.fromisoformat(str(cell))
    except ValueError:
        return None


def _to_utc(instants: Sequence[datetime | None], zone: ZoneInfo) -> tuple[Times, list[int], tuple[str, ...]]:
    """UTC microseconds [n], the places of local times that do not exist, and notes."""
    times = np.full(len(instants), UNKNOWN_TIME, dtype=np.int64)
    skipped: list[int] = []
    repeated = 0
    fold = 0
    previous: datetime | None = None
    for index, instant in enumerate(instants):
        if instant is None:
            continue
        if instant.tzinfo is None:
            local = instant.replace(tzinfo=zone)
            first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
            if first != second:
                assert first is not None
                assert second is not None
                if first < second:
                    skipped.append(index)
                    continue
                repeated += 1
                fold = 1 if fold or (previous is not None and instant < previous) else 0
            else:
                fold = 0
            previous = instant
            instant = local.replace(fold=fold)
        times[index] = (instant - EPOCH) // MICROSECOND
    notes = (
        (f"{repeated} rows stand in an hour that {zone.key} shows twice; read in file order",)
        if repeated
        else ()
    )
    return times, skipped, notes
