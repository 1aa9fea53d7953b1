"""Parallel branches: a function that hands branches of its blocks to workers and waits for them.

The idea is Gillis' (Yu et al. 2021, "Gillis: Serving Large Neural Networks in Serverless Functions with Automatic Model
Partitioning", ICDCS), here for branches that a network has already. The coordinator runs a stretch of blocks. At a block with
parallel branches it sends the block's input to one worker a branch, runs the longest branch itself, gathers what the workers send
back, and joins:

    elapsed = scatter + max(own branch, invoke + worker's call) + gather + rest of the block

Scatter and gather pass through the coordinator's one network link, one payload after another; through the store the input is
written once. Coordinator and workers have one memory size. A fork is offered where it is quicker than the block in one function:
elsewhere it would cost more and win nothing. Whether it is worth its price is the solver's decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.partition.hops import MODES, PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from catalogs.layers import Block, Branch
    from planner.partition.pricing import Pricing
    from solvers.partition import Forks

    Array = NDArray[np.float64]

BYTES_PER_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One branch in a function of its own.

    Parameters
    ----------
    block
        Index of the block it is of.
    receive_ms, compute_ms, send_ms
        Parts of its call, beside the handler's time.
    usd
        Price of its call, with its own requests to the store (reading its input, handing its output on).
    """

    block: int
    branch: Branch
    memory: int
    input_bytes: int
    output_bytes: int
    input_mode: str
    output_mode: str
    receive_ms: float
    compute_ms: float
    send_ms: float
    load_ms: float
    billed_ms: float
    usd: float


@dataclass(frozen=True, kw_only=True)
class ForkedBlock:
    """A block spread over a coordinator and its workers, at one memory size.

    Parameters
    ----------
    elapsed_ms
        Time of the block in the coordinator, in place of its compute time.
    saved_ms
        Compute time of the block in one function less that, > 0.
    cold_ms
        What it takes longer where the workers start cold.
    handed_bytes
        Weights that the workers hold in place of the coordinator.
    scatter_usd
        Price of writing the input to the store once, for all workers; 0 for payloads.
    """

    elapsed_ms: float
    saved_ms: float
    cold_ms: float
    handed_bytes: int
    scatter_usd: float
    workers: tuple[Worker, ...]

    @property
    def usd(self) -> float:
        """Price of the workers' calls, and of writing their input."""
        return self.scatter_usd + sum(one.usd for one in self.workers)


def forked_blocks(pricing: Pricing) -> dict[tuple[int, int], ForkedBlock]:
    """(block, memory size) -> the block over several functions, where that is quicker."""
    found = {}
    for index, block in enumerate(pricing.chain.blocks):
        if len(block.branches) < 2:
            continue
        for memory in range(len(pricing.memory_mb)):
            forked = _forked(pricing, index, block, memory)
            if forked is not None:
                found[index, memory] = forked
    return found


def _forked(pricing: Pricing, index: int, block: Block, memory: int) -> ForkedBlock | None:
    """A block over several functions; None where a worker does not fit, or nothing is won."""
    branch_ms = pricing.times.branch_ms[index][:, memory].tolist()
    order = sorted(range(len(block.branches)), key=lambda n: (-branch_ms[n], n))
    own, handed = order[0], [n for n in order[1:] if branch_ms[n] > 0]
    idle_ms = sum(branch_ms[n] for n in order[1:] if n not in handed)
    workers = tuple(_worker(pricing, index, memory, block.branches[n], branch_ms[n]) for n in handed)
    if not workers or not all(
        pricing.fits(one.branch.param_bytes, one.branch.peak_bytes, memory) for one in workers
    ):
        return None
    step = pricing.assumptions
    scatter_ms = _scatter_ms([one.receive_ms for one in workers], workers[0].input_mode)
    gather_ms = sum(one.send_ms for one in workers)
    called_ms = max(
        step.invoke_ms + step.call_ms + one.receive_ms + one.compute_ms + one.send_ms for one in workers
    )
    rest_ms, block_ms = (
        float(pricing.times.rest_ms[index, memory]),
        float(pricing.times.block_ms[index, memory]),
    )
    elapsed_ms = scatter_ms + max(branch_ms[own] + idle_ms, called_ms) + gather_ms + rest_ms
    saved_ms = block_ms - elapsed_ms
    if saved_ms <= 0:
        return None
    return ForkedBlock(
        elapsed_ms=elapsed_ms,
        saved_ms=saved_ms,
        cold_ms=pricing.init_ms + max(one.load_ms for one in workers),
        handed_bytes=sum(one.branch.param_bytes for one in workers),
        scatter_usd=0.0 if workers[0].input_mode == MODES[PAYLOAD] else pricing.hops.store.put_usd,
        workers=workers,
    )


