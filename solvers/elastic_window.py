"""One window whose limits may be stretched, each at a price, and what was stretched in words.

In families that mix both, a limit is a row with a number on its right side; other rows tie variables to each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.backends import solve

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram
    from solvers.blocks import Compiled
    from solvers.problem import Array, IntArray, ProvisioningProblem

UNSERVED_WEIGHT = 1e3  # a limit is stretched a thousandfold before demand is given up, so shortfalls show up as limits first
LEAST_STRETCH = 1e-6  # relative; smaller values are the solver's tolerance
ALL_LIMITS = (
    "keep_quota",
    "limit_functions",
    "use_commitments",
    "wait_for_boot",
    "meet_mean_accuracy",
)  # families of limits alone, even of 0
ELASTIC = (
    "keep_quota",
    "limit_functions",
    "use_commitments",
    "wait_for_boot",
    "hold_floor",
    "limit_groups",
    "survive_spot_loss",
    "bound_spot_risk",
    "meet_mean_accuracy",
)


@dataclass(frozen=True)
class ElasticWindow:
    """One window whose limits may be stretched, at a price relative to each."""

    problem: ProvisioningProblem
    window: int
    compiled: Compiled

    @property
    def families(self) -> tuple[str, ...]:
        """Families with a limit in this window."""
        return tuple(name for name in ELASTIC if len(self.limits(name)))

    def limits(self, family: str) -> IntArray:
        """Row numbers of the family's limits."""
        rows = self.compiled.rows.get(family, np.empty(0, dtype=int))
        number = np.abs(self.compiled.arrays.row_upper[rows]) > 0
        return rows if family in ALL_LIMITS else rows[number]

    def relaxed(self, families: tuple[str, ...]) -> Array | None:
        """``[row]`` by how much each row of some families, and of the demand, is stretched; None without a solution."""
        rows, arrays = self.compiled.rows, self.compiled.arrays
        limits = np.concatenate([*(self.limits(name) for name in families), np.empty(0, dtype=int)]).astype(
            int
        )
        demands = rows["serve_demand"]
        answer = solve(loosen(arrays, limits, demands), gap=1e-3, node_limit=1000)
        if answer.values is None:
            return None
        amounts = np.zeros(len(arrays.row_upper))
        amounts[np.concatenate([limits, demands])] = answer.values[len(arrays.cost) :]
        return amounts

    def unserved(self, amounts: Array) -> tuple[str, ...]:
        """Classes left unserved, in words."""
        p = self.problem
        rate = amounts[self.compiled.rows["serve_demand"]].reshape(len(p.classes), -1, order="F").max(axis=1)
        top = p.demand_rps[:, self.window, -1]
        return tuple(
            f"class {p.classes[k]}: {rate[k]:.4g} of {top[k]:.4g} req/s in window {self.window} can be served by no option; "
            "relax its deadline, percentile or min_accuracy, or allow more instance types, models or functions"
            for k in np.flatnonzero(rate > LEAST_STRETCH * np.maximum(top, 1.0))
        )

    def stretched(self, amounts: Array) -> tuple[str, ...]:
        """Every limit that is stretched, in words: its name, its value and what it must be instead."""
        found: list[str] = []
        for family in self.families:
            rows = self.limits(family)
            limit, amount = self.compiled.arrays.row_upper[rows], amounts[rows]
            wanted = amount > LEAST_STRETCH * np.maximum(np.abs(limit), 1.0)
            if wanted.any():
                place = rows - self.compiled.rows[family][0]
                found += self.in_words(family, place[wanted], np.flatnonzero(wanted), amount[wanted])
        return tuple(found)

    def in_words(self, family: str, place: IntArray, order: IntArray, amount: Array) -> list[str]:
        """One line for each stretched limit of a family.

        Parameters
        ----------
        place, order
            Position of each among all the rows of the family, and among its limits.
        """
        p, t = self.problem, self.window
        if family == "keep_quota":
            return [quota_in_words(p, t, int(a), float(more)) for a, more in zip(place, amount, strict=True)]
        if family == "limit_functions":
            needed = whole(p.concurrency_limit + float(amount.max()))
            return [
                f"function concurrency: {p.concurrency_limit:.4g} at once on average, beside what swings take of the account's "
                f"limit, is too little in window {t}; raise the limit: {needed} run on average"
            ]
        if family == "use_commitments":
            assert p.owned_count is not None
            owned = np.flatnonzero(np.isfinite(p.owned_count))
            return [
                f"commitments: {p.owned_count[owned[n]]:g} {p.machines[owned[n]]} are too few in window {t}; own "
                f"{whole(p.owned_count[owned[n]] + float(more))}, or rent such machines in another market"
                for n, more in zip(place, amount, strict=True)
            ]
        if family == "wait_for_boot":
            limited = np.flatnonzero(np.isfinite(p.count_limit[:, t]))
            return [
                boot_in_words(p, t, int(limited[n]), float(more))
                for n, more in zip(place, amount, strict=True)
            ]
        if family == "hold_floor":
            return self.floors_in_words(order, amount)
        if family == "limit_groups":
            assert p.limits is not None
            assert p.limits.max_groups is not None
            needed = whole(p.limits.max_groups + float(amount.max()))
            return [f"max_groups: {p.limits.max_groups} are too few in window {t}; raise it to {needed}"]
        return [self.losses_in_words(family, float(amount.max()))]

    def floors_in_words(self, order: IntArray, amount: Array) -> list[str]:
        """Least machines, then zones, of the classes that ask for them."""
        p, t = self.problem, self.window
        assert p.limits is not None
        asking, served = np.flatnonzero(p.limits.min_instances > 0), np.flatnonzero(p.serves.sum(axis=1))
        found = []
        for n, more in zip(order.tolist(), amount.tolist(), strict=True):
            zones = n >= len(asking)
            k = served[n - len(asking)] if zones else asking[n]
            name, asked = (
                ("min_zones", p.limits.min_zones) if zones else ("min_instances", p.limits.min_instances[k])
            )
            found.append(
                f"{name} of class {p.classes[k]}: {asked} are too many in window {t}; lower it to {int(asked - whole(more))}"
            )
        return found

    def losses_in_words(self, family: str, amount: float) -> str:
        """A limit on spot losses or on accuracy that no fleet keeps."""
        t = self.window
        if family == "survive_spot_loss":
            single = (
                ""
                if self.problem.rates is None
                else ", or calls of single requests: after a loss no buffer is counted on"
            )
            return (
                f"survive-loss: {amount:.4g} req/s cannot be served after the loss of a spot pool in window {t}; lower the level, "
                f"or allow more machines that are not spot{single}"
            )
        if family == "bound_spot_risk":
            return (
                f"violation_share: {amount:.4g} req/s of spare capacity are missing in window {t}; raise it, or allow more "
                "machines that are not spot"
            )
        return (
            f"mean accuracy: short of its floor by {amount:.4g} req/s of full accuracy in window {t}; lower min_accuracy, or allow "
            "more accurate models"
        )


