"""Windows joined into horizons: every change is priced, and only what can still matter is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tests.solvers.brute_force.counts import (
    Fleets,
    allowed,
    count_vectors,
    fleets_of,
    linear_groups,
    standby_machines,
)
from tests.solvers.brute_force.losses import risks, survivors
from tests.solvers.brute_force.recourse import Ways, cheapest_recourse, cheapest_within_budgets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

MOST_PATHS = 2_000_000


@dataclass(frozen=True)
class Optimum:
    """Least objective and counts ``[g, t]`` that reach it; both None where nothing serves the demand within the limits."""

    objective_usd: float | None
    instances: IntArray | None


@dataclass(frozen=True)
class Choices:
    """Vectors `index` ``[c]`` that one window may have, each with its objective ``[c]`` and its bill ``[c]``, changes apart."""

    index: IntArray
    objective_usd: Array
    bill_usd: Array


@dataclass(frozen=True)
class Paths:
    """Partial horizons: `index` ``[p, t]`` vectors, objective and bill ``[p]`` so far."""

    index: IntArray
    objective_usd: Array
    bill_usd: Array

    def taking(self, kept: NDArray[np.generic]) -> Paths:
        """Some of the paths."""
        return Paths(self.index[kept], self.objective_usd[kept], self.bill_usd[kept])


def enumerate_optimum(problem: ProvisioningProblem) -> Optimum:
    """Return the optimum of `problem` over all whole counts."""
    counts = count_vectors(problem)
    return optimum_over(problem, counts, np.ones((len(problem.window_h), len(counts)), dtype=bool))


def price_fleet(problem: ProvisioningProblem, instances: IntArray) -> float | None:
    """Return what given machines ``[g, t]`` cost with their cheapest recourse; None where they break a limit or leave demand."""
    windows = len(problem.window_h)
    return optimum_over(problem, instances.T, np.eye(windows, dtype=bool)).objective_usd


def optimum_over(problem: ProvisioningProblem, counts: IntArray, offered: BoolArray) -> Optimum:
    """Return the optimum over vectors of counts ``[v, g]``, each in the windows ``[t, v]`` it is offered in."""
    ways, fleets = Ways(problem), fleets_of(problem, counts)
    couples = budget_couples(problem)
    paths = Paths(np.empty((1, 0), dtype=int), np.zeros(1), np.zeros(1))
    for t in range(len(problem.window_h)):
        choices = choices_of(ways, fleets, t, offered[t])
        if not couples:
            choices = cheapest_of_each(fleets, choices)
        paths = extended(problem, fleets, paths, choices)
        if not couples:
            paths = cheapest_of_same_past(problem, paths)
        if len(paths.index) == 0:
            return Optimum(None, None)
    objective = within_budget(ways, fleets, paths)
    best = int(objective.argmin())
    if not np.isfinite(objective[best]):
        return Optimum(None, None)
    return Optimum(float(objective[best]), counts[paths.index[best]].T)


def budget_couples(problem: ProvisioningProblem) -> bool:
    """Whether the cheapest plan may break the budget while a dearer one keeps it: the objective is more than the bill."""
    if problem.limits is None or problem.limits.budget_usd is None:
        return False
    waits = problem.loads is not None and problem.loads.wait_usd_per_s > 0
    averse = problem.spot_risk is not None and problem.spot_risk.aversion_usd > 0
    return problem.value is not None or waits or averse


def choices_of(ways: Ways, fleets: Fleets, t: int, offered: BoolArray) -> Choices:
    """Vectors that keep the limits of window t, and what they cost there."""
    problem = ways.problem
    index = np.flatnonzero(offered & allowed(problem, fleets, t))
    index = index[survivors(ways, taking(fleets, index), t)]
    kept, variance_usd = risks(ways, taking(fleets, index), t)
    index, variance_usd = index[kept], variance_usd[kept]
    counted = np.where(linear_groups(problem), fleets.sizes, np.minimum(fleets.sizes, problem.count_max))
    distinct, of_fleet = np.unique(counted[index], axis=0, return_inverse=True)
    net, billed = cheapest_recourse(ways, distinct, t)
    net, billed = net[of_fleet.ravel()], billed[of_fleet.ravel()]
    rent = problem.window_h[t] * (fleets.machines[index] @ problem.price_usd_per_h[:, t])
    served = np.isfinite(net)
    return Choices(index[served], (net + rent + variance_usd)[served], (billed + rent)[served])


def taking(fleets: Fleets, index: IntArray) -> Fleets:
    """Some of the vectors."""
    return Fleets(fleets.counts[index], fleets.machines[index], fleets.sizes[index], fleets.loaded[index])


def cheapest_of_each(fleets: Fleets, choices: Choices) -> Choices:
    """Of vectors with the same machines and loaded models, the cheapest."""
    order = np.argsort(choices.objective_usd, kind="stable")
    _, first = np.unique(fleets.standing[choices.index[order]], axis=0, return_index=True)
    kept = order[first]
    return Choices(choices.index[kept], choices.objective_usd[kept], choices.bill_usd[kept])


def cheapest_of_same_past(problem: ProvisioningProblem, paths: Paths) -> Paths:
    """Of paths that agree in the windows that later ones look back on, the cheapest."""
    back = 1 if problem.limits is None else max(1, int(problem.limits.scale_in_windows.max(initial=0)))
    order = np.argsort(paths.objective_usd, kind="stable")
    _, first = np.unique(paths.index[order][:, -back:], axis=0, return_index=True)
    return paths.taking(order[first])


def extended(problem: ProvisioningProblem, fleets: Fleets, paths: Paths, choices: Choices) -> Paths:
    """Every path with every choice after it that the limits on changes and the budget allow."""
    if len(paths.index) * len(choices.index) > MOST_PATHS:
        raise ValueError(f"{len(paths.index)} x {len(choices.index)} paths: too many to enumerate")
    before = paths.index[:, -1:].ravel()
    old, of_path = (
        np.unique(before, return_inverse=True) if before.size else (np.array([-1]), np.zeros(1, dtype=int))
    )
    bill, wait, changed = changes(problem, fleets, old, choices.index)
    bill, wait, changed = (each[of_path.ravel()] for each in (bill, wait, changed))
    limits = problem.limits
    kept = np.ones(bill.shape, dtype=bool)
    if limits is not None and limits.max_churn is not None:
        kept &= changed <= limits.max_churn
    billed = paths.bill_usd[:, None] + choices.bill_usd + bill
    if limits is not None and limits.budget_usd is not None and problem.value is None:
        kept &= billed <= limits.budget_usd * (1 + 1e-9) + 1e-12
    path, choice = np.nonzero(kept)
    objective = paths.objective_usd[path] + (choices.objective_usd + bill + wait)[path, choice]
    longer = np.hstack([paths.index[path], choices.index[choice][:, None]])
    found = Paths(longer, objective, billed[path, choice])
    return found.taking(stays_long_enough(problem, fleets, longer))


def changes(
    problem: ProvisioningProblem, fleets: Fleets, old: IntArray, new: IntArray
) -> tuple[Array, Array, IntArray]:
    """``[o, n]`` bill of launches and loads, price of waiting for loads, machines started or stopped.

    Vectors `old` ``[o]`` (-1: the initial fleet) are followed by `new` ``[n]``.
    """
    loads = problem.loads
    machines = np.where((old < 0)[:, None], problem.initial_count, fleets.machines[old])
    difference = fleets.machines[new][None] - machines[:, None]
    bill = np.maximum(difference, 0) @ problem.start_usd
    changed = np.abs(difference)[:, :, ~standby_machines(problem)].sum(axis=2)
    if loads is None:
        return bill, np.zeros_like(bill), changed
    held = np.where((old < 0)[:, None, None], loads.initial_loaded, fleets.loaded[old])
    now = fleets.loaded[new]
    bill = bill + np.einsum("onim,im->on", np.maximum(now[None] - held[:, None], 0), loads.load_usd)
    fresh = now.any(axis=1)[None] & ~held.any(axis=1)[:, None]  # [o, n, m]
    wait = loads.wait_usd_per_s * np.where(fresh, loads.load_s, 0.0).max(axis=2, initial=0.0)
    return bill, wait, changed


def stays_long_enough(problem: ProvisioningProblem, fleets: Fleets, index: IntArray) -> BoolArray:
    """``[p]`` whether in the last window of paths ``[p, t]`` every machine started within its delay still stands."""
    kept = np.ones(len(index), dtype=bool)
    if problem.limits is None:
        return kept
    machines = fleets.machines[index]  # [p, t, i]
    initial = np.broadcast_to(problem.initial_count, (len(index), 1, len(problem.machines)))
    starts = np.maximum(np.diff(np.concatenate([initial, machines], axis=1), axis=1), 0)
    for i, windows in enumerate(problem.limits.scale_in_windows):
        if windows > 1:
            kept &= machines[:, -1, i] >= starts[:, -int(windows) :, i].sum(axis=1)
    return kept


def within_budget(ways: Ways, fleets: Fleets, paths: Paths) -> Array:
    """``[p]`` objective of whole horizons; where the bill is over the budget, that of a recourse which keeps it, inf if none does.

    Recourse that keeps to the budget is sought only where it might be the best.
    """
    limits = ways.problem.limits
    if limits is None or limits.budget_usd is None:
        return paths.objective_usd
    over = paths.bill_usd > limits.budget_usd * (1 + 1e-9) + 1e-12
    objective = np.where(over, np.inf, paths.objective_usd)
    if ways.problem.value is None:
        return objective
    fixed = fixed_bills(ways.problem, fleets, paths.index)
    left = limits.budget_usd - fixed
    again = np.flatnonzero(over & (left >= 0) & (paths.objective_usd < objective.min()))
    if len(again) == 0:
        return objective
    recourse = cheapest_within_budgets(ways, fleets.sizes[paths.index[again]], left[again])
    free = np.zeros(len(again))
    for t in range(len(ways.problem.window_h)):
        distinct, of_path = np.unique(fleets.sizes[paths.index[again, t]], axis=0, return_inverse=True)
        free += cheapest_recourse(ways, distinct, t)[0][of_path.ravel()]
    objective[again] = paths.objective_usd[again] - free + recourse
    return objective


def fixed_bills(problem: ProvisioningProblem, fleets: Fleets, index: IntArray) -> Array:
    """``[p]`` USD of machines, launches and loads of whole horizons ``[p, t]``."""
    total = np.zeros(len(index))
    before = np.full(len(index), -1)
    for t in range(index.shape[1]):
        total += problem.window_h[t] * (fleets.machines[index[:, t]] @ problem.price_usd_per_h[:, t])
        old, of_old = np.unique(before, return_inverse=True)
        new, of_new = np.unique(index[:, t], return_inverse=True)
        total += changes(problem, fleets, old, new)[0][of_old.ravel(), of_new.ravel()]
        before = index[:, t]
    return total
