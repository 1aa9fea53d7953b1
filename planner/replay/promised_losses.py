"""What a plan promises of spot machines beside what happened: how many, that none is lost, and that enough is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.promise import Promise, numbers
from planner.replay.summaries import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.replay.plan_replay import PlanReplay

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def loss_promises(done: PlanReplay) -> Iterator[Promise]:
    """Machines of every spot pool, survival, and the chance of too little being left.

    A probability counts over the exposure time where the plan counts losses over one, else over the window. What happened is
    1 or 0 by whether a pool with machines was lost (and a class of the guard kept its percentile) in the windows that begin
    within that time, counted from the start of the window.
    """
    replayed, windows = done.replayed, done.plan.windows
    machine_of = {one.id: one for one in done.plan.options if one.kind == "machine"}
    for pool in replayed.supply.spot_pools:
        own = [i for i, one in enumerate(replayed.supply.rentals) if one.spot_pool == pool.name]
        planned = numbers(
            sum(line.count for line in window.fleet if machine_of[line.option].pool == pool.name)
            for window in windows
        )
        paid = replayed.machines_s[own].sum(axis=0) / done.window_s
        yield Promise("losses", "spot_machines", pool.name, planned, paid, done.window_s)
    noticed = np.histogram(replayed.notice_s, replayed.window_edge_s)[0] > 0
    touched: Mask = np.any(replayed.touched, axis=0)
    survival = numbers(one.expected.spot_survival for one in windows)
    survived = 1.0 - _in_time(done, noticed)
    yield Promise("losses", "spot_survival", "", survival, survived, done.window_s)
    for guard in done.plan.problem.spot.guards:
        promised = numbers(_violation_share(done, t, guard.name) for t in range(len(windows)))
        short = touched & ~_kept(done, guard.classes)
        yield Promise("losses", "violation_share", guard.name, promised, _in_time(done, short), done.window_s)


def _in_time(done: PlanReplay, hit: Mask) -> Array:
    """``[t]`` 1 where a window that is hit begins within the exposure time from the start of window t, else 0."""
    exposure_s = done.plan.problem.spot.exposure_s or 0.0
    found = np.zeros(len(hit))
    for t, span_s in enumerate(done.window_s.tolist()):
        reach = max(1, math.ceil(exposure_s / span_s - 1e-9))
        found[t] = float(hit[t : t + reach].any())
    return found


def _kept(done: PlanReplay, classes: tuple[str, ...]) -> Mask:
    """``[t]`` whether every one of some classes kept its percentile, all its requests counted."""
    replayed = done.replayed
    kept = np.ones(len(done.window_s), dtype=bool)
    for k, one in enumerate(replayed.supply.classes):
        if one.name in classes:
            rate = ratio(replayed.in_time[k].sum(axis=0), replayed.arrived[k])
            kept &= np.isnan(rate) | (rate >= one.percentile)
    return kept


def _violation_share(done: PlanReplay, t: int, guard: str) -> float | None:
    risk = done.plan.windows[t].spot_risk
    return None if risk is None or guard not in risk.guards else risk.guards[guard].violation_share
