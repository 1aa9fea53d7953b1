"""The exact program of a whole tiny horizon: every count on offer, nothing relaxed, nothing cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solvers.horizon import compile_horizon

if TYPE_CHECKING:
    from solvers.blocks import Compiled
    from solvers.problem import ProvisioningProblem


def compile_whole(problem: ProvisioningProblem) -> Compiled:
    """Compile `problem` as one block that begins with its initial fleet."""
    return compile_horizon(problem).compiled
