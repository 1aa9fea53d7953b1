"""Chains of published networks, as problems of the right size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs.layers import block_times
from solvers.partition import PartitionProblem
from tests.solvers.partition.random_chains import USD_PER_MB_MS

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.layers import BlockChain

MIB = 2**20


def cnn_models(table: Path) -> list[str]:
    """Names in the first column of the table of layers."""
    return list(dict.fromkeys(line.split(",")[0] for line in table.read_text().splitlines()[1:]))


def real_problem(chain: BlockChain, memory_mb: np.ndarray) -> PartitionProblem:
    """A chain as AWS Lambda would run it; the amounts that no catalog measures are those of the design's prototype."""
    blocks = chain.blocks
    tensor_bytes = np.asarray(chain.cut_bytes, dtype=float)
    wire_ms = tensor_bytes / 75e6 * 1000  # 75 MB/s a function (assumed)
    hops = np.stack([np.where(tensor_bytes <= 4.5e6, wire_ms, np.inf), 30 + wire_ms], axis=1)
    hops[[0, -1]] = 0.0
    hop_usd = np.tile([0.0, 5.4e-6], (len(tensor_bytes), 1))  # a put and a get, USD
    hop_usd[[0, -1]] = 0.0
    param_mib = np.array([one.param_bytes for one in blocks]) / MIB
    return PartitionProblem(
        block_ms=block_times(chain, memory_mb, gflops_per_vcpu=25.0).block_ms,
        param_mib=param_mib,
        peak_mib=np.array([one.peak_bytes for one in blocks]) / MIB,
        load_ms=param_mib / 75 * 1000,
        memory_mb=memory_mb,
        usd_per_ms=memory_mb * USD_PER_MB_MS,
        hop_modes=("payload", "store"),
        send_ms=hops,
        receive_ms=hops,
        hop_usd=hop_usd,
        call_ms=10.0,
        hop_ms=15.0,
        usd_per_call=2e-7,
        billing_step_ms=1.0,
        init_ms=500.0,
        cold_share=0.01,
        package_mib=250.0,
        base_package_mib=190.0,  # so much of frameworks that the larger networks have to be cut
        base_memory_mib=180.0,
        tmp_mib=512.0,
        timeout_ms=900_000.0,
    )
