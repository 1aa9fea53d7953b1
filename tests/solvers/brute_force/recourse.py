"""The cheapest way of demand through fixed machines: many small linear programs handed over as one, since they share no row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from tests.solvers.brute_force.called import (
    called_patterns,
    least_rates,
    most_rates,
    ready_prices,
    takes_any_rate,
)
from tests.solvers.brute_force.counts import linear_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.problem import ProvisioningProblem

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]

UNSERVED_PRICE = 1e4  # against prices scaled to at most 1: demand stays unserved only where it must
SERVED_WITHIN = 1e-6  # requests/s; what the linear program leaves by rounding alone
BLOCKS_AT_ONCE = 400


@dataclass(frozen=True)
class Ways:
    """One demand level as a linear program.

    Columns are pairs (class, group), pairs (class, function), classes left unserved, and functions short of their least rate.
    """

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
        """``[c]`` class of each column; -1 of the last ones."""
        short = np.full(len(self.problem.functions), -1)
        return np.concatenate([self.carried[0], self.called[0], np.arange(len(self.problem.classes)), short])

    @property
    def left(self) -> slice:
        """Columns of classes left unserved."""
        functions = len(self.problem.functions)
        return slice(len(self.owner) - functions - len(self.problem.classes), len(self.owner) - functions)

    @property
    def short(self) -> slice:
        """Columns of functions short of their least rate."""
        return slice(len(self.owner) - len(self.problem.functions), len(self.owner))

    def over(self, groups: Array, functions: Array, unserved: float = 0.0, short: float = 0.0) -> Array:
        """``[c]`` a figure of each column, from ``[k, j]``, ``[k, f]`` and one for each of the two kinds of lack."""
        left = np.full(len(self.problem.classes), unserved)
        return np.concatenate(
            [groups[self.carried], functions[self.called], left, np.full(len(self.problem.functions), short)]
        )

    @cached_property
    def phi(self) -> Array:
        """``[c]`` USD a request, billed."""
        p = self.problem
        return self.over(np.zeros(p.serves.shape), np.tile(p.usd_per_request, (len(p.classes), 1)))

    @cached_property
    def net(self) -> Array:
        """``[c]`` USD a request: billed, less what it is worth."""
        value = self.problem.value
        if value is None:
            return self.phi
        return self.phi - self.over(value.group_usd, value.function_usd)

    @cached_property
    def serve(self) -> Array:
        """``[k, c]`` counts the columns of each class."""
        return (np.arange(len(self.problem.classes))[:, None] == self.owner).astype(float)

    @cached_property
    def use(self) -> Array:
        """``[r, c]`` what a request/s takes: room of its group, functions kept busy, a function's most rate and least rate."""
        p = self.problem
        rows = np.zeros((len(p.groups) + 1, len(self.owner)))
        linear = linear_groups(p)
        for n, (k, j) in enumerate(zip(*self.carried, strict=True)):
            rows[j, n] = 1.0 / p.linear_rps[k, j] if p.linear_rps is not None and linear[j] else 1.0
        calls = slice(len(self.carried[0]), len(self.carried[0]) + len(self.called[0]))
        rows[-1, calls] = p.concurrency_s[self.called[1]]
        sent = np.zeros((len(p.functions), len(self.owner)))
        sent[self.called[1], np.arange(calls.start, calls.stop)] = 1.0
        short = np.zeros_like(sent)
        short[:, self.short] = np.eye(len(p.functions))
        return np.vstack([rows, sent, -sent - short])

    @cached_property
    def margin(self) -> Array:
        """``[a, c]`` accuracy above the floor, of the classes that ask for one."""
        part = self.problem.accuracy
        if part is None:
            return np.zeros((0, len(self.owner)))
        return (self.serve * self.over(part.group_margin_share, part.function_margin_share))[part.asks]

    def room(self, sizes: IntArray, called: BoolArray) -> Array:
        """``[b, r]`` for sizes ``[b, j]`` and functions ``[f]`` that are called: the upper ends of the rows of `use`.

        Capacity of groups with a table, machines of linear ones, functions that may run at once, most and less the least rates.
        """
        p = self.problem
        counted = np.minimum(sizes, p.count_max)
        capacity = np.take_along_axis(p.capacity_rps, counted.T, axis=1).T
        most = p.concurrency_limit if np.isfinite(p.concurrency_limit) else 1e9
        rates = np.concatenate([[most], called * most_rates(p), -(called * least_rates(p))])
        return np.hstack([np.where(linear_groups(p), sizes, capacity), np.tile(rates, (len(sizes), 1))])


