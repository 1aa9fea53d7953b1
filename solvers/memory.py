"""What one solve leaves to the next: prices of changes, fleets, and answers of programs that may come up again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.block_solver import Answers
    from solvers.problem import Array, IntArray, ProvisioningProblem

    Steps = dict[bytes, IntArray]  # sizes [j] by the digest of what they follow from


@dataclass(frozen=True)
class Memory:
    """What a solve learned.

    Parameters
    ----------
    options
        Names (group, machine) of the serving options it chose from; another list of options makes it worthless.
    multipliers
        ``[x, t]`` USD per rise of its tightest bound.
    instances
        ``[g, t]`` its plan.
    fixed_multipliers
        ``[x, t]`` the same for the program with capacities fixed at the plan's sizes; None where that was not swept.
    answers
        Answers of its windows' programs by their digest: a program that comes up again, at the same multipliers, is not solved
        again.
    steps
        Steps of the greedy by the digest of what they were taken from.
    """

    options: tuple[tuple[str, str], ...]
    multipliers: Array
    instances: IntArray
    fixed_multipliers: Array | None
    answers: Answers = field(repr=False)
    steps: Steps = field(repr=False)

    def fits(self, problem: ProvisioningProblem) -> bool:
        """Whether a problem chooses from the same options."""
        return self.options == option_names(problem) and len(self.multipliers) == len(problem.rises.usd)

    def moved(self, windows: int, total: int) -> Memory:
        """Begin `windows` later: the last multipliers and machines are held over the windows that come new."""
        kept = np.minimum(np.arange(total) + windows, self.instances.shape[1] - 1)
        fixed = None if self.fixed_multipliers is None else self.fixed_multipliers[:, kept]
        return replace(
            self,
            multipliers=self.multipliers[:, kept],
            instances=self.instances[:, kept],
            fixed_multipliers=fixed,
        )


def option_names(problem: ProvisioningProblem) -> tuple[tuple[str, str], ...]:
    """Group and machine of every option."""
    return tuple(
        (problem.groups[j], problem.machines[i])
        for j, i in zip(problem.option_group, problem.option_machine, strict=True)
    )
