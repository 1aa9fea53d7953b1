"""The exact program of a whole tiny horizon: every count on offer, nothing relaxed, nothing cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solvers.blocks import compile_block
from solvers.counts import all_counts
from solvers.parameters import Boundary, Parameters

if TYPE_CHECKING:
    from solvers.blocks import Compiled
    from solvers.problem import ProvisioningProblem


def compile_whole(problem: ProvisioningProblem) -> Compiled:
    """Compile `problem` as one block that begins with its initial fleet."""
    candidates = all_counts(problem)
    return compile_block(
        Parameters(
            problem=problem,
            count_group=candidates.group,
            count=candidates.count,
            count_allowed=candidates.allowed,
            boundary=Boundary(before=problem.initial_count.astype(float)),
        )
    )
