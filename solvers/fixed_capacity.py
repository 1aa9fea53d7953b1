"""The diagnostic beside the proof: capacities per machine fixed at a plan's final sizes.

With rate[j,t] = capacity(j, N[j,t]) / N[j,t] the program is linear in the machines. Its bound shows how well the plan uses the
sizes it chose and says nothing of other sizes: a badly fragmented plan can have a tiny gap here and a large exact one. An exact
optimum need not be an optimum here either, since this program may shrink a pool and keep the rate of the larger one; so the
program's own best fleet is reported with its bound, which shows how tight the bound is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.backends.status import Status
from solvers.block_solver import Effort, out_of_time
from solvers.configurations import change_multipliers, empty_pool, usable_multipliers, widen_pool
from solvers.fleets import capacity_at
from solvers.horizon import HorizonProgram, compile_horizon
from solvers.lagrangian import BlockPrograms
from solvers.paths import cheapest_path
from solvers.recourse import Evaluation, evaluate
from solvers.solution import BoundReport, ShadowPrices, relative_gap

if TYPE_CHECKING:
    from solvers.block_solver import Answers
    from solvers.parallel import Map
    from solvers.problem import Array, IntArray, ProvisioningProblem

PROBLEM = "capacity per machine fixed at the final sizes"
POOL_REACH = 3  # windows, as in the search for the plan
SWEEPS = 2  # a diagnostic is not worth more


def rates_at(problem: ProvisioningProblem, sizes: IntArray) -> Array:
    """``[j, t]`` requests/s per machine at the plan's sizes; unused groups at the rate of one machine.

    Machines beyond the last tabulated count (held against losses) carry at the rate of that count.
    """
    counted = np.clip(sizes, 1, np.maximum(problem.count_max, 1)[:, None])
    return capacity_at(problem, counted) / counted


@dataclass(frozen=True)
class Relaxation:
    """Linear relaxation over the whole horizon at fixed rates.

    `value_usd`; `change_usd` ``[x, t]`` duals of count_starts and count_loads; `shadow_usd` those of the limits, None
    without a solution.
    """

    value_usd: float
    change_usd: Array
    shadow_usd: ShadowPrices | None


def horizon_relaxation(horizon: HorizonProgram) -> Relaxation:
    """Solve the relaxation of all windows at once, without norms and squares, which only lowers it.

    Where the solver finds none, its value is what nothing can undercut, a third of the price of a rise stands for the duals, and
    the limits have no prices.
    """
    problem, compiled = horizon.problem, horizon.compiled
    answer = solve(replace(compiled.arrays, norms=(), squares=()), relax=True)
    if answer.status is not Status.OPTIMAL or answer.row_duals is None or answer.objective is None:
        third = np.repeat(problem.rises.usd[:, None] / 3, len(problem.window_h), axis=1)
        return Relaxation(0.0 if problem.value is None else -np.inf, third, None)
    duals = np.abs(answer.row_duals)
    prices = shadow_prices(problem, compiled.rows, duals)
    return Relaxation(answer.objective, change_duals(horizon, duals), prices)


def change_duals(horizon: HorizonProgram, duals: Array) -> Array:
    """``[x, t]`` duals ``[row]`` of count_starts and count_loads, USD per rise: each of their rows has one launch or load."""
    arrays, found = horizon.compiled.arrays, []
    for family, variable in (("count_starts", "starts"), ("count_loads", "loads")):
        columns = horizon.columns_of(variable)
        place = np.full(len(arrays.cost), -1)
        place[columns.ravel()] = np.arange(columns.size)
        rows = horizon.compiled.rows.get(family, np.empty(0, dtype=int))
        matrix = arrays.matrix[rows]
        row = np.repeat(np.arange(len(rows)), np.diff(matrix.indptr))
        counts = place[matrix.indices] >= 0
        usd = np.zeros(columns.size)
        usd[place[matrix.indices[counts]]] = duals[rows[row[counts]]]
        found.append(usd.reshape(columns.shape))
    return np.concatenate(found)


def shadow_prices(problem: ProvisioningProblem, rows: dict[str, IntArray], duals: Array) -> ShadowPrices:
    """Read the limits' prices off the duals ``[row]``; a family lists its rows window by window."""
    windows = len(problem.window_h)

    def by_window(family: str, count: int) -> Array:
        return duals[rows[family]].reshape(-1, count).T if len(rows[family]) else np.zeros((count, windows))

    floor = np.zeros((len(problem.groups), windows))
    fed = np.unique(problem.option_group[problem.is_spot[problem.option_machine]])
    if (
        problem.on_demand_floor_share > 0
    ):  # the family begins with the shares; machines and zones of classes follow
        shares = rows["hold_floor"][: len(fed) * windows]
        floor[fed] = duals[shares].reshape(windows, -1).T
    count_limit = np.zeros(problem.count_limit.shape)
    count_limit[np.isfinite(problem.count_limit)] = duals[rows["wait_for_boot"]]
    levels = by_window("limit_functions", len(problem.level_share))
    return ShadowPrices(by_window("keep_quota", len(problem.quotas)), count_limit, floor, levels.sum(axis=0))


