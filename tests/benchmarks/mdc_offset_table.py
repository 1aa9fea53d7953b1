"""Make planner/queueing/data/mdc_offset.npz: ``python -m tests.benchmarks.mdc_offset_table``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.queueing.decay import DECAY_MAX
from planner.queueing.mdc import capacity_decay
from planner.queueing.offset_table import FILE, settled_offset

if TYPE_CHECKING:
    from pathlib import Path

# Every count up to 10, then steps of a fifth or more; the offset has kinks at whole budgets: those are nodes.
SERVERS = (
    *range(1, 11), 12, 14, 17, 20, 24, 29, 35, 42, 50, 64, 80, 100, 128, 160, 200, 256, 360, 512, 1024, 2048,
)  # fmt: skip
BUDGETS = (
    0.0, 0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 18)), 0.875, 0.9, 0.925, 0.95, 0.965, 0.98, 0.99,
    *(round(0.05 * i, 2) for i in range(20, 41)), 2.2, 2.4, 2.6, 2.8, 3.0, 3.5, 4.0, 5.0,
)  # fmt: skip
PERCENTILES = (
    0.02, 0.1, 0.25, 0.5, 0.65, 0.8, 0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.9975, 0.999, 0.9995, 0.9999,
)  # fmt: skip


def exact_excess(servers: int, budget: float, percentile: float) -> float:
    """One entry of the table, from the exact tail: ``(L / theta - c d - settled) / sqrt(c)``."""
    log_miss = -math.log1p(-percentile)
    settled = float(settled_offset(servers))
    start = min(log_miss / (servers * budget + settled), DECAY_MAX)
    theta = capacity_decay(servers, budget, log_miss, start)
    return (log_miss / theta - servers * budget - settled) / math.sqrt(servers)


def make_table(file: Path = FILE) -> None:
    """Write the table (about 5 s of one core)."""
    excess = [[[exact_excess(c, d, p) for p in PERCENTILES] for d in BUDGETS] for c in SERVERS]
    np.savez_compressed(
        file,
        servers=np.array(SERVERS),
        budget=np.array(BUDGETS),
        percentile=np.array(PERCENTILES),
        excess=np.array(excess, dtype=np.float32),
    )


if __name__ == "__main__":
    make_table()
