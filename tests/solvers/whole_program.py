"""The exact program of a whole tiny horizon: every count on offer, nothing relaxed, nothing cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solvers.counts import all_counts
from solvers.horizon import compile_horizon
from solvers.parameters import Parameters
from solvers.provisioning import build

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solvers.blocks import Compiled
    from solvers.problem import ProvisioningProblem
    from solvers.provisioning import Program


def build_whole(problem: ProvisioningProblem) -> Program:
    """Write `problem` with cvxpy, as the formulation reads."""
    counts = all_counts(problem)
    return build(Parameters(problem, counts.group, counts.count, counts.allowed, from_fleet=True))


def compile_whole(problem: ProvisioningProblem) -> Compiled:
    """Compile `problem` as one block that begins with its initial fleet."""
    return compile_horizon(problem).compiled


def machines_in(compiled: Compiled, values: NDArray[np.float64]) -> NDArray[np.int64]:
    """``[g, t]`` whole machines of a solution vector."""
    return np.rint(values[compiled.columns["instances"]]).astype(np.int64)
