"""A whole horizon, solved: greedy start, Lagrangian bounds, relax and fix, polish, certificate (design/FORMULATION.md, 6).

The bounds come first, because the window programs that give them also give the plan its parts: sweeps over the windows under
launch multipliers fill pools of configurations, the cheapest path through the pools is the plan, and the linear program over
the pools gives the next multipliers.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.certificate import report_infeasible, report_plan
from solvers.fixed_capacity import PROBLEM as FIXED
from solvers.fixed_capacity import FixedCapacity, Sweeping, solve_fixed_capacity
from solvers.greedy import FORMS, greedy_baseline
from solvers.parallel import Map, side_by_side
from solvers.polish import polish
from solvers.search import Progress, Search, Settings
from solvers.solution import Baseline, BoundReport, ProvisioningSolution
from solvers.sweeps import find_path, first_bound, sweep

if TYPE_CHECKING:
    from solvers.memory import Memory
    from solvers.problem import ProvisioningProblem

MAX_SWEEPS = 12  # a cap: no run measured so far took more than four before it met its gap or stalled
STALL_SHARE = 5e-4  # of the objective: two sweeps that move neither bound nor plan by more end the sweeping


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
    warm_start: Memory | None = None,
    diagnosed: bool = True,
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
    warm_start
        What an earlier solve over the same options learned (`ProvisioningSolution.memory`), moved to this horizon's windows.
    diagnosed
        Whether the program with capacities fixed is solved too, for its gap and the prices of the limits.
    """
    settings = Settings(gap, fixed_capacity_gap, time_limit_s, seed, workers, solver)
    search = Search(problem, settings, progress or (lambda phase, share: None), warm_start)
    baselines = try_baselines(search)
    with side_by_side(settings.workers) as run:
        unservable = improve(search, run, sweeps=MAX_SWEEPS if method == "optimal" else 0)
        if unservable or search.best is None:
            return report_infeasible(search, baselines, unservable)
        fixed = diagnose(search, run) if diagnosed else undiagnosed(search, "not asked for")
    return report_plan(search, baselines, fixed)


def try_baselines(search: Search) -> tuple[Baseline, ...]:
    """Run every form of the greedy; the feasible ones are incumbents and all of them fill the pools."""
    clock = time.perf_counter()
    baselines = []
    for n, form in enumerate(FORMS):
        search.progress("greedy", n / len(FORMS))
        if search.best is not None and search.out_of_time():
            baselines.append(Baseline(f"mark-greedy-{form}", False, "not tried: the time was up", None))
            continue
        baseline, priced = greedy_baseline(search.problem, form, search.steps)
        baselines.append(baseline)
        search.take(priced)
        if baseline.instances is not None and len(search.problem.window_h) > 1:
            search.add_fleet(baseline.instances)  # a single window has no path to look for
    search.remember("greedy", clock)
    return tuple(baselines)


def improve(search: Search, run: Map, sweeps: int) -> tuple[int, ...]:
    """Sweep, path, sweep again until the gap is met or nothing moves; then polish. Returns windows nobody can serve.

    Without sweeps only the relaxed windows are solved, for a bound.
    """
    search.progress("compile", 0.0)
    programs = search.block_programs()
    if search.memory is not None:
        search.offer(search.memory.instances)
        search.add_fleet(search.memory.instances)
    if search.best is not None:
        for part, program in programs:
            program.begin_with(search.best.instances[part.option])
    multipliers, unservable = first_bound(search, programs, run, sweeps)
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
        if search.gap <= search.settings.gap:
            return ()
        multipliers = search.multipliers()
        moved = max(search.bound_usd - before[0], before[1] - search.cost_usd)
        stalled = min(STALL_SHARE, search.settings.gap / 4) * abs(search.cost_usd)
        if n > 0 and not moved >= stalled:
            break
    if sweeps and search.gap > search.settings.gap:
        polish(search, multipliers, run)
    return ()


def diagnose(search: Search, run: Map) -> FixedCapacity:
    """Solve the program with the capacities fixed at the incumbent's sizes.

    Without capacity tables that is the exact problem again: what is known of it need not be found twice, the prices of the limits
    excepted, which a single window's solve does not give.
    """
    assert search.best is not None
    if search.out_of_time():
        return undiagnosed(search, "the time was up")
    if search.relaxed is not None:
        return FixedCapacity(tuple(search.bounds), search.best.cost_usd, search.relaxed.shadow_usd)
    search.progress("fixed capacities", 0.0)
    clock = time.perf_counter()
    known = search.bounds if search.problem.is_linear.all() else []
    gap = np.inf if known else search.settings.fixed_capacity_gap
    remembered = None if search.memory is None else search.memory.fixed_multipliers
    how = Sweeping(run, search.effort(), gap, remembered, search.answers)
    found = solve_fixed_capacity(search.problem, search.best, how)
    search.fixed_multipliers = found.multipliers
    search.remember("fixed capacities", clock)
    return replace(found, bounds=(*found.bounds, *known))


def undiagnosed(search: Search, why: str) -> FixedCapacity:
    """No bound of the program with capacities fixed."""
    assert search.best is not None
    least_usd = 0.0 if search.problem.value is None else -np.inf
    return FixedCapacity((BoundReport(f"none: {why}", FIXED, least_usd, 0.0),), search.best.cost_usd)
