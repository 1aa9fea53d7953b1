"""What a plan promises of spot machines beside what happened: how many, that none is lost, and that enough is left."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.replay.promise import Promise, numbers
from planner.replay.promised_rates import machine_rps, pool_rates
from planner.replay.summaries import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from planner.plan import GuardAtRisk, SizeLeft, SpotGuard, Window
    from planner.replay.plan_replay import PlanReplay

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]


def loss_promises(done: PlanReplay) -> Iterator[Promise]:
    """Machines of every spot pool, survival, what a loss leaves, and the chance of too little being left.

    A probability counts over the exposure time where the plan counts losses over one, else over the window. What happened is
    1 or 0 by whether a pool with machines was given notice in the windows that begin within that time, counted from the start
    of the window; and, of a guard, whether one of its classes then missed its percentile in a window that the loss touches,
    which may be a later one than that of the notice (`Replayed.touched`).
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
        yield from _left(done, pool.name)
    survival = numbers(one.expected.spot_survival for one in windows)
    every = np.ones(len(replayed.notices), dtype=bool)
    yield Promise("losses", "spot_survival", "", survival, 1.0 - _in_time(done, every), done.window_s)
    for guard in done.plan.problem.spot.guards:
        yield from _guarded(done, guard)


def _left(done: PlanReplay, spot_pool: str) -> Iterator[Promise]:
    """Size of each group after the loss of a pool, in the windows in which it is lost."""
    rps = machine_rps(done)
    for j, group in enumerate(done.replayed.supply.pools):
        sizes = [_size_left(window, spot_pool, group.name) for window in done.plan.windows]
        if all(one is None for one in sizes):
            continue
        left = _at_notices(
            done, spot_pool, [float(one.left.get(group.name, 0)) for one in done.replayed.notices]
        )
        subject = f"{group.name} without {spot_pool}"
        counts = numbers(None if one is None else one.count for one in sizes)
        capacities = numbers(None if one is None else one.capacity_rps for one in sizes)
        yield Promise("losses", "machines_left", subject, counts, left, done.window_s)
        yield Promise("losses", "capacity_left_rps", subject, capacities, left * rps[j], done.window_s)


def _size_left(window: Window, spot_pool: str, group: str) -> SizeLeft | None:
    risk = window.spot_risk
    if risk is None or spot_pool not in risk.pools:
        return None
    return risk.pools[spot_pool].left.get(group, risk.standby.get(group))


def _guarded(done: PlanReplay, guard: SpotGuard) -> Iterator[Promise]:
    """What the classes of a guard have to spare, what each pool's loss takes, and the chance that it is more."""
    risks = [_risk(window, guard.name) for window in done.plan.windows]
    replayed, supply = done.replayed, done.replayed.supply
    own = [j for j, pool in enumerate(supply.pools) if {*pool.classes} & {*guard.classes}]
    classes = [k for k, one in enumerate(supply.classes) if one.name in guard.classes]
    on_functions_rps = replayed.served[classes, len(supply.pools) :].sum(axis=(0, 1)) / done.window_s
    _, at_work_rps = pool_rates(done)
    happened = np.nansum(at_work_rps[own], axis=0) + on_functions_rps - done.demand_rps[classes].sum(axis=0)
    spare = numbers(None if one is None else one.spare_rps for one in risks)
    yield Promise("losses", "spare_rps", guard.name, spare, happened, done.window_s)
    rps = np.nan_to_num(machine_rps(done)[own])  # of a group that was not planned nothing is promised
    for pool in supply.spot_pools:
        if not any(one is not None and pool.name in one.lost_rps for one in risks):
            continue
        gone = [
            _at_notices(
                done,
                pool.name,
                [float(one.before.get(name, 0) - one.left.get(name, 0)) for one in replayed.notices],
            )
            for name in (supply.pools[j].name for j in own)
        ]
        promised = numbers(None if one is None else one.lost_rps.get(pool.name, 0.0) for one in risks)
        lost_rps = (np.array(gone) * rps).sum(axis=0)
        yield Promise(
            "losses", "lost_rps", f"{guard.name} with {pool.name}", promised, lost_rps, done.window_s
        )
    kept = _kept(done, guard.classes)
    short = _in_time(done, np.any(replayed.touched & ~kept, axis=1))
    for figure in ("violation_share", "normal_violation_share"):
        promised = numbers(None if one is None else getattr(one, figure) for one in risks)
        yield Promise("losses", figure, guard.name, promised, short, done.window_s)


def _notice_windows(done: PlanReplay) -> NDArray[np.int64]:
    """``[n]`` the window of every notice."""
    replayed = done.replayed
    found: NDArray[np.int64] = np.searchsorted(replayed.window_edge_s, replayed.notice_s, side="right") - 1
    return np.clip(found, 0, len(done.window_s) - 1)


def _at_notices(done: PlanReplay, spot_pool: str, figures: list[float]) -> Array:
    """``[t]`` mean of figures ``[n]`` over a window's notices of a pool; nan where there is none."""
    own = np.array([one.spot_pool == spot_pool for one in done.replayed.notices], dtype=bool)
    into, windows = _notice_windows(done)[own], len(done.window_s)
    total: Array = np.bincount(into, np.array(figures)[own], minlength=windows).astype(float)
    notices: Array = np.bincount(into, minlength=windows).astype(float)
    return ratio(total, notices)


def _in_time(done: PlanReplay, hit: Mask) -> Array:
    """``[t]`` 1 where one of the notices ``[n]`` that are hit falls in a window that begins within the exposure time, else 0."""
    exposure_s = done.plan.problem.spot.exposure_s or 0.0
    windows = np.zeros(len(done.window_s), dtype=bool)
    windows[_notice_windows(done)[hit]] = True
    found = np.zeros(len(windows))
    for t, span_s in enumerate(done.window_s.tolist()):
        reach = max(1, math.ceil(exposure_s / span_s - 1e-9))
        found[t] = float(windows[t : t + reach].any())
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


def _risk(window: Window, guard: str) -> GuardAtRisk | None:
    return None if window.spot_risk is None else window.spot_risk.guards.get(guard)
