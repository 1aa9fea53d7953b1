"""What one solve leaves to the next: prices of changes, fleets, and answers of programs that may come up again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.lagrangian import Answers
    from solvers.problem import Array, IntArray, ProvisioningProblem


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
    answers
        Answers of its windows' programs by their digest: a program that comes up again, at the same multipliers, is not solved
        again.
    """

    options: tuple[tuple[str, str], ...]
    multipliers: Array
    instances: IntArray
    answers: Answers = field(repr=False)

    def fits(self, problem: ProvisioningProblem) -> bool:
        """Whether a problem chooses from the same options."""
        return self.options == option_names(problem) and len(self.multipliers) == len(problem.change_usd)

    def moved(self, windows: int, total: int) -> Memory:
        """Begin `windows` later: the last multipliers and machines are held over the windows that come new."""
        kept = np.minimum(np.arange(total) + windows, self.instances.shape[1] - 1)
        return Memory(self.options, self.multipliers[:, kept], self.instances[:, kept], self.answers)


def option_names(problem: ProvisioningProblem) -> tuple[tuple[str, str], ...]:
    """Group and machine of every option."""
    return tuple(
        (problem.groups[j], problem.machines[i])
        for j, i in zip(problem.option_group, problem.option_machine, strict=True)
    )
