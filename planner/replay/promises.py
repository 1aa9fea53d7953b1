"""Promised against happened, for every number that the windows of a plan promise.

Each number is set against what happened in its own window, and summed up over the horizon:

- What a window expects (shares, accuracies, utilisation, cost by part): against the same share of the requests that really
  came, or the same part of the bill. A plan's shares in time are means over its levels; that of the window as a whole is of
  its top level.
- Rates by level (what each group and function carries, what is not served): at the level that holds the realised demand, in
  proportion below it; above the top level the plan promises what it promises there (`planner.replay.promised_rates`).
- Demand levels: the probability of a level against whether demand stayed within it.
- Sizes and launches: against machine-time at work, paid for, and starts. Capacity: against that of the machines at work, each
  with its part of the planned one; utilisation, a rate over capacity: against the rate answered over that capacity, not against
  the busy part of time (`planner.replay.promised_rates`).
- Functions: against times, bills and cold starts of their calls, and the most under way at once
  (`planner.replay.promised_functions`).
- Losses: against whether one came within the exposure time, and the machines at work after it (`planner.replay.promised_losses`).

Launches are paid for in the window in which they happen, which may lie before the one that the plan books them in: parts of
the cost agree over the horizon rather than in each window. What a plan orders (routing weights, times of launches, batches,
concurrency kept ready) is carried out, and what its program was told (prices, shapes, times of calls) is taken as it stands:
neither is a promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.promise import Promise, numbers
from planner.replay.promised_functions import function_promises
from planner.replay.promised_losses import loss_promises
from planner.replay.promised_rates import (
    demand_promises,
    machine_promises,
    pool_rates,
    route_promises,
)
from planner.replay.results import COST_PARTS
from planner.replay.summaries import accuracies, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.replay.plan_replay import PlanReplay

    Array = NDArray[np.float64]


def promises_of(done: PlanReplay) -> tuple[Promise, ...]:
    """All numbers of a plan's windows beside what happened, by section."""
    return (
        *cost_promises(done),
        *class_promises(done),
        *window_promises(done),
        *demand_promises(done),
        *machine_promises(done),
        *function_promises(done),
        *loss_promises(done),
        *route_promises(done),
    )


def cost_promises(done: PlanReplay) -> Iterator[Promise]:
    """Parts of the cost and their sum, USD."""
    windows, usd = done.plan.windows, done.replayed.usd
    for part, happened in zip(COST_PARTS, usd, strict=True):
        promised = numbers(getattr(one.cost, part) for one in windows)
        yield Promise("cost", part, "", promised, happened, None)
    yield Promise(
        "cost", "total_usd", "", numbers(one.cost.total_usd for one in windows), usd.sum(axis=0), None
    )


def class_promises(done: PlanReplay) -> Iterator[Promise]:
    """What each class should see, and the percentile that it asks for; shares of what is served but for the first and the last."""
    replayed = done.replayed
    served, in_time, accurate, effective = outcomes(done)
    for k, one in enumerate(replayed.supply.classes):
        arrived = replayed.arrived[k]
        in_time_share = ratio(in_time[k], served[k])
        for figure, happened, weight in (
            ("served_share", ratio(served[k], arrived), arrived),
            ("deadline_meet_rate", in_time_share, served[k]),
            ("accuracy", ratio(accurate[k], served[k]), served[k]),
            ("effective_accuracy", ratio(effective[k], arrived), arrived),
        ):
            promised = _expected_of(done, one.name, figure)
            yield Promise("class", figure, one.name, promised, happened, weight)
        if one.percentile > 0:
            asked = np.full(len(arrived), one.percentile)
            yield Promise("class", "percentile", one.name, asked, in_time_share, served[k])


def window_promises(done: PlanReplay) -> Iterator[Promise]:
    """What the window as a whole should look like; `deadline_meet_rate` is promised at the top level."""
    replayed = done.replayed
    pools = len(replayed.supply.pools)
    served, in_time, accurate, effective = (one.sum(axis=0) for one in outcomes(done))
    arrived = replayed.arrived.sum(axis=0)
    functions = replayed.served[:, pools:].sum(axis=(0, 1))
    _, at_work_rps = pool_rates(done)
    capacity_rps = np.nansum(at_work_rps, axis=0)
    used = ratio(replayed.served[:, :pools].sum(axis=(0, 1)) / done.window_s, capacity_rps)
    for figure, happened, weight in (
        ("capacity_rps", capacity_rps, done.window_s),
        ("deadline_meet_rate", ratio(in_time, served), served),
        ("accuracy", ratio(accurate, served), served),
        ("effective_accuracy", ratio(effective, arrived), arrived),
        ("utilisation", used, done.window_s),
        ("overflow_share", ratio(functions, arrived), arrived),
        ("unserved_share", ratio(arrived - served, arrived), arrived),
    ):
        promised = numbers(getattr(one.expected, figure) for one in done.plan.windows)
        yield Promise("window", figure, "", promised, happened, weight)


def outcomes(done: PlanReplay) -> tuple[Array, Array, Array, Array]:
    """``[k, t]`` requests served, in time, served times accuracy, and in time times accuracy; nan where a model states none."""
    replayed = done.replayed
    accuracy = accuracies(replayed)[None, :, None]

    def accurate(requests: Array) -> Array:
        return np.asarray(np.where(requests > 0, requests * accuracy, 0.0).sum(axis=1))

    return (
        replayed.served.sum(axis=1),
        replayed.in_time.sum(axis=1),
        accurate(replayed.served),
        accurate(replayed.in_time),
    )


def _expected_of(done: PlanReplay, name: str, figure: str) -> Array:
    """``[t]`` a figure of what a class should see; nan where the window does not state it."""
    seen = [window.expected.classes.get(name) for window in done.plan.windows]
    return numbers(None if one is None else getattr(one, figure) for one in seen)
