"""The state of one solve: the incumbent, the bounds, and the pools of configurations of every part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from solvers.block_solver import Effort
from solvers.components import Component, split
from solvers.configurations import Pool, change_multipliers, empty_pool, usable_multipliers, widen_pool
from solvers.horizon import HorizonProgram, compile_horizon
from solvers.lagrangian import BlockPrograms
from solvers.memory import Memory, option_names
from solvers.recourse import Evaluation, evaluate
from solvers.repair import repaired
from solvers.solution import BoundReport, relative_gap

if TYPE_CHECKING:
    from solvers.block_solver import Answers
    from solvers.fixed_capacity import Relaxation
    from solvers.memory import Steps
    from solvers.problem import Array, IntArray, ProvisioningProblem

Progress = Callable[[str, float], None]
Programs = list[tuple[Component, BlockPrograms]]  # of every part

NODES = (
    150_000  # of branch and bound over a sweep, as 288 windows of 500 have: fewer windows may take more each
)
SMOOTHING = 0.7  # share of the best multipliers kept: on the scale benchmark's day without it the second sweep's bound fell by 2 %
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

    def __init__(
        self,
        problem: ProvisioningProblem,
        settings: Settings,
        progress: Progress,
        memory: Memory | None = None,
    ) -> None:
        self.begun = time.perf_counter()
        limit = settings.time_limit_s
        self.until_s = None if limit is None else time.monotonic() + limit
        self.problem = problem
        self.settings = settings
        self.progress = progress
        self.memory = memory if memory is not None and memory.fits(problem) else None
        self.answers: Answers = {} if self.memory is None else dict(self.memory.answers)
        self.steps: Steps = {} if self.memory is None else dict(self.memory.steps)
        self.fixed_multipliers: Array | None = None
        self.parts = split(problem)
        self.pools: list[Pool] = [empty_pool(part.problem) for part in self.parts]
        self.bounds: list[BoundReport] = []
        self.tightest: Array | None = None
        self.relaxed: Relaxation | None = None
        self.phases_s: dict[str, float] = {}
        self.best: Evaluation | None = None
        self.timed_out = False

    @property
    def bound_usd(self) -> float:
        """The largest bound of the exact problem so far; -inf before the first."""
        return max((report.bound_usd for report in self.bounds), default=-float("inf"))

    @property
    def cost_usd(self) -> float:
        """Objective of the incumbent; inf without one."""
        return self.best.cost_usd if self.best else float("inf")

    @property
    def gap(self) -> float:
        """Gap of the incumbent; inf without one."""
        return relative_gap(self.best.cost_usd, self.bound_usd) if self.best else float("inf")

    def left_s(self) -> float | None:
        """Seconds left, None without a limit."""
        return None if self.until_s is None else max(self.until_s - time.monotonic(), 0.0)

    def out_of_time(self) -> bool:
        """Whether the time limit has passed; remembers it."""
        self.timed_out = self.timed_out or self.left_s() == 0.0
        return self.timed_out

    @cached_property
    def horizons(self) -> list[HorizonProgram]:
        """The horizon's program of every part."""
        return [compile_horizon(part.problem) for part in self.parts]

    @cached_property
    def apart(self) -> tuple[Component, ...]:
        """Parts that launch no machine in common."""
        return split(self.problem, by_launches=True)

    @cached_property
    def horizons_apart(self) -> list[HorizonProgram]:
        """The horizon's program of each of those."""
        return [compile_horizon(part.problem) for part in self.apart]

    def block_programs(self, length: int = 1) -> Programs:
        """Blocks of every part; longer ones of parts that launch no machine in common, since they count launches themselves.

        Such parts begin with the initial fleet; others share it through multipliers.
        """
        clock = time.perf_counter()
        alone = len(self.apart) == len(self.parts)
        together = length == 1 or alone
        parts, horizons = (self.parts, self.horizons) if together else (self.apart, self.horizons_apart)
        programs = [
            (part, BlockPrograms(horizon, length, from_fleet=alone or length > 1))
            for part, horizon in zip(parts, horizons, strict=True)
        ]
        self.remember("compile", clock)
        return programs

    def effort(self) -> Effort:
        """How hard a block may be worked: few windows may take more nodes, and a small gap needs small ones in the blocks."""
        windows = len(self.problem.window_h)
        return Effort(
            gap=min(Effort.gap, self.settings.gap / 2),
            node_limit=max(Effort.node_limit, NODES // windows),
            seed=self.settings.seed,
            until_s=self.until_s,
            solver=self.settings.solver,
        )

    def whole(self, fleets: Iterable[tuple[Component, IntArray]]) -> IntArray:
        """``[g, t]`` fleets of all parts as one."""
        instances = np.zeros((len(self.problem.option_group), len(self.problem.window_h)), dtype=int)
        for part, fleet in fleets:
            instances[part.option] = fleet
        return instances

    def others(self, fleets: list[IntArray | None], own: int) -> Array:
        """``[x, t]`` what the other parts run."""
        total = np.zeros((len(self.problem.rises.usd), len(self.problem.window_h)))
        for n, (part, fleet) in enumerate(zip(self.parts, fleets, strict=True)):
            if n != own and fleet is not None:
                total += part.problem.rises.count @ fleet
        return total

    def offer(self, instances: IntArray) -> None:
        """Take a fleet ``[g, t]`` of the whole problem as incumbent if it is feasible, or can be made so, and cheaper."""
        found = evaluate(self.problem, instances)
        self.take(found if found.feasible else repaired(self.problem, instances))

    def take(self, found: Evaluation | None) -> None:
        """Take a priced fleet as incumbent if it is cheaper."""
        if found is not None and found.cost_usd < self.cost_usd - 1e-12:
            self.best = found

    def add_fleet(self, instances: IntArray) -> None:
        """Add the windows of a fleet ``[g, t]`` to every part's pool."""
        clock = time.perf_counter()
        self.pools = [
            widen_pool(part.problem, pool, instances[part.option], POOL_REACH)
            for part, pool in zip(self.parts, self.pools, strict=True)
        ]
        self.remember("pools", clock)

    def most_offered(self, part: int) -> IntArray:
        """``[g, t]`` largest count of each option among the configurations of a part's pool for each window."""
        pool, windows = self.pools[part], len(self.problem.window_h)
        most = np.zeros((pool.instances.shape[1], windows), dtype=int)
        np.maximum.at(most.T, pool.window, pool.instances)
        return most

    def multipliers(self) -> Array:
        """``[x, t]`` multipliers: the pools' duals, or a third of the price of a rise where a window has no configuration.

        Duals of small pools leap about, so they are drawn towards the multipliers of the best bound (Wentges 1997, smoothing).
        """
        windows = len(self.problem.window_h)
        if all(len(np.unique(pool.window)) == windows for pool in self.pools):
            clock = time.perf_counter()
            found = change_multipliers(self.problem, [part.problem for part in self.parts], self.pools)
            self.remember("multipliers", clock)
            if self.tightest is None:
                return found
            return usable_multipliers(self.problem, SMOOTHING * self.tightest + (1 - SMOOTHING) * found)
        third = np.repeat(self.problem.rises.usd[:, None] / 3, windows, axis=1)
        return usable_multipliers(self.problem, third)

    def add_bound(self, report: BoundReport, multipliers: Array | None = None) -> None:
        """Keep a bound, and the multipliers that gave it while it is the largest."""
        if multipliers is not None and report.bound_usd >= self.bound_usd:
            self.tightest = multipliers
        self.bounds.append(report)

    def learned(self) -> Memory | None:
        """What this solve leaves to the next one; None without a plan."""
        if self.best is None or self.tightest is None:
            return None
        return Memory(
            option_names(self.problem),
            self.tightest,
            self.best.instances,
            self.fixed_multipliers,
            self.answers,
            self.steps,
        )

    def remember(self, phase: str, since: float) -> None:
        """Add the seconds since `since` to a phase."""
        self.phases_s[phase] = self.phases_s.get(phase, 0.0) + time.perf_counter() - since
