"""The prune that loses nothing: options that give way before the program is built (FORMULATION 6.1).

Group j gives way to j', x machines for one, when whatever j does j' does at no more cost: it may serve every
class j may, x n of its machines carry what n of j's carry at every n, and each machine i feeding j has a
counterpart i' (same market and zone) feeding j' with x times its price and x times its quota use no more than
i's. Launches are counted per machine over all its groups, so one of these holds too, and each is a pass of
its own:

1. ``same machines``: i' = i and x = 1;
2. ``free launches``: neither i nor i' costs anything to launch;
3. ``whole type``: every group of i gives way, to groups of the one type of i', with one x and x times its
   launch cost no more than i's.

Limits that a counterpart could break hold a swap back: what stands in the current fleet never gives way to another type; under a
count limit x is 1, and i' may not be limited where i is free. The on-demand floor holds nothing back, since it is one share for
every group and a swap multiplies all markets of a group by one x: if od >= floor N, then x od >= floor x N, and such inequalities
add up where groups merge. Accuracy per request is inside `serves`; where accuracy on average or the value of served requests
counts, j' has no less of it for every class j may serve. Where loading a model costs something, the model stays, and another type
takes over only whole (pass 3), at no more for any load. The type stays too where spot losses are looked at, where operators limit
zones, changes or how soon machines stop, and for machines that are paid for already; least machines, most groups and a budget
hold nothing back, since a swap has no fewer machines, no more groups and no higher bill. Where joint losses are weighed,
`planner.loss_order` says which groups may be compared at all.

Why that is lossless: swap j's machines for the counterparts in any plan. Group j' may already stand, and
carries the sum because its capacity is superadditive and reaches all it may be asked for, which is checked
here and not assumed. Prices, quotas and launches do not rise, as max(0, a + b) <= max(0, a) + max(0, b).
Demand caps what a group can use, so capacities are compared up to the demand of all the classes the group may
serve. "No worse" is transitive; ties are kept apart by capacity beyond demand, then (equal machine, model,
tier and capacity: duplicates) by name, so two options never give way to each other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.comparison import (
    TABLE_ERROR_SHARE,
    machine_ratios,
    reach_rps,
    superadditive,
    ties_types,
    useful_capacity_rps,
)
from planner.loss_order import guarded_rates, stays_apart
from planner.replacements import Pruning, Replacement, replaced_functions, worth_of_groups

if TYPE_CHECKING:
    from planner.replacements import OptionKinds
    from solvers.problem import Array, IntArray, ProvisioningProblem

GLANCE_COLUMNS = 12  # sizes compared before whole rows: most pairs already differ there


def prune(problem: ProvisioningProblem, kinds: OptionKinds) -> Pruning:
    """Find the groups and functions that give way; the optimum over the others is the same.

    Parameters
    ----------
    problem
        The program with every option.
    kinds
        Instance type, place, model and tier of its rows; a group is fed by machines of one instance type.
    """
    pool = _Pool(problem, kinds)
    replaced = [*pool.same_machines(), *pool.free_launches(), *pool.whole_types()]
    functions = replaced_functions(problem)
    stays = np.ones(len(problem.functions), dtype=bool)
    stays[[one.index for one in functions]] = False
    return Pruning(pool.stays, stays, tuple(replaced), functions)


def restricted(problem: ProvisioningProblem, pruning: Pruning) -> ProvisioningProblem:
    """Return the program over the options that stay; machines that feed none of them leave with the rest."""
    groups, functions = np.flatnonzero(pruning.groups), np.flatnonzero(pruning.functions)
    machines = np.unique(problem.option_machine[pruning.groups[problem.option_group]])
    kept = problem.taking(groups=groups, machines=machines, functions=functions)
    width = int(kept.count_max.max(initial=0)) + 1
    return replace(kept, capacity_rps=kept.capacity_rps[:, :width])


class _Pool:
    """The groups during a prune: `stays` ``[j]`` shrinks one step at a time, and each step loses nothing."""

    def __init__(self, problem: ProvisioningProblem, kinds: OptionKinds) -> None:
        self.problem, self.kinds = problem, kinds
        self.stays = np.ones(len(problem.groups), dtype=bool)
        self.host = np.full(len(problem.groups), -1)
        self.host[problem.option_group] = kinds.host[problem.option_machine]
        places = int(kinds.place.max(initial=-1)) + 1
        self.fed = np.zeros((len(problem.groups), places), dtype=bool)  # [j, place]
        self.fed[problem.option_group, kinds.place[problem.option_machine]] = True
        weighs = problem.spot_risk is not None and problem.spot_risk.weighs_losses
        self.useful_rps = problem.capacity_rps if weighs else useful_capacity_rps(problem)
        rates = problem.linear_rps if problem.linear_rps is not None else np.zeros(problem.serves.shape)
        own_rates = np.where(problem.serves, rates, 0.0)
        self.linear_rps: Array = np.vstack([own_rates, guarded_rates(problem)])  # [k, j], then [s, j]
        self.worth = [np.where(problem.serves, worth, 0.0) for worth in worth_of_groups(problem)]
        self.types_stay = problem.spot_risk is not None or ties_types(problem)
        last = problem.capacity_rps.shape[1] - 1
        sizes = np.geomspace(1, last, GLANCE_COLUMNS) if last else np.empty(0)
        self.glance: IntArray = np.unique(sizes.astype(int))
        self.takes_in = superadditive(problem.capacity_rps, problem.count_max)
        most = problem.capacity_rps.max(axis=1, initial=0.0) * (1 + TABLE_ERROR_SHARE)
        self.takes_in &= (most >= reach_rps(problem)) | problem.is_linear
        self.fixed, ends = stays_apart(problem)
        self.takes_in &= ~ends

    @cached_property
    def best_rps(self) -> tuple[Array, Array]:
        """``[h, n]`` and ``[h]`` most that a group of each type carries, by table and by rate per class."""
        table = np.zeros((int(self.kinds.host.max(initial=-1)) + 1, self.useful_rps.shape[1]))
        np.maximum.at(table, self.host, self.useful_rps)
        rate = np.zeros(len(table))
        np.maximum.at(rate, self.host, self.linear_rps.max(axis=0, initial=0.0))
        return table, rate

    def same_machines(self) -> list[Replacement]:
        """Pass 1: groups that give way to another group on the same machines.

        Taken strongest first, so that whatever a group could give way to comes before it, and only groups
        that stay are asked.
        """
        found: list[Replacement] = []
        names, served = np.array(self.problem.groups), self.problem.serves.sum(axis=0)
        order = np.lexsort(
            (
                names,
                *(-worth.sum(axis=0) for worth in self.worth),
                -self.linear_rps.sum(axis=0),
                -self.problem.capacity_rps.sum(axis=1),
                -self.useful_rps.sum(axis=1),
                -served,
            )
        )
        for host in np.unique(self.host):
            kept: list[int] = []
            for j in order[self.host[order] == host]:
                ways = self._no_worse(int(j), np.array(kept, dtype=int), 1)
                by = next((other for other in ways if self._outranks(other, int(j))), None)
                if by is None:
                    kept.append(int(j))
                else:
                    self.stays[j] = False
                    found.append(Replacement(int(j), by))
        return found

    def free_launches(self) -> list[Replacement]:
        """Pass 2: groups that give way to one of another type, launches costing nothing on either."""
        if self.types_stay or self.problem.loads is not None:
            return []
        ratios = machine_ratios(self.problem, self.kinds)
        paid = np.zeros(len(ratios), dtype=bool)
        paid[self.kinds.host[self.problem.start_usd > 0]] = True
        ratios[paid] = ratios[:, paid] = 0
        found: list[Replacement] = []
        for j in np.flatnonzero(self.stays):
            for other in map(int, np.flatnonzero(ratios[self.host[j]])):
                ways = self._no_worse(int(j), self._staying(other), int(ratios[self.host[j], other]))
                back = int(ratios[other, self.host[j]])
                by = next((k for k in ways if not (back and self._no_worse(k, np.array([j]), back))), None)
                if by is not None:
                    self.stays[j] = False
                    found.append(Replacement(int(j), by, int(ratios[self.host[j], other])))
                    break
        return found

    def whole_types(self) -> list[Replacement]:
        """Pass 3: instance types of which every group gives way to groups of one other type."""
        if self.types_stay:
            return []
        ratios = machine_ratios(self.problem, self.kinds)
        found: list[Replacement] = []
        for host in map(int, np.unique(self.host[self.stays])):
            for other in map(int, self._worth_asking(host, ratios[host])):
                ways = self._all_give_way(host, other, int(ratios[host, other]))
                if ways and not (
                    ratios[other, host] and self._all_give_way(other, host, int(ratios[other, host]))
                ):
                    self.stays[self._staying(host)] = False
                    found += ways
                    break
        return found

    def _worth_asking(self, host: int, machines_for_one: IntArray) -> IntArray:
        """Types whose best group carries what the best one of this type does: no other can take all of its groups over."""
        others = np.flatnonzero(machines_for_one)
        times, last = machines_for_one[others, None], self.useful_rps.shape[1] - 1
        table_rps, rate_rps = self.best_rps
        theirs = np.minimum(times * self.glance, last)
        enough = (table_rps[others[:, None], theirs] >= table_rps[host, self.glance]).all(axis=1)
        enough &= times[:, 0] * rate_rps[others] >= rate_rps[host]
        worth: IntArray = others[enough]
        return worth

    def _staying(self, host: int) -> IntArray:
        return np.flatnonzero((self.host == host) & self.stays)

    def _all_give_way(self, host: int, other: int, machines_for_one: int) -> list[Replacement]:
        """Where each group of a type can go to the other type; empty where one of them cannot."""
        found: list[Replacement] = []
        for j in self._staying(host):
            ways = self._no_worse(int(j), self._staying(other), machines_for_one)
            if not ways:
                return []
            found.append(Replacement(int(j), ways[0], machines_for_one))
        return found

    def _no_worse(self, j: int, others: IntArray, machines_for_one: int) -> list[int]:
        """The others that j may give way to as far as places, classes and capacity go.

        They are fed from every place that feeds j, may serve every class j may, carry with x n machines what
        j carries with n, and can take j's load in beside their own. Groups with rates per class are compared class by
        class, and only with each other.
        """
        serves, is_linear = self.problem.serves, self.problem.is_linear
        if self.fixed[j]:
            return []
        fits = ~(serves[:, j : j + 1] & ~serves[:, others]).any(axis=0) & self.takes_in[others]
        fits &= ~(self.fed[j] & ~self.fed[others]).any(axis=1) & (is_linear[others] == is_linear[j])
        if self.problem.loads is not None:
            fits &= self.kinds.model[others] == self.kinds.model[j]
        for worth in self.worth:
            fits &= ((worth[:, others] >= worth[:, j : j + 1]) | ~serves[:, j : j + 1]).all(axis=0)
        if is_linear[j]:
            faster = machines_for_one * self.linear_rps[:, others] >= self.linear_rps[:, j : j + 1]
            return [int(other) for other in others[fits & faster.all(axis=0)]]
        for sizes in (self.glance, np.arange(1, int(self.problem.count_max[j]) + 1)):
            left = np.flatnonzero(fits)
            theirs = np.minimum(sizes * machines_for_one, self.useful_rps.shape[1] - 1)
            fits[left] = (self.useful_rps[np.ix_(others[left], theirs)] >= self.useful_rps[j, sizes]).all(
                axis=1
            )
        return [int(other) for other in others[fits]]

    def _outranks(self, other: int, j: int) -> bool:
        """Whether `other`, no worse than j, is better somewhere or the first of two duplicates."""
        if not self._no_worse(other, np.array([j]), 1):
            return True
        raw, kinds = self.problem.capacity_rps, self.kinds
        if not np.array_equal(raw[other], raw[j]):
            return bool((raw[other] >= raw[j]).all())
        same_kind = kinds.model[other] == kinds.model[j] and kinds.tier[other] == kinds.tier[j]
        return bool(same_kind) and self.problem.groups[other] < self.problem.groups[j]
