"""Polish around an incumbent: relax and fix near its sizes, then its worst windows again between fixed neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d

from solvers.counts import near_counts
from solvers.fleets import machines_of, sizes_of, starts_of
from solvers.relax_and_fix import relax_and_fix, solve_step, values_of_fleet

if TYPE_CHECKING:
    from solvers.horizon import HorizonProgram
    from solvers.problem import Array, IntArray
    from solvers.relax_and_fix import BlockSettings

# Counts near a plan: design/EVIDENCE.md, 1 needed 4 on either side of a rough start, and plans from the pools start closer.
NEAR = {"reach": 2, "spare": 1, "span": 2}
NEIGHBOURHOODS = 24  # of launches tried, the dearest first: a cap on the effort
HALF_WIDTH = 2  # windows re-solved on either side of a bad one


def near_upper(horizon: HorizonProgram, instances: IntArray, most: IntArray) -> Array:
    """``[col]`` upper limits that leave the counts near a plan's sizes, and no more machines than near windows have been offered.

    Parameters
    ----------
    most
        ``[g, t]`` machines that some configuration has in the window.
    """
    upper = np.full(len(horizon.compiled.arrays.cost), np.inf)
    if len(horizon.candidates.count):
        near = near_counts(horizon.candidates, sizes_of(horizon.problem, instances), **NEAR)
        upper[horizon.pick_columns[~near]] = 0.0
    offered = maximum_filter1d(np.maximum(most, instances), 2 * NEAR["span"] + 1, axis=1, mode="nearest")
    upper[horizon.machine_columns] = offered
    return upper


def relaxed_and_fixed(
    horizon: HorizonProgram, instances: IntArray, most: IntArray, settings: BlockSettings
) -> IntArray | None:
    """``[g, t]`` relax and fix near a plan (see `near_upper`); None where that finds nothing."""
    return relax_and_fix(horizon, near_upper(horizon, instances, most), settings)


def worst_windows_again(
    horizon: HorizonProgram, instances: IntArray, most: IntArray, settings: BlockSettings
) -> IntArray:
    """Re-solve the windows around every change of the fleet, dearest first, between fixed ends; ``[g, t]``.

    Launches are where plans made of single windows lose: the windows with the largest launch cost come first.
    """
    problem = horizon.problem
    windows = len(problem.window_h)
    improved = instances.copy()
    launch_usd = problem.start_usd @ starts_of(problem, machines_of(problem, instances))
    tried = np.zeros(windows, dtype=bool)
    for worst in np.argsort(-launch_usd, kind="stable")[:NEIGHBOURHOODS]:
        if tried[worst]:
            continue
        block = slice(max(0, worst - HALF_WIDTH), min(windows, worst + HALF_WIDTH + 1))
        tried[block] = True
        held = block.stop < windows  # the window after the block stays as it is
        found = solve_step(
            horizon,
            slice(block.start, block.stop + held),
            block.stop,
            values_of_fleet(horizon, improved),
            near_upper(horizon, improved, most),
            improved[:, block.stop] if held else None,
            replace(settings, look_ahead=0),
        )
        if found is not None:
            improved[:, block] = horizon.machines(found.values, found.columns)[:, block]
    return improved