@dataclass(frozen=True)
class FixedCapacity:
    """What is known of the fixed-capacity program: its lower bounds, the cost of the best fleet met for it, its limits' prices.

    `multipliers` ``[x, t]`` are those of the best sweep; None without one.
    """

    bounds: tuple[BoundReport, ...]
    objective_usd: float
    shadow_usd: ShadowPrices | None = None
    multipliers: Array | None = None

    @property
    def bound_usd(self) -> float:
        """The largest bound."""
        return max(report.bound_usd for report in self.bounds)


@dataclass(frozen=True)
class Sweeping:
    """How the windows of the fixed-capacity program are swept.

    Parameters
    ----------
    gap
        The relaxation alone will do where it lies within this share of the plan's cost; sweeps end where the program's own best
        fleet is this close to the bound.
    multipliers
        ``[x, t]`` of an earlier solve; None: the relaxation's duals.
    answers
        Answers that are known already; those found are added.
    """

    run: Map
    effort: Effort
    gap: float
    multipliers: Array | None = None
    answers: Answers = field(default_factory=dict)


def solve_fixed_capacity(problem: ProvisioningProblem, plan: Evaluation, how: Sweeping) -> FixedCapacity:
    """Bound the fixed-capacity program by its linear relaxation, then by whole machines window by window."""
    rate = rates_at(problem, plan.sizes)
    clock = time.perf_counter()
    horizon = compile_horizon(problem, rate)
    solved = horizon_relaxation(horizon)
    relaxed = BoundReport("horizon-lp", PROBLEM, solved.value_usd, time.perf_counter() - clock)
    start = FixedCapacity((relaxed,), plan.cost_usd, solved.shadow_usd)
    if relative_gap(plan.cost_usd, solved.value_usd) <= how.gap or out_of_time(how.effort):
        return start
    duals = solved.change_usd if how.multipliers is None else how.multipliers
    return sweep_windows(
        horizon, plan, rate, start, replace(how, multipliers=usable_multipliers(problem, duals))
    )


def sweep_windows(
    horizon: HorizonProgram, plan: Evaluation, rate_rps: Array, found: FixedCapacity, how: Sweeping
) -> FixedCapacity:
    """Whole machines window by window: bound, pool, path and new multipliers, as in the exact problem, a few times over."""
    problem, multipliers = horizon.problem, how.multipliers
    assert multipliers is not None
    programs = BlockPrograms(horizon, from_fleet=True)
    programs.begin_with(plan.instances)
    pool = widen_pool(problem, empty_pool(problem), plan.instances, POOL_REACH, rate_rps)
    nobody = np.zeros((len(problem.rises.usd), len(problem.window_h)))
    for _ in range(SWEEPS):
        clock = time.perf_counter()
        swept = programs.sweep(multipliers, how.run, how.effort, how.answers)
        report = BoundReport("lagrangian-windows", PROBLEM, swept.bound_usd, time.perf_counter() - clock)
        tighter = report.bound_usd >= found.bound_usd
        pool = widen_pool(problem, pool, swept.instances, POOL_REACH, rate_rps)
        path = cheapest_path(problem, pool, nobody)
        cost = found.objective_usd if path is None else evaluate(problem, path, rate_rps).cost_usd
        found = replace(
            found,
            bounds=(*found.bounds, report),
            objective_usd=min(found.objective_usd, cost),
            multipliers=multipliers if tighter else found.multipliers,
        )
        if relative_gap(found.objective_usd, found.bound_usd) <= how.gap or swept.timed_out:
            break
        multipliers = change_multipliers(problem, [problem], [pool])
    return found
