"""Ranges of rates (brackets) that buffers in front of functions are priced for, and the rates that stand for a range.

What a call costs, how many of them start cold and how long a request waits all depend on the rate sent to a buffer, so an option
holds between two rates only: at its dearest rate for the price, at its worst for the share in time. Neither need be an end of the
range: between a rate that never fills a batch and one that always does lie those at which a batch waits its whole timeout and is
nearly full all the same. So a range is looked at at both ends and at rates between them: a few to search by, more to promise by.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.scenario import Functions

    Array = NDArray[np.float64]
    Bracket = tuple[float, float]  # least and most requests/s

WIDTH = 2.0  # most over least rate of a range: over it a price falls by a tenth in the median of 42 options, 21 % at most
BRACKETS_MOST = 8  # of a model and tier: each is a whole variable in every window and level
EDGE_DIGITS = 4  # of a rate between two ranges, as the option's id gives it
SEARCH_RATES = 3  # both ends and their geometric mean
PROMISE_RATES = 7  # 12 % apart: at 61 rates shares in time fell 3e-6 lower at most, prices rose no higher


def rate_brackets(settings: Functions, top_rps: float) -> list[Bracket]:
    """Ranges from the least rate to the top demand, each `WIDTH` wide or as wide as `BRACKETS_MOST` of them must be.

    Parameters
    ----------
    top_rps
        Requests/s of all classes that may call a function, at the top level of their busiest window.

    Returns
    -------
    Those that some of this demand can reach; none where even the least rate is above it.
    """
    if settings.rate_brackets_rps is not None:
        edges = list(settings.rate_brackets_rps)
    elif top_rps <= settings.least_rate_rps:
        return []
    else:
        wide = math.log(top_rps / settings.least_rate_rps) / math.log(WIDTH)
        count = min(max(1, math.ceil(wide)), BRACKETS_MOST)
        between = np.geomspace(settings.least_rate_rps, top_rps, count + 1)[1:-1].tolist()
        edges = [settings.least_rate_rps, *(float(f"{edge:.{EDGE_DIGITS}g}") for edge in between), top_rps]
    return [(low, high) for low, high in pairwise(edges) if low <= top_rps]


def rates_in(bracket: Bracket, count: int) -> Array:
    """``[r]`` requests/s: the ends of a range, and rates at equal ratios between them."""
    rates: Array = np.geomspace(*bracket, count)
    rates[[0, -1]] = bracket
    return rates
