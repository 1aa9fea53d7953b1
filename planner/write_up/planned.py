"""A solution beside the question it answers: the arrays that every part of the plan document reads (`Planned`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.spot_pools import pool_losses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace
    from catalogs.interruptions import SpotLosses
    from planner.options import OptionTable, ServingOption
    from planner.scenario import Scenario
    from solvers.problem import ProvisioningProblem
    from solvers.solution import ProvisioningSolution

    Array = NDArray[np.float64]
    IntArray = NDArray[np.int64]

PROVIDER = "aws"  # the only machines the catalogs offer
NOISE_SHARE = 1e-9  # of a class's demand: rates below it are what solvers leave of 0
SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, eq=False)
class Planned:
    """A solution beside the question it answers; array orders as in `solvers.problem`."""

    scenario: Scenario
    options: OptionTable
    problem: ProvisioningProblem
    solution: ProvisioningSolution
    levels: Array
    availability: Mapping[str, AvailabilityTrace] = field(default_factory=dict)

    @cached_property
    def pool_losses(self) -> SpotLosses | None:
        """How often spot pools are lost, by which source and conventions; None where the program counts no losses."""
        if self.problem.spot_risk is None:
            return None
        return pool_losses(self.scenario, self.options.machines, self.availability)

    @cached_property
    def serving(self) -> tuple[ServingOption, ...]:
        """``[g]`` options in the program's order."""
        return self.options.options

    @cached_property
    def instances(self) -> IntArray:
        """``[g, t]`` whole machines."""
        return np.asarray(np.rint(self.solution.instances), dtype=int)

    @cached_property
    def sizes(self) -> IntArray:
        """``[j, t]`` machines that work in each group."""
        return np.asarray(np.rint(self.problem.group_count @ self.solution.instances), dtype=int)

    @cached_property
    def standby(self) -> IntArray:
        """``[j, t]`` machines that stand stopped for each group."""
        p = self.problem
        counts = self.solution.instances * p.is_standby[p.option_machine][:, None]
        sums = np.zeros(self.sizes.shape, dtype=int)
        np.add.at(sums, p.option_group, np.rint(counts).astype(int))
        return sums

    def capacity_of(self, j: int, count: int, t: int) -> float:
        """Requests/s of so many machines in group j, before headroom; with a rate per class, at window t's mix."""
        p = self.problem
        if p.is_linear[j]:
            return count * float(self.mixed_rps[j, t]) / self.used_share
        return float(p.capacity_rps[j, min(count, int(p.count_max[j]))]) / self.used_share

    @property
    def used_share(self) -> float:
        """What the headroom leaves of every capacity."""
        return 1 - self.scenario.resources.headroom_share

    @cached_property
    def capacity_rps(self) -> Array:
        """``[j, t]`` requests/s of each group at its size, before headroom."""
        groups, windows = self.sizes.shape
        found = [
            [self.capacity_of(j, int(self.sizes[j, t]), t) for t in range(windows)] for j in range(groups)
        ]
        return np.array(found).reshape(groups, windows)

    @cached_property
    def mixed_rps(self) -> Array:
        """``[j, t]`` requests/s of one machine of a linear group at the mix of the top level; unused: its slowest class."""
        rates = self.problem.linear_rps
        if rates is None:
            return np.zeros(self.sizes.shape)
        pace = np.where(rates > 0, rates, np.inf)  # [k, j]
        top = self.carried_rps[..., -1]
        total, busy = top.sum(axis=0), (top / pace[:, :, None]).sum(axis=0)
        slowest = np.broadcast_to(pace.min(axis=0)[:, None], total.shape)
        return np.where(
            busy > 0, total / np.where(busy > 0, busy, 1.0), np.where(slowest < np.inf, slowest, 0.0)
        )

    @cached_property
    def carried_rps(self) -> Array:
        """``[k, j, t, q]`` requests/s of groups, solver noise removed."""
        return self._clean(self.solution.carried_rps)

    @cached_property
    def overflow_rps(self) -> Array:
        """``[k, f, t, q]`` requests/s of functions, solver noise removed."""
        return self._clean(self.solution.overflow_rps)

    def _clean(self, rates: Array) -> Array:
        noise = NOISE_SHARE * np.maximum(self.problem.demand_rps, 1.0)[:, None]
        return np.where(rates > noise, rates, 0.0)

    @cached_property
    def unserved_rps(self) -> Array:
        """``[k, t, q]`` requests/s that nothing serves; 0 where all must be served."""
        p = self.problem
        if p.value is None:
            return np.zeros(p.demand_rps.shape)
        missing = p.demand_rps - self.carried_rps.sum(axis=1) - self.overflow_rps.sum(axis=1)
        return np.asarray(self._clean(missing[:, None])[:, 0])

    @cached_property
    def starts(self) -> IntArray:
        """``[i, t]`` machines launched."""
        return np.rint(self.solution.starts).astype(int)

    @cached_property
    def machines(self) -> IntArray:
        """``[i, t]`` machines of each kind."""
        return np.asarray(np.rint(self.problem.machine_count @ self.solution.instances), dtype=int)

    def start_of(self, t: int) -> datetime:
        """First instant of window t."""
        return self.scenario.horizon.start + timedelta(seconds=t * self.scenario.window_s)

    @cached_property
    def cost_usd(self) -> dict[str, Array]:
        """``[t]`` expected USD of each window by part: machines, starts, loads, functions (calls, and those kept ready)."""
        p = self.problem
        machines = p.price_usd_per_h[p.option_machine] * self.solution.instances * p.window_h
        calls = np.einsum("kftq,q,f->t", self.overflow_rps, p.level_share, p.usd_per_request)
        kept_ready = p.ready_usd_per_h @ self.overflow_rps.any(axis=(0, 3))
        return {
            "machines": machines.sum(axis=0),
            "starts": p.start_usd @ self.starts,
            "loads": self._loads_usd(),
            "functions": p.window_h * (SECONDS_PER_HOUR * calls + kept_ready),
        }

    def _loads_usd(self) -> Array:
        """``[t]`` USD of models that machines newly hold."""
        p = self.problem
        if p.loads is None:
            return np.zeros(len(p.window_h))
        machine, model = p.rises.load_pairs
        before = p.loads.initial_loaded[machine, model].astype(float)
        held = np.column_stack([before, p.rises.loaded_count @ self.solution.instances])  # [p, 1 + t]
        return np.asarray(p.loads.load_usd[machine, model] @ np.maximum(np.diff(held, axis=1), 0.0))

    @property
    def spend_usd(self) -> float:
        """Expected cost of the horizon."""
        return float(sum(part.sum() for part in self.cost_usd.values()))


def window_id(start: datetime) -> str:
    """Name a window by its first instant in UTC, ``20261123T001500Z``."""
    return start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
