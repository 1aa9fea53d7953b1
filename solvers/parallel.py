"""Independent programs side by side: the same answers on one worker or several, in the order asked."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")


class Map(Protocol):
    """Applies a function to every item, in order."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
        """Give the results in the order of the items."""
        ...


def one_by_one(function: Callable[[Item], Result], items: Iterable[Item], /) -> Iterable[Result]:
    """Run in this process."""
    return map(function, items)


@contextmanager
def side_by_side(count: int) -> Iterator[Map]:
    """Yield a map over `count` processes; with one, it runs here.

    Processes are spawned, not forked: a forked copy of a process with solver threads may hang.
    """
    if count <= 1:
        yield one_by_one
        return
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield partial(pool.map, chunksize=1)
