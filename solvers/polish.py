"""Polish around an incumbent: relax and fix near its sizes, its worst windows again between fixed neighbours, longer blocks."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import maximum_filter1d

from solvers.counts import near_counts
from solvers.fleets import machines_of, sizes_of, starts_of
from solvers.relax_and_fix import BlockSettings, relax_and_fix, solve_step, values_of_fleet
from solvers.sweeps import find_path, sweep

if TYPE_CHECKING:
    from solvers.horizon import HorizonProgram
    from solvers.parallel import Map
    from solvers.problem import Array, IntArray
    from solvers.search import Search

# Counts near a plan: design/EVIDENCE.md, 1 needed 4 on either side of a rough start, and plans from the pools start closer.
NEAR = {"reach": 2, "spare": 1, "span": 2}
NEIGHBOURHOODS = 24  # of launches tried, the dearest first: a cap on the effort
HALF_WIDTH = 2  # windows re-solved on either side of a bad one
BOUND_BLOCKS = (2, 3)  # windows a block once single windows stall: each is dearer than the one before


def polish(search: Search, multipliers: Array, run: Map) -> None:
    """Relax and fix near the incumbent, its worst windows again, and longer blocks for the bound."""
    settings = BlockSettings(block=2, look_ahead=2, gap=3e-3, node_limit=50, seed=search.settings.seed)
    clock = time.perf_counter()
    if search.best is None:
        step_by_step(search, settings)
    for step, improve_part in enumerate((relaxed_and_fixed, worst_windows_again)):
        if search.gap <= search.settings.gap or search.out_of_time() or search.best is None:
            return
        search.progress("polish", step / 3)
        fleets = []
        for n, (part, horizon) in enumerate(zip(search.parts, search.horizons, strict=True)):
            own = search.best.instances[part.option]
            found = improve_part(horizon, own, search.most_offered(n), settings)
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


def step_by_step(search: Search, settings: BlockSettings) -> None:
    """Relax and fix over every count: the way to a first plan where no path through the pools keeps the limits between windows."""
    clock = time.perf_counter()
    settings = replace(settings, time_limit_s=search.left_s())
    fleets = []
    for part, horizon in zip(search.parts, search.horizons, strict=True):
        found = relax_and_fix(horizon, None, settings)
        if found is None:
            return
        fleets.append((part, found))
    search.offer(search.whole(fleets))
    search.remember("relax and fix", clock)
    search.add_fleet(search.whole(fleets))


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
