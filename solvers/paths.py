"""The cheapest path through a pool: one configuration a window, with what changes between neighbouring windows paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solvers.configurations import changes_of_pool

if TYPE_CHECKING:
    from solvers.configurations import Pool
    from solvers.problem import Array, BoolArray, IntArray, ProvisioningProblem


def cheapest_path(problem: ProvisioningProblem, pool: Pool, others: Array) -> IntArray | None:
    """One configuration a window at the least cost with launches and loads, by dynamic programming; ``[g, t]``.

    None if a window has no configuration, or none can be reached within the churn allowed.

    Parameters
    ----------
    others
        ``[x, t]`` what other parts run: rises are counted on the sum.
    """
    T = len(problem.window_h)
    firsts = np.searchsorted(pool.window, np.arange(T + 1))
    if (np.diff(firsts) == 0).any():
        return None
    changes = Changes.of(problem, pool, others)
    value = np.zeros(1)
    before = changes.initial
    came_from: list[IntArray] = []
    for t in range(T):
        own = slice(firsts[t], firsts[t + 1])
        now = changes.counts[own] + changes.others[:, t]
        total = value[:, None] + changes.usd_between(before, now)
        came_from.append(total.argmin(axis=0))
        value = total.min(axis=0) + pool.cost_usd[own]
        before = now
    if not np.isfinite(value).any():
        return None
    path = np.empty(T, dtype=int)
    step = int(value.argmin())
    for t in range(T - 1, -1, -1):
        path[t] = firsts[t] + step
        step = int(came_from[t][step])
    return pool.instances[path].T


@dataclass(frozen=True)
class Changes:
    """What changes between neighbouring windows, over the counts x that some configuration has or the fleet begins with.

    `counts` ``[c, x]``, `others` ``[x, t]``, `initial` ``[1, x]``, `usd` ``[x]`` of one rise; `is_machine` ``[x]``;
    `holds` ``[m, x]`` pairs by model (empty without a price of waiting).
    """

    counts: Array
    others: Array
    initial: Array
    usd: Array
    is_machine: BoolArray
    max_churn: float
    holds: BoolArray
    wait_usd: Array

    @staticmethod
    def of(problem: ProvisioningProblem, pool: Pool, others: Array) -> Changes:
        """Gather them from a pool, over the columns that matter only."""
        counts, initial = changes_of_pool(problem, pool), problem.rises.initial_count
        machines, waits = len(problem.machines), np.empty(0)
        held = np.empty((0, counts.shape[1]), dtype=bool)
        if problem.loads is not None and problem.loads.wait_usd_per_s > 0:
            counts = np.concatenate([counts, pool.instances @ problem.model_count.T], axis=1)
            initial = np.concatenate([initial, problem.loads.initial_loaded.sum(axis=0)])
            others = np.concatenate([others, np.zeros((len(problem.loads.models), others.shape[1]))])
            waits = problem.loads.wait_usd_per_s * problem.loads.load_s
            held = np.eye(counts.shape[1], dtype=bool)[counts.shape[1] - len(waits) :]
        churn = None if problem.limits is None else problem.limits.max_churn
        usd = np.concatenate([problem.rises.usd, np.zeros(len(waits))])
        is_machine = np.arange(counts.shape[1]) < machines
        is_machine[:machines] &= ~problem.is_standby
        used = (counts.any(axis=0) | (initial > 0)) & (
            (usd > 0) | held.any(axis=0) | (is_machine & (churn is not None))
        )
        return Changes(
            counts=counts[:, used],
            others=others[used],
            initial=initial[None, used],
            usd=usd[used],
            is_machine=is_machine[used],
            max_churn=np.inf if churn is None else float(churn),
            holds=held[:, used],
            wait_usd=waits,
        )

    def usd_between(self, before: Array, now: Array) -> Array:
        """``[b, c]`` USD from each row of `before` to each of `now` ``[., x]``; inf beyond the churn allowed."""
        rise = np.maximum(now[None, :, :] - before[:, None, :], 0.0)
        usd = rise @ self.usd
        if np.isfinite(self.max_churn):
            moved = np.abs(now[None, :, :] - before[:, None, :]) @ self.is_machine
            usd = np.where(moved > self.max_churn + 1e-9, np.inf, usd)
        if len(self.wait_usd):
            fresh = (now @ self.holds.T > 0)[None] & ~(before @ self.holds.T > 0)[:, None]
            usd = usd + (fresh * self.wait_usd).max(axis=2)
        return np.asarray(usd)
