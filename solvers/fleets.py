"""Arithmetic of a given fleet ``[g, t]``: machines, sizes and capacities, what rises between windows, what a loss leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.problem import incidence

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


def machines_of(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """``[i, t]`` machines over all groups; ``[i]`` of a single window's instances."""
    return np.asarray(problem.machine_count @ instances).astype(int)


def sizes_of(problem: ProvisioningProblem, instances: IntArray) -> IntArray:
    """``[j, t]`` machines that carry load in each group, over all markets: standby machines are left out."""
    return np.asarray(problem.group_count @ instances).astype(int)


def starts_of(problem: ProvisioningProblem, machines: IntArray) -> IntArray:
    """``[i, t]`` launches: rises of each machine's count, the first window against the initial fleet."""
    before = np.concatenate([problem.initial_count[:, None], machines[:, :-1]], axis=1)
    return np.asarray(np.maximum(machines - before, 0))


def rises_of(problem: ProvisioningProblem, instances: IntArray) -> Array:
    """``[c, t]`` rises of what costs when it rises (launches, then loads), the first window against what stood before it."""
    counts = np.asarray(problem.rises.count @ instances)
    before = np.concatenate([problem.rises.initial_count[:, None], counts[:, :-1]], axis=1)
    return np.asarray(np.maximum(counts - before, 0.0))


def slowest_load_s(problem: ProvisioningProblem, instances: IntArray) -> Array:
    """``[t]`` seconds of the slowest load among the models that nothing held in the window before; 0 without loads."""
    part = problem.loads
    if part is None:
        return np.zeros(instances.shape[1])
    held: BoolArray = np.asarray(problem.model_count @ instances).astype(bool)
    before = np.concatenate([(part.initial_loaded.sum(axis=0) > 0)[:, None], held[:, :-1]], axis=1)
    return np.asarray(np.where(held & ~before, part.load_s[:, None], 0.0).max(axis=0, initial=0.0))


def capacity_at(problem: ProvisioningProblem, sizes: IntArray) -> Array:
    """``[j, t]`` requests/s of groups of these sizes; beyond a group's last tabulated count nothing is added."""
    counted = np.minimum(sizes, problem.count_max[:, None])
    return np.take_along_axis(problem.capacity_rps, counted, axis=1)


def room_of(problem: ProvisioningProblem, sizes: IntArray, rate_rps: Array | None = None) -> Array:
    """``[j, t]`` what a group has to share: requests/s, or its machines where it is linear.

    Parameters
    ----------
    rate_rps
        ``[j, t]`` requests/s per machine in place of the capacity table.
    """
    capacity = capacity_at(problem, sizes) if rate_rps is None else rate_rps * sizes
    return np.asarray(np.where(problem.is_linear[:, None], sizes, capacity))


@dataclass(frozen=True)
class PoolLosses:
    """What the loss of spot pools leaves of a fleet.

    Parameters
    ----------
    problem
        One with `spot_risk`.
    instances
        ``[g, t]`` whole machines.
    """

    problem: ProvisioningProblem
    instances: IntArray

    @cached_property
    def pool_of_option(self) -> IntArray:
        """``[g]`` pool whose loss takes the option's machines; -1 where none does."""
        risk = self.problem.spot_risk
        assert risk is not None
        return np.asarray(risk.pool_of_machine[self.problem.option_machine])

    @cached_property
    def fed(self) -> BoolArray:
        """``[j, z]`` the pool feeds the group: some option of the group is of the pool, used or not."""
        risk = self.problem.spot_risk
        assert risk is not None
        fed = np.zeros((len(self.problem.groups), len(risk.pools)), dtype=bool)
        own = self.pool_of_option >= 0
        fed[self.problem.option_group[own], self.pool_of_option[own]] = True
        return fed

    @cached_property
    def lost(self) -> IntArray:
        """``[j, z, t]`` machines of each pool in each group."""
        lost = np.zeros((*self.fed.shape, self.instances.shape[1]), dtype=int)
        own = self.pool_of_option >= 0
        np.add.at(lost, (self.problem.option_group[own], self.pool_of_option[own]), self.instances[own])
        return lost

    @cached_property
    def sizes(self) -> IntArray:
        """``[j, t]`` machines before any loss."""
        return sizes_of(self.problem, self.instances)

    @cached_property
    def sizes_after(self) -> IntArray:
        """``[j, z, t]`` machines once the pool is lost and the standby machines of the group run."""
        every = np.asarray(
            incidence(self.problem.option_group, len(self.problem.groups)) @ self.instances
        ).astype(int)
        return np.asarray(every[:, None] - self.lost)
