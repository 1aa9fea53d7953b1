"""BATCH's own search as its authors published it (Ali et al., SC 2020; their solver, mid-2020): the baseline of the joint search.

It differs from `solvers.batching` in five ways: the batch size is always 20; the phase at a batch's opening is a rule of thumb;
waits are uniform, up to the timeout or (full batches) up to a rough mean time to fill; a percentile is found to 0.01 s; and a
request costs what it would in a batch of the percentile's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import expm

from tests.solvers.batching.quadrature import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BATCH = 20
MEMORY_MB = np.arange(1280, 3009, 64)
TIMEOUTS_S = np.arange(1, 50) / 100
USD_PER_GB_S, USD_PER_CALL = 1.66667e-5, 2e-7  # the published solver's tariff
LONGEST_S, CLOSE_S = 30.0, 0.01  # its bisection: from 0 to 30 s, until 0.01 s are left


@dataclass(frozen=True)
class Choice:
    """Place in memory and timeout, and what the search believes of it."""

    memory: int
    timeout: int
    usd_per_request: float


def size_shares(d0: Array, d1: Array) -> Array:
    """``[u, n]`` share of batches of n + 1, opened in the phases that the rule of thumb says."""
    same = np.diag(d1)
    leaving = -(np.diag(d0) + same)
    fills = generator(d0, d1, BATCH)
    found = []
    for timeout_s in TIMEOUTS_S:
        opening = same / leaving / np.minimum(BATCH, np.floor(same * timeout_s + 1.0))
        closing = (opening / opening.sum()) @ expm(fills * timeout_s)[: len(d0)]
        found.append(closing.reshape(BATCH, -1).sum(axis=1))
    shares = np.array(found)
    shares[:, -1] = 1.0 - shares[:, :-1].sum(axis=1)
    return shares


def fill_s(d0: Array, d1: Array) -> float:
    """Its mean time until a batch is full."""
    same = np.diag(d1)
    leaving = -(np.diag(d0) + same)
    return float((BATCH - 1) * leaving.sum() / (same[0] * leaving[1] + same[1] * leaving[0]))


def share_in_time(requests: Array, service_s: Array, longest_s: Array, deadline_s: Array) -> Array:
    """``[m, u]`` share of requests within `deadline_s` ``[m, u]``, waits being uniform.

    `requests` ``[u, n]`` share of requests in a batch of n + 1, `service_s` ``[m, n]``, `longest_s` ``[u]`` wait of a full batch.
    """
    memory, timeout = np.indices(deadline_s.shape)
    served = (service_s[:, None, :] <= deadline_s[:, :, None]).sum(axis=2)
    last = np.maximum(served - 1, 0)
    below = np.concatenate([np.zeros((len(requests), 1)), np.cumsum(requests, axis=1)], axis=1)[timeout, last]
    waited_s = deadline_s - service_s[memory, last]
    widest_s = np.where(last == BATCH - 1, longest_s, TIMEOUTS_S)
    part = np.where(waited_s <= TIMEOUTS_S, waited_s / widest_s, 1.0)
    share = below + part * requests[timeout, last]
    share = np.where(deadline_s > service_s.max(axis=1)[:, None] + longest_s, 1.0, share)
    return np.where(served == 0, 0.0, share)


def search(
    d0: Array, d1: Array, service_s: Array, deadlines_s: list[float], percentile: float
) -> list[Choice | None]:
    """The published choice for each deadline; None where it says that the problem cannot be solved."""
    shares = size_shares(d0, d1)
    requests = shares * np.arange(1, BATCH + 1)
    requests /= requests.sum(axis=1, keepdims=True)
    longest_s = np.minimum(fill_s(d0, d1), TIMEOUTS_S)
    low = np.zeros((len(service_s), len(TIMEOUTS_S)))
    high = np.full_like(low, LONGEST_S)
    while (high - low).max() > CLOSE_S:
        middle = 0.5 * (low + high)
        below = share_in_time(requests, service_s, longest_s, middle) < percentile
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    latency_s = 0.5 * (low + high)
    size = np.argmax(np.cumsum(shares, axis=1) > percentile, axis=1)
    bill_usd = service_s[:, size] * (MEMORY_MB / 1024)[:, None] * USD_PER_GB_S + USD_PER_CALL
    cost_usd = bill_usd / (size + 1)
    found: list[Choice | None] = []
    for deadline_s in deadlines_s:
        kept = np.where(latency_s < deadline_s, cost_usd, np.inf)
        m, u = (int(one) for one in np.unravel_index(int(np.argmin(kept)), kept.shape))
        found.append(Choice(m, u, float(kept[m, u])) if np.isfinite(kept[m, u]) else None)
    return found
