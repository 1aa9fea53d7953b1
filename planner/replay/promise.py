"""One number of a plan through its windows, beside what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

SECTIONS = ("cost", "class", "window", "demand", "machines", "functions", "losses", "routes")

RATE_ROUNDING_SHARE = 1e-9  # ours: rates that differ by less are the same rate


@dataclass(frozen=True, eq=False)
class Promise:
    """A figure of a subject.

    Parameters
    ----------
    section
        One of `SECTIONS`.
    figure, subject
        What is promised, its unit in the name, and of what; empty where it is the whole window.
    promised, happened
        ``[t]``; nan where nothing was promised, or nothing happened to judge it by.
    weight
        ``[t]`` weights of the mean over windows; None: the figure is summed.
    """

    section: str
    figure: str
    subject: str
    promised: Array
    happened: Array
    weight: Array | None

    def total(self, counted: Mask | None = None) -> tuple[float, float]:
        """Promised and happened over the windows counted, all by default: where both are known; nan where none is."""
        known = ~(np.isnan(self.promised) | np.isnan(self.happened))
        if counted is not None:
            known &= counted
        if self.weight is not None:
            known &= self.weight > 0
        if not known.any():
            return float("nan"), float("nan")
        if self.weight is None:
            return float(self.promised[known].sum()), float(self.happened[known].sum())
        weight = self.weight[known] / self.weight[known].sum()
        return float(self.promised[known] @ weight), float(self.happened[known] @ weight)


def numbers(values: Iterable[float | None]) -> Array:
    """Numbers as an array; nan where there is none."""
    return np.array([np.nan if one is None else one for one in values], dtype=float)