def _scatter_ms(receive_ms: list[float], mode: str) -> float:
    """Time to send one input to all workers: a payload each, or one object that all read."""
    return sum(receive_ms) if mode == MODES[PAYLOAD] else receive_ms[0]


def _worker(pricing: Pricing, index: int, memory: int, branch: Branch, compute_ms: float) -> Worker:
    hops, store = pricing.hops, pricing.hops.store
    input_bytes = int(pricing.cut_bytes[index])
    output_bytes = branch.output_bytes * pricing.batch
    into, receive_ms = hops.cheapest_ms(input_bytes)
    back, send_ms = hops.cheapest_ms(output_bytes)
    warm_ms = pricing.assumptions.call_ms + receive_ms + compute_ms + send_ms
    load_ms = float(pricing.load_ms_of(branch.param_bytes))
    billed_ms = pricing.mean_billed_ms(warm_ms, load_ms)
    requests_usd = (0.0 if into == PAYLOAD else store.get_usd) + float(hops.usd[back])
    return Worker(
        block=index,
        branch=branch,
        memory=memory,
        input_bytes=input_bytes,
        output_bytes=output_bytes,
        input_mode=MODES[into],
        output_mode=MODES[back],
        receive_ms=receive_ms,
        compute_ms=compute_ms,
        send_ms=send_ms,
        load_ms=load_ms,
        billed_ms=billed_ms,
        usd=billed_ms * float(pricing.usd_per_ms[memory]) + pricing.usd_per_call + requests_usd,
    )


def coordinators(pricing: Pricing, forked: Mapping[tuple[int, int], ForkedBlock]) -> Forks | None:
    """Return every stretch of blocks with one forked inside, at every memory size; None where there is none.

    A stretch forks all of its blocks that are quicker that way: fewer take a cut of the chain.
    """
    from solvers.partition import Forks

    if not forked:
        return None
    blocks, sizes = len(pricing.chain.blocks), len(pricing.memory_mb)
    until = {
        name: np.zeros((blocks + 1, sizes))
        for name in ("saved_ms", "cold_ms", "usd", "handed_bytes", "workers")
    }
    for (block, size), one in forked.items():
        for name, table in until.items():
            table[block + 1, size] = len(one.workers) if name == "workers" else getattr(one, name)
    until = {name: np.cumsum(table, axis=0) for name, table in until.items()}
    ahead = (
        until["workers"][None, :, :] > until["workers"][:, None, :]
    )  # [b, e, m] more workers at the end than at the start
    begin, end, memory = np.nonzero(ahead)

    def between(table: Array) -> Array:
        return np.asarray(table[end, memory] - table[begin, memory])

    own = pricing.chain.blocks
    compute_ms = np.concatenate([np.zeros((1, sizes)), np.cumsum(pricing.times.block_ms, axis=0)])
    param_bytes = np.concatenate([[0.0], np.cumsum([float(one.param_bytes) for one in own])])
    held_bytes = param_bytes[end] - param_bytes[begin] - between(until["handed_bytes"])
    behind = np.triu(np.ones((blocks + 1, blocks + 1), dtype=bool), k=1)
    peaks = np.concatenate([[0.0], [float(one.peak_bytes) for one in own]])
    peak_bytes = np.maximum.accumulate(np.where(behind, peaks, 0.0), axis=1)[begin, end]
    return Forks(
        begin=begin,
        end=end,
        memory=memory,
        elapsed_ms=between(compute_ms) - between(until["saved_ms"]),
        load_ms=np.asarray(pricing.load_ms_of(held_bytes)) + between(until["cold_ms"]),
        usd=between(until["usd"]),
        workers=np.rint(between(until["workers"])).astype(int),
        param_mib=held_bytes / BYTES_PER_MIB,
        peak_mib=peak_bytes * pricing.batch / BYTES_PER_MIB,
    )
