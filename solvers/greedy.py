"""MArk's greedy provisioning: baseline, start and fallback (Zhang et al., USENIX ATC 2019, section 4; design/EVIDENCE.md, 5).

Three forms of one idea, "rent what costs least per request":

paper         a machine carries capacity(j, 1), whatever its company; costs are spread over a look-ahead of an hour
head-1        the same with a look-ahead of the present window only (the ideal form of its published code)
strengthened  exact capacities, so groups of any size are compared; functions where they are cheaper; then machines are
              dropped or traded while that saves
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.counts import least_counts
from solvers.recourse import evaluate
from solvers.solution import Baseline

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem

LOOK_AHEAD_H = (
    1.0  # MArk plans 60 steps of a minute ahead (ATC 2019, section 5; constants in design/EVIDENCE.md, 5)
)
FORMS = ("paper", "head-1", "strengthened")


def greedy_baseline(problem: ProvisioningProblem, form: str) -> Baseline:
    """Plan with one form of the greedy and price it as any other plan: exact capacities, cheapest recourse.

    Parameters
    ----------
    form
        One of `FORMS`.
    """
    machinery = Greedy(problem)
    if form == "strengthened":
        instances = machinery.strengthened()
    else:
        instances = machinery.per_machine(LOOK_AHEAD_H if form == "paper" else 0.0)
    result = evaluate(problem, instances)
    if result.feasible:
        return Baseline(f"mark-greedy-{form}", True, "", result.cost_usd, instances)
    return Baseline(f"mark-greedy-{form}", False, shortfall(problem, result.unserved_rps), None, instances)


def shortfall(problem: ProvisioningProblem, unserved_rps: Array) -> str:
    """Say which class is left unserved worst, where and by how much."""
    if not unserved_rps.any():
        return "a quota, a count limit or the on-demand floor is broken"
    k, t, q = np.unravel_index(int(unserved_rps.argmax()), unserved_rps.shape)
    return (
        f"class {problem.classes[k]} lacks {unserved_rps[k, t, q]:.3g} req/s of "
        f"{problem.demand_rps[k, t, q]:.3g} in window {t}, level {q}"
    )


@dataclass(frozen=True)
class Greedy:
    """The greedy's view of a problem: sizes ``[j]`` of one window at a time, markets split by the floor."""

    problem: ProvisioningProblem

    @cached_property
    def class_order(self) -> list[int]:
        """Classes from the one with the fewest groups to the one with the most."""
        return sorted(range(len(self.problem.classes)), key=lambda k: int(self.problem.serves[k].sum()))

    @cached_property
    def groups_of_class(self) -> list[IntArray]:
        """Groups of each class, those that serve the fewest other classes first."""
        breadth = self.problem.serves.sum(axis=0)
        return [
            np.array(sorted(np.flatnonzero(row), key=lambda j: int(breadth[j])), dtype=int)
            for row in self.problem.serves
        ]

    @cached_property
    def cheapest_function_usd(self) -> Array:
        """``[k]`` USD per request of the cheapest function; inf where none serves the class."""
        p = self.problem
        return np.asarray(np.where(p.function_serves, p.usd_per_request, np.inf).min(axis=1, initial=np.inf))

    @cached_property
    def single_rps(self) -> Array:
        """``[j]`` capacity(j, 1), requests/s."""
        return self.capacity(np.ones(len(self.problem.groups), dtype=int))

    def split_markets(self, sizes: IntArray, t: int) -> IntArray:
        """``[g]`` the cheapest markets that keep the floor, within each machine's count limit."""
        p = self.problem
        instances = np.zeros(len(p.option_group), dtype=int)
        room = p.count_limit[:, t].copy()
        for j in np.flatnonzero(sizes):
            options = np.flatnonzero(p.option_group == j)
            options = options[np.argsort(p.price_usd_per_h[p.option_machine[options], t], kind="stable")]
            need, spot_left = int(sizes[j]), int(np.floor((1 - p.on_demand_floor_share) * sizes[j] + 1e-9))
            for g in options:
                i = p.option_machine[g]
                take = int(min(need, room[i], spot_left if p.is_spot[i] else need))
                instances[g] = take
                need -= take
                room[i] -= take
                spot_left -= take if p.is_spot[i] else 0
        return instances

    def machines(self, instances: IntArray) -> Array:
        """``[i]`` machines over all groups."""
        owner, machines = self.problem.option_machine, len(self.problem.machines)
        return np.bincount(owner, instances, machines).astype(float)

    def residual_rps(self, capacity_rps: Array, t: int) -> Array:
        """``[k, q]`` demand left after filling the groups, the least flexible classes and groups first."""
        left = self.problem.demand_rps[:, t].copy()
        room = np.repeat(capacity_rps[:, None], left.shape[1], axis=1)
        for k in self.class_order:
            for j in self.groups_of_class[k]:
                if capacity_rps[j] > 0:
                    moved = np.minimum(left[k], room[j])
                    left[k] -= moved
                    room[j] -= moved
        return np.where(left > 1e-9 * np.maximum(self.problem.demand_rps[:, t], 1.0), left, 0.0)

    def capacity(self, sizes: IntArray) -> Array:
        """``[j]`` exact capacity of groups of these sizes."""
        counted = np.minimum(sizes, self.problem.count_max)
        return self.problem.capacity_rps[np.arange(len(sizes)), counted]

    def within_quotas(self, instances: IntArray) -> bool:
        """Quotas hold."""
        return bool(
            (self.problem.quota_use @ self.machines(instances) <= self.problem.quota_limit + 1e-9).all()
        )

    def per_machine(self, look_ahead_h: float) -> IntArray:
        """``[g, t]`` the paper's form: machine by machine at rate capacity(j, 1)."""
        p = self.problem
        instances = np.zeros((len(p.option_group), len(p.window_h)), dtype=int)
        sizes = np.zeros(len(p.groups), dtype=int)
        for t in range(len(p.window_h)):
            ahead = max(1, int(np.searchsorted(np.cumsum(p.window_h[t:]), look_ahead_h + 1e-9)))
            sizes = self.fill_by_machine(self.drop_idle(sizes, t), t, min(ahead, len(p.window_h) - t))
            instances[:, t] = self.split_markets(sizes, t)
        return instances

    def drop_idle(self, sizes: IntArray, t: int) -> IntArray:
        """Return machines that the present window can do without, the dearest per request first."""
        rate = self.single_rps
        kept = sizes.copy()
        price = self.group_price(t)
        dearest_first = np.argsort(-price / np.maximum(rate, 1e-12), kind="stable")
        for j in dearest_first[kept[dearest_first] > 0]:
            while kept[j]:
                kept[j] -= 1
                if (
                    self.residual_rps(kept * rate, t)[:, -1].sum()
                    > self.residual_rps(sizes * rate, t)[:, -1].sum()
                ):
                    kept[j] += 1
                    break
        return kept

    def group_price(self, t: int) -> Array:
        """``[j]`` USD/h of the group's cheapest market."""
        price = np.full(len(self.problem.groups), np.inf)
        np.minimum.at(
            price, self.problem.option_group, self.problem.price_usd_per_h[self.problem.option_machine, t]
        )
        return price

    def fill_by_machine(self, sizes: IntArray, t: int, ahead: int) -> IntArray:
        """Add the machine with the least cost per request over the look-ahead until the top level is carried."""
        p = self.problem
        rate = self.single_rps
        launch = np.full(len(p.groups), np.inf)
        np.minimum.at(launch, p.option_group, p.start_usd[p.option_machine])
        sizes = sizes.copy()
        while True:
            left = np.stack([self.residual_rps(sizes * rate, u)[:, -1] for u in range(t, t + ahead)], axis=1)
            useful = np.minimum(rate[:, None], p.serves.T.astype(float) @ left)
            served = 3600.0 * useful @ p.window_h[t : t + ahead]
            hours = (useful > 0) @ p.window_h[t : t + ahead]
            usable = (useful[:, 0] > 0) & np.isfinite(launch)
            for j in np.argsort(
                np.where(usable, (hours * self.group_price(t) + launch) / np.maximum(served, 1e-12), np.inf),
                kind="stable",
            ):
                if not usable[j]:
                    return sizes
                sizes[j] += 1
                split = self.split_markets(sizes, t)
                if split.sum() == sizes.sum() and self.within_quotas(split):
                    break
                sizes[j] -= 1
            else:
                return sizes

    def strengthened(self) -> IntArray:
        """``[g, t]`` exact capacities, functions where cheaper, then trades while they save."""
        p = self.problem
        instances = np.zeros((len(p.option_group), len(p.window_h)), dtype=int)
        before = p.initial_count.astype(float)
        sizes = np.zeros(len(p.groups), dtype=int)
        for t in range(len(p.window_h)):
            tried = [
                self.improve(self.fill_by_group(start, t, before), t, before) for start in (sizes, sizes * 0)
            ]
            sizes = min(tried, key=lambda n: self.window_usd(n, t, before))
            instances[:, t] = self.split_markets(sizes, t)
            before = self.machines(instances[:, t])
        return instances

    def window_usd(self, sizes: IntArray, t: int, before: Array) -> float:
        """Machines, launches and expected overflow of one window; inf where something is left unserved."""
        p = self.problem
        split = self.split_markets(sizes, t)
        if split.sum() != sizes.sum() or not self.within_quotas(split):
            return float("inf")
        machines = self.machines(split)
        left = self.residual_rps(self.capacity(sizes), t)
        if left[np.isinf(self.cheapest_function_usd)].any():
            return float("inf")
        overflow = float(
            np.where(left > 0, left * np.minimum(self.cheapest_function_usd, 1e9)[:, None], 0.0).sum(axis=0)
            @ p.level_share
        )
        return float(
            p.window_h[t] * (p.price_usd_per_h[:, t] @ machines + 3600.0 * overflow)
            + p.start_usd @ np.maximum(machines - before, 0)
        )

    def fill_by_group(self, sizes: IntArray, t: int, before: Array) -> IntArray:
        """Grow the group with the least cost per newly carried request, to one machine more or to all it may serve."""
        p = self.problem
        sizes = sizes.copy()
        while True:
            load = self.capacity(sizes)
            left = self.residual_rps(load, t)[:, -1]
            if not left[np.isinf(self.cheapest_function_usd)].any():
                return sizes
            wanted = p.serves.T.astype(float) @ left
            full = least_counts(p, (load + wanted)[:, None])[:, 0]
            moves: list[tuple[float, int, int]] = []
            for j in np.flatnonzero(wanted > 0):
                for n in {int(min(sizes[j] + 1, full[j])), int(full[j])}:
                    grown = sizes.copy()
                    grown[j] = n
                    gain = left.sum() - self.residual_rps(self.capacity(grown), t)[:, -1].sum()
                    split = self.split_markets(grown, t)
                    if gain > 0 and split.sum() == grown.sum() and self.within_quotas(split):
                        rise = np.maximum(self.machines(split) - before, 0)
                        cost = (
                            p.window_h[t] * (p.price_usd_per_h[p.option_machine, t] @ split)
                            + p.start_usd @ rise
                        )
                        moves.append((float(cost) / gain, int(j), n))
            if not moves:
                return sizes
            _, grown_group, size = min(moves)
            sizes[grown_group] = size

    def improve(self, sizes: IntArray, t: int, before: Array) -> IntArray:
        """Drop, add or trade single machines while the window's cost falls."""
        best = self.window_usd(sizes, t, before)
        while True:
            moves = list(self.neighbours(sizes))
            costs = [self.window_usd(n, t, before) for n in moves]
            if not costs or min(costs) >= best - 1e-12:
                return sizes
            best = min(costs)
            sizes = moves[costs.index(best)]

    def neighbours(self, sizes: IntArray) -> list[IntArray]:
        """One machine less in a used group, one more in any, or a used group emptied."""
        found = []
        for j in np.flatnonzero(sizes):
            for n in {int(sizes[j]) - 1, 0}:
                less = sizes.copy()
                less[j] = n
                found.append(less)
        for j in np.flatnonzero(sizes < self.problem.count_max):
            more = sizes.copy()
            more[j] += 1
            found.append(more)
        return found
