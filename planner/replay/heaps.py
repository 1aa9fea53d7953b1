"""Binary heaps in plain arrays, compiled: who is free first.

A heap is a row of instants and a row of numbers beside it, its first `size` entries in use. The earliest instant is on top, of
equal ones that with the lowest number, so the order does not depend on how the heap was built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.replay.compiled import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@compiled
def precedes(at_s: float, number: int, other_s: float, other: int) -> bool:
    """Whether the first entry stands above the second."""
    return at_s < other_s or (at_s == other_s and number < other)


@compiled
def replace_top(at_s: Array, numbers: IntArray, size: int, new_s: float, new: int) -> None:
    """Put (new_s, new) in the place of the top: the hole sinks to the ground, then the entry climbs.

    The new entry is mostly a late one, so this takes half the comparisons of sinking the entry itself.
    """
    hole = 0
    child = 1
    while child < size:
        other = child + 1
        if other < size and precedes(at_s[other], numbers[other], at_s[child], numbers[child]):
            child = other
        at_s[hole] = at_s[child]
        numbers[hole] = numbers[child]
        hole = child
        child = 2 * hole + 1
    push(at_s, numbers, hole, new_s, new)


@compiled
def push(at_s: Array, numbers: IntArray, place: int, new_s: float, new: int) -> None:
    """Let an entry climb from `place`: the size of the heap, which the caller then counts, or a hole without children."""
    while place > 0:
        parent = (place - 1) // 2
        if not precedes(new_s, new, at_s[parent], numbers[parent]):
            break
        at_s[place] = at_s[parent]
        numbers[place] = numbers[parent]
        place = parent
    at_s[place] = new_s
    numbers[place] = new


@compiled
def drop_top(at_s: Array, numbers: IntArray, size: int) -> None:
    """Take the top out of a heap of `size`; the caller counts it."""
    if size > 1:
        replace_top(at_s, numbers, size - 1, at_s[size - 1], numbers[size - 1])
