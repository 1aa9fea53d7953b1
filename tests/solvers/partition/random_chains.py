"""Seeded random chains to cut: small enough to enumerate, or as large as asked for."""

from __future__ import annotations

import numpy as np

from solvers.partition import Forks, PartitionProblem

USD_PER_MB_MS = 0.0000166667 / 1024 / 1000  # AWS Lambda x86, us-east-1, USD per GB-s
FULL_VCPU_MB = 1769  # memory at which a function of AWS Lambda has one vCPU


def memory_sizes(count: int) -> np.ndarray:
    """``[m]`` sizes up to 10,240 MB, evenly spaced; none below 128 MB."""
    return np.maximum(10240 * np.arange(1, count + 1) // count, 128)


def random_chain(
    rng: np.random.Generator,
    blocks: int,
    memories: int,
    *,
    cold_share: float | None = None,
    max_functions: int | None = None,
    forks: int = 0,
    odd_tariff: bool = False,
    step_ms: float = 1.0,
    hard_limits: bool = True,
) -> PartitionProblem:
    """A chain like a network's: work and weights spread unevenly, tensors that shrink, payloads that do not always fit.

    With `hard_limits` package, memory, temporary disk and timeout cut columns off now and then; some chains are then infeasible.
    """
    memory_mb = memory_sizes(memories)
    vcpus = memory_mb / FULL_VCPU_MB
    speed = np.where(vcpus <= 1, vcpus, 1 / (0.05 + 0.95 / np.maximum(vcpus, 1)))
    work = rng.lognormal(0, 1, blocks)
    block_ms = np.outer(work / work.sum() * rng.uniform(50, 1500), 1 / speed)
    if odd_tariff:  # block times and prices that no rule of memory explains
        block_ms = block_ms * rng.uniform(0.6, 1.4, block_ms.shape)
    param_mib = rng.lognormal(0, 1.2, blocks) * 200 / blocks
    tensor_mib = np.concatenate([[0.6], rng.lognormal(0.5, 1.0, blocks)])
    payload_ms = np.where(tensor_mib <= rng.choice([4.5, 20.0]), 2 + tensor_mib / 75 * 1000, np.inf)
    store_ms = rng.uniform(10, 60) + tensor_mib / rng.uniform(60, 120) * 1000
    hops = np.stack([payload_ms, store_ms], axis=1)
    hops[[0, -1]] = 0.0
    price = rng.uniform(0.8, 1.2, len(memory_mb)) if odd_tariff else 1.0
    store_usd = np.tile([0.0, 5.4e-6], (blocks + 1, 1))  # one put and one get of an object store
    store_usd[[0, -1]] = 0.0
    package_mib = 120 + param_mib.sum() * rng.uniform(0.3, 1.2) if hard_limits else 10240.0
    return PartitionProblem(
        block_ms=block_ms,
        param_mib=param_mib,
        peak_mib=tensor_mib[1:] * rng.uniform(1, 4, blocks),
        load_ms=param_mib / 75 * 1000,
        memory_mb=memory_mb,
        usd_per_ms=memory_mb * USD_PER_MB_MS * price,
        hop_modes=("payload", "store"),
        send_ms=hops,
        receive_ms=hops * rng.uniform(0.8, 1.2),
        hop_usd=store_usd,
        call_ms=10.0,
        hop_ms=15.0,
        usd_per_call=2e-7,
        billing_step_ms=step_ms,
        init_ms=500.0,
        cold_share=rng.choice([0.0, 0.01, 0.2]) if cold_share is None else cold_share,
        package_mib=package_mib,
        base_package_mib=100.0,
        base_memory_mib=180.0,
        weight_copies=1.0 if blocks % 2 else 1.7,
        tmp_mib=float(rng.choice([512.0, 60.0])) if hard_limits else 10240.0,
        timeout_ms=float(rng.choice([900_000.0, 3000.0])) if hard_limits else 900_000.0,
        weights_in_tmp=bool(rng.random() < 0.3),
        max_functions=max_functions,
        forks=random_forks(rng, block_ms, memory_mb, forks) if forks else None,
    )


def random_forks(rng: np.random.Generator, block_ms: np.ndarray, memory_mb: np.ndarray, count: int) -> Forks:
    """Forks over random stretches: some faster than their blocks, all dearer by their workers."""
    begin = rng.integers(0, len(block_ms), count)
    end = rng.integers(begin + 1, np.minimum(begin + 4, len(block_ms)) + 1)
    memory = rng.integers(0, len(memory_mb), count)
    whole = np.array([block_ms[b:e, m].sum() for b, e, m in zip(begin, end, memory, strict=True)])
    workers = rng.integers(1, 4, count)
    elapsed_ms = whole / (1 + workers) + rng.uniform(0, 20, count)
    return Forks(
        begin=begin,
        end=end,
        memory=memory,
        elapsed_ms=elapsed_ms,
        load_ms=rng.uniform(0, 50, count),
        usd=elapsed_ms * workers * memory_mb[memory] * USD_PER_MB_MS * rng.uniform(0.2, 1.0, count),
        workers=workers,
        param_mib=rng.uniform(0, 20, count),
        peak_mib=rng.uniform(0, 20, count),
    )
