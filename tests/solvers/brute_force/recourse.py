"""The cheapest way of demand through fixed machines: many small linear programs handed over as one, since they share no row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from tests.solvers.brute_force.counts import linear_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

UNSERVED_PRICE = 1e4  # against prices scaled to at most 1: demand stays unserved only where it must
SERVED_WITHIN = 1e-6  # requests/s; what the linear program leaves by rounding alone
BLOCKS_AT_ONCE = 400


@dataclass(frozen=True)
class Ways:
    """One demand level as a linear program: columns are pairs (class, group), pairs (class, function), then unserved classes."""

    problem: ProvisioningProblem

    @cached_property
    def carried(self) -> tuple[IntArray, IntArray]:
        """Class and group of each pair."""
        return np.nonzero(self.problem.serves)

    @cached_property
    def called(self) -> tuple[IntArray, IntArray]:
        """Class and function of each pair."""
        return np.nonzero(self.problem.function_serves)

    @cached_property
    def owner(self) -> IntArray:
        """``[c]`` class of each column."""
        return np.concatenate([self.carried[0], self.called[0], np.arange(len(self.problem.classes))])

    def over(self, groups: Array, functions: Array, unserved: Array) -> Array:
        """``[c]`` a figure of each column, from ``[k, j]``, ``[k, f]`` and ``[k]``."""
        return np.concatenate([groups[self.carried], functions[self.called], unserved])

    @cached_property
    def phi(self) -> Array:
        """``[c]`` USD a request, billed."""
        p = self.problem
        free = np.zeros(len(p.classes))
        return self.over(np.zeros(p.serves.shape), np.tile(p.usd_per_request, (len(p.classes), 1)), free)

    @cached_property
    def net(self) -> Array:
        """``[c]`` USD a request: billed, less what it is worth."""
        value = self.problem.value
        if value is None:
            return self.phi
        return self.phi - self.over(value.group_usd, value.function_usd, np.zeros(len(self.problem.classes)))

    @cached_property
    def serve(self) -> Array:
        """``[k, c]`` counts the columns of each class."""
        return (np.arange(len(self.problem.classes))[:, None] == self.owner).astype(float)

    @cached_property
    def use(self) -> Array:
        """``[j + 1, c]`` what a request/s takes of each group's room, and functions that it keeps busy."""
        p = self.problem
        rows = np.zeros((len(p.groups) + 1, len(self.owner)))
        linear = linear_groups(p)
        for n, (k, j) in enumerate(zip(*self.carried, strict=True)):
            rows[j, n] = 1.0 / p.linear_rps[k, j] if p.linear_rps is not None and linear[j] else 1.0
        calls = slice(len(self.carried[0]), len(self.owner) - len(p.classes))
        rows[-1, calls] = p.concurrency_s[self.called[1]]
        return rows

    @cached_property
    def margin(self) -> Array:
        """``[a, c]`` accuracy above the floor, of the classes that ask for one."""
        part = self.problem.accuracy
        if part is None:
            return np.zeros((0, len(self.owner)))
        all_of_it = self.over(
            part.group_margin_share, part.function_margin_share, np.zeros(len(self.problem.classes))
        )
        return (self.serve * all_of_it)[part.asks]

    def room(self, sizes: IntArray) -> Array:
        """``[b, j + 1]`` capacity of groups with a table, machines of linear ones, and functions that may run at once."""
        p = self.problem
        counted = np.minimum(sizes, p.count_max)
        capacity = np.take_along_axis(p.capacity_rps, counted.T, axis=1).T
        most = p.concurrency_limit if np.isfinite(p.concurrency_limit) else 1e9
        return np.hstack([np.where(linear_groups(p), sizes, capacity), np.full((len(sizes), 1), most)])


def cheapest_recourse(ways: Ways, sizes: IntArray, t: int) -> tuple[Array, Array]:
    """Return ``[b]`` USD of window t net of value, and billed, beside groups of sizes ``[b, j]``; inf where demand is left."""
    p = ways.problem
    share = p.level_share
    rates = window_rates(ways, ways.room(sizes), p.demand_rps[:, t], share)
    served = np.ones(len(sizes), dtype=bool)
    if p.value is None:
        served = (rates[:, :, -len(p.classes) :] <= SERVED_WITHIN).all(axis=(1, 2))
    seconds = 3600.0 * p.window_h[t] * share
    net, billed = (np.einsum("bqc,c,q->b", rates, usd, seconds) for usd in (ways.net, ways.phi))
    return np.where(served, net, np.inf), np.where(served, billed, np.inf)


