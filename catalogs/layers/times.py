"""Time of every block at every memory setting, from the most trustworthy figures there are.

In order: times that the file gives for its layers; whole-model times of the profile catalog, shared out over the blocks by
operators, or by flops where a kind of layer is not known; the sum of operator times where all kinds are known; flops at a stated
speed. The last two mispredict a whole model by factors, not percents: of six CNNs measured on Lambda, operators take 2.5 to 11
times too long, flops 0.5 to 7.6 times (``python -m tests.benchmarks.layer_times``). Measure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from catalogs.errors import CatalogError
from catalogs.layers.memory_speed import MB_PER_VCPU, PARALLEL_SHARE, MemoryLaw
from catalogs.layers.model_times import model_ms
from catalogs.layers.operators import MEASURED_MEMORY_MB, operator_ms, unknown_kinds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from catalogs.layers.chain import Block, BlockChain, Branch
    from catalogs.measurements import FunctionTime

    Array = NDArray[np.float64]

Basis = Literal["measured layers", "measured model", "operators", "flops"]

GFLOPS_PER_VCPU = 25.0  # Gillis' convolutions: 2,048 flops in 66 ns at 3,008 MB, which is 1.26 times one vCPU by `MemoryLaw`
BATCH_SCALING = (
    0.8  # within a factor of 2.03 of BATCH's three surfaces up to batch 20 (tests/benchmarks/layer_times.py)
)


@dataclass(frozen=True)
class BlockTimes:
    """How long the blocks of a chain take, and their branches.

    Parameters
    ----------
    memory_mb
        [m] settings, as asked.
    block_ms
        [l, m] milliseconds of a call that carries the whole batch, the model loaded.
    branch_ms
        For every block, [x, m] milliseconds of its branches; [0, m] where it has none.
    rest_ms
        [l, m] milliseconds of what is left of a block without its branches; the whole block where it has none.
    basis
        Which kind of figures the times rest on.
    source
        The same in words, with what was assumed.
    """

    memory_mb: NDArray[np.int64]
    block_ms: Array
    branch_ms: tuple[Array, ...]
    rest_ms: Array
    basis: Basis
    source: str


def block_times(
    chain: BlockChain,
    memory_mb: Sequence[int] | NDArray[np.int64],
    *,
    function_times: Sequence[FunctionTime] = (),
    failed_mb: Collection[int] = (),
    mb_per_vcpu: float = MB_PER_VCPU,
    gflops_per_vcpu: float | None = None,
    parallel_share: float = PARALLEL_SHARE,
    batch: int = 1,
    batch_scaling: float = BATCH_SCALING,
) -> BlockTimes:
    """Times of the blocks at memory settings.

    Parameters
    ----------
    memory_mb
        [m] settings in MB, > 0, ascending.
    function_times
        Measured calls of whole models, of one provider and architecture; those of other models are passed over.
    failed_mb
        Settings at which the whole model failed: no time is interpolated across them.
    gflops_per_vcpu
        Speed of one vCPU in 1e9 flops/s, in place of operator times, where nothing was measured. None: operator times, or
        `GFLOPS_PER_VCPU` where a kind of layer has none.
    batch
        Requests in a call. A measured batch is used as it is; other times grow from batch 1 as 1 + `batch_scaling` (batch - 1).

    Raises
    ------
    CatalogError
        When a figure is out of range, the measured calls are of several providers, or nothing is known of the times.
    """
    memory = np.asarray(memory_mb, dtype=np.int64)
    _check(memory, gflops_per_vcpu, batch, batch_scaling)
    law = MemoryLaw(mb_per_vcpu, parallel_share)
    parts = _parts(chain)
    growth = 1 + batch_scaling * (batch - 1)
    grown = "" if batch == 1 else f"; a batch of {batch} takes {growth:g} times as long as one request"
    basis: Basis
    if chain.blocks[0].time_ms:
        settings = sorted(chain.blocks[0].time_ms)
        part_ms = law.between(settings, _measured(parts, settings), memory) * growth
        basis, source = (
            "measured layers",
            f"times of {chain.source} at {_listed(settings)} MB; outside of these {law.words}{grown}",
        )
    elif total := model_ms(chain.model, memory, batch, function_times, law, batch_scaling, failed_mb):
        weights, by = _weights(chain, parts)
        part_ms = weights[:, None] / _total(chain, weights) * total.ms
        basis, source = "measured model", f"{total.source}, shared out over the layers by {by}"
    else:
        basis, at_one_vcpu, words = _assumed(chain, parts, gflops_per_vcpu, law)
        part_ms = at_one_vcpu[:, None] / law.speed(memory) * growth
        source = f"{words}; {law.words}{grown}"
    return _block_times(chain, memory, part_ms, basis, source)


def _check(memory: NDArray[np.int64], gflops: float | None, batch: int, batch_scaling: float) -> None:
    problems = []
    if memory.ndim != 1 or not len(memory) or memory[0] < 1 or (np.diff(memory) <= 0).any():
        problems.append(f"memory_mb is {memory.tolist()}; sizes must be > 0 and ascending.")
    if gflops is not None and not 0 < gflops < math.inf:
        problems.append(f"gflops_per_vcpu is {gflops:g}; it must be a finite number > 0.")
    if batch < 1:
        problems.append(f"batch is {batch}; a call carries at least 1 request.")
    if not 0 <= batch_scaling < math.inf:
        problems.append(f"batch_scaling is {batch_scaling:g}; it must be a finite number >= 0.")
    if problems:
        raise CatalogError(problems)


def _parts(chain: BlockChain) -> list[Block | Branch]:
    """All blocks, then the branches of all blocks, block by block."""
    return [*chain.blocks, *(branch for block in chain.blocks for branch in block.branches)]


def _measured(parts: Sequence[Block | Branch], settings: Sequence[int]) -> Array:
    return np.array([[(part.time_ms or {})[size] for size in settings] for part in parts], dtype=np.float64)


def _weights(chain: BlockChain, parts: Sequence[Block | Branch]) -> tuple[Array, str]:
    """[p] what a measured total is shared out by, and its name."""
    if chain.graph is not None and not unknown_kinds(chain.graph.layers):
        return _by_layer(parts, operator_ms(chain.graph)), "Gillis' operator times"
    why = "its kinds of layers not being known" if chain.graph is None else "kinds without an operator time: "
    if chain.graph is not None:
        why += ", ".join(unknown_kinds(chain.graph.layers))
    return np.array([part.flops for part in parts]), f"flops ({why})"


def _by_layer(parts: Sequence[Block | Branch], weight: Mapping[str, float]) -> Array:
    return np.array([sum(weight[name] for name in part.layers) for part in parts])


def _total(chain: BlockChain, weights: Array) -> float:
    total = float(weights[: len(chain.blocks)].sum())
    if total > 0:
        return total
    raise CatalogError(
        [
            f"{chain.model}: no layer has flops or a measured time, so nothing tells how long one takes. Add time_ms or flops."
        ]
    )


def _assumed(
    chain: BlockChain, parts: Sequence[Block | Branch], gflops: float | None, law: MemoryLaw
) -> tuple[Basis, Array, str]:
    """Basis, [p] milliseconds at one vCPU, and the words for it."""
    weights, by = _weights(chain, parts)
    _total(chain, weights)
    if gflops is None and not by.startswith("flops"):
        at_one_vcpu = weights * law.speed(MEASURED_MEMORY_MB)
        return "operators", at_one_vcpu, f"{by}, measured on AWS Lambda at {MEASURED_MEMORY_MB} MB"
    speed = GFLOPS_PER_VCPU if gflops is None else gflops
    flops = np.array([part.flops for part in parts])
    return "flops", flops / speed / 1e6, f"flops at {speed:g} GFLOP/s a vCPU (assumed, not measured)"


def _block_times(
    chain: BlockChain, memory: NDArray[np.int64], part_ms: Array, basis: Basis, source: str
) -> BlockTimes:
    counts = [len(block.branches) for block in chain.blocks]
    block_ms, branches_ms = np.split(part_ms, [len(counts)])
    branch_ms = tuple(np.split(branches_ms, np.cumsum(counts)[:-1]))
    rest_ms = np.maximum(block_ms - np.array([ms.sum(axis=0) for ms in branch_ms]), 0.0)
    return BlockTimes(memory, block_ms, branch_ms, rest_ms, basis, source)


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))
