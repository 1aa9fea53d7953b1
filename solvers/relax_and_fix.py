"""Relax and fix over blocks of windows: whole machines in the block, relaxed ahead, fix, move on (design/EVIDENCE.md, 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.backends import solve
from solvers.blocks import compile_block
from solvers.provisioning import Boundary, Parameters
from solvers.recourse import machines_of

if TYPE_CHECKING:
    from solvers.counts import Candidates
    from solvers.problem import IntArray, ProvisioningProblem


@dataclass(frozen=True)
class BlockSettings:
    """How far each step sees and how hard it works: `block` windows fixed a step, `look_ahead` relaxed windows after them."""

    block: int = 4
    look_ahead: int = 8
    gap: float = 1e-3
    node_limit: int = 200
    time_limit_s: float | None = None
    seed: int = 0


def relax_and_fix(
    problem: ProvisioningProblem, candidates: Candidates, settings: BlockSettings
) -> IntArray | None:
    """``[g, t]`` machines, block by block; None where a step found no solution among the candidates."""
    windows = len(problem.window_h)
    instances = np.zeros((len(problem.option_group), windows), dtype=int)
    before = problem.initial_count.astype(float)
    for first in range(0, windows, settings.block):
        block = slice(first, min(first + settings.block + settings.look_ahead, windows))
        whole = min(settings.block, windows - first)
        fixed = solve_step(problem, candidates, block, whole, Boundary(before=before), settings)
        if fixed is None:
            return None
        instances[:, first : first + whole] = fixed[:, :whole]
        before = machines_of(problem, instances[:, first + whole - 1]).astype(float)
    return instances


def solve_step(
    problem: ProvisioningProblem,
    candidates: Candidates,
    block: slice,
    whole: int,
    boundary: Boundary,
    settings: BlockSettings,
) -> IntArray | None:
    """``[g, t]`` machines of one block between its boundaries; None where it has no solution."""
    offered = candidates.allowed[:, block].any(axis=1)
    parameters = Parameters(
        problem=problem.taking(windows=block),
        count_group=candidates.group[offered],
        count=candidates.count[offered],
        count_allowed=candidates.allowed[offered, block],
        whole_windows=whole,
        boundary=boundary,
    )
    compiled = compile_block(parameters)
    answer = solve(
        compiled.arrays,
        gap=settings.gap,
        node_limit=settings.node_limit,
        time_limit_s=settings.time_limit_s,
        seed=settings.seed,
    )
    if answer.values is None:
        return None
    return np.rint(compiled.instances(answer.values)).astype(np.int64)
