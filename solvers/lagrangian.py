"""Programs of single windows, or short blocks, under launch multipliers: the bound of the exact problem, and configurations.

With multipliers pi[i,t] in [0, s[i]] on count_starts at the seams, the horizon falls apart into blocks b = first..last (and parts):

    bound = sum_b min { cost_b + sum_i pi[i,first] N[i,first] - pi[i,last+1] N[i,last] } - sum_i pi[i,0] initial[i]

Each minimum enters with its solver's dual bound, never with its incumbent (Geoffrion 1974, Lagrangean relaxation). All counts
are offered, so the bound is one of the exact problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.backends.status import Status
from solvers.blocks import Compiled, compile_block
from solvers.counts import Candidates, all_counts
from solvers.provisioning import Boundary, Parameters

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram
    from solvers.backends.status import Answer
    from solvers.parallel import Map
    from solvers.problem import Array, IntArray, ProvisioningProblem


ROUNDING_USD = (
    1e-12  # sums of prices and multipliers that should be 0; a machine's window costs above 1e-5 USD
)


@dataclass(frozen=True)
class Effort:
    """How one block is worked: gap, nodes, seconds of wall time, seed and name of its solver; `relax` drops whole numbers."""

    gap: float = 2e-3
    node_limit: int = 500
    time_limit_s: float | None = None
    seed: int = 0
    relax: bool = False
    solver: str = "highs"


@dataclass(frozen=True)
class BlockTask:
    """One block's priced program, its solver's first incumbent, how hard to work, and a bound known beforehand (USD)."""

    arrays: LinearProgram
    start: Array | None
    effort: Effort
    least_usd: float


@dataclass(frozen=True)
class BlockAnswer:
    """Dual bound (USD) and solution of one block's program."""

    bound_usd: float
    values: Array | None
    infeasible: bool
    timed_out: bool


@dataclass(frozen=True)
class Sweep:
    """All blocks of one part, solved once under the same multipliers.

    `bound_usd` is their sum without the constant of the initial fleet, `instances` ``[g, t]`` their machines; `unservable` lists
    the first windows of blocks that have no solution.
    """

    bound_usd: float
    instances: IntArray
    unservable: tuple[int, ...]
    timed_out: bool


