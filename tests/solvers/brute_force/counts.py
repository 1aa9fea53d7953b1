"""All vectors of counts of one window, and which of them keep the limits of a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MOST_VECTORS = 20_000  # of counts in one window; more is no longer tiny
ROUNDING = 1e-9  # of whole counts against limits in floating point


@dataclass(frozen=True)
class Fleets:
    """Vectors of counts and what they sum to.

    `counts` ``[v, g]``, `machines` ``[v, i]``, `sizes` ``[v, j]`` machines of each group that carry load, those on standby apart,
    `loaded` ``[v, i, m]`` machines that hold a model.
    """

    counts: IntArray
    machines: IntArray
    sizes: IntArray
    loaded: IntArray

    @property
    def standing(self) -> IntArray:
        """``[v, x]`` all that the next window's changes depend on."""
        return np.hstack([self.machines, self.loaded.reshape(len(self.counts), -1)])


def fleets_of(problem: ProvisioningProblem, counts: IntArray) -> Fleets:
    """Sum vectors of counts ``[v, g]`` up."""
    group, machine = problem.option_group, problem.option_machine
    working = np.where(standby_machines(problem)[machine], 0, counts)
    models = 0 if problem.loads is None else len(problem.loads.models)
    held = machine * models + (0 if problem.loads is None else problem.loads.group_model[group])
    loaded = counts @ belongs(held, len(problem.machines) * models)
    return Fleets(
        counts=counts,
        machines=counts @ belongs(machine, len(problem.machines)),
        sizes=working @ belongs(group, len(problem.groups)),
        loaded=loaded.reshape(len(counts), len(problem.machines), models),
    )


def belongs(owner: IntArray, owners: int) -> IntArray:
    """Return ``[member, owner]`` with 1 where the member is the owner's."""
    return (np.asarray(owner)[:, None] == np.arange(owners)).astype(int)


def standby_machines(problem: ProvisioningProblem) -> BoolArray:
    """Return ``[i]`` machines that carry load only after a loss."""
    if problem.spot_risk is None:
        return np.zeros(len(problem.machines), dtype=bool)
    return problem.spot_risk.is_standby


def linear_groups(problem: ProvisioningProblem) -> BoolArray:
    """Return ``[j]`` groups with rates per machine and class in place of a table."""
    if problem.linear_rps is None:
        return np.zeros(len(problem.groups), dtype=bool)
    return np.asarray((problem.linear_rps > 0).any(axis=0))


def count_vectors(problem: ProvisioningProblem) -> IntArray:
    """Return ``[v, g]`` all counts of the options, 0 to the most that can be of use in any window.

    A machine above the count at which its group carries all it may serve is useful only while it is kept for a later window,
    and then that window's count covers it; where models, groups or changes are limited it may wait in any group of its machine.
    """
    most = useful_counts(problem)
    total = np.array([most[problem.option_machine == i].sum() for i in range(len(problem.machines))])
    total = np.minimum(total, largest_fleets(problem))
    if not np.isfinite(total).all():
        raise ValueError(
            "a machine of a linear group whose spare is worth something needs a count limit here"
        )
    if problem.limits is not None or problem.loads is not None:
        most = total[problem.option_machine]
    counts = np.zeros((1, len(most)), dtype=int)
    for g, i in enumerate(problem.option_machine):
        one_more = np.arange(int(min(most[g], total[i])) + 1)
        longer = np.repeat(counts, len(one_more), axis=0)
        longer[:, g] = np.tile(one_more, len(counts))
        counts = longer[longer[:, problem.option_machine == i].sum(axis=1) <= total[i]]
        if len(counts) > MOST_VECTORS:
            raise ValueError(f"more than {MOST_VECTORS} count vectors a window: too many to enumerate")
    return counts


def largest_fleets(problem: ProvisioningProblem) -> Array:
    """Return ``[i]`` most machines that count limits, commitments and quotas ever allow; inf without any."""
    most = problem.count_limit.max(axis=1)
    if problem.owned_count is not None:
        most = np.minimum(most, problem.owned_count)
    for use, limit in zip(problem.quota_use, problem.quota_limit, strict=True):
        allowed = np.full(len(use), np.inf)
        allowed[use > 0] = np.floor(limit / use[use > 0] + ROUNDING)
        most = np.minimum(most, allowed)
    return np.asarray(most)


