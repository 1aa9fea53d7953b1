"""What a solve gives back: the plan as arrays, its bounds, and what other methods reach (`ProvisioningSolution`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from solvers.memory import Memory

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]


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
    `infeasible_reasons` names what nothing can serve; `memory` is what a later solve may start from.
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
    memory: Memory | None = field(default=None, repr=False, compare=False)

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
