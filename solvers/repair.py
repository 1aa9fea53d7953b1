"""Fleets that miss a limit by little, mended where that is cheap: floors are filled, risky windows changed, changes smoothed.

A window that still fails after its floors is replaced by the cheapest of some changes of it that keep every limit: spot machines
swapped for others of their group, spread over pools, backed by standby, or joined by a few more. All of them are priced at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.fleet_limits import zones_of_classes
from solvers.fleets import sizes_of
from solvers.recourse import evaluate, price_windows
from solvers.smoothing import smoothed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem
    from solvers.recourse import Evaluation

SHARES = (
    0.25,
    0.5,
    0.75,
    1.0,
)  # of a group's spot machines that are swapped, of a class's demand that an accurate group takes
MOST_ADDED = 3  # machines that join a group


def repaired(problem: ProvisioningProblem, instances: IntArray) -> Evaluation | None:
    """Mend a fleet that breaks some limit, and price it; None where it cannot be mended.

    Parameters
    ----------
    instances
        ``[g, t]`` whole machines.
    """
    found = evaluate(problem, smoothed(problem, mended(problem, with_floors(problem, instances))))
    return found if found.feasible else None


def with_floors(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """The fleet with the on-demand share of every group, the least machines and the zones of every class."""
    fleet = on_demand_filled(problem, instances, problem.on_demand_floor_share)
    limits = problem.limits
    if limits is None:
        return fleet
    working = ~problem.is_standby[problem.option_machine]
    serving = problem.serves[:, problem.option_group] & working  # [k, g]
    lacking = limits.min_instances[:, None] - problem.serves.astype(int) @ sizes_of(problem, fleet)
    for k, t in np.argwhere(lacking > 0):
        missing = int(limits.min_instances[k] - fleet[serving[k], t].sum())
        add(problem, fleet, int(t), serving[k], missing)
    if limits.min_zones > 1:
        zone = limits.zone_of_machine[problem.option_machine]
        zones = zones_of_classes(problem, limits, fleet)
        for k, t in np.argwhere((zones < limits.min_zones) & (serving.sum(axis=1) > 0)[:, None]):
            for _ in range(limits.min_zones):
                used = np.unique(zone[serving[k] & (fleet[:, t] > 0)])
                if (used >= 0).sum() < limits.min_zones:
                    add(problem, fleet, int(t), serving[k] & (zone >= 0) & ~np.isin(zone, used), 1)
    return fleet


def on_demand_filled(problem: ProvisioningProblem, instances: IntArray, share: float) -> IntArray:
    """The fleet with at least this share of every group's machines not on spot, swapped within the group."""
    fleet = instances.copy()
    spot = problem.is_spot[problem.option_machine]
    working = ~problem.is_standby[problem.option_machine]
    for j in np.unique(problem.option_group[spot]):
        own = problem.option_group == j
        steady, risky = own & ~spot & working, np.flatnonzero(own & spot)
        if not steady.any():
            continue
        needed = np.ceil(share * fleet[own & working].sum(axis=0) - 1e-9).astype(int)
        for t in np.flatnonzero(fleet[steady].sum(axis=0) < needed):
            missing = int(needed[t] - fleet[steady, t].sum())
            for g in risky:
                swapped = add(problem, fleet, int(t), steady, min(missing, int(fleet[g, t])))
                fleet[g, t] -= swapped
                missing -= swapped
    return fleet


def add(problem: ProvisioningProblem, fleet: IntArray, t: int, offered: BoolArray, count: int) -> int:
    """Add up to `count` machines of the cheapest options on offer ``[g]`` to window t, in place; return how many found room."""
    price = problem.price_usd_per_h[problem.option_machine, t]
    added = 0
    for g in np.flatnonzero(offered)[np.argsort(price[offered], kind="stable")]:
        i = problem.option_machine[g]
        standing = fleet[problem.option_machine == i, t].sum()
        most = (
            problem.count_limit[i, t]
            if problem.owned_count is None
            else min(problem.count_limit[i, t], problem.owned_count[i])
        )
        taken = int(max(min(count - added, most - standing), 0))
        fleet[g, t] += taken
        added += taken
    return added


