"""The state of one solve: the incumbent, the bounds, and the pools of configurations of every part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.components import Component, split
from solvers.configurations import Pool, empty_pool, launch_multipliers, usable_multipliers, widen_pool
from solvers.lagrangian import BlockPrograms, Effort
from solvers.recourse import Evaluation, evaluate, machines_of
from solvers.solution import BoundReport, relative_gap

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem

Progress = Callable[[str, float], None]
Programs = list[tuple[Component, BlockPrograms]]  # of every part

POOL_REACH = (
    3  # windows a configuration is offered to on either side: a quarter of an hour of five-minute windows
)


@dataclass(frozen=True)
class Settings:
    """What is asked of the solve; `gap` is the exact problem's, `time_limit_s` is wall time."""

    gap: float = 0.03
    fixed_capacity_gap: float = 1e-3
    time_limit_s: float | None = None
    seed: int = 0
    workers: int = 1
    solver: str = "highs"


class Search:
    """The state of one solve: incumbent, bounds, and the pools of configurations of every part."""

    def __init__(self, problem: ProvisioningProblem, settings: Settings, progress: Progress) -> None:
        self.begun = time.perf_counter()
        self.problem = problem
        self.settings = settings
        self.progress = progress
        self.parts = split(problem)
        self.pools: list[Pool] = [empty_pool(part.problem) for part in self.parts]
        self.bounds: list[BoundReport] = []
        self.phases_s: dict[str, float] = {}
        self.best: Evaluation | None = None
        self.timed_out = False

    @property
    def bound_usd(self) -> float:
        """The largest bound of the exact problem so far."""
        return max((report.bound_usd for report in self.bounds), default=0.0)

    @property
    def cost_usd(self) -> float:
        """Cost of the incumbent; inf without one."""
        return self.best.cost_usd if self.best else float("inf")

    @property
    def gap(self) -> float:
        """Gap of the incumbent; inf without one."""
        return relative_gap(self.best.cost_usd, self.bound_usd) if self.best else float("inf")

    def left_s(self) -> float | None:
        """Seconds left, None without a limit."""
        limit = self.settings.time_limit_s
        return None if limit is None else max(limit - (time.perf_counter() - self.begun), 0.0)

    def out_of_time(self) -> bool:
        """Whether the time limit has passed; remembers it."""
        self.timed_out = self.timed_out or self.left_s() == 0.0
        return self.timed_out

    def block_programs(self, length: int = 1) -> Programs:
        """Blocks of every part; longer ones of parts that launch no machine in common, since they count launches themselves.

        Such parts begin with the initial fleet; others share it through multipliers.
        """
        apart = split(self.problem, by_launches=True)
        alone = len(apart) == len(self.parts)
        parts = self.parts if length == 1 else apart
        return [(part, BlockPrograms(part.problem, length, from_fleet=alone or length > 1)) for part in parts]

    def effort(self) -> Effort:
        """How hard a block may be worked, given the time left."""
        return Effort(seed=self.settings.seed, time_limit_s=self.left_s(), solver=self.settings.solver)

    def whole(self, fleets: Iterable[tuple[Component, IntArray]]) -> IntArray:
        """``[g, t]`` fleets of all parts as one."""
        instances = np.zeros((len(self.problem.option_group), len(self.problem.window_h)), dtype=int)
        for part, fleet in fleets:
            instances[part.option] = fleet
        return instances

    def others(self, fleets: list[IntArray | None], own: int) -> IntArray:
        """``[i, t]`` machines that the other parts run."""
        total = np.zeros((len(self.problem.machines), len(self.problem.window_h)), dtype=int)
        for n, (part, fleet) in enumerate(zip(self.parts, fleets, strict=True)):
            if n != own and fleet is not None:
                total += machines_of(part.problem, fleet)
        return total

    def offer(self, instances: IntArray) -> None:
        """Take a fleet ``[g, t]`` of the whole problem as incumbent if it is feasible and cheaper."""
        found = evaluate(self.problem, instances)
        if found.feasible and found.cost_usd < self.cost_usd - 1e-12:
            self.best = found

    def add_fleet(self, instances: IntArray) -> None:
        """Add the windows of a fleet ``[g, t]`` to every part's pool."""
        clock = time.perf_counter()
        self.pools = [
            widen_pool(part.problem, pool, instances[part.option], POOL_REACH)
            for part, pool in zip(self.parts, self.pools, strict=True)
        ]
        self.remember("pools", clock)

    def multipliers(self) -> Array:
        """``[i, t]`` launch multipliers: the pools' duals, or a third of the launch price where a window has no configuration."""
        windows = len(self.problem.window_h)
        if all(len(np.unique(pool.window)) == windows for pool in self.pools):
            return launch_multipliers(self.problem, [part.problem for part in self.parts], self.pools)
        third = np.repeat(self.problem.start_usd[:, None] / 3, windows, axis=1)
        return usable_multipliers(self.problem, third)

    def remember(self, phase: str, since: float) -> None:
        """Add the seconds since `since` to a phase."""
        self.phases_s[phase] = self.phases_s.get(phase, 0.0) + time.perf_counter() - since
