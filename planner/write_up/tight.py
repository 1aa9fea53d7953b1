"""Where one family of limits leaves no room (`Tight`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solvers.problem import Array, BoolArray

TIGHT_SHARE = 1e-6  # of a limit: solvers' feasibility tolerance


@dataclass(frozen=True, eq=False)
class Tight:
    """Where one family of limits leaves no room.

    Parameters
    ----------
    limit, unit
        Name of the family, and what it counts.
    names
        Names of its rows.
    binds
        ``[row, t]`` whether one machine or request more would break it.
    shadow_usd
        ``[row, t]`` USD that one more unit would save; None where that is not known.
    """

    limit: str
    unit: str
    names: Sequence[str]
    binds: BoolArray
    shadow_usd: Array | None = None
