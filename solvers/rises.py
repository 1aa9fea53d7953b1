"""What costs when its count rises from one window to the next: machines that launch, and models that machines load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class Rises:
    """Rises c of a problem: machines i first, then pairs p of a machine and a model whose load costs something."""

    problem: ProvisioningProblem

    @cached_property
    def count(self) -> sparse.csr_array:
        """``[c, g]`` sums options to what costs when it rises: machines (launches), then pairs (machine, model) (loads).

        Pairs that load for nothing are left out.
        """
        if self.problem.loads is None:
            return self.problem.machine_count
        return sparse.csr_array(sparse.vstack([self.problem.machine_count, self.loaded_count]))

    @cached_property
    def load_pairs(self) -> tuple[IntArray, IntArray]:
        """``[p]`` machine and model of every pair whose load costs something."""
        if self.problem.loads is None:
            return np.empty(0, dtype=int), np.empty(0, dtype=int)
        machine, model = np.nonzero(self.problem.loads.load_usd > 0)
        return machine, model

    @cached_property
    def loaded_count(self) -> sparse.csr_array:
        """``[p, g]`` sums options to the pairs of `load_pairs`."""
        machine, model = self.load_pairs
        if self.problem.loads is None:
            return sparse.csr_array((0, len(self.problem.option_group)))
        own = (self.problem.option_machine[None] == machine[:, None]) & (
            self.problem.loads.group_model[self.problem.option_group][None] == model[:, None]
        )
        return sparse.csr_array(own.astype(float))

    @cached_property
    def usd(self) -> Array:
        """``[c]`` USD of one rise: launches, then loads."""
        if self.problem.loads is None:
            return self.problem.start_usd
        return np.concatenate([self.problem.start_usd, self.problem.loads.load_usd[self.load_pairs]])

    @cached_property
    def initial_count(self) -> Array:
        """``[c]`` what stands just before the first window."""
        if self.problem.loads is None:
            return self.problem.initial_count.astype(float)
        return np.concatenate(
            [self.problem.initial_count, self.problem.loads.initial_loaded[self.load_pairs]]
        ).astype(float)
