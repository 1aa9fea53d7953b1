"""What the greedy sees of a problem: who fills which group, what a fleet of some sizes carries, and which markets feed it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.fleets import machines_of, room_of
from solvers.routing import room_per_rps

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class GreedyView:
    """One window at a time, for many candidates b at once: sizes of the groups as ``[b, j]``."""

    problem: ProvisioningProblem

    @cached_property
    def room_per_rps(self) -> Array:
        """``[k, j]`` room (requests/s, or machines of a linear group) that one request/s takes."""
        return room_per_rps(self.problem)

    @cached_property
    def group_order(self) -> list[int]:
        """Groups in the order they are filled: the least flexible first, or those whose requests are worth most."""
        p = self.problem
        if p.value is not None:
            worth = np.where(p.serves, p.value.group_usd, 0.0).sum(axis=0) / np.maximum(
                p.serves.sum(axis=0), 1
            )
            return list(np.argsort(-worth, kind="stable"))
        return list(np.argsort(p.serves.sum(axis=0), kind="stable"))

    @cached_property
    def classes_of_group(self) -> list[IntArray]:
        """Classes of each group: in a linear one those cheapest here against elsewhere, else those with fewest groups first."""
        p = self.problem
        usd_per_rps = np.where(p.serves, self.room_per_rps * self.group_price(0), np.inf)
        cheapest = np.maximum(usd_per_rps.min(axis=1, initial=np.inf), 1e-12)
        found = []
        for j, serves in enumerate(p.serves.T):
            own = np.flatnonzero(serves)
            rank = usd_per_rps[own, j] / cheapest[own] if p.is_linear[j] else p.serves[own].sum(axis=1)
            found.append(own[np.argsort(rank, kind="stable")])
        return found

    @cached_property
    def left_usd(self) -> Array:
        """``[k]`` USD per request that no group carries: of the cheapest function; else inf, or nothing where it has a value."""
        p = self.problem
        price = np.where(p.function_serves, p.usd_per_request, np.inf)
        if p.value is None:
            return np.asarray(price.min(axis=1, initial=np.inf))
        return np.asarray((price - p.value.function_usd).min(axis=1, initial=0.0))

    def functions_usd(self, left: Array) -> Array:
        """``[b, q]`` USD/s of functions for what is left ``[b, k, q]``, each class on its own, classes without a function left out.

        A function with a range of rates costs what its least rate does below it; above every range the cheapest price holds.
        """
        p = self.problem
        per_request = np.where(np.isinf(self.left_usd), 0.0, self.left_usd)
        if p.rates is None:
            return np.asarray(left.transpose(0, 2, 1) @ per_request)
        usd = np.full(left.shape, np.inf)
        for k, f in np.argwhere(p.function_serves):
            called = np.maximum(left[:, k], p.rates.least_rps[f]) * p.usd_per_request[f]
            called += p.rates.usd_per_h[f] / SECONDS_PER_HOUR
            if p.value is not None:
                called -= left[:, k] * p.value.function_usd[k, f]
            usd[:, k] = np.where(left[:, k] <= p.rates.most_rps[f], np.minimum(usd[:, k], called), usd[:, k])
        usd = np.where(np.isinf(usd), left * per_request[:, None], usd)
        if p.value is not None:
            usd = np.minimum(usd, 0.0)
        return np.asarray(np.where(left > 0, usd, 0.0).sum(axis=1))

    @cached_property
    def most(self) -> Array:
        """``[i, t]`` machines that may run."""
        owned = self.problem.owned_count
        return (
            self.problem.count_limit
            if owned is None
            else np.minimum(self.problem.count_limit, owned[:, None])
        )

    @cached_property
    def working(self) -> list[IntArray]:
        """Options of each group whose machines carry load."""
        p = self.problem
        standby = p.is_standby[p.option_machine]
        return [np.flatnonzero((p.option_group == j) & ~standby) for j in range(len(p.groups))]

    def split_markets(self, sizes: IntArray, t: int) -> IntArray:
        """``[b, g]`` the cheapest markets that keep the floor, within each machine's limit; those paid for come first."""
        p = self.problem
        instances = np.zeros((len(sizes), len(p.option_group)), dtype=int)
        room = np.repeat(self.most[None, :, t], len(sizes), axis=0)
        for j in np.flatnonzero(sizes.any(axis=0)):
            options = self.working[j]
            need = sizes[:, j].astype(float)
            spot_left = np.floor((1 - p.on_demand_floor_share) * need + 1e-9)
            for g in options[np.argsort(p.price_usd_per_h[p.option_machine[options], t], kind="stable")]:
                i = p.option_machine[g]
                take = np.minimum(need, room[:, i])
                if p.is_spot[i]:
                    take = np.minimum(take, spot_left)
                    spot_left -= take
                instances[:, g] = take
                need -= take
                room[:, i] -= take
        return instances

    def machines(self, instances: IntArray) -> IntArray:
        """``[b, i]`` machines over all groups."""
        return machines_of(self.problem, instances.T).T

    def room(self, sizes: IntArray) -> Array:
        """``[b, j]`` exact capacity of groups of these sizes, requests/s; machines of linear groups."""
        return room_of(self.problem, sizes.T).T

    def single_room(self, sizes: IntArray) -> Array:
        """``[b, j]`` the paper's capacity: every machine carries what one does alone."""
        return sizes * self.room(np.ones((1, sizes.shape[1]), dtype=int))

    def fill(self, room: Array, demand_rps: Array) -> tuple[Array, Array]:
        """Fill the groups in their order: ``[b, k, q]`` demand left, and ``[b, q]`` value of what is carried, USD/s.

        Parameters
        ----------
        room, demand_rps
            ``[b, j]``, ``[b, k, q]``.
        """
        value = self.problem.value
        left = demand_rps.copy()
        earned = np.zeros((len(room), demand_rps.shape[2]))
        for j in self.group_order:
            if not room[:, j].any():
                continue
            k = self.classes_of_group[j]
            per_rps = self.room_per_rps[k, j][:, None]
            busy = left[:, k] * per_rps
            taken = np.clip(room[:, j, None, None] - (busy.cumsum(axis=1) - busy), 0.0, busy) / per_rps
            left[:, k] -= taken
            if value is not None:
                earned += np.einsum("bkq,k->bq", taken, value.group_usd[k, j])
        return np.where(left > 1e-9 * np.maximum(demand_rps, 1.0), left, 0.0), earned

    def fill_window(self, room: Array, t: int) -> tuple[Array, Array]:
        """The same with the demand of one window."""
        demand = self.problem.demand_rps[:, t]
        return self.fill(room, np.broadcast_to(demand, (len(room), *demand.shape)))

    def fits(self, sizes: IntArray, split: IntArray) -> BoolArray:
        """``[b]`` every machine found a market, within quotas and the number of groups."""
        p = self.problem
        used = self.machines(split) @ p.quota_use.T
        kept = (split.sum(axis=1) == sizes.sum(axis=1)) & (used <= p.quota_limit + 1e-9).all(axis=1)
        if p.limits is not None and p.limits.max_groups is not None:
            kept &= (sizes > 0).sum(axis=1) <= p.limits.max_groups
        return np.asarray(kept)

    @cached_property
    def best_rps(self) -> Array:
        """``[j]`` requests/s of one machine of a linear group with its lightest class."""
        return np.asarray(
            np.where(self.problem.serves, 1.0 / self.room_per_rps, 0.0).max(axis=0, initial=0.0)
        )

    def group_price(self, t: int) -> Array:
        """``[j]`` USD/h of the group's cheapest market."""
        p = self.problem
        price = np.full(len(p.groups), np.inf)
        working = ~p.is_standby[p.option_machine]
        np.minimum.at(price, p.option_group[working], p.price_usd_per_h[p.option_machine[working], t])
        return price

    def useful_rps(self, left: Array) -> Array:
        """``[j, u]`` requests/s that one more machine alone takes of the demand left ``[u, k]``."""
        p = self.problem
        one = self.single_room(np.ones((1, len(p.groups)), dtype=int))[0]
        useful = np.minimum(one[:, None], p.serves.T.astype(float) @ left.T)
        for j in np.flatnonzero(p.is_linear):
            k = self.classes_of_group[j]
            busy = left[:, k] * self.room_per_rps[k, j]
            share = np.clip(1.0 - (busy.cumsum(axis=1) - busy), 0.0, busy)
            useful[j] = (share / self.room_per_rps[k, j]).sum(axis=1)
        return np.asarray(useful)