class BlockPrograms:
    """The blocks of one part, compiled once; only prices change from sweep to sweep.

    Parameters
    ----------
    problem
        The part.
    length
        Windows a block; longer blocks give tighter bounds and harder programs.
    rate_rps
        ``[j, t]`` where the linear form is meant (capacities fixed per machine); None for the exact one.
    from_fleet
        The first block counts its launches from the initial fleet as hard rows, which is tighter than pi[i,0]; the bound
        then has no constant. Only where no other part launches the same machines: parts share their fleet.
    """

    def __init__(
        self,
        problem: ProvisioningProblem,
        length: int = 1,
        rate_rps: Array | None = None,
        *,
        from_fleet: bool = False,
    ) -> None:
        windows = len(problem.window_h)
        self.problem = problem
        self.blocks = [slice(first, min(first + length, windows)) for first in range(0, windows, length)]
        self.from_fleet = from_fleet
        self.compiled = [
            compile_free_block(problem, block, rate_rps, from_fleet=from_fleet and block.start == 0)
            for block in self.blocks
        ]
        self.last: list[Array | None] = [None] * len(self.blocks)

    def begin_with(self, instances: IntArray) -> None:
        """Hand a plan's machines ``[g, t]`` to every block's solver as its first incumbent; it completes the rest."""
        for b, (compiled, block) in enumerate(zip(self.compiled, self.blocks, strict=True)):
            start = np.full(len(compiled.arrays.cost), np.nan)
            start[self.machine_columns(compiled)] = instances[:, block].ravel(order="F")
            self.last[b] = start

    def sweep(self, multipliers: Array, run: Map, effort: Effort) -> Sweep:
        """Solve every block at the multipliers ``[i, t]``, USD per launch, in [0, s]."""
        if self.from_fleet:
            multipliers = np.column_stack([np.zeros(len(multipliers)), multipliers[:, 1:]])
        after = np.concatenate([multipliers[:, 1:], np.zeros((len(multipliers), 1))], axis=1)
        tasks = [
            BlockTask(
                arrays=self.priced(b, multipliers[:, block.start], after[:, block.stop - 1]),
                start=self.last[b],
                effort=effort,
                least_usd=self.least_usd(block, after[:, block.stop - 1]),
            )
            for b, block in enumerate(self.blocks)
        ]
        answers = list(run(solve_block, tasks))
        instances = np.zeros((len(self.problem.option_group), len(self.problem.window_h)), dtype=int)
        for b, (answer, block) in enumerate(zip(answers, self.blocks, strict=True)):
            if answer.values is not None and not effort.relax:
                self.last[b] = answer.values
                instances[:, block] = np.rint(self.compiled[b].instances(answer.values))
        return Sweep(
            bound_usd=float(sum(answer.bound_usd for answer in answers)),
            instances=instances,
            unservable=tuple(
                block.start for answer, block in zip(answers, self.blocks, strict=True) if answer.infeasible
            ),
            timed_out=any(answer.timed_out for answer in answers),
        )

    def least_usd(self, block: slice, out_of_usd: Array) -> float:
        """What no solution of the block can undercut, USD.

        A machine launched in the block costs at least what the next block pays for it, and under usable multipliers so
        does one taken over at the price of its seam. A machine of the initial fleet is taken over for nothing.
        """
        if self.from_fleet and block.start == 0:
            return -float(out_of_usd @ self.problem.initial_count)
        return 0.0

    def machine_columns(self, compiled: Compiled) -> IntArray:
        """Columns of the block's whole machines, ``[(t, g)]`` window by window."""
        (machines,) = compiled.program.variables.instances.variables()
        first = compiled.columns.get(machines.id, 0)  # without options cvxpy drops the empty variable
        return first + np.arange(machines.size)

    def priced(self, b: int, into_usd: Array, out_of_usd: Array) -> LinearProgram:
        """Block b's arrays with the multipliers ``[i]`` of its two seams added to its machines' prices.

        A machine launched inside the block and handed on may well have a negative price in its last window: its
        launch costs at least what the next block pays for it. Only rounding is cut off, never a true price.
        """
        compiled, block = self.compiled[b], self.blocks[b]
        usd = (self.problem.price_usd_per_h * self.problem.window_h)[:, block].copy()
        usd[:, 0] += into_usd
        usd[:, -1] -= out_of_usd
        usd[np.abs(usd) < ROUNDING_USD] = 0.0
        cost = compiled.arrays.cost.copy()
        cost[self.machine_columns(compiled)] = usd[self.problem.option_machine].ravel(order="F")
        return replace(compiled.arrays, cost=cost)


def compile_free_block(
    problem: ProvisioningProblem, block: slice, rate_rps: Array | None, *, from_fleet: bool = False
) -> Compiled:
    """Compile a block with free ends and all counts on offer (or, with rates, the linear form).

    With `from_fleet` it begins with the initial fleet instead, its launches counted.
    """
    part = problem.taking(windows=block)
    candidates = all_counts(part) if rate_rps is None else no_counts(len(part.window_h))
    return compile_block(
        Parameters(
            problem=part,
            count_group=candidates.group,
            count=candidates.count,
            count_allowed=candidates.allowed,
            whole_windows=len(part.window_h),
            boundary=Boundary(before=problem.initial_count.astype(float) if from_fleet else None),
            rate_rps=None if rate_rps is None else rate_rps[:, block],
        )
    )


def no_counts(windows: int) -> Candidates:
    """No candidate counts, for the linear form."""
    none = np.empty(0, dtype=int)
    return Candidates(none, none, np.empty((0, windows), dtype=bool))


def solve_block(task: BlockTask) -> BlockAnswer:
    """Solve one block; one that was stopped before any bound was known keeps the one known beforehand."""
    effort = task.effort
    answer = solve(
        task.arrays,
        solver=effort.solver,
        gap=effort.gap,
        node_limit=effort.node_limit,
        time_limit_s=effort.time_limit_s,
        seed=effort.seed,
        start=None if effort.relax else task.start,
        relax=effort.relax,
    )
    stopped = answer.status in (Status.FEASIBLE, Status.LIMIT)
    return BlockAnswer(
        bound_usd=max(proven_bound(answer, effort.gap), task.least_usd),
        values=answer.values,
        infeasible=answer.status in (Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED),
        timed_out=stopped and effort.time_limit_s is not None,
    )


def proven_bound(answer: Answer, gap: float) -> float:
    """The dual bound, USD; where a solver names none with its optimum (CBC), the optimum less the gap it was held to."""
    if answer.bound is not None and np.isfinite(answer.bound):
        return answer.bound
    if answer.status is Status.OPTIMAL and answer.objective is not None:
        return answer.objective - gap * abs(answer.objective)
    return -np.inf
