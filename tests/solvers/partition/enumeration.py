"""Every partition of a small chain, priced column by column from the words of `PartitionProblem`: the oracle of the solvers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solvers.partition import PartitionProblem


@dataclass(frozen=True)
class Partition:
    """One partition: its price, latency and number of functions (workers included)."""

    usd: float
    latency_ms: float
    functions: int


def partitions_of(problem: PartitionProblem) -> list[Partition]:
    """All partitions that keep the limits of functions."""
    found = []
    for mode in range(len(problem.hop_modes)):
        if math.isfinite(problem.receive_ms[0, mode]):
            first = Partition(float(problem.hop_usd[0, mode]), 0.0, 0)
            found += list(_continued(problem, 0, mode, first))
    most = problem.max_functions
    return [one for one in found if most is None or one.functions <= most]


def _continued(problem: PartitionProblem, begin: int, mode: int, so_far: Partition) -> Iterator[Partition]:
    """Go on from a boundary, where the tensor arrives in this mode."""
    if begin == problem.blocks:
        yield so_far
        return
    for end in range(begin + 1, problem.blocks + 1):
        for out in range(len(problem.hop_modes)):
            last = end == problem.blocks
            if math.isinf(problem.send_ms[end, out]) or (
                not last and math.isinf(problem.receive_ms[end, out])
            ):
                continue
            hop_ms = float(problem.receive_ms[begin, mode] + problem.send_ms[end, out])
            for own in _functions(problem, begin, end, hop_ms):
                step = Partition(
                    so_far.usd + own.usd + float(problem.hop_usd[end, out]),
                    so_far.latency_ms + own.latency_ms,
                    so_far.functions + own.functions,
                )
                yield from _continued(problem, end, out, step)


def _functions(problem: PartitionProblem, begin: int, end: int, hop_ms: float) -> Iterator[Partition]:
    """Plain functions and forks for a stretch of blocks."""
    for m in range(len(problem.memory_mb)):
        work = sum(float(problem.block_ms[block, m]) for block in range(begin, end))
        load = sum(float(problem.load_ms[block]) for block in range(begin, end))
        weights = sum(float(problem.param_mib[block]) for block in range(begin, end))
        peak = max(float(problem.peak_mib[block]) for block in range(begin, end))
        priced = _priced(problem, m, work + hop_ms, load, weights, peak)
        if priced is not None:
            yield Partition(*priced, 1)
    forks = problem.forks
    for x in range(0 if forks is None else len(forks.begin)):
        if (forks.begin[x], forks.end[x]) == (begin, end):
            priced = _priced(
                problem,
                int(forks.memory[x]),
                float(forks.elapsed_ms[x]) + hop_ms,
                float(forks.load_ms[x]),
                float(forks.param_mib[x]),
                float(forks.peak_mib[x]),
            )
            if priced is not None:
                yield Partition(priced[0] + float(forks.usd[x]), priced[1], 1 + int(forks.workers[x]))


def _priced(
    problem: PartitionProblem, m: int, work_ms: float, load_ms: float, weights: float, peak: float
) -> tuple[float, float] | None:
    """Price and latency of one function, None where it breaks a limit."""
    warm = problem.call_ms + work_ms
    cold = warm + problem.init_ms + load_ms
    share = problem.cold_share
    room_mib = problem.tmp_mib if problem.weights_in_tmp else problem.package_mib - problem.base_package_mib
    if (
        weights > room_mib
        or problem.base_memory_mib + problem.weight_copies * weights + peak > problem.memory_mb[m]
        or (cold if share else warm) > problem.timeout_ms
    ):
        return None
    step = problem.billing_step_ms
    billed = (1 - share) * math.ceil(warm / step - 1e-7) * step + share * math.ceil(cold / step - 1e-7) * step
    usd = billed * float(problem.usd_per_ms[m]) + problem.usd_per_call
    return usd, problem.hop_ms + (1 - share) * warm + share * cold
