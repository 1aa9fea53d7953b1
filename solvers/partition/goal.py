"""What is minimised within what (`Goal`): least price within a deadline, or least latency within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.partition.columns import Columns

LIMIT_TOLERANCE = 1e-9  # relative; sums in floating point that end on the limit keep it


@dataclass(frozen=True)
class Goal:
    """What is minimised, and the limit on the other of price and latency.

    Parameters
    ----------
    minimise
        ``cost`` or ``latency``.
    deadline_ms, budget_usd
        Limits on latency and price of one call of the chain; inf: none. Both always hold.
    """

    minimise: str
    deadline_ms: float
    budget_usd: float

    @property
    def limit(self) -> float:
        """Limit on what is not minimised."""
        return self.deadline_ms if self.minimise == "cost" else self.budget_usd

    @property
    def own_limit(self) -> float:
        """Limit on what is minimised."""
        return self.budget_usd if self.minimise == "cost" else self.deadline_ms

    def weights(self, multiplier: float) -> tuple[float, float]:
        """Weights of price and latency where what is limited counts `multiplier` times."""
        return (1.0, multiplier) if self.minimise == "cost" else (multiplier, 1.0)

    @property
    def limited_weights(self) -> tuple[float, float]:
        """Weights of price and latency where only what is limited counts."""
        return (0.0, 1.0) if self.minimise == "cost" else (1.0, 0.0)

    def sought(self, path: Columns) -> float:
        """What is minimised, of a path."""
        return float((path.usd if self.minimise == "cost" else path.latency_ms).sum())

    def limited(self, path: Columns) -> float:
        """What is limited, of a path."""
        return float((path.latency_ms if self.minimise == "cost" else path.usd).sum())

    def keeps(self, path: Columns) -> bool:
        """Whether a path keeps the limit on what is not minimised."""
        return self.limited(path) <= widened(self.limit)


def widened(limit: float) -> float:
    """The limit with its tolerance."""
    return limit * (1 + LIMIT_TOLERANCE)