def useful_counts(problem: ProvisioningProblem) -> Array:
    """Return ``[g]`` most machines of an option that do something: carry load, hold a floor, or have not been stopped yet."""
    most = np.minimum(
        carrying_counts(problem)[problem.option_group], largest_fleets(problem)[problem.option_machine]
    )
    limits = problem.limits
    if limits is None and problem.spot_risk is None:
        return most
    if limits is not None:
        floor = np.where(problem.serves, limits.min_instances[:, None], 0).max(axis=0)[problem.option_group]
        most = np.maximum(most, np.maximum(floor, int(limits.min_zones > 1)))
        if limits.max_churn is not None:
            most = np.maximum(most, problem.initial_count[problem.option_machine])
    share = problem.on_demand_floor_share
    spot = problem.is_spot[problem.option_machine]
    if 0 < share < 1:  # machines on demand may be there for the spot machines beside them
        beside = np.where(spot, most, 0) @ belongs(problem.option_group, len(problem.groups))
        needed = np.ceil(share / (1 - share) * beside[problem.option_group] - ROUNDING)
        most = np.where(spot, most, np.maximum(most, needed))
    return most


def carrying_counts(problem: ProvisioningProblem) -> Array:
    """Return ``[j]`` least machines that carry all the group may serve; all of the table where spare capacity is of use."""
    top = problem.demand_rps[:, :, -1]
    spare = problem.spot_risk is not None and (
        problem.spot_risk.violation_share is not None or problem.spot_risk.aversion_usd > 0
    )
    most = np.zeros(len(problem.groups))
    for j, linear in enumerate(linear_groups(problem)):
        k = np.flatnonzero(problem.serves[:, j])
        if linear:
            assert problem.linear_rps is not None
            busy = (top[k] / problem.linear_rps[k, j][:, None]).sum(axis=0)
            most[j] = np.inf if spare else np.ceil(busy.max(initial=0.0) - ROUNDING)
            continue
        row = problem.capacity_rps[j, : problem.count_max[j] + 1]
        enough = np.flatnonzero(row >= top[k].sum(axis=0).max() - 1e-12)
        most[j] = enough[0] if len(enough) and not spare else problem.count_max[j]
    return most


def allowed(problem: ProvisioningProblem, fleets: Fleets, t: int) -> BoolArray:
    """Return ``[v]`` which vectors keep every limit of window t that looks at nothing but its machines."""
    machines = fleets.machines
    kept = (machines <= problem.count_limit[:, t]).all(axis=1)
    if problem.owned_count is not None:
        kept &= (machines <= problem.owned_count).all(axis=1)
    kept &= (machines @ problem.quota_use.T <= problem.quota_limit + ROUNDING).all(axis=1)
    idle = (problem.is_spot | standby_machines(problem))[problem.option_machine]
    on_demand = np.where(idle, 0, fleets.counts) @ belongs(problem.option_group, len(problem.groups))
    kept &= (on_demand >= problem.on_demand_floor_share * fleets.sizes - ROUNDING).all(axis=1)
    limits = problem.limits
    if limits is None:
        return kept
    kept &= (fleets.sizes @ problem.serves.T >= limits.min_instances).all(axis=1)
    if limits.max_groups is not None:
        kept &= (fleets.sizes > 0).sum(axis=1) <= limits.max_groups
    if limits.min_zones > 1:
        for k in np.flatnonzero(problem.serves.any(axis=1)):
            kept &= zones_of_class(problem, fleets, int(k)) >= limits.min_zones
    return kept


def zones_of_class(problem: ProvisioningProblem, fleets: Fleets, k: int) -> IntArray:
    """Return ``[v]`` in how many zones class k has a machine that carries load."""
    assert problem.limits is not None
    zone = problem.limits.zone_of_machine[problem.option_machine]
    useful = problem.serves[k, problem.option_group] & ~standby_machines(problem)[problem.option_machine]
    found = [(fleets.counts[:, useful & (zone == u)] > 0).any(axis=1) for u in np.unique(zone[zone >= 0])]
    return np.sum(found, axis=0, dtype=int) if found else np.zeros(len(fleets.counts), dtype=int)
