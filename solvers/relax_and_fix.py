"""Relax and fix over blocks of windows: whole machines in the block, relaxed ahead, fix, move on (design/EVIDENCE.md, 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.fleets import machines_of, starts_of

if TYPE_CHECKING:
    from solvers.horizon import HorizonProgram
    from solvers.problem import Array, IntArray


@dataclass(frozen=True)
class BlockSettings:
    """How far each step sees and how hard it works: `block` windows fixed a step, `look_ahead` relaxed windows after them."""

    block: int = 4
    look_ahead: int = 8
    gap: float = 1e-3
    node_limit: int = 200
    time_limit_s: float | None = None
    seed: int = 0


def relax_and_fix(horizon: HorizonProgram, upper: Array | None, settings: BlockSettings) -> IntArray | None:
    """``[g, t]`` machines, block by block; None where a step found no solution within `upper` ``[col]`` (see `near_upper`)."""
    windows = len(horizon.problem.window_h)
    values = np.full(len(horizon.compiled.arrays.cost), np.nan)
    for first in range(0, windows, settings.block):
        block = slice(first, min(first + settings.block + settings.look_ahead, windows))
        fixed = min(first + settings.block, windows)
        found = solve_step(horizon, block, fixed, values, upper, None, settings)
        if found is None:
            return None
        decided = horizon.by_window.column_window[found.columns] < fixed
        values[found.columns[decided]] = found.values[decided]
        left_out = (horizon.by_window.column_window < fixed) & np.isnan(values)
        values[left_out] = 0.0
    whole: IntArray = np.rint(values[horizon.machine_columns]).astype(np.int64)
    return whole


def values_of_fleet(horizon: HorizonProgram, instances: IntArray) -> Array:
    """``[col]`` what a fleet ``[g, t]`` says of the columns that later windows look back at; NaN for all others."""
    values = np.full(len(horizon.compiled.arrays.cost), np.nan)
    values[horizon.machine_columns] = instances
    values[horizon.start_columns] = starts_of(horizon.problem, machines_of(horizon.problem, instances))
    held = horizon.columns_of("held")
    if held.size:
        values[held] = horizon.problem.model_count @ instances > 0
    return values


@dataclass(frozen=True)
class Step:
    """Solution of one block: `values` of its `columns`."""

    columns: IntArray
    values: Array


def solve_step(
    horizon: HorizonProgram,
    block: slice,
    whole_until: int,
    known: Array,
    upper: Array | None,
    after: IntArray | None,
    settings: BlockSettings,
) -> Step | None:
    """Solve one block after known windows; None where it has no solution.

    Parameters
    ----------
    whole_until
        Machines and picks are whole before this window, relaxed from it on.
    after
        ``[g]`` machines of the block's last window, held as they are; None: it is free.
    """
    cut = horizon.block(block, known=known if block.start else None, upper=upper)
    arrays = cut.arrays
    lower, top = arrays.lower, arrays.upper
    if after is not None:
        places = np.searchsorted(cut.columns, horizon.machine_columns[:, block.stop - 1])
        lower, top = lower.copy(), top.copy()
        lower[places] = top[places] = after
    window = horizon.by_window.column_window[cut.columns]
    answer = solve(
        replace(arrays, lower=lower, upper=top, integer=arrays.integer & (window < whole_until)),
        gap=settings.gap,
        node_limit=settings.node_limit,
        time_limit_s=settings.time_limit_s,
        seed=settings.seed,
    )
    return None if answer.values is None else Step(cut.columns, horizon.values(answer.values, cut.columns))
