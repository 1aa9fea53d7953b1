"""The diagnostic beside the proof: capacities per machine fixed at a plan's final sizes.

With rate[j,t] = capacity(j, N[j,t]) / N[j,t] the program is linear in the machines, and its bound shows how well the plan uses
the sizes it chose. It says nothing of other sizes: a badly fragmented plan can have a tiny gap here and a large exact one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.backends.status import Status
from solvers.blocks import compile_block
from solvers.configurations import usable_multipliers
from solvers.lagrangian import BlockPrograms, Effort, no_counts
from solvers.problem import BoundReport, relative_gap
from solvers.provisioning import Boundary, Parameters
from solvers.recourse import Evaluation, capacity_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from solvers.parallel import Map
    from solvers.problem import Array, IntArray, ProvisioningProblem

BLOCKS = (
    1,
)  # windows a block: blocks of 4 took 29 times as long and raised the bound by 0.1 % (24 windows of the WorldCup day)
PROBLEM = "capacity per machine fixed at the final sizes"


def rates_at(problem: ProvisioningProblem, sizes: IntArray) -> Array:
    """``[j, t]`` requests/s per machine at the plan's sizes; unused groups at the rate of one machine."""
    counted = np.maximum(sizes, 1)
    return capacity_at(problem, counted) / counted


def horizon_relaxation(problem: ProvisioningProblem, rate_rps: Array) -> tuple[float, Array]:
    """Linear relaxation over the whole horizon at fixed rates: its value (USD) and the duals of count_starts ``[i, t]``."""
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
        return 0.0, np.zeros((machines, windows))
    duals = np.abs(answer.row_duals[compiled.rows["count_starts"]])
    later, first = duals[: machines * (windows - 1)], duals[machines * (windows - 1) :]
    return answer.objective, np.column_stack([first, later.reshape(windows - 1, machines).T])


def fixed_capacity_bounds(
    problem: ProvisioningProblem,
    plan: Evaluation,
    run: Map,
    effort: Effort,
    gap: float,
    out_of_time: Callable[[], bool],
) -> tuple[BoundReport, ...]:
    """Lower bounds of the fixed-capacity program: its linear relaxation, then whole machines in longer and longer blocks.

    Parameters
    ----------
    gap
        Stop at the first bound within this share of the plan's cost.
    """
    rate = rates_at(problem, plan.sizes)
    clock = time.perf_counter()
    value, duals = horizon_relaxation(problem, rate)
    reports = [BoundReport("horizon-lp", PROBLEM, value, time.perf_counter() - clock)]
    multipliers = usable_multipliers(problem, duals)
    for length in BLOCKS:
        if relative_gap(plan.cost_usd, max(report.bound_usd for report in reports)) <= gap or out_of_time():
            break
        clock = time.perf_counter()
        programs = BlockPrograms(problem, length, rate, from_fleet=True)
        programs.begin_with(plan.instances)
        bound = programs.sweep(multipliers, run, effort).bound_usd
        reports.append(
            BoundReport(f"lagrangian-blocks-{length}", PROBLEM, bound, time.perf_counter() - clock)
        )
    return tuple(reports)
