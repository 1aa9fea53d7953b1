"""The program's data: arrays in (`ProvisioningProblem`), arrays out (`ProvisioningSolution`).

Index order everywhere: ``[class, group or option, window, level]`` = ``[k, j|g|f, t, q]``; machines are ``i``, counts ``n``,
quotas ``a``. Units stand in the field names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from solvers.errors import ProblemError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
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
        Rows shorter than the widest repeat their last value.
    count_max
        ``[j]`` last n of the row that was computed; a group never counts more machines towards its capacity.
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
    """

    classes: tuple[str, ...]
    groups: tuple[str, ...]
    machines: tuple[str, ...]
    functions: tuple[str, ...]
    quotas: tuple[str, ...]
    demand_rps: Array
    level_share: Array
    window_h: Array
    serves: BoolArray
    function_serves: BoolArray
    capacity_rps: Array
    count_max: IntArray
    option_group: IntArray
    option_machine: IntArray
    price_usd_per_h: Array
    start_usd: Array
    initial_count: IntArray
    count_limit: Array
    is_spot: BoolArray
    on_demand_floor_share: float
    quota_use: Array
    quota_limit: Array
    usd_per_request: Array
    concurrency_s: Array
    concurrency_limit: float

    def __post_init__(self) -> None:
        """Check every shape and range once; raise `ProblemError` with all that is wrong."""
        K, J, I = len(self.classes), len(self.groups), len(self.machines)  # noqa: E741
        F, A, G = len(self.functions), len(self.quotas), len(self.option_group)
        T, Q = len(self.window_h), len(self.level_share)
        shapes: dict[str, tuple[int, ...]] = {
            "demand_rps": (K, T, Q),
            "serves": (K, J),
            "function_serves": (K, F),
            "count_max": (J,),
            "option_machine": (G,),
            "price_usd_per_h": (I, T),
            "start_usd": (I,),
            "initial_count": (I,),
            "count_limit": (I, T),
            "is_spot": (I,),
            "quota_use": (A, I),
            "quota_limit": (A,),
            "usd_per_request": (F,),
            "concurrency_s": (F,),
        }
        problems = [
            f"{name} has shape {getattr(self, name).shape}; it must be {shape}"
            for name, shape in shapes.items()
            if getattr(self, name).shape != shape
        ]
        if self.capacity_rps.ndim != 2 or len(self.capacity_rps) != J:
            problems.append(f"capacity_rps has shape {self.capacity_rps.shape}; it must be ({J}, n_max + 1)")
        if problems:
            raise ProblemError(problems)
        for name in (
            "demand_rps",
            "capacity_rps",
            "price_usd_per_h",
            "start_usd",
            "usd_per_request",
            "window_h",
        ):
            values = getattr(self, name)
            if not (np.isfinite(values).all() and (values >= 0).all()):
                problems.append(f"{name} must be finite and >= 0")
        if abs(float(self.level_share.sum()) - 1.0) > 1e-9:
            problems.append(f"level_share sums to {self.level_share.sum():.6g}; it must sum to 1")
        if (np.diff(self.demand_rps, axis=2) < -1e-9).any():
            problems.append("demand_rps falls along the levels; level q + 1 must be at least level q")
        if (np.diff(self.capacity_rps, axis=1) < -1e-9).any() or (self.capacity_rps[:, :1] != 0).any():
            problems.append("capacity_rps must start at 0 and never fall along n")
        if not 0 <= self.on_demand_floor_share <= 1:
            problems.append(f"on_demand_floor_share is {self.on_demand_floor_share}; it must be in [0, 1]")
        if problems:
            raise ProblemError(problems)


@dataclass(frozen=True)
class BoundReport:
    """One lower bound that was tried, and of which problem it is one."""

    name: str
    problem: str
    bound_usd: float
    runtime_s: float


@dataclass(frozen=True)
class Baseline:
    """A plan of another method on the same problem; `objective_usd` is None where it is infeasible."""

    name: str
    feasible: bool
    reason: str
    objective_usd: float | None
    instances: IntArray | None = None


@dataclass(frozen=True)
class ShadowPrices:
    """USD that one more unit of a limit would save in one window, in the linear program with the plan's sizes held.

    `quota` ``[a, t]`` per vCPU, `count_limit` ``[i, t]`` per machine, `floor` ``[j, t]`` per machine that may be spot,
    `concurrency` ``[t]`` per function running at once.
    """

    quota: Array
    count_limit: Array
    floor: Array
    concurrency: Array


@dataclass(frozen=True)
class ProvisioningSolution:
    """A plan as arrays, with its proof.

    `instances` ``[g, t]``, `carried_rps` ``[k, j, t, q]``, `overflow_rps` ``[k, f, t, q]``, `starts` ``[i, t]``;
    `status` is one of ``optimal`` (gap reached), ``gap_missed``, ``limit`` (stopped by time), ``infeasible``.
    `infeasible_reasons` names what nothing can serve.
    """

    status: str
    instances: IntArray
    carried_rps: Array
    overflow_rps: Array
    starts: Array
    objective_usd: float
    bound_usd: float
    bound_name: str
    fixed_capacity_bound_usd: float
    fixed_capacity_objective_usd: float
    reproducible: bool
    runtime_s: float
    bounds: tuple[BoundReport, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    phases_s: dict[str, float] = field(default_factory=dict)
    infeasible_reasons: tuple[str, ...] = ()
    shadow_usd: ShadowPrices | None = None

    @property
    def gap(self) -> float:
        """|objective - bound| / |objective| of the exact problem."""
        return relative_gap(self.objective_usd, self.bound_usd)

    @property
    def fixed_capacity_gap(self) -> float:
        """The plan's gap with the capacity per machine fixed at the final sizes: a diagnostic, not a proof."""
        return relative_gap(self.objective_usd, self.fixed_capacity_bound_usd)

    @property
    def fixed_capacity_program_gap(self) -> float:
        """Gap of the best fleet met for the program with those fixed capacities: how tight its bound is."""
        return relative_gap(self.fixed_capacity_objective_usd, self.fixed_capacity_bound_usd)


def relative_gap(objective: float, bound: float) -> float:
    """|objective - bound| / |objective|; 0 where both are 0, inf where only the objective is."""
    if objective == bound:
        return 0.0
    return abs(objective - bound) / abs(objective) if objective else float("inf")
