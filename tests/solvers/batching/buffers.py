"""Small buffers to test with, and the public service times and arrival processes of BATCH."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from solvers.batching import BufferProblem

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POISSON = np.array([[-4.0]]), np.array([[4.0]])  # 4 requests/s
SWITCHING = (  # 1 or 9 requests/s, states of 2 s and 1 s on average
    np.array([[-1.5, 0.5], [1.0, -10.0]]),
    np.array([[1.0, 0.0], [0.0, 9.0]]),
)
ALTERNATING = np.diag([-2.0, -6.0]), np.array([[0.0, 2.0], [6.0, 0.0]])  # gaps of 1/2 s and 1/6 s in turn
RELAYED = (  # silent steps between arrivals, which may leave in any phase
    np.array([[-3.0, 2.0, 0.5], [0.3, -7.0, 1.0], [0.0, 4.0, -9.0]]),
    np.array([[0.5, 0.0, 0.0], [2.0, 3.0, 0.7], [0.0, 0.0, 5.0]]),
)


def buffers(process: tuple[Array, Array] = POISSON, **changed: Any) -> BufferProblem:
    """Two memory sizes, batches of 1, 2 and 4, timeouts of 0, 0.3 and 1 s; 0.1 s + 0.05 s a request, or twice as fast."""
    d0, d1 = process
    values: dict[str, Any] = {
        "d0": d0,
        "d1": d1,
        "memory_mb": np.array([1024, 2048]),
        "service_s": np.outer([1.0, 0.5], 0.1 + 0.05 * np.arange(4)),
        "usd_per_s": np.array([1e-5, 2e-5]),
        "usd_per_call": 2e-7,
        "billing_step_s": 0.001,
        "batch_size": np.array([1, 2, 4]),
        "timeout_s": np.array([0.0, 0.3, 1.0]),
    }
    return BufferProblem(**values | changed)


def published(shared_data: Path) -> tuple[dict[str, tuple[Array, Array]], dict[str, dict[str, float]]]:
    """BATCH's arrival processes (d0, d1) by name, and the coefficients of its service times by model."""
    document = json.loads((shared_data / "profiles" / "batch_service_and_maps.json").read_text())
    processes = {name: (np.array(one["D0"]), np.array(one["D1"])) for name, one in document["maps"].items()}
    return processes, document["poly"]


POWERS = (  # of requests and of MB, coefficient by coefficient, as the file's `form` states them
    *((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)),
    *((4, 0), (3, 1), (2, 2), (1, 3), (0, 4)),
)


def surface_s(coefficients: dict[str, float], memory_mb: Array, most: int) -> Array:
    """``[m, n]`` seconds of a call with 1 to `most` requests."""
    requests = np.arange(1.0, most + 1)
    terms = [
        coefficients[f"t{number}"] * np.outer(memory_mb.astype(float) ** memory, requests**batch)
        for number, (batch, memory) in enumerate(POWERS)
        if f"t{number}" in coefficients
    ]
    return np.sum(terms, axis=0)
