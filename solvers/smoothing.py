"""Fleets with their changes smoothed: machines held for their delay, and held or started early so that few change at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.fleets import machines_of, starts_of

if TYPE_CHECKING:
    from solvers.problem import IntArray, ProvisioningProblem


def smoothed(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """The fleet with machines held for their delay, and held or started early so that few change at once."""
    limits = problem.limits
    if limits is None:
        return instances
    fleet = np.column_stack([initial_instances(problem), instances])
    steady = ~problem.is_standby
    if limits.max_churn is not None:
        for t in range(fleet.shape[1] - 1, 1, -1):
            rises = np.where(steady, np.maximum(machine_change(problem, fleet, t), 0), 0)
            lend(problem, fleet, t - 1, t, rises, int(rises.sum()) - limits.max_churn)
        for t in range(1, fleet.shape[1]):
            change = np.where(steady, machine_change(problem, fleet, t), 0)
            falls = np.maximum(-change, 0)
            lend(problem, fleet, t, t - 1, falls, int(np.abs(change).sum()) - limits.max_churn)
    for t in range(2, fleet.shape[1]):
        machines = machines_of(problem, fleet[:, 1 : t + 1])
        starts = starts_of(problem, machines)
        held = [starts[i, max(t - delay, 0) :].sum() for i, delay in enumerate(limits.scale_in_windows)]
        lacking = np.where(limits.scale_in_windows > 1, np.array(held, dtype=int) - machines[:, -1], 0)
        lend(problem, fleet, t, t - 1, np.maximum(lacking, 0), int(np.maximum(lacking, 0).sum()))
    return fleet[:, 1:]


def initial_instances(problem: ProvisioningProblem) -> IntArray:
    """``[g]`` the initial fleet, each machine at work in its first option."""
    fleet = np.zeros(len(problem.option_group), dtype=int)
    machine, first = np.unique(problem.option_machine, return_index=True)
    fleet[first] = problem.initial_count[machine]
    return fleet


def machine_change(problem: ProvisioningProblem, fleet: IntArray, t: int) -> IntArray:
    """``[i]`` machines more (or fewer) than in the window before."""
    machines = machines_of(problem, fleet[:, t - 1 : t + 1])
    return np.asarray(machines[:, 1] - machines[:, 0])


def lend(
    problem: ProvisioningProblem, fleet: IntArray, to: int, source: int, most: IntArray, count: int
) -> None:
    """Let `count` machines, at most ``[i]`` `most` of each and the cheapest first, work in window `to` as they do in `source`."""
    price = problem.price_usd_per_h[:, max(to - 1, 0)]
    for i in np.argsort(price, kind="stable"):
        left = min(int(most[i]), count)
        for g in np.flatnonzero(problem.option_machine == i):
            taken = max(min(left, int(fleet[g, source] - fleet[g, to])), 0)
            fleet[g, to] += taken
            left -= taken
            count -= taken
        if count <= 0:
            return
