"""The dispatcher, compiled: it measures the rate of every class, takes the routes of that load, and hands requests out.

The rate is a sum over past arrivals of exp(-age/memory)/memory, read before a request itself counts: without bias for Poisson
arrivals. Requests are handed out by smooth weighted round robin: every target gains its weight, the one that has most takes the
request and pays 1. So any stretch of requests splits as the weights say but for one request a target. Where that is a function that
may not run another call, the class's main pool takes the request instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.replay.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.replay.decisions import Routes
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

RATE_MEMORY_S = 30.0  # ours: long enough to measure 10 requests/s within 4 %, short against the windows that routes are made for
LEAST_WEIGHT = 1e-9  # ours: a share this small is rounding of a solver
SHARE_ROUNDING = 1e-6  # ours: rows of weights that sum to 1 within this lack nothing
NO_OVERFLOW = -1
NO_POOL = -1


class Dispatch(NamedTuple):
    """Routes and measurements of the classes.

    Parameters
    ----------
    up_to_rps, levels
        ``[k, level]``, ``[k]`` of `planner.replay.decisions.Routes`; no levels: all are refused.
    target, share, choices
        ``[k, level, choice]``, ``[k, level, choice]``, ``[k, level]`` targets with a share, their shares (sum 1); the number of
        targets stands for refusal.
    overflow
        ``[k]`` function that takes what would be late; NO_OVERFLOW.
    yields
        ``[k]`` 1 where late requests yield to others.
    credit
        ``[k, g + 1]`` of the round robin; refusal last.
    rate_rps, measured_s
        ``[k]`` measured rate at the class's last arrival, and the instant of it.
    """

    up_to_rps: Array
    levels: IntArray
    target: IntArray
    share: Array
    choices: IntArray
    overflow: IntArray
    yields: IntArray
    credit: Array
    rate_rps: Array
    measured_s: Array


def no_dispatch(classes: int, targets: int) -> Dispatch:
    """Refuse everything; nothing measured yet."""
    return Dispatch(
        up_to_rps=np.zeros((classes, 1)),
        levels=np.zeros(classes, dtype=np.int64),
        target=np.zeros((classes, 1, 1), dtype=np.int64),
        share=np.zeros((classes, 1, 1)),
        choices=np.zeros((classes, 1), dtype=np.int64),
        overflow=np.full(classes, NO_OVERFLOW),
        yields=np.zeros(classes, dtype=np.int64),
        credit=np.zeros((classes, targets + 1)),
        rate_rps=np.zeros(classes),
        measured_s=np.zeros(classes),
    )


def with_routes(old: Dispatch, supply: Supply, law: IntArray, routes: Mapping[str, Routes]) -> Dispatch:
    """Take other routes; credits and measured rates stay.

    Parameters
    ----------
    law
        ``[k, g]`` at least 0 where the class may be sent to the target.

    Raises
    ------
    ValueError
        For a class or function that is not in the supply, levels that do not rise, weights of another shape or below 0, and
        targets that may not serve the class.
    """
    names = [one.name for one in supply.classes]
    functions = [one.name for one in supply.functions]
    if unknown := set(routes) - set(names):
        raise ValueError(f"routes of {sorted(unknown)}, which are no classes; the classes are {names}")
    longest = max((len(one.up_to_rps) for one in routes.values()), default=1)
    new = no_dispatch(len(names), len(supply.targets))._replace(
        up_to_rps=np.zeros((len(names), longest)),
        target=np.zeros((len(names), longest, len(supply.targets) + 1), dtype=np.int64),
        share=np.zeros((len(names), longest, len(supply.targets) + 1)),
        choices=np.zeros((len(names), longest), dtype=np.int64),
        credit=old.credit,
        rate_rps=old.rate_rps,
        measured_s=old.measured_s,
    )
    for name, one in routes.items():
        k = names.index(name)
        levels = len(one.up_to_rps)
        shares = _shares(name, one, supply, law[k])
        new.up_to_rps[k, :levels] = one.up_to_rps
        new.levels[k] = levels
        new.yields[k] = one.late_yields
        for level, row in enumerate(shares):
            used = np.flatnonzero(row > LEAST_WEIGHT)
            new.choices[k, level] = len(used)
            new.target[k, level, : len(used)] = used
            new.share[k, level, : len(used)] = row[used] / row[used].sum()
        if one.overflow is not None:
            if one.overflow not in functions:
                raise ValueError(
                    f"overflow of {name} goes to {one.overflow}, which is none of the functions {functions}"
                )
            new.overflow[k] = functions.index(one.overflow)
            if law[k, len(supply.pools) + new.overflow[k]] < 0:
                raise ValueError(f"overflow of {name} goes to {one.overflow}, which may not serve it")
    return new


def _shares(name: str, routes: Routes, supply: Supply, law: IntArray) -> Array:
    """``[level, g + 1]`` shares of the targets, what they lack of 1 as refusal; rows above 1 are scaled to it."""
    weights = np.asarray(routes.weights, dtype=float)
    up_to = np.asarray(routes.up_to_rps, dtype=float)
    targets = supply.targets
    if weights.shape != (len(up_to), len(targets)) or len(up_to) == 0:
        raise ValueError(
            f"weights of {name} have the shape {weights.shape}; {len(up_to)} levels and {len(targets)} targets need "
            f"({len(up_to)}, {len(targets)}), and at least one level"
        )
    if (np.diff(up_to) <= 0).any():
        raise ValueError(f"levels of {name} are {up_to.tolist()} requests/s; they must rise")
    if not (weights >= 0).all():
        raise ValueError(f"weights of {name} are {weights.tolist()}; they must be >= 0")
    barred = [targets[g] for g in np.flatnonzero((weights > LEAST_WEIGHT).any(axis=0) & (law < 0))]
    if barred:
        raise ValueError(f"routes of {name} lead to {barred}, which may not serve it")
    total = weights.sum(axis=1, keepdims=True)
    lacking = np.where(total < 1 - SHARE_ROUNDING, 1 - total, 0.0)
    return np.hstack([weights, lacking])


@compiled
def measured_level(dispatch: Dispatch, k: int, at_s: float) -> int:
    """Level of the rate measured before this arrival, which then counts, too."""
    decayed = dispatch.rate_rps[k] * math.exp((dispatch.measured_s[k] - at_s) / RATE_MEMORY_S)
    dispatch.rate_rps[k] = decayed + 1.0 / RATE_MEMORY_S
    dispatch.measured_s[k] = at_s
    level = 0
    while level < dispatch.levels[k] - 1 and decayed > dispatch.up_to_rps[k, level]:
        level += 1
    return level


@compiled
def next_target(dispatch: Dispatch, k: int, level: int) -> int:
    """Target of a request of class k at the level measured; the number of targets means refusal."""
    choices = dispatch.choices[k, level]
    if choices == 0:
        return int(dispatch.credit.shape[1]) - 1
    best = int(dispatch.target[k, level, 0])
    if choices > 1:
        for choice in range(choices):
            target = int(dispatch.target[k, level, choice])
            dispatch.credit[k, target] += dispatch.share[k, level, choice]
            if dispatch.credit[k, target] > dispatch.credit[k, best]:
                best = target
        dispatch.credit[k, best] -= 1.0
    return best


@compiled
def main_pool(dispatch: Dispatch, k: int, level: int, pools: int) -> int:
    """Pool that gets most of a class at a level; none: `NO_POOL`."""
    found, most = NO_POOL, 0.0
    for choice in range(dispatch.choices[k, level]):
        if dispatch.target[k, level, choice] < pools and dispatch.share[k, level, choice] > most:
            found, most = int(dispatch.target[k, level, choice]), float(dispatch.share[k, level, choice])
    return found