def loosen(arrays: LinearProgram, limits: IntArray, demands: IntArray) -> LinearProgram:
    """The same program with a priced slack on some rows and nothing else to pay.

    Parameters
    ----------
    limits, demands
        Row numbers; a limit's slack lowers its left side, a demand's slack fills it up.
    """
    scale = np.maximum(np.abs(arrays.row_upper), 1.0)
    rows = np.concatenate([limits, demands])
    sign = np.concatenate([-np.ones(len(limits)), np.ones(len(demands))])
    # the solver's canonical form may write an equation with either sign: the slack must raise what is served
    served = np.asarray(arrays.matrix[demands].sum(axis=1)).ravel()
    sign[len(limits) :] = np.where(served < 0, -1.0, 1.0)
    slack = sparse.csr_array((sign, (rows, np.arange(len(rows)))), shape=(len(scale), len(rows)))
    price = np.concatenate([1.0 / scale[limits], UNSERVED_WEIGHT / scale[demands]])
    return replace(
        arrays,
        cost=np.concatenate([np.zeros(len(arrays.cost)), price]),
        matrix=sparse.csr_array(sparse.hstack([arrays.matrix, slack])),
        lower=np.concatenate([arrays.lower, np.zeros(len(rows))]),
        upper=np.concatenate([arrays.upper, np.full(len(rows), np.inf)]),
        integer=np.concatenate([arrays.integer, np.zeros(len(rows), dtype=bool)]),
        column_names=None,
        squares=(),
    )


def quota_in_words(problem: ProvisioningProblem, window: int, quota: int, amount: float) -> str:
    """A quota and what it must be."""
    needed = whole(problem.quota_limit[quota] + amount)
    allowed = f"{problem.quota_limit[quota]:g} vCPU"
    return f"quota {problem.quotas[quota]}: {allowed} are too few in window {window}; raise it to {needed}"


def boot_in_words(problem: ProvisioningProblem, window: int, machine: int, amount: float) -> str:
    """Machines that cannot have booted, and the ways out."""
    return (
        f"machines {problem.machines[machine]}: at most {problem.count_limit[machine, window]:.4g} can run in window {window} "
        f"(what runs before it and what can have booted); short by {amount:.4g}: have them running before the horizon, "
        "begin it a boot time later, or name no current fleet where they may be launched ahead"
    )


def whole(limit: float) -> int:
    """The least whole limit, solver tolerances aside."""
    return int(np.ceil(limit - LEAST_STRETCH * max(limit, 1.0)))
