"""Two small chains: one solved on paper, one with every limit there is."""

from __future__ import annotations

import numpy as np

from solvers.partition import PartitionProblem


def paper_chain() -> PartitionProblem:
    """Two blocks that no package holds together, two memory sizes, a payload that is free and a store that is faster.

    Billed in steps of 10 ms at 1.0 and 2.5 micro-dollars a ms; a call costs 1 micro-dollar, the store 30 a hop. By memory sizes
    of the two functions, latency in ms and price in micro-dollars:

    payload: small small 62 + 82 = 144, 70 + 90 + 2 = 162; small large 114, 222; large small 124, 217; large large 94, 277
    store:   small small 54 + 74 = 128, 60 + 80 + 32 = 172; small large 98, 217; large small 108, 212; large large 78, 257
    """
    hops = np.array([[0.0, 0.0], [12.0, 4.0], [0.0, 0.0]])
    return PartitionProblem(
        block_ms=np.array([[40.0, 20.0], [60.0, 30.0]]),
        param_mib=np.array([60.0, 60.0]),
        peak_mib=np.array([10.0, 20.0]),
        load_ms=np.zeros(2),
        memory_mb=np.array([1000, 2000]),
        usd_per_ms=np.array([1e-6, 2.5e-6]),
        hop_modes=("payload", "store"),
        send_ms=hops,
        receive_ms=hops,
        hop_usd=np.array([[0.0, 0.0], [0.0, 30e-6], [0.0, 0.0]]),
        call_ms=10.0,
        hop_ms=0.0,
        usd_per_call=1e-6,
        billing_step_ms=10.0,
        init_ms=0.0,
        cold_share=0.0,
        package_mib=100.0,
        base_package_mib=0.0,
        base_memory_mib=100.0,
        tmp_mib=512.0,
        timeout_ms=1e6,
    )


def limited_chain() -> PartitionProblem:
    """Three blocks, cold calls, at most two functions, and a timeout that a cold call of all three in one breaks."""
    hops = np.array([[0.0, 0.0], [6.0, 3.0], [np.inf, 5.0], [0.0, 0.0]])
    return PartitionProblem(
        block_ms=np.array([[30.0, 16.0], [50.0, 27.0], [20.0, 11.0]]),
        param_mib=np.array([40.0, 50.0, 30.0]),
        peak_mib=np.array([12.0, 9.0, 5.0]),
        load_ms=np.array([35.0, 45.0, 25.0]),
        memory_mb=np.array([512, 1024]),
        usd_per_ms=np.array([1e-6, 1.9e-6]),
        hop_modes=("payload", "store"),
        send_ms=hops,
        receive_ms=hops,
        hop_usd=np.array([[0.0, 0.0], [0.0, 5e-6], [0.0, 5e-6], [0.0, 0.0]]),
        call_ms=4.0,
        hop_ms=7.0,
        usd_per_call=2e-7,
        billing_step_ms=1.0,
        init_ms=20.0,
        cold_share=0.25,
        package_mib=250.0,
        base_package_mib=100.0,
        base_memory_mib=180.0,
        tmp_mib=110.0,
        timeout_ms=170.0,
        weights_in_tmp=True,
        max_functions=2,
    )
