"""How long a call lasts: the inverse of its distribution function on an even grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

GRID = 1024  # steps of the grid: its error is a thousandth of the calls at the most


@dataclass(frozen=True, eq=False)
class ServiceLaw:
    """Distribution of the time of one call.

    Parameters
    ----------
    quantile_s
        ``[GRID + 1]`` seconds at the shares 0, 1/GRID, ..., 1, linear between them, nowhere falling.
    foreseen_s
        What the dispatcher expects of a call when it asks whether a request would be late: its tier's quantile.
    """

    quantile_s: Array
    foreseen_s: float
