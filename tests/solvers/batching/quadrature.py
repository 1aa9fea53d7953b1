"""Share of requests in time by following each position of a batch: matrix exponentials and Gauss-Legendre, nothing shared."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import expm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
PIECE_S = 0.1  # intervals are cut to this length or less: rates of tests are 10 a second


def generator(d0: Array, d1: Array, size: int) -> Array:
    """``[(k, s), (k, s)]`` of k = 1..B requests in the batch and the phase; it stays as it is once full."""
    phases = len(d0)
    matrix = np.zeros((size * phases, size * phases))
    for held in range(size - 1):
        here, more = (slice(k * phases, (k + 1) * phases) for k in (held, held + 1))
        matrix[here, here], matrix[here, more] = d0, d1
    return matrix


def share_in_time(
    d0: Array, d1: Array, size: int, timeout_s: float, service_s: Array, deadline_s: float
) -> float:
    """Expected requests of a batch in time over its expected requests."""
    phases, fills = len(d0), generator(d0, d1, size)
    shape = (size, phases)
    closing = expm(fills * timeout_s)[:phases].reshape(phases, *shape)
    cycle = closing.sum(axis=1) @ np.linalg.solve(-d0, d1)
    opening = np.linalg.matrix_power(cycle, 2**20)[0]
    requests = (opening @ closing.reshape(phases, -1)).reshape(shape).sum(axis=1) @ np.arange(1, size + 1)
    left_s = deadline_s - service_s[:size]

    def in_time(held: Array, elapsed_s: float) -> float:
        """`held` ``[k, s]`` chances of tagged requests that just arrived: in time by a full batch, or by one closed on time."""
        rest_s = timeout_s - elapsed_s
        until_s = min(rest_s, left_s[-1])
        filled = (held.ravel() @ expm(fills * until_s)).reshape(shape)[-1].sum() if until_s >= 0 else 0.0
        at_close = (held.ravel() @ expm(fills * rest_s)).reshape(shape).sum(axis=1)
        return float(filled + at_close[:-1][rest_s <= left_s[:-1] + 1e-12].sum())

    first = np.zeros(shape)
    first[0] = opening
    total = in_time(first, 0.0)
    cuts = np.unique(np.clip(np.concatenate([[0.0, timeout_s], timeout_s - left_s]), 0.0, timeout_s))
    for begin, end in pairwise(cuts):
        edges = np.linspace(begin, end, int(np.ceil((end - begin) / PIECE_S)) + 1)
        for low, high in pairwise(edges):
            for node, weight in zip(NODES, WEIGHTS, strict=True):
                elapsed_s = 0.5 * (low + high + node * (high - low))
                row = (first.ravel() @ expm(fills * elapsed_s)).reshape(shape)
                arrived = np.concatenate([np.zeros((1, phases)), row[:-1] @ d1])
                total += 0.5 * (high - low) * weight * in_time(arrived, elapsed_s)
    return total / float(requests)
