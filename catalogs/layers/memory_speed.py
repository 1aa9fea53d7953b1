"""How a function's memory setting changes its speed.

The provider hands out processor time in proportion to memory, one vCPU at `mb_per_vcpu`. Below it the speed is proportional to
memory; above it only a share of the work runs in parallel (Amdahl 1967): speed(v) = v for v <= 1 vCPU, else 1 / (1 - s + s / v).
Measured times are trusted before this law: it only fills in outside of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

MB_PER_VCPU = (
    1769.0  # AWS Lambda developer guide, 2026: at 1,769 MB a function has the equivalent of one vCPU
)
PARALLEL_SHARE = (
    0.5  # least squares on 6 CNNs at 3 to 5 sizes of Lambda (tests/benchmarks/layer_times.py): rms error 13 %
)


@dataclass(frozen=True)
class MemoryLaw:
    """The law with its two figures.

    Parameters
    ----------
    mb_per_vcpu
        Memory setting that comes with one vCPU, MB.
    parallel_share
        Share of the work that runs in parallel, 0 to 1.
    """

    mb_per_vcpu: float = MB_PER_VCPU
    parallel_share: float = PARALLEL_SHARE

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.mb_per_vcpu < math.inf:
            problems.append(f"mb_per_vcpu is {self.mb_per_vcpu:g}; it must be a finite number > 0.")
        if not 0 <= self.parallel_share <= 1:
            problems.append(f"parallel_share is {self.parallel_share:g}; it must be a share within 0 to 1.")
        if problems:
            raise CatalogError(problems)

    @property
    def words(self) -> str:
        """The law in the words of a source."""
        share = f"{self.parallel_share:.0%}"
        return f"speed as memory up to {self.mb_per_vcpu:g} MB, {share} of the work in parallel above"

    def speed(self, memory_mb: ArrayLike) -> Array:
        """[m] speed of functions against one whole vCPU."""
        vcpu = np.asarray(memory_mb, dtype=np.float64) / self.mb_per_vcpu
        return np.where(
            vcpu <= 1, vcpu, 1 / (1 - self.parallel_share + self.parallel_share / np.maximum(vcpu, 1))
        )

    def between(
        self,
        measured_mb: Sequence[int],
        measured_ms: Array,
        memory_mb: ArrayLike,
        failed_mb: Collection[int] = (),
    ) -> Array:
        """[p, m] times at any memory settings from times measured at some.

        Between two measured settings linear, on the monotone envelope (more memory never gets slower) as
        `catalogs.interpolation`; by the law outside of them, and between two with a failed one between them, there from the larger.

        Parameters
        ----------
        measured_mb
            [n] settings, ascending.
        measured_ms
            [p, n] times of each part.
        failed_mb
            Settings at which the whole model was tried without success.
        """
        memory = np.atleast_1d(np.asarray(memory_mb, dtype=np.float64))
        known_mb = np.asarray(measured_mb, dtype=np.float64)
        envelope = np.maximum.accumulate(measured_ms[:, ::-1], axis=1)[:, ::-1]
        above = np.clip(
            np.searchsorted(known_mb, memory), 0, len(known_mb) - 1
        )  # the next one measured, or the last
        below = np.maximum(above - 1, 0)
        low_mb, high_mb = known_mb[below], known_mb[above]
        weight = np.clip((memory - low_mb) / np.maximum(high_mb - low_mb, 1.0), 0, 1)
        straight = envelope[:, below] * (1 - weight) + envelope[:, above] * weight
        by_law = envelope[:, above] * self.speed(high_mb) / self.speed(memory)
        failed = np.array(sorted(failed_mb), dtype=np.float64)
        crosses = np.searchsorted(failed, high_mb) > np.searchsorted(failed, low_mb, side="right")
        unknown = (
            (memory < known_mb[0])
            | (memory > known_mb[-1])
            | (crosses & (low_mb < memory) & (memory < high_mb))
        )
        return np.where(unknown, by_law, straight)
