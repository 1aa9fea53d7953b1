"""The diagnostic beside the proof: capacities per machine fixed at a plan's final sizes.

With rate[j,t] = capacity(j, N[j,t]) / N[j,t] the program is linear in the machines. Its bound shows how well the plan uses the
sizes it chose and says nothing of other sizes: a badly fragmented plan can have a tiny gap here and a large exact one. An exact
optimum need not be an optimum here either, since this program may shrink a pool and keep the rate of the larger one; so the
program's own best fleet is reported with its bound, which shows how tight the bound is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.backends.status import Status
from solvers.blocks import compile_block
from solvers.configurations import (
    cheapest_path,
    empty_pool,
    launch_multipliers,
    usable_multipliers,
    widen_pool,
)
from solvers.lagrangian import BlockPrograms, Effort, no_counts
from solvers.provisioning import Boundary, Parameters
from solvers.recourse import Evaluation, capacity_at, evaluate
from solvers.solution import BoundReport, ShadowPrices, relative_gap

if TYPE_CHECKING:
    from solvers.parallel import Map
    from solvers.problem import Array, IntArray, ProvisioningProblem

PROBLEM = "capacity per machine fixed at the final sizes"
POOL_REACH = 3  # windows, as in the search for the plan
SWEEPS = 3  # a diagnostic is not worth more


def rates_at(problem: ProvisioningProblem, sizes: IntArray) -> Array:
    """``[j, t]`` requests/s per machine at the plan's sizes; unused groups at the rate of one machine."""
    counted = np.maximum(sizes, 1)
    return capacity_at(problem, counted) / counted


@dataclass(frozen=True)
class Relaxation:
    """Linear relaxation over the whole horizon at fixed rates.

    `value_usd`; `launch_usd` ``[i, t]`` duals of count_starts; `shadow_usd` those of the limits, None without a solution.
    """

    value_usd: float
    launch_usd: Array
    shadow_usd: ShadowPrices | None


def horizon_relaxation(problem: ProvisioningProblem, rate_rps: Array) -> Relaxation:
    """Solve the relaxation; its value is 0, which bounds any cost, where the solver finds none."""
    windows = len(problem.window_h)
    none = no_counts(windows)
    compiled = compile_block(
        Parameters(
            problem=problem,
            count_group=none.group,
            count=none.count,
            count_allowed=none.allowed,
            whole_windows=0,
            boundary=Boundary(before=problem.initial_count.astype(float)),
            rate_rps=rate_rps,
        )
    )
    answer = solve(compiled.arrays, relax=True)
    machines = len(problem.machines)
    if answer.status is not Status.OPTIMAL or answer.row_duals is None or answer.objective is None:
        return Relaxation(0.0, np.zeros((machines, windows)), None)
    duals = np.abs(answer.row_duals)
    starts = duals[compiled.rows["count_starts"]]
    later, first = starts[: machines * (windows - 1)], starts[machines * (windows - 1) :]
    launch = np.column_stack([first, later.reshape(windows - 1, machines).T])
    return Relaxation(answer.objective, launch, shadow_prices(problem, compiled.rows, duals))


def shadow_prices(problem: ProvisioningProblem, rows: dict[str, IntArray], duals: Array) -> ShadowPrices:
    """Read the limits' prices off the duals ``[row]``; a family lists its rows window by window."""
    windows = len(problem.window_h)

    def by_window(family: str, count: int) -> Array:
        return duals[rows[family]].reshape(-1, count).T if len(rows[family]) else np.zeros((count, windows))

    floor = np.zeros((len(problem.groups), windows))
    fed = np.unique(problem.option_group[problem.is_spot[problem.option_machine]])
    floor[fed] = by_window("hold_floor", len(fed))
    count_limit = np.zeros(problem.count_limit.shape)
    count_limit[np.isfinite(problem.count_limit)] = duals[rows["wait_for_boot"]]
    levels = by_window("limit_functions", len(problem.level_share))
    return ShadowPrices(by_window("keep_quota", len(problem.quotas)), count_limit, floor, levels.sum(axis=0))


@dataclass(frozen=True)
class FixedCapacity:
    """What is known of the fixed-capacity program: its lower bounds, the cost of the best fleet met for it, its limits' prices."""

    bounds: tuple[BoundReport, ...]
    objective_usd: float
    shadow_usd: ShadowPrices | None = None

    @property
    def bound_usd(self) -> float:
        """The largest bound."""
        return max(report.bound_usd for report in self.bounds)


def solve_fixed_capacity(
    problem: ProvisioningProblem, plan: Evaluation, run: Map, effort: Effort, gap: float
) -> FixedCapacity:
    """Bound the fixed-capacity program by its linear relaxation, then by whole machines window by window.

    Parameters
    ----------
    gap
        The relaxation alone will do where it lies within this share of the plan's cost; sweeps end where the program's own best
        fleet is this close to the bound.
    """
    rate = rates_at(problem, plan.sizes)
    clock = time.perf_counter()
    solved = horizon_relaxation(problem, rate)
    relaxed = BoundReport("horizon-lp", PROBLEM, solved.value_usd, time.perf_counter() - clock)
    start = FixedCapacity((relaxed,), plan.cost_usd, solved.shadow_usd)
    if relative_gap(plan.cost_usd, solved.value_usd) <= gap or effort.time_limit_s == 0.0:
        return start
    return sweep_windows(
        problem, plan, rate, usable_multipliers(problem, solved.launch_usd), start, run, effort, gap
    )


def sweep_windows(
    problem: ProvisioningProblem,
    plan: Evaluation,
    rate_rps: Array,
    multipliers: Array,
    found: FixedCapacity,
    run: Map,
    effort: Effort,
    gap: float,
) -> FixedCapacity:
    """Whole machines window by window: bound, pool, path and new multipliers, as in the exact problem, a few times over."""
    programs = BlockPrograms(problem, 1, rate_rps, from_fleet=True)
    programs.begin_with(plan.instances)
    pool = widen_pool(problem, empty_pool(problem), plan.instances, POOL_REACH, rate_rps)
    nobody = np.zeros((len(problem.machines), len(problem.window_h)), dtype=int)
    for _ in range(SWEEPS):
        clock = time.perf_counter()
        swept = programs.sweep(multipliers, run, effort)
        report = BoundReport("lagrangian-windows", PROBLEM, swept.bound_usd, time.perf_counter() - clock)
        pool = widen_pool(problem, pool, swept.instances, POOL_REACH, rate_rps)
        path = cheapest_path(problem, pool, nobody)
        cost = found.objective_usd if path is None else evaluate(problem, path, rate_rps).cost_usd
        found = FixedCapacity((*found.bounds, report), min(found.objective_usd, cost), found.shadow_usd)
        if relative_gap(found.objective_usd, found.bound_usd) <= gap or swept.timed_out:
            break
        multipliers = launch_multipliers(problem, [problem], [pool])
    return found
