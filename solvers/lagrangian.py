"""Programs of single windows, or short blocks, under launch multipliers: the bound of the exact problem, and configurations.

With multipliers pi[c,t] in [0, s[c]] on what costs when it rises (count_starts and count_loads; N[c] counts machines, then machines
that hold a model) at the seams, the horizon falls apart into blocks b = first..last (and parts):

    bound = sum_b min { cost_b + sum_c pi[c,first] N[c,first] - pi[c,last+1] N[c,last] } - sum_c pi[c,0] initial[c]

Other limits that tie windows (churn, holds, budget) are left out of the blocks, which only lowers the bound.

Each minimum enters with its solver's dual bound, never with its incumbent (Geoffrion 1974, Lagrangean relaxation). All counts
are offered, so the bound is one of the exact problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.block_solver import BlockTask, solve_blocks

if TYPE_CHECKING:
    from solvers.backends.program import LinearProgram
    from solvers.block_solver import Answers, Effort
    from solvers.horizon import HorizonProgram
    from solvers.parallel import Map
    from solvers.problem import Array, IntArray


ROUNDING_USD = (
    1e-12  # sums of prices and multipliers that should be 0; a machine's window costs above 1e-5 USD
)


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
    """The blocks of one part, cut once from its horizon's program; only prices change from sweep to sweep.

    Parameters
    ----------
    horizon
        The part's program.
    length
        Windows a block; longer blocks give tighter bounds and harder programs.
    from_fleet
        The first block counts its launches and loads from the initial fleet as hard rows, which is tighter than pi[c,0]; the
        bound then has no constant. Only where no other part launches the same machines: parts share their fleet.
    """

    def __init__(self, horizon: HorizonProgram, length: int = 1, *, from_fleet: bool = False) -> None:
        self.horizon = horizon
        self.problem = horizon.problem
        windows = len(self.problem.window_h)
        self.windows = [slice(first, min(first + length, windows)) for first in range(0, windows, length)]
        self.from_fleet = from_fleet
        self.blocks = [horizon.block(block, from_fleet=from_fleet) for block in self.windows]
        self.last: list[Array | None] = [None] * len(self.blocks)

    def begin_with(self, instances: IntArray) -> None:
        """Hand a plan's machines ``[g, t]`` to every block's solver as its first incumbent; it completes the rest."""
        for b, (block, windows) in enumerate(zip(self.blocks, self.windows, strict=True)):
            start = np.full(len(block.columns), np.nan)
            start[self.machine_places(b)] = instances[:, windows]
            self.last[b] = start

    def sweep(self, multipliers: Array, run: Map, effort: Effort, known: Answers | None = None) -> Sweep:
        """Solve every block at the multipliers ``[c, t]``, USD per rise, in [0, s]; programs in `known` are not solved again."""
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
            for b, block in enumerate(self.windows)
        ]
        answers = solve_blocks(tasks, run, {} if known is None else known)
        instances = np.zeros((len(self.problem.option_group), len(self.problem.window_h)), dtype=int)
        for b, (answer, block) in enumerate(zip(answers, self.windows, strict=True)):
            if answer.values is not None and not effort.relax:
                self.last[b] = answer.values
                instances[:, block] = np.rint(answer.values[self.machine_places(b)])
        return Sweep(
            bound_usd=float(sum(answer.bound_usd for answer in answers)),
            instances=instances,
            unservable=tuple(
                block.start for answer, block in zip(answers, self.windows, strict=True) if answer.infeasible
            ),
            timed_out=any(answer.timed_out for answer in answers),
        )

    def least_usd(self, block: slice, out_of_usd: Array) -> float:
        """What no solution of the block can undercut, USD: nothing, less what served requests may earn.

        A machine launched in the block costs at least what the next block pays for it, and under usable multipliers so
        does one taken over at the price of its seam. A machine of the initial fleet is taken over for nothing.
        """
        p, least = self.problem, 0.0
        if p.value is not None:
            best = np.concatenate([p.value.group_usd, p.value.function_usd], axis=1).max(axis=1, initial=0.0)
            earned = np.einsum("k,ktq,t,q->", best, p.demand_rps[:, block], p.window_h[block], p.level_share)
            least -= 3600.0 * float(earned)
        if self.from_fleet and block.start == 0:
            least -= float(out_of_usd @ p.rises.initial_count)
        return least

    def machine_places(self, b: int) -> IntArray:
        """``[g, t]`` positions of the machines among the columns of block b."""
        return np.searchsorted(self.blocks[b].columns, self.horizon.machine_columns[:, self.windows[b]])

    def priced(self, b: int, into_usd: Array, out_of_usd: Array) -> LinearProgram:
        """Block b's arrays with the multipliers ``[c]`` of its two seams added to its machines' prices.

        A machine launched inside the block and handed on may well have a negative price in its last window: its
        launch costs at least what the next block pays for it. Only rounding is cut off, never a true price.
        """
        places, counted = self.machine_places(b), self.problem.rises.count
        cost = self.blocks[b].arrays.cost.copy()
        cost[places[:, 0]] += counted.T @ into_usd
        cost[places[:, -1]] -= counted.T @ out_of_usd
        machines = places.ravel()
        cost[machines] = np.where(np.abs(cost[machines]) < ROUNDING_USD, 0.0, cost[machines])
        return replace(self.blocks[b].arrays, cost=cost)