def mended(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """The fleet with every window that fails replaced by the cheapest change of it that keeps the window's limits."""
    failing = np.flatnonzero(~price_windows(problem, instances).kept)
    tried = [
        (t, one)
        for t in failing
        for one in changes_of(problem.taking(windows=np.array([t])), instances[:, [t]])
    ]
    if not tried:
        return instances
    windows = np.array([t for t, _ in tried])
    fleets = np.concatenate([one for _, one in tried], axis=1)
    priced = price_windows(problem.taking(windows=windows), fleets)
    usd = np.where(priced.kept, priced.objective_usd, np.inf)
    fleet = instances.copy()
    for t in failing:
        own = np.flatnonzero(windows == t)
        best = own[usd[own].argmin()]
        if np.isfinite(usd[best]):
            fleet[:, t] = fleets[:, best]
    return fleet


def changes_of(window: ProvisioningProblem, instances: IntArray) -> Iterator[IntArray]:
    """Yield fleets ``[g, 1]`` of one window that might keep the limits that a fleet of it breaks."""
    bases = [instances, spread_over_pools(window, instances)]
    bases += [on_demand_filled(window, base, share) for base in bases for share in SHARES]
    bases += [backed_by_standby(window, base) for base in bases]
    bases += list(more_accurate(window, instances))
    used = sizes_of(window, instances)[:, 0] > 0
    working = ~window.is_standby[window.option_machine] & ~window.is_spot[window.option_machine]
    for base in bases:
        yield base
        for count in range(1, MOST_ADDED + 1):
            every = base.copy()
            for j in np.flatnonzero(used):
                one = base.copy()
                add(window, one, 0, working & (window.option_group == j), count)
                yield one
                add(window, every, 0, working & (window.option_group == j), count)
            yield every


def spread_over_pools(window: ProvisioningProblem, instances: IntArray) -> IntArray:
    """The fleet with the spot machines of each group spread evenly over its spot options, the cheapest first."""
    fleet = instances.copy()
    spot = window.is_spot[window.option_machine]
    price = window.price_usd_per_h[window.option_machine, 0]
    for j in np.unique(window.option_group[spot]):
        own = np.flatnonzero(spot & (window.option_group == j))
        own = own[np.argsort(price[own], kind="stable")]
        each, rest = divmod(int(fleet[own, 0].sum()), len(own))
        fleet[own, 0] = each + (np.arange(len(own)) < rest)
    return fleet


def backed_by_standby(window: ProvisioningProblem, instances: IntArray) -> IntArray:
    """The fleet with as many machines on standby in each group as one of its spot options would lose, where it has such."""
    fleet = instances.copy()
    spot, standby = window.is_spot[window.option_machine], window.is_standby[window.option_machine]
    for j in np.unique(window.option_group[standby]):
        own = window.option_group == j
        add(
            window,
            fleet,
            0,
            own & standby,
            int(fleet[own & spot].max(initial=0) - fleet[own & standby].sum()),
        )
    return fleet


def more_accurate(window: ProvisioningProblem, instances: IntArray) -> Iterator[IntArray]:
    """Yield the fleet with groups above a class's accuracy floor grown to carry shares of its demand."""
    part = window.accuracy
    if part is None:
        return
    working = ~window.is_standby[window.option_machine]
    sizes = sizes_of(window, instances)[:, 0]
    for k, j in np.argwhere(part.asks[:, None] & window.serves & (part.group_margin_share > 0)):
        for share in SHARES:
            wanted = machines_for(window, int(k), int(j), share * float(window.demand_rps[k, 0, -1]))
            if wanted > sizes[j]:
                grown = instances.copy()
                add(window, grown, 0, working & (window.option_group == j), wanted - int(sizes[j]))
                yield grown


def machines_for(problem: ProvisioningProblem, k: int, j: int, rate_rps: float) -> int:
    """Least machines of group j that carry a rate of class k; the last tabulated count where none does."""
    if problem.linear_rps is not None and problem.is_linear[j]:
        return int(np.ceil(rate_rps / problem.linear_rps[k, j] - 1e-9))
    table: Array = problem.capacity_rps[j, : problem.count_max[j] + 1]
    return int(min(np.searchsorted(table, rate_rps * (1 - 1e-12)), problem.count_max[j]))
