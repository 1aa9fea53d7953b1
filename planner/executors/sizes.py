"""How many machines of an option there are to be, and from when on: what every target's schedule says in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planner.plan import FleetLine, Window


@dataclass(frozen=True)
class Size:
    """Machines, or functions kept ready, from an instant on."""

    at: datetime
    count: int
    window: str  # id of the window that asks for it


def sizes(windows: Sequence[Window], option: str) -> Iterator[Size]:
    """Sizes of an option over some windows, where they change, rising in time; the first holds from ever, the last for ever.

    The size at an instant is the largest that any window asks for then: a window that needs more machines than the one before asks
    from `launch_at` on, so that they have booted and loaded when it starts.
    """
    asked = [_asked(window, option, first=window is windows[0]) for window in windows]
    return largest(windows, [begin for begin, _ in asked], [count for _, count in asked])


def largest(windows: Sequence[Window], begins: Sequence[datetime], counts: Sequence[int]) -> Iterator[Size]:
    """Largest count that any window asks for at an instant, where that changes, rising in time.

    Parameters
    ----------
    begins, counts
        From when on each window asks for how many, until it ends; the last one for ever.
    """
    last = windows[-1]
    spans = list(zip(begins, counts, windows, strict=True))
    instants = sorted({*begins} | {window.end for window in windows[:-1]})
    before: int | None = None
    for instant in instants:
        count, asks = max(
            (
                (count, window)
                for begin, count, window in spans
                if begin <= instant and (window is last or instant < window.end)
            ),
            key=lambda held: held[0],
        )
        if count != before:
            yield Size(instant, count, asks.id)
        before = count


def _asked(window: Window, option: str, *, first: bool) -> tuple[datetime, int]:
    """From when on a window asks for how many machines; the first, whose machines are due, from its start."""
    line: FleetLine | None = next((one for one in window.fleet if one.option == option), None)
    if line is None:
        return window.start, 0
    return (None if first else line.launch_at) or window.start, line.count
