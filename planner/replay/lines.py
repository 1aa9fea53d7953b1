"""Requests that wait, compiled: one slab of memory for all lines in front of pools and functions.

Every line is a linked list through the slab, first come, first served; a place that becomes free is used again, so the slab is
as large as the most requests that ever waited at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

NONE = -1


class Lines(NamedTuple):
    """Waiting requests and their lines.

    Parameters
    ----------
    arrival_s, served_class, number, window, weight
        ``[place]`` of the request: instant, class, number in the order of all arrivals, window it counts in, and as how many.
    behind
        ``[place]`` next one in its line, or next free place.
    call_size, start_s, end_s, server
        ``[place]`` of the first request of a call that is promised a server: its requests (0: no promise), instants, server.
    first, last, length
        ``[line]`` ends of the lines: pools, functions, late requests of pools, those that stand aside by class and pool.
    free
        ``[2]`` first free place, number of free places.
    """

    arrival_s: Array
    served_class: IntArray
    number: IntArray
    window: IntArray
    weight: Array
    behind: IntArray
    call_size: IntArray
    start_s: Array
    end_s: Array
    server: IntArray
    first: IntArray
    last: IntArray
    length: IntArray
    free: IntArray


def empty_lines(lines: int, places: int) -> Lines:
    """Nobody waits."""
    return Lines(
        arrival_s=np.zeros(places),
        served_class=np.zeros(places, dtype=np.int64),
        number=np.zeros(places, dtype=np.int64),
        window=np.zeros(places, dtype=np.int64),
        weight=np.zeros(places),
        behind=np.append(np.arange(1, places), NONE),
        call_size=np.zeros(places, dtype=np.int64),
        start_s=np.zeros(places),
        end_s=np.zeros(places),
        server=np.zeros(places, dtype=np.int64),
        first=np.full(lines, NONE),
        last=np.full(lines, NONE),
        length=np.zeros(lines, dtype=np.int64),
        free=np.array([0, places]),
    )


def longer_slab(old: Lines) -> Lines:
    """The same lines in a slab of twice the places."""
    places = len(old.arrival_s)
    new = empty_lines(len(old.first), 2 * places)
    for name in Lines._fields[: Lines._fields.index("first")]:
        getattr(new, name)[:places] = getattr(old, name)
    new.behind[-1] = old.free[0]
    new.free[:] = places, places + old.free[1]
    return new._replace(first=old.first, last=old.last, length=old.length)


@compiled
def join_line(
    lines: Lines, line: int, arrival_s: float, k: int, number: int, window: int, weight: float
) -> int:
    """Put a request at the end of a line and return its place; the caller knows that one is free."""
    place = int(lines.free[0])
    lines.free[0] = lines.behind[place]
    lines.free[1] -= 1
    lines.arrival_s[place] = arrival_s
    lines.served_class[place] = k
    lines.number[place] = number
    lines.window[place] = window
    lines.weight[place] = weight
    lines.behind[place] = NONE
    lines.call_size[place] = 0
    if lines.length[line] == 0:
        lines.first[line] = place
    else:
        lines.behind[lines.last[line]] = place
    lines.last[line] = place
    lines.length[line] += 1
    return place


@compiled
def leave_line(lines: Lines, line: int) -> None:
    """Take the first request out of a line."""
    place = lines.first[line]
    lines.first[line] = lines.behind[place]
    lines.length[line] -= 1
    lines.behind[place] = lines.free[0]
    lines.free[0] = place
    lines.free[1] += 1
