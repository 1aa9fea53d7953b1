"""A whole horizon, solved: greedy start, Lagrangian bounds, relax and fix, polish, certificate (design/FORMULATION.md, 6).

The bounds come first, because the window programs that give them also give the plan its parts: sweeps over the windows under
launch multipliers fill pools of configurations, the cheapest path through the pools is the plan, and the linear program over
the pools gives the next multipliers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.components import Component, split
from solvers.configurations import (
    Pool,
    cheapest_path,
    empty_pool,
    launch_multipliers,
    usable_multipliers,
    widen_pool,
)
from solvers.fixed_capacity import FixedCapacity, solve_fixed_capacity
from solvers.greedy import FORMS, greedy_baseline
from solvers.infeasibility import explain_shortfall
from solvers.lagrangian import BlockPrograms, Effort
from solvers.parallel import Map, side_by_side
from solvers.polish import relaxed_and_fixed, worst_windows_again
from solvers.problem import Baseline, BoundReport, ProvisioningProblem, ProvisioningSolution, relative_gap
from solvers.recourse import Evaluation, evaluate, machines_of
from solvers.relax_and_fix import BlockSettings

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray

Progress = Callable[[str, float], None]
Programs = list[tuple[Component, BlockPrograms]]  # of every part

EXACT = "the exact problem: all counts of every group"
MAX_SWEEPS = 12  # beyond about eight the bound moved by less than 1e-4 a sweep (measured on the WorldCup day, 288 windows)
STALL_SHARE = 5e-4  # of the objective: two sweeps that move neither bound nor plan by more end the sweeping
BOUND_BLOCKS = (
    2,
    3,
)  # windows a block once single windows stall: each is several times dearer than the one before
POOL_REACH = (
    3  # windows a configuration is offered to on either side; wider pools cost time and gave no better paths
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


def plan_horizon(
    problem: ProvisioningProblem,
    *,
    gap: float = 0.03,
    fixed_capacity_gap: float = 1e-3,
    time_limit_s: float | None = None,
    seed: int = 0,
    workers: int = 1,
    solver: str = "highs",
    progress: Progress | None = None,
    method: str = "optimal",
) -> ProvisioningSolution:
    """Plan the horizon and prove how far the plan is from the optimum.

    Parameters
    ----------
    gap
        Stop once |objective - bound| / |objective| of the exact problem is at most this.
    fixed_capacity_gap
        The same for the diagnostic with capacities fixed at the final sizes: where its linear relaxation is within it, whole
        machines are not tried.
    time_limit_s
        Wall time after which the best plan so far is returned; it makes the run irreproducible if it strikes.
    workers
        Processes for independent programs; the plan does not depend on it.
    solver
        Backend of the windows' integer programs, one of `solvers.backends.installed_backends`; linear programs stay with HiGHS,
        which gives the duals.
    progress
        Called with the phase and the share of it that is done, for people to look at.
    method
        ``optimal``, or ``greedy`` for the best feasible form of the baseline (bounded by nothing but its own relaxation).
    """
    settings = Settings(gap, fixed_capacity_gap, time_limit_s, seed, workers, solver)
    search = Search(problem, settings, progress or (lambda phase, share: None))
    baselines = try_baselines(search)
    with side_by_side(settings.workers) as run:
        unservable = improve(search, run, sweeps=MAX_SWEEPS if method == "optimal" else 0)
        if unservable or search.best is None:
            return report_infeasible(search, baselines, unservable)
        fixed = diagnose(search, run)
    return report_plan(search, baselines, fixed)


def try_baselines(search: Search) -> tuple[Baseline, ...]:
    """Run every form of the greedy; the feasible ones are incumbents and all of them fill the pools."""
    clock = time.perf_counter()
    baselines = []
    for n, form in enumerate(FORMS):
        search.progress("greedy", n / len(FORMS))
        baseline = greedy_baseline(search.problem, form)
        baselines.append(baseline)
        if baseline.instances is not None:
            search.offer(baseline.instances)
            search.add_fleet(baseline.instances)
    search.remember("greedy", clock)
    return tuple(baselines)


def improve(search: Search, run: Map, sweeps: int) -> tuple[int, ...]:
    """Sweep, path, sweep again until the gap is met or nothing moves; then polish. Returns windows nobody can serve.

    Without sweeps only the relaxed windows are solved, for a bound.
    """
    clock = time.perf_counter()
    programs = search.block_programs()
    if search.best is not None:
        for part, program in programs:
            program.begin_with(search.best.instances[part.option])
    search.remember("compile", clock)
    multipliers = search.multipliers()
    unservable = sweep(search, programs, multipliers, run, Effort(relax=True), "relaxed-windows")
    if unservable:
        return unservable
    for n in range(sweeps):
        if search.gap <= search.settings.gap or search.out_of_time():
            return ()
        search.progress("bounds and configurations", n / sweeps)
        before = (search.bound_usd, search.cost_usd)
        unservable = sweep(search, programs, multipliers, run, search.effort(), "windows")
        if unservable:
            return unservable
        find_path(search)
        multipliers = search.multipliers()
        moved = max(search.bound_usd - before[0], before[1] - search.cost_usd)
        if n > 0 and moved < STALL_SHARE * search.cost_usd:
            break
    if sweeps and search.gap > search.settings.gap:
        polish(search, programs, multipliers, run)
    return ()


def sweep(
    search: Search, programs: Programs, multipliers: Array, run: Map, effort: Effort, name: str
) -> tuple[int, ...]:
    """Solve every window of every part under the multipliers; keep the bound, and the fleets unless they are relaxed."""
    clock = time.perf_counter()
    answers = [(part, program.sweep(multipliers, run, effort)) for part, program in programs]
    search.remember(name, clock)
    unservable = tuple(sorted({t for _, answer in answers for t in answer.unservable}))
    if unservable:
        return unservable
    shared = not all(program.from_fleet for _, program in programs)
    initial = float(multipliers[:, 0] @ search.problem.initial_count) if shared else 0.0
    bound = sum(answer.bound_usd for _, answer in answers) - initial
    search.bounds.append(
        BoundReport(f"lagrangian-{name}", EXACT, max(bound, 0.0), time.perf_counter() - clock)
    )
    search.timed_out = search.timed_out or any(answer.timed_out for _, answer in answers)
    if not effort.relax:
        search.add_fleet(search.whole((part, answer.instances) for part, answer in answers))
    return ()


def find_path(search: Search) -> None:
    """Cheapest path through the pools, part after part with the others' machines fixed, until no part changes."""
    clock = time.perf_counter()
    fleets = [search.best.instances[part.option] if search.best else None for part in search.parts]
    for _ in range(2 if len(search.parts) > 1 else 1):
        for n, part in enumerate(search.parts):
            others = search.others(fleets, n)
            found = cheapest_path(part.problem, search.pools[n], others)
            if found is None:
                return
            fleets[n] = found
    search.offer(
        search.whole(
            (part, fleet) for part, fleet in zip(search.parts, fleets, strict=True) if fleet is not None
        )
    )
    search.remember("paths", clock)