def cheapest_recourse(ways: Ways, sizes: IntArray, t: int) -> tuple[Array, Array]:
    """Return ``[b]`` USD of window t net of value, and billed, beside groups of sizes ``[b, j]``; inf where demand is left.

    Every choice of the functions that each level calls is looked at.
    """
    p = ways.problem
    seconds = 3600.0 * p.window_h[t] * p.level_share
    best, billed = np.full(len(sizes), np.inf), np.full(len(sizes), np.inf)
    for called in called_patterns(p, p.demand_rps[:, t].T):
        rates, kept = window_rates(ways, sizes, called, t)
        ready = p.window_h[t] * ready_prices(p)[called.any(axis=0)].sum()
        net, bill = (np.einsum("bqc,c,q->b", rates, usd, seconds) + ready for usd in (ways.net, ways.phi))
        better = kept & (net < best)
        best[better], billed[better] = net[better], bill[better]
    return best, billed


def window_rates(ways: Ways, sizes: IntArray, called: BoolArray, t: int) -> tuple[Array, BoolArray]:
    """Return ``[b, q, c]`` the cheapest rates of window t where level q calls functions ``[q, f]``, and ``[b]`` if they will do."""
    p = ways.problem
    levels = len(called)
    scale = max(float(np.abs(ways.net).max(initial=0.0)), 1e-12)
    each = np.eye(levels)
    room = np.hstack([ways.room(sizes, of_level) for of_level in called])
    rates = solve_blocks(
        np.kron(p.level_share, ways.net / scale) + np.tile(lack_prices(ways), levels),
        np.vstack([np.kron(each, ways.use), -np.kron(p.level_share, ways.margin)]),
        np.hstack([room, np.zeros((len(room), len(ways.margin)))]),
        np.kron(each, ways.serve),
        np.tile(p.demand_rps[:, t].T.ravel(), (len(room), 1)),
    ).reshape(len(sizes), levels, len(ways.owner))
    return rates, ((rates <= SERVED_WITHIN) | (lack_prices(ways) == 0)).all(axis=(1, 2))


def lack_prices(ways: Ways) -> Array:
    """``[c]`` price that leaves demand and least rates unmet only where they must be; 0 for what may be left."""
    left = 0.0 if ways.problem.value is not None else UNSERVED_PRICE
    return ways.over(*nothing(ways.problem), left, UNSERVED_PRICE)


def least_left_rps(ways: Ways, sizes: IntArray, demand: Array) -> Array:
    """Return ``[b]`` the least of demand ``[k]``, requests/s, that a loss leaves unserved beside groups of sizes ``[b, j]``.

    Only functions that take any rate, for no price of standing ready, help out: whatever they cost.
    """
    p = ways.problem
    room = ways.room(sizes, takes_any_rate(p))
    rates = solve_blocks(
        ways.over(*nothing(p), 1.0), ways.use, room, ways.serve, np.tile(demand, (len(room), 1))
    )
    return np.asarray(rates[:, ways.left].sum(axis=1))


def cheapest_within_budgets(ways: Ways, sizes: IntArray, budget_usd: Array) -> Array:
    """Return ``[b]`` USD net of value of the recourse of whole horizons, sizes ``[b, t, j]``, whose bill keeps to ``[b]`` USD.

    inf where none does.
    """
    p = ways.problem
    windows, levels = len(p.window_h), len(p.level_share)
    seconds = 3600.0 * np.outer(p.window_h, p.level_share).ravel()
    net, phi = np.kron(seconds, ways.net), np.kron(seconds, ways.phi)
    scale = max(float(np.abs(net).max(initial=0.0)), 1e-12)
    each, window = np.eye(windows * levels), np.eye(windows)
    margins = np.kron(window, np.kron(p.level_share, ways.margin))
    demand = p.demand_rps.transpose(1, 2, 0).reshape(windows * levels, -1)
    best = np.full(len(sizes), np.inf)
    for called in called_patterns(p, demand):
        of_window = called.reshape(windows, levels, -1).any(axis=1)
        ready = float(p.window_h @ of_window @ ready_prices(p))
        open_to = np.flatnonzero(budget_usd >= ready)
        room = [ways.room(sizes[open_to, s // levels], called[s]) for s in range(windows * levels)]
        left = (budget_usd[open_to, None] - ready) / scale
        rates = solve_blocks(
            net / scale + np.tile(lack_prices(ways), windows * levels),
            np.vstack([np.kron(each, ways.use), -margins, phi / scale]),
            np.hstack([*room, np.zeros((len(open_to), len(margins))), left]),
            np.kron(each, ways.serve),
            np.tile(demand.ravel(), (len(open_to), 1)),
        )
        lacks = np.tile(lack_prices(ways), windows * levels)
        kept = ((rates <= SERVED_WITHIN) | (lacks == 0)).all(axis=1)
        best[open_to] = np.minimum(best[open_to], np.where(kept, rates @ net + ready, np.inf))
    return best


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
