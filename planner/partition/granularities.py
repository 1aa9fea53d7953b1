"""The two extreme granularities of a partition, as problems of the same program."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solvers.partition import PartitionProblem

BALLAST_MIB = 1e6  # more than any package or memory has


def all_in_one(problem: PartitionProblem) -> PartitionProblem:
    """Return the problem with all blocks made one."""
    return replace(
        problem,
        block_ms=problem.block_ms.sum(axis=0, keepdims=True),
        param_mib=problem.param_mib.sum(keepdims=True),
        peak_mib=problem.peak_mib.max(keepdims=True),
        load_ms=problem.load_ms.sum(keepdims=True),
        send_ms=problem.send_ms[[0, -1]],
        receive_ms=problem.receive_ms[[0, -1]],
        hop_usd=problem.hop_usd[[0, -1]],
        forks=None,
    )


def one_block_each(problem: PartitionProblem) -> PartitionProblem:
    """Return the problem with no two blocks in one function.

    Every block gets a ballast of weights larger than anything there is, and package and memory room for one ballast: one block
    fits as before, two do not fit together. Loading times and prices stay.
    """
    return replace(
        problem,
        param_mib=problem.param_mib + BALLAST_MIB,
        package_mib=problem.package_mib + BALLAST_MIB,
        tmp_mib=problem.tmp_mib + BALLAST_MIB,
        memory_mb=problem.memory_mb + round(problem.weight_copies * BALLAST_MIB),
        forks=None,
    )
