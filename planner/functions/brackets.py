"""Ranges of rates (brackets) that buffers in front of functions are priced for, and the rates that stand for a range.

What a call costs, how many of them start cold and how long a request waits all depend on the rate sent to a buffer, so an option
holds between two rates only: at its dearest rate for the price, at its worst for the share in time. Neither need be an end of the
range: between a rate that never fills a batch and one that always does lie those at which a batch waits its whole timeout and is
nearly full all the same. So a range is looked at at both ends and at rates between them: a few to search by, more to promise by.

What is deployed alike in ranges side by side, at nearly the same price, is one option over all of them: a deployer sets it once,
and no request moves between ranges for a saving that is in the figures only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from planner.scenario import Functions
    from planner.serverless import ServerlessFunction

    Array = NDArray[np.float64]
    Bracket = tuple[float, float]  # least and most requests/s

WIDTH = 2.0  # most over least rate of a range: over it a price falls by a tenth in the median of 42 options, 21 % at most
BRACKETS_MOST = 8  # of a model and tier: each is a whole variable in every window and level
EDGE_DIGITS = 4  # of a rate between two ranges, as the option's id gives it
SEARCH_RATES = 3  # both ends and their geometric mean
ALIKE_SHARE = 0.01  # of a price: a tenth of what the median range gives away (WIDTH)
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


def joined(options: Iterable[ServerlessFunction]) -> list[ServerlessFunction]:
    """The options, those of one deployment in ranges side by side as one where their prices are within `ALIKE_SHARE`.

    They must answer the same classes in time. The price is that of the dearest range, the share in time that of the worst, and the
    id names both ends.
    """
    rows: dict[tuple[object, ...], list[ServerlessFunction]] = defaultdict(list)
    for one in options:
        deployed = (one.memory_mb, one.batch, one.batch_timeout_ms, one.provisioned_concurrency)
        rows[*deployed, frozenset(one.classes)].append(one)
    found = []
    for alike in rows.values():
        run: list[ServerlessFunction] = []
        for one in sorted(alike, key=_ends):
            if run and not _extends(run, one):
                found.append(_one_of(run))
                run = []
            run.append(one)
        found.append(_one_of(run))
    return found


def _ends(option: ServerlessFunction) -> Bracket:
    assert option.rate_rps is not None  # it was offered for a range
    return option.rate_rps


def _extends(run: list[ServerlessFunction], option: ServerlessFunction) -> bool:
    """Whether an option goes on where a run of ranges ends, at nearly the same price as all of them."""
    usd = [one.usd_per_request for one in (*run, option)]
    return _ends(run[-1])[1] == _ends(option)[0] and max(usd) <= (1 + ALIKE_SHARE) * min(usd)


def _one_of(run: list[ServerlessFunction]) -> ServerlessFunction:
    """One option for all the ranges of a run."""
    if len(run) == 1:
        return run[0]
    dearest, (low, high) = (
        max(run, key=lambda one: one.usd_per_request),
        (_ends(run[0])[0], _ends(run[-1])[1]),
    )
    return replace(
        dearest,
        id=dearest.id.replace(f"/r{range_name(_ends(dearest))}", f"/r{range_name((low, high))}"),
        rate_rps=(low, high),
        least_usd_per_request=min(one.least_usd_per_request or one.usd_per_request for one in run),
        concurrency_s=max(one.concurrency_s for one in run),
        deadline_meet_rate={
            name: min(one.deadline_meet_rate[name] for one in run) for name in dearest.classes
        },
    )


def range_name(bracket: Bracket) -> str:
    """``least-most`` as ids and reasons give it."""
    return f"{bracket[0]:.4g}-{bracket[1]:.4g}"
