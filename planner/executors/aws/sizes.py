"""Sizes over time: what holds at once, what is scheduled, and how far a schedule reaches."""

from __future__ import annotations

from datetime import UTC
from itertools import pairwise
from typing import TYPE_CHECKING

from planner.executors.names import resource_name
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from planner.executors.sizes import Size


def split(sizes: Sequence[Size], at: datetime) -> tuple[int, tuple[Size, ...]]:
    """Count that holds at an instant, and the sizes that come later.

    Parameters
    ----------
    sizes
        Rising in time, at least one; the first holds from ever.
    """
    assert all(one.at < other.at for one, other in pairwise(sizes))
    due = [size for size in sizes[1:] if size.at <= at] or sizes[:1]
    return due[-1].count, tuple(size for size in sizes[1:] if size.at > at)


def instalment(later: Sequence[Size], most: int, end: datetime) -> tuple[tuple[Size, ...], str]:
    """Earliest of the later sizes that fit into a schedule, and the instant up to which they hold.

    Parameters
    ----------
    most
        Actions that a schedule holds.
    end
        Until when they hold where all fit.
    """
    fit, rest = later[:most], later[most:]
    return tuple(fit), instant_text(rest[0].at if rest else end)


def action_name(service: str, owner: str, size: Size, *, limit: int) -> str:
    """Name of the action that sets a size of an option or a function."""
    stamp = size.at.astimezone(UTC).strftime("%Y%m%dt%H%M%Sz")
    return resource_name(service, owner, size.window, stamp, limit=limit)