def window_rates(ways: Ways, room: Array, demand: Array, share: Array) -> Array:
    """Return ``[b, q, c]`` the cheapest rates of one window, for rooms ``[b, j + 1]`` and demand ``[k, q]``."""
    levels = len(share)
    scale = max(float(np.abs(ways.net).max(initial=0.0)), 1e-12)
    left = 0.0 if ways.problem.value is not None else UNSERVED_PRICE
    price = np.kron(share, ways.net / scale)
    price += np.kron(
        np.ones(levels), ways.over(*nothing(ways.problem), np.full(len(ways.problem.classes), left))
    )
    each = np.eye(levels)
    rates = solve_blocks(
        price,
        np.vstack([np.kron(each, ways.use), -np.kron(share, ways.margin)]),
        np.hstack([np.tile(room, levels), np.zeros((len(room), len(ways.margin)))]),
        np.kron(each, ways.serve),
        np.tile(demand.T.ravel(), (len(room), 1)),
    )
    return rates.reshape(len(room), levels, len(ways.owner))


def least_left_rps(ways: Ways, room: Array, demand: Array) -> Array:
    """Return ``[b]`` the least requests/s of demand ``[k]`` that rooms ``[b, j + 1]`` leave unserved, whatever it costs."""
    K = len(ways.problem.classes)
    price = ways.over(*nothing(ways.problem), np.ones(K))
    rates = solve_blocks(price, ways.use, room, ways.serve, np.tile(demand, (len(room), 1)))
    return np.asarray(rates[:, -K:].sum(axis=1))


def cheapest_within_budgets(ways: Ways, sizes: IntArray, budget_usd: Array) -> Array:
    """Return ``[b]`` USD net of value of the recourse of whole horizons, sizes ``[b, t, j]``, whose bill keeps to ``[b]`` USD."""
    p = ways.problem
    windows, levels = len(p.window_h), len(p.level_share)
    seconds = 3600.0 * np.outer(p.window_h, p.level_share).ravel()
    scale = max(float(np.kron(seconds, np.abs(ways.net)).max(initial=0.0)), 1e-12)
    each, window = np.eye(windows * levels), np.eye(windows)
    room = np.repeat(
        ways.room(sizes.reshape(-1, sizes.shape[2])).reshape(len(sizes), windows, -1), levels, axis=1
    )
    margins = np.kron(window, np.kron(p.level_share, ways.margin))
    rates = solve_blocks(
        np.kron(seconds, ways.net) / scale,
        np.vstack([np.kron(each, ways.use), -margins, np.kron(seconds, ways.phi) / scale]),
        np.hstack(
            [room.reshape(len(sizes), -1), np.zeros((len(sizes), len(margins))), budget_usd[:, None] / scale]
        ),
        np.kron(each, ways.serve),
        np.tile(p.demand_rps.transpose(1, 2, 0).ravel(), (len(sizes), 1)),
    )
    return np.asarray(rates @ np.kron(seconds, ways.net))


def nothing(problem: ProvisioningProblem) -> tuple[Array, Array]:
    """Zeros ``[k, j]`` and ``[k, f]``."""
    return np.zeros(problem.serves.shape), np.zeros(problem.function_serves.shape)


def solve_blocks(price: Array, limits: Array, upper: Array, equal: Array, right: Array) -> Array:
    """Return ``[b, c]`` the optimum of each of the programs min price x, limits x <= upper[b], equal x = right[b], x >= 0."""
    found = []
    for first in range(0, len(upper), BLOCKS_AT_ONCE):
        part = slice(first, first + BLOCKS_AT_ONCE)
        blocks = len(upper[part])
        each = sparse.identity(blocks)
        answer = linprog(
            np.tile(price, blocks),
            A_ub=sparse.kron(each, limits, format="csr"),
            b_ub=upper[part].ravel(),
            A_eq=sparse.kron(each, equal, format="csr"),
            b_eq=right[part].ravel(),
            method="highs",
        )
        if answer.x is None:
            raise RuntimeError(f"the oracle's own linear program ended with: {answer.message}")
        found.append(answer.x.reshape(blocks, -1))
    return np.concatenate(found) if found else np.zeros((0, len(price)))