def polish(search: Search, programs: Programs, multipliers: Array, run: Map) -> None:
    """Relax and fix near the incumbent, its worst windows again, and longer blocks for the bound."""
    settings = BlockSettings(block=2, look_ahead=2, gap=3e-3, node_limit=50, seed=search.settings.seed)
    clock = time.perf_counter()
    for step, improve_part in enumerate((relaxed_and_fixed, worst_windows_again)):
        if search.gap <= search.settings.gap or search.out_of_time() or search.best is None:
            return
        search.progress("polish", step / 3)
        fleets = []
        for part in search.parts:
            own = search.best.instances[part.option]
            found = improve_part(part.problem, own, settings)
            fleets.append((part, own if found is None else found))
        search.add_fleet(search.whole(fleets))
        search.offer(search.whole(fleets))
        find_path(search)
    search.remember("polish", clock)
    for length in BOUND_BLOCKS:
        if search.gap <= search.settings.gap or search.out_of_time() or search.best is None:
            return
        search.progress("longer blocks", 2 / 3)
        longer = search.block_programs(length)
        for part, program in longer:
            program.begin_with(search.best.instances[part.option])
        sweep(search, longer, multipliers, run, search.effort(), f"blocks-of-{length}")
        find_path(search)


def diagnose(search: Search, run: Map) -> FixedCapacity:
    """Solve the program with the capacities fixed at the incumbent's sizes."""
    assert search.best is not None
    search.progress("fixed capacities", 0.0)
    clock = time.perf_counter()
    found = solve_fixed_capacity(
        search.problem, search.best, run, search.effort(), search.settings.fixed_capacity_gap
    )
    search.remember("fixed capacities", clock)
    return found


def report_infeasible(
    search: Search, baselines: tuple[Baseline, ...], unservable: tuple[int, ...]
) -> ProvisioningSolution:
    """A solution without a plan, with the least relaxation of the first window that cannot be served."""
    p = search.problem
    reasons = (
        explain_shortfall(p, unservable[0])
        if unservable
        else ("no plan was found within the limits of the search",)
    )
    K, J, F, T, Q = len(p.classes), len(p.groups), len(p.functions), len(p.window_h), len(p.level_share)
    return ProvisioningSolution(
        status="infeasible",
        instances=np.zeros((len(p.option_group), T), dtype=int),
        carried_rps=np.zeros((K, J, T, Q)),
        overflow_rps=np.zeros((K, F, T, Q)),
        starts=np.zeros((len(p.machines), T)),
        objective_usd=float("inf"),
        bound_usd=search.bound_usd,
        bound_name="",
        fixed_capacity_bound_usd=0.0,
        fixed_capacity_objective_usd=float("inf"),
        reproducible=not search.timed_out,
        runtime_s=time.perf_counter() - search.begun,
        bounds=tuple(search.bounds),
        baselines=baselines,
        phases_s=search.phases_s,
        infeasible_reasons=reasons,
    )


def report_plan(
    search: Search, baselines: tuple[Baseline, ...], fixed: FixedCapacity
) -> ProvisioningSolution:
    """The incumbent with its certificate."""
    best = search.best
    assert best is not None
    tightest = max(search.bounds, key=lambda report: report.bound_usd)
    bound = min(tightest.bound_usd, best.cost_usd)
    met = relative_gap(best.cost_usd, bound) <= search.settings.gap
    return ProvisioningSolution(
        status="optimal" if met else ("limit" if search.timed_out else "gap_missed"),
        instances=best.instances,
        carried_rps=best.carried_rps,
        overflow_rps=best.overflow_rps,
        starts=best.starts.astype(float),
        objective_usd=best.cost_usd,
        bound_usd=bound,
        bound_name=tightest.name,
        fixed_capacity_bound_usd=min(fixed.bound_usd, best.cost_usd),
        fixed_capacity_objective_usd=fixed.objective_usd,
        reproducible=not search.timed_out,
        runtime_s=time.perf_counter() - search.begun,
        bounds=(*search.bounds, *fixed.bounds),
        baselines=baselines,
        phases_s=search.phases_s,
    )
