"""What a problem solved on paper states (`HandCase`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.problem import ProvisioningProblem


@dataclass(frozen=True)
class HandCase:
    """A problem whose optimum is unique, with its cost, its machines ``[g][t]`` and, where it says more, rates.

    `carried_rps` ``[k][j]`` and `overflow_rps` ``[k][f]`` are those of the first window's last level; `variant` tells the cases of
    one family apart.
    """

    family: str
    problem: ProvisioningProblem
    objective_usd: float
    instances: list[list[int]]
    carried_rps: list[list[float]] | None = None
    overflow_rps: list[list[float]] | None = None
    starts: list[list[int]] | None = None
    variant: str = ""

    @property
    def name(self) -> str:
        """Family and variant: what its golden file is called."""
        return f"{self.family}_{self.variant}" if self.variant else self.family
