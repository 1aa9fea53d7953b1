"""Polish around an incumbent: relax and fix near its sizes, then its worst windows again between fixed neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.counts import near_counts
from solvers.provisioning import Boundary
from solvers.recourse import machines_of, sizes_of, starts_of
from solvers.relax_and_fix import BlockSettings, relax_and_fix, solve_step

if TYPE_CHECKING:
    from solvers.problem import IntArray, ProvisioningProblem

# Counts near a plan: design/EVIDENCE.md, 1 needed 4 on either side of a rough start, and plans from the pools start closer.
NEAR = {"reach": 2, "spare": 1, "span": 2}
NEIGHBOURHOODS = 24  # of launches tried, the dearest first: a cap on the effort
HALF_WIDTH = 2  # windows re-solved on either side of a bad one


def relaxed_and_fixed(
    problem: ProvisioningProblem, instances: IntArray, settings: BlockSettings
) -> IntArray | None:
    """``[g, t]`` relax and fix with counts near those of a plan; None where that finds nothing."""
    return relax_and_fix(problem, near_counts(problem, sizes_of(problem, instances), **NEAR), settings)


def worst_windows_again(
    problem: ProvisioningProblem, instances: IntArray, settings: BlockSettings
) -> IntArray:
    """Re-solve the windows around every change of the fleet, dearest first, between fixed ends; ``[g, t]``.

    Launches are where plans made of single windows lose: the windows with the largest launch cost come first.
    """
    windows = len(problem.window_h)
    improved = instances.copy()
    launch_usd = problem.start_usd @ starts_of(problem, machines_of(problem, instances))
    tried = np.zeros(windows, dtype=bool)
    for worst in np.argsort(-launch_usd, kind="stable")[:NEIGHBOURHOODS]:
        if tried[worst]:
            continue
        block = slice(max(0, worst - HALF_WIDTH), min(windows, worst + HALF_WIDTH + 1))
        tried[block] = True
        before = (
            problem.initial_count.astype(float)
            if block.start == 0
            else machines_of(problem, improved[:, block.start - 1]).astype(float)
        )
        after = None if block.stop == windows else machines_of(problem, improved[:, block.stop]).astype(float)
        candidates = near_counts(problem, sizes_of(problem, improved), **NEAR)
        found = solve_step(
            problem,
            candidates,
            block,
            block.stop - block.start,
            Boundary(before=before, after=after),
            settings,
        )
        if found is not None:
            improved[:, block] = found
    return improved
