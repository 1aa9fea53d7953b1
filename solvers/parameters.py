"""What one program of the formulation is written for: a block of windows, and the sums over its index sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from solvers.problem import incidence
from solvers.spot_loss import Losses

if TYPE_CHECKING:
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


@dataclass(frozen=True)
class Parameters:
    """The block of windows that one program covers.

    Parameters
    ----------
    problem
        Already cut to the block's windows.
    count_group, count
        ``[r]`` the candidates (j, n) offered to pick_count.
    count_allowed
        ``[r, t]`` candidate r is offered in window t.
    from_fleet
        The first window counts its rises against what runs before it (the problem's initial counts); else it begins free of charge.
    rate_rps
        ``[j, t]`` requests/s per machine; given, it replaces pick_count by the linear form
        ``carried <= rate * N`` and `count_group` must be empty.
    """

    problem: ProvisioningProblem
    count_group: IntArray
    count: IntArray
    count_allowed: BoolArray
    from_fleet: bool
    rate_rps: Array | None = None

    @cached_property
    def levels(self) -> int:
        """Number of demand levels Q."""
        return len(self.problem.level_share)

    @cached_property
    def windows(self) -> int:
        """Number of windows T of the block."""
        return len(self.problem.window_h)

    @cached_property
    def spread(self) -> sparse.csr_array:
        """``[t, (t, q)]`` repeats a window's column for each of its levels."""
        return sparse.csr_array(np.repeat(np.eye(self.windows), self.levels, axis=1))

    @cached_property
    def pair_class(self) -> IntArray:
        """``[e]`` class of pair e."""
        return np.nonzero(self.problem.serves)[0]

    @cached_property
    def pair_group(self) -> IntArray:
        """``[e]`` group of pair e."""
        return np.nonzero(self.problem.serves)[1]

    @cached_property
    def function_pair_class(self) -> IntArray:
        """``[o]`` class of pair o."""
        return np.nonzero(self.problem.function_serves)[0]

    @cached_property
    def function_pair_function(self) -> IntArray:
        """``[o]`` function of pair o."""
        return np.nonzero(self.problem.function_serves)[1]

    @cached_property
    def level_mean(self) -> sparse.csr_array:
        """``[(t, q), t]`` takes the mean over the levels of a window."""
        return sparse.kron(sparse.eye_array(self.windows), self.problem.level_share[:, None], format="csr")

    @cached_property
    def seconds(self) -> Array:
        """``[(t, q)]`` expected seconds of the horizon at each level of each window."""
        return np.outer(3600.0 * self.problem.window_h, self.problem.level_share).ravel()

    @cached_property
    def busy_per_rps(self) -> sparse.csr_array:
        """``[j, e]`` machines that one request/s of a pair keeps busy in a linear group; 0 in groups with a table."""
        problem = self.problem
        if problem.linear_rps is None:
            return sparse.csr_array((len(problem.groups), len(self.pair_class)))
        linear = problem.is_linear[self.pair_group]
        rate = np.where(linear, problem.linear_rps[self.pair_class, self.pair_group], 1.0)
        return sparse.csr_array(
            incidence(self.pair_group, len(problem.groups)) @ sparse.diags_array(linear / rate)
        )

    @cached_property
    def losses(self) -> Losses:
        """What the loss of each spot pool does to each group."""
        return Losses(self)

    @cached_property
    def count_of_group(self) -> sparse.csr_array:
        """``[j, r]`` sums candidate counts to groups."""
        return incidence(self.count_group, len(self.problem.groups))

    @cached_property
    def picked_capacity_rps(self) -> Array:
        """``[r, (t, q)]`` min(capacity(j, n), all that j may serve): the cap loses nothing and tightens the relaxation."""
        p = self.problem
        reachable = np.einsum("kj,ktq->jtq", p.serves.astype(float), p.demand_rps).reshape(len(p.groups), -1)
        capacity = p.capacity_rps[self.count_group, self.count]
        return np.asarray(np.minimum(capacity[:, None], reachable[self.count_group]))
