"""The program's data as arrays: one horizon to provision (`ProvisioningProblem`).

Index order everywhere: ``[class, group or option, window, level]``. Letters: k classes, j groups, i machines, f functions,
g options (group, machine), a quotas, t windows, q levels, n counts; `solvers.limits` adds m models, z spot pools, s guards,
u zones. Units stand in the field names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.axes import along, cut, wrong_shapes
from solvers.errors import ProblemError
from solvers.problem_ranges import wrong_ranges
from solvers.rises import Rises

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.limits import (
        AccuracyFloors,
        FunctionRates,
        ModelLoads,
        OperatorLimits,
        ServedValue,
        SpotRisk,
    )

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class ProvisioningProblem:
    """One horizon to provision, as arrays (design: sets, parameters).

    Parameters
    ----------
    classes, groups, machines, functions, quotas
        Names of the rows of every array below.
    demand_rps
        ``[k, t, q]`` requests/s, >= 0. Level q is the upper end of its quantile bin; levels never fall along q.
    level_share
        ``[q]`` probability of each level, sums to 1.
    window_h
        ``[t]`` hours.
    serves
        ``[k, j]`` group j may carry class k.
    function_serves
        ``[k, f]`` function f may carry class k.
    capacity_rps
        ``[j, n]`` requests/s of n = 0..n_max machines in group j within its tier; column 0 is 0; never falls along n.
        Rows shorter than the widest repeat their last value. All 0 for a linear group.
    count_max
        ``[j]`` last n of the row that was computed; a group never counts more machines towards its capacity. 0 for a linear group.
    option_group, option_machine
        ``[g]`` serving option g = (group, machine), as indices.
    price_usd_per_h
        ``[i, t]`` USD per machine-hour.
    start_usd
        ``[i]`` USD per launch.
    initial_count
        ``[i]`` machines running just before the first window.
    count_limit
        ``[i, t]`` most machines of i in window t (inf: no limit).
    is_spot
        ``[i]`` may be interrupted.
    on_demand_floor_share
        Least share of the machines of every group that is not spot, in [0, 1].
    quota_use, quota_limit
        ``[a, i]`` vCPU of one machine under quota a, ``[a]`` vCPU allowed.
    usd_per_request
        ``[f]`` USD.
    concurrency_s
        ``[f]`` function-seconds one request holds.
    concurrency_limit
        Functions running at once over the account (inf: no limit).
    linear_rps
        ``[k, j]`` requests/s of class k that one machine of a linear group carries alone (target utilisation taken off); a column
        of zeros marks a group with a capacity table. None where every group has a table.
    owned_count
        ``[i]`` machines already paid for (commitments): most that may run; inf for machines that are rented. None: no commitments.
    limits, rates, loads, accuracy, spot_risk, value
        Optional parts, see `solvers.limits`; None switches a part off.
    """

    classes: tuple[str, ...] = along("k")
    groups: tuple[str, ...] = along("j")
    machines: tuple[str, ...] = along("i")
    functions: tuple[str, ...] = along("f")
    quotas: tuple[str, ...] = along("a")
    demand_rps: Array = along("ktq")
    level_share: Array = along("q")
    window_h: Array = along("t")
    serves: BoolArray = along("kj")
    function_serves: BoolArray = along("kf")
    capacity_rps: Array = along("jn")
    count_max: IntArray = along("j")
    option_group: IntArray = along("g")
    option_machine: IntArray = along("g")
    price_usd_per_h: Array = along("it")
    start_usd: Array = along("i")
    initial_count: IntArray = along("i")
    count_limit: Array = along("it")
    is_spot: BoolArray = along("i")
    on_demand_floor_share: float
    quota_use: Array = along("ai")
    quota_limit: Array = along("a")
    usd_per_request: Array = along("f")
    concurrency_s: Array = along("f")
    concurrency_limit: float
    linear_rps: Array | None = along("kj", default=None)
    owned_count: Array | None = along("i", default=None)
    limits: OperatorLimits | None = None
    rates: FunctionRates | None = None
    loads: ModelLoads | None = None
    accuracy: AccuracyFloors | None = None
    spot_risk: SpotRisk | None = None
    value: ServedValue | None = None

    def __post_init__(self) -> None:
        """Check every shape and range once; raise `ProblemError` with all that is wrong."""
        problems = wrong_shapes(self, self.sizes)
        if problems:
            raise ProblemError(problems)
        problems = wrong_ranges(self)
        if problems:
            raise ProblemError(problems)

    @property
    def sizes(self) -> dict[str, int]:
        """Length of every index by its letter."""
        named = {
            "k": self.classes,
            "j": self.groups,
            "i": self.machines,
            "f": self.functions,
            "a": self.quotas,
        }
        arrays = {"g": self.option_group, "t": self.window_h, "q": self.level_share}
        found = {letter: len(values) for letter, values in (named | arrays).items()}
        if self.loads is not None:
            found["m"] = len(self.loads.models)
        if self.spot_risk is not None:
            found |= {"z": len(self.spot_risk.pools), "s": len(self.spot_risk.guards)}
        return found

    @cached_property
    def is_linear(self) -> BoolArray:
        """``[j]`` groups whose capacity is a rate per machine and class instead of a table."""
        if self.linear_rps is None:
            return np.zeros(len(self.groups), dtype=bool)
        return np.asarray(self.linear_rps.any(axis=0))

    @cached_property
    def is_standby(self) -> BoolArray:
        """``[i]`` machines that carry load only after the loss of a spot pool."""
        if self.spot_risk is None:
            return np.zeros(len(self.machines), dtype=bool)
        return self.spot_risk.is_standby

    @cached_property
    def is_switched(self) -> BoolArray:
        """``[f]`` functions that a level calls or does not: those with a least rate, or a price of standing ready."""
        if self.rates is None:
            return np.zeros(len(self.functions), dtype=bool)
        return np.asarray((self.rates.least_rps > 0) | (self.rates.usd_per_h > 0))

    @cached_property
    def takes_any_rate(self) -> BoolArray:
        """``[f]`` functions that may be sent any rate at any time, and cost nothing without one: what a burst may fall back on."""
        if self.rates is None:
            return np.ones(len(self.functions), dtype=bool)
        return np.asarray(~self.is_switched & np.isinf(self.rates.most_rps))

    @property
    def loss_asks_more(self) -> bool:
        """Whether what does every day may fall short after the loss of a pool that holds nothing of it.

        Every day requests may go unserved, or functions be called that no burst falls back on.
        """
        return self.value is not None or not bool(self.takes_any_rate.all())

    @cached_property
    def ready_usd_per_h(self) -> Array:
        """``[f]`` USD per hour of a window in which a function is called at some level."""
        return np.zeros(len(self.functions)) if self.rates is None else self.rates.usd_per_h

    @cached_property
    def machine_count(self) -> sparse.csr_array:
        """``[i, g]`` sums options to machines."""
        return incidence(self.option_machine, len(self.machines))

    @cached_property
    def group_count(self) -> sparse.csr_array:
        """``[j, g]`` sums options to groups, standby machines left out: N[j] is what carries load."""
        working = (~self.is_standby[self.option_machine]).astype(float)
        return sparse.csr_array(incidence(self.option_group, len(self.groups)) @ sparse.diags_array(working))

    @cached_property
    def rises(self) -> Rises:
        """What costs when it rises from one window to the next: launches and loads."""
        return Rises(self)

    @cached_property
    def model_count(self) -> sparse.csr_array:
        """``[m, g]`` sums options to the models they hold."""
        if self.loads is None:
            return sparse.csr_array((0, len(self.option_group)))
        return incidence(self.loads.group_model[self.option_group], len(self.loads.models))

    def taking(
        self,
        *,
        classes: IntArray | None = None,
        groups: IntArray | None = None,
        machines: IntArray | None = None,
        functions: IntArray | None = None,
        quotas: IntArray | None = None,
        windows: IntArray | slice | None = None,
    ) -> ProvisioningProblem:
        """Return the same problem over some of its rows (ascending indices), options and inner indices renumbered.

        Options stay where both their group and machine do. A list of windows may repeat: good for pricing them one by one,
        not for launches between them; the machines running before the first window are left as they are.
        """
        j = np.arange(len(self.groups)) if groups is None else groups
        i = np.arange(len(self.machines)) if machines is None else machines
        g = np.flatnonzero(np.isin(self.option_group, j) & np.isin(self.option_machine, i))
        given = {"k": classes, "f": functions, "a": quotas, "t": windows, "j": groups, "i": machines, "g": g}
        kept = cut(self, {letter: pick for letter, pick in given.items() if pick is not None})
        return replace(
            kept,
            option_group=np.searchsorted(j, kept.option_group),
            option_machine=np.searchsorted(i, kept.option_machine),
        )


def incidence(owner: IntArray, owners: int) -> sparse.csr_array:
    """``[owner, member]`` matrix with a 1 where the member belongs to the owner."""
    members = len(owner)
    return sparse.csr_array((np.ones(members), (owner, np.arange(members))), shape=(owners, members))
