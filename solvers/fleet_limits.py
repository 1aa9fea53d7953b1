"""Which limits a given fleet ``[g, t]`` keeps: those of single windows, and those of what changes between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.fleets import machines_of, sizes_of, starts_of
from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.limits import OperatorLimits
    from solvers.problem import BoolArray, IntArray, ProvisioningProblem

ROUNDING = 1e-9  # of shares and vCPU


def limits_kept(problem: ProvisioningProblem, instances: IntArray) -> BoolArray:
    """``[t]`` every limit that counts machines of a single window holds."""
    return np.asarray(np.all(list(window_limits(problem, instances).values()), axis=0))


def window_limits(problem: ProvisioningProblem, instances: IntArray) -> dict[str, BoolArray]:
    """``[t]`` whether each limit on the machines of a window holds, by the limit's name for people."""
    machines, sizes = machines_of(problem, instances), sizes_of(problem, instances)
    used = problem.quota_use @ machines
    spot = problem.is_spot[problem.option_machine][:, None]
    on_demand = sizes_of(problem, np.where(spot, 0, instances))
    kept: dict[str, Any] = {
        "a quota": (used <= problem.quota_limit[:, None] + ROUNDING).all(axis=0),
        "a count limit": (machines <= problem.count_limit).all(axis=0),
        "the on-demand floor": (on_demand >= problem.on_demand_floor_share * sizes - ROUNDING).all(axis=0),
    }
    if problem.owned_count is not None:
        kept["a commitment"] = (machines <= problem.owned_count[:, None]).all(axis=0)
    if problem.limits is not None:
        kept |= operator_limits(problem, problem.limits, instances, sizes)
    return kept


def operator_limits(
    problem: ProvisioningProblem, limits: OperatorLimits, instances: IntArray, sizes: IntArray
) -> dict[str, BoolArray]:
    """``[t]`` least machines of a class, zones of a class, and groups with machines (``[j, t]`` `sizes`)."""
    serving = problem.serves.astype(int) @ sizes
    kept: dict[str, Any] = {"min_instances": (serving >= limits.min_instances[:, None]).all(axis=0)}
    if limits.min_zones > 1:
        zones = zones_of_classes(problem, limits, instances)
        kept["min_zones"] = (zones[problem.serves.any(axis=1)] >= limits.min_zones).all(axis=0)
    if limits.max_groups is not None:
        kept["max_groups"] = (sizes > 0).sum(axis=0) <= limits.max_groups
    return kept


def zones_of_classes(problem: ProvisioningProblem, limits: OperatorLimits, instances: IntArray) -> IntArray:
    """``[k, t]`` zones in which machines at work may serve each class; machines without a zone count in none."""
    zone = limits.zone_of_machine[problem.option_machine]
    zoned = np.flatnonzero((zone >= 0) & ~problem.is_standby[problem.option_machine])
    zones = int(zone.max(initial=-1)) + 1
    cell = problem.option_group[zoned] * zones + zone[zoned]
    stands = incidence(cell, len(problem.groups) * zones) @ instances[zoned] > 0
    stands = np.asarray(stands).reshape(len(problem.groups), zones, instances.shape[1])
    serving = np.tensordot(problem.serves.astype(int), stands.astype(int), axes=(1, 0)) > 0  # [k, u, t]
    return np.asarray(serving.sum(axis=1))


def churn_kept(problem: ProvisioningProblem, instances: IntArray) -> BoolArray:
    """``[t]`` starts and stops since the window before are no more than allowed."""
    limits = problem.limits
    if limits is None or limits.max_churn is None:
        return np.ones(instances.shape[1], dtype=bool)
    return np.asarray(churn_of(problem, instances) <= limits.max_churn)


def churn_of(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """``[t]`` starts and stops since the window before, machines on standby aside; the first: since the initial fleet."""
    machines = machines_of(problem, instances)
    before = np.concatenate([problem.initial_count[:, None], machines[:, :-1]], axis=1)
    return np.asarray(np.abs(machines - before)[~problem.is_standby].sum(axis=0))


def scale_in_kept(problem: ProvisioningProblem, instances: IntArray) -> BoolArray:
    """``[t]`` what started within its delay still runs."""
    machines = machines_of(problem, instances)
    return np.asarray((machines >= held_by_delay(problem, starts_of(problem, machines))).all(axis=0))


def held_by_delay(problem: ProvisioningProblem, starts: IntArray) -> IntArray:
    """``[i, t]`` machines that must run because they started within their delay: starts[i,t'] over the last L[i] windows."""
    limits = problem.limits
    if limits is None:
        return np.zeros_like(starts)
    total = np.concatenate([np.zeros((len(starts), 1), dtype=int), np.cumsum(starts, axis=1)], axis=1)
    windows = np.arange(starts.shape[1])
    delay = limits.scale_in_windows[:, None]
    first = np.maximum(windows + 1 - delay, 0)
    held = total[:, 1:] - np.take_along_axis(total, first, axis=1)
    return np.asarray(np.where(delay > 1, held, 0))
