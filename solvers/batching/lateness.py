"""Requests of a batch that are late: those whose wait exceeds the deadline less the service of the batch they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solvers.batching.law import BatchLaw
    from solvers.problem import Array, IntArray

TIME_SLACK_S = (
    1e-9  # a deadline that is T + service(n) up to rounding is met by the requests that wait exactly T
)


def late_by_memory(law: BatchLaw, service_s: Array, deadline_s: Array) -> Array:
    """``[m, b, u]`` expected late requests of a batch, with one deadline a memory size: waits are counted once for all B.

    Parameters
    ----------
    service_s, deadline_s
        ``[m, n]`` and ``[m]`` seconds.
    """
    sizes, timeouts, opening = law.batch_size, law.timeout_s, law.opening_share
    wait = deadline_s[:, None] - service_s[:, : len(law.requests)]
    late: Array = np.einsum("mn,bun->mbu", wait < -TIME_SLACK_S, law.size_share * law.requests)
    undecided = (wait >= -TIME_SLACK_S)[:, None] & (wait[:, None] < timeouts[:, None] - TIME_SLACK_S)
    wait = np.maximum(wait, 0.0)
    m, u, n = np.nonzero(undecided & (law.requests < sizes.max()))
    waiting = np.zeros((*undecided.shape, opening.shape[2]))
    waiting[m, u, n] = law.waiting_on_time(n + 1, timeouts[u], wait[m, n])
    by_timeout = waiting.swapaxes(0, 1).reshape(len(timeouts), -1, opening.shape[2])
    on_time = (by_timeout @ opening.transpose(1, 2, 0)).reshape(len(timeouts), *wait.shape, len(sizes))
    late += np.einsum("umnb,nb->mbu", on_time, law.requests[:, None] < sizes)
    m, u, b = np.nonzero(undecided[:, :, sizes - 1])
    filled = law.waiting_filled(sizes[b], timeouts[u], wait[m, sizes[b] - 1])
    late[m, b, u] += np.einsum("xs,xs->x", filled, opening[b, u])
    return late


def late_at(law: BatchLaw, service_s: Array, points: IntArray, deadline_s: Array) -> Array:
    """``[x]`` the same at single points, each with its own deadline.

    Parameters
    ----------
    points
        ``[3, x]`` indices of memory size, batch size and timeout.
    deadline_s
        ``[x]`` seconds.
    """
    memory, batch, timeout = points
    size, timeout_s, opening = (
        law.batch_size[batch],
        law.timeout_s[timeout],
        law.opening_share[batch, timeout],
    )
    wait = deadline_s[:, None] - service_s[memory, : len(law.requests)]
    late: Array = ((wait < -TIME_SLACK_S) * law.size_share[batch, timeout]) @ law.requests.astype(float)
    undecided = (wait >= -TIME_SLACK_S) & (wait < timeout_s[:, None] - TIME_SLACK_S)
    wait = np.maximum(wait, 0.0)
    x, n = np.nonzero(undecided & (law.requests < size[:, None]))
    on_time = law.waiting_on_time(n + 1, timeout_s[x], wait[x, n])
    late += np.bincount(x, np.einsum("xs,xs->x", on_time, opening[x]), len(late))
    x = np.flatnonzero(undecided[np.arange(len(late)), size - 1])
    filled = law.waiting_filled(size[x], timeout_s[x], wait[x, size[x] - 1])
    late[x] += np.einsum("xs,xs->x", filled, opening[x])
    return late
