"""Rates and sizes of a plan beside what happened: demand, what each group and function carries, and machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.replay.promise import RATE_ROUNDING_SHARE, Promise, numbers
from planner.replay.summaries import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from planner.plan import Window
    from planner.replay.plan_replay import PlanReplay

    Array = NDArray[np.float64]

STANDBY = "standby"


def demand_promises(done: PlanReplay) -> Iterator[Promise]:
    """Expected demand against the realised one, and each level's probability against whether demand stayed within it."""
    windows = done.plan.windows
    for k, served in enumerate(done.replayed.supply.classes):
        name, demand = served.name, done.demand_rps[k]
        expected = numbers(
            sum(one.weight_share * one.demand_rps[name] for one in window.levels) for window in windows
        )
        yield Promise("demand", "expected_demand_rps", name, expected, demand, done.window_s)
        for q, level in enumerate(windows[0].levels):
            probability = numbers(one.levels[min(q, len(one.levels) - 1)].probability for one in windows)
            within = (demand <= done.level_rps[k, q] * (1 + RATE_ROUNDING_SHARE)).astype(float)
            subject = f"{name} at {level.probability:g}"
            yield Promise("demand", "within_level_share", subject, probability, within, done.window_s)
            yield Promise("demand", "level_rps", subject, done.level_rps[k, q], demand, done.window_s)


def route_promises(done: PlanReplay) -> Iterator[Promise]:
    """What every group and function carries of every class, and what nothing serves, at the realised demand.

    What a function takes of requests that would be late in a queue is in what happened, and in no promise.
    """
    replayed, windows = done.replayed, done.plan.windows
    pools = len(replayed.supply.pools)
    for k, one in enumerate(replayed.supply.classes):
        for g, target in enumerate(replayed.supply.targets):
            figure = "served_rps" if g < pools else "overflow_rps"
            tables = [getattr(window, figure).get(one.name, {}) for window in windows]
            happened = replayed.served[k, g] / done.window_s
            if any(target in table for table in tables) or happened.any():
                promised = _at_demand(done, k, [_row(table, target) for table in tables])
                subject = f"{one.name} on {target}"
                yield Promise("routes", figure, subject, promised, happened, done.window_s)
        rows = [_row(window.unserved_rps, one.name) for window in windows]
        refused = replayed.refused[k] / done.window_s
        yield Promise("routes", "unserved_rps", one.name, _at_demand(done, k, rows), refused, done.window_s)


def machine_promises(done: PlanReplay) -> Iterator[Promise]:
    """Sizes and capacities of groups against machines at work; machines and launches of every rental against bills and starts.

    Stopped machines are none at work and are left out. Utilisation of a group: what it should carry over what it may carry,
    against what it answered over what its machines at work may carry; time in which machines are busy is another quantity.
    """
    replayed, supply = done.replayed, done.replayed.supply
    planned_rps, at_work_rps = pool_rates(done)
    answered_rps = replayed.served[:, : len(supply.pools)].sum(axis=0) / done.window_s
    for j, pool in enumerate(supply.pools):
        at_work = replayed.ready_s[j] / done.window_s
        sizes = _of_groups(done, pool.name, "count")
        carried = _expected_load(done, pool.name)
        used = ratio(answered_rps[j], at_work_rps[j])
        yield Promise("machines", "machines", pool.name, sizes, at_work, done.window_s)
        yield Promise("machines", "capacity_rps", pool.name, planned_rps[j], at_work_rps[j], done.window_s)
        yield Promise(
            *("machines", "utilisation", pool.name),
            *(ratio(carried, planned_rps[j]), used, done.window_s),
        )
    yield from _in_tiers(done)
    machine_of = {one.id: one.machine for one in done.plan.options if one.kind == "machine"}
    for i, rental in enumerate(supply.rentals):
        if rental.market == STANDBY:
            continue
        wanted = numbers(
            sum(line.count for line in window.fleet if machine_of[line.option] == rental.id)
            for window in done.plan.windows
        )
        paid = replayed.machines_s[i] / done.window_s
        yield Promise("machines", "paid_machines", rental.id, wanted, paid, done.window_s)
        yield Promise("machines", "launches", rental.id, done.launches[i], replayed.starts[i], None)


def _in_tiers(done: PlanReplay) -> Iterator[Promise]:
    """Percentile of each group's tier against the share of its answers within their class's deadline, which is no shorter."""
    replayed, windows = done.replayed, done.plan.windows
    for j, pool in enumerate(replayed.supply.pools):
        tiers = [next((one.tier for one in window.groups if one.id == pool.name), None) for window in windows]
        asked = numbers(None if one is None else one.percentile for one in tiers)
        if not np.isnan(asked).all():
            served, in_time = replayed.served[:, j].sum(axis=0), replayed.in_time[:, j].sum(axis=0)
            yield Promise("machines", "percentile", pool.name, asked, ratio(in_time, served), served)


def pool_rates(done: PlanReplay) -> tuple[Array, Array]:
    """``[j, t]`` capacity inside the tier of every group as planned, and of its machines at work; nan where none was planned.

    Machines at work count in proportion: more behind one queue carry a little more than that.
    """
    names = [one.name for one in done.replayed.supply.pools]
    planned = np.array([_of_groups(done, name, "capacity_rps") for name in names])
    shape = (len(names), len(done.window_s))
    return planned.reshape(shape), machine_rps(done) * done.replayed.ready_s / done.window_s


def machine_rps(done: PlanReplay) -> Array:
    """``[j, t]`` requests/s that a machine of every group carries inside the tier, as planned; nan where none was.

    Less than what it answers while it is busy by what the deadline asks to be left free, so only this compares with capacities.
    """
    names = [one.name for one in done.replayed.supply.pools]
    planned, sizes = (
        np.array([_of_groups(done, name, figure) for name in names]).reshape(len(names), len(done.window_s))
        for figure in ("capacity_rps", "count")
    )
    return ratio(planned, sizes)


def _of_groups(done: PlanReplay, name: str, figure: str) -> Array:
    """``[t]`` a number of a group; 0 where it does not work."""
    found = [
        [getattr(one, figure) for one in window.groups if one.id == name] for window in done.plan.windows
    ]
    return np.array([float(of[0]) if of else 0.0 for of in found])


def _expected_load(done: PlanReplay, name: str) -> Array:
    """``[t]`` requests/s that a group carries, mean of the levels."""
    return np.array(
        [
            sum(
                level.weight_share * rate
                for table in window.served_rps.values()
                for level, rate in zip(window.levels, table.get(name, ()), strict=False)
            )
            for window in done.plan.windows
        ]
    )


def _row(table: Mapping[str, tuple[float, ...]], name: str) -> tuple[float, ...]:
    return table.get(name, ())


def _at_demand(done: PlanReplay, k: int, rows: list[tuple[float, ...]]) -> Array:
    """``[t]`` rate that a row of rates by level means at the realised demand of class k."""
    found = [
        _level_rate(window, done.replayed.supply.classes[k].name, row, demand)
        for window, row, demand in zip(done.plan.windows, rows, done.demand_rps[k].tolist(), strict=True)
    ]
    return np.array(found)


def _level_rate(window: Window, name: str, row: tuple[float, ...], demand_rps: float) -> float:
    """Rate at the first level that holds the demand, in proportion to it; of the top level where none does."""
    if not row:
        return 0.0
    levels = [one.demand_rps[name] for one in window.levels]
    holds = next((q for q, level in enumerate(levels) if level >= demand_rps), len(levels) - 1)
    return row[holds] * min(demand_rps / levels[holds], 1.0) if levels[holds] > 0 else 0.0
