"""The strengthened greedy: groups of any size at their exact capacities, functions where cheaper, then trades while they save."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from solvers.counts import least_counts
from solvers.greedy_steps import GreedySteps

if TYPE_CHECKING:
    from solvers.problem import Array, IntArray


@dataclass(frozen=True)
class GroupGreedy(GreedySteps):
    """Window after window: the cheaper of what grows from the sizes before and from nothing, group by group."""

    def strengthened(self) -> IntArray:
        """``[g, t]`` exact capacities, functions where cheaper, then trades while they save."""
        p = self.problem
        instances = np.zeros((len(p.option_group), len(p.window_h)), dtype=int)
        before = p.initial_count
        sizes = np.zeros(len(p.groups), dtype=int)
        for t in range(len(p.window_h)):
            best = partial(self.best_from, sizes, t, before)
            sizes = self.step("strengthened", slice(t, t + 1), (sizes, before), best)
            split = self.split_markets(sizes[None], t)
            instances[:, t] = split[0]
            before = self.machines(split)[0]
        return instances

    def best_from(self, sizes: IntArray, t: int, before: IntArray) -> IntArray:
        """``[j]`` the cheaper of what grows from the sizes before and from nothing."""
        starts = [sizes, self.assigned(t)] if self.problem.is_linear.any() else [sizes, sizes * 0]
        tried = [self.improve(self.fill_by_group(start, t, before), t, before) for start in starts]
        return tried[int(self.window_usd(np.array(tried), t, before).argmin())]

    def assigned(self, t: int) -> IntArray:
        """``[j]`` sizes with every class in the linear group that serves it for the least."""
        p = self.problem
        usd = np.where(p.serves & p.is_linear, self.room_per_rps * self.group_price(t), np.inf)
        best = usd.argmin(axis=1)
        k = np.flatnonzero(np.isfinite(usd.min(axis=1, initial=np.inf)))
        busy = np.zeros(len(p.groups))
        np.add.at(busy, best[k], self.room_per_rps[k, best[k]] * p.demand_rps[k, t, -1])
        return np.ceil(busy - 1e-9).astype(int)

    def window_usd(self, sizes: IntArray, t: int, before: IntArray) -> Array:
        """``[b]`` machines, launches and expected overflow of one window less value; inf where some demand has no way."""
        p = self.problem
        split = self.split_markets(sizes, t)
        machines = self.machines(split)
        left, earned = self.fill_window(self.room(sizes), t)
        must = np.isinf(self.left_usd)
        spent = self.functions_usd(left) - earned
        usd = p.window_h[t] * (machines @ p.price_usd_per_h[:, t] + 3600.0 * spent @ p.level_share)
        usd += np.maximum(machines - before, 0) @ p.start_usd
        return np.where(self.fits(sizes, split) & ~left[:, must].any(axis=(1, 2)), usd, np.inf)

    def fill_by_group(self, sizes: IntArray, t: int, before: IntArray) -> IntArray:
        """Grow the group with the least cost per newly carried request, to one machine more or to all it may serve."""
        p = self.problem
        must = np.isinf(self.left_usd)
        while True:
            left = self.fill_window(self.room(sizes[None]), t)[0][0, :, -1]
            if not left[must].any():
                return sizes
            grown = self.grown(sizes, left)
            gain = left.sum() - self.fill_window(self.room(grown), t)[0][:, :, -1].sum(axis=1)
            split = self.split_markets(grown, t)
            machines = self.machines(split)
            usd = p.window_h[t] * (machines @ p.price_usd_per_h[:, t])
            usd += np.maximum(machines - before, 0) @ p.start_usd
            ratio = np.where((gain > 0) & self.fits(grown, split), usd / np.maximum(gain, 1e-12), np.inf)
            if not np.isfinite(ratio).any():
                return sizes
            sizes = grown[int(ratio.argmin())]

    def grown(self, sizes: IntArray, left: Array) -> IntArray:
        """``[b, j]`` every group with one machine more, and with as many as carry all it may serve of what is left ``[k]``."""
        p = self.problem
        wanted = p.serves.T.astype(float) @ left
        busy = np.where(p.serves, self.room_per_rps, 0.0).T @ left
        load = self.room(sizes[None])[0]
        full = np.where(
            p.is_linear, sizes + np.ceil(busy - 1e-9), least_counts(p, (load + wanted)[:, None])[:, 0]
        )
        useful = np.flatnonzero(wanted > 0)
        rows = np.repeat(sizes[None], 2 * len(useful), axis=0)
        pairs = np.arange(len(useful))
        rows[pairs, useful] = np.minimum(sizes + 1, full)[useful]
        rows[len(useful) + pairs, useful] = full[useful]
        return rows

    def improve(self, sizes: IntArray, t: int, before: IntArray) -> IntArray:
        """Drop, add or trade single machines while the window's cost falls."""
        best = self.window_usd(sizes[None], t, before)[0]
        while True:
            moves = self.neighbours(sizes)
            usd = self.window_usd(moves, t, before)
            if not len(usd) or not usd.min() < best - 1e-12:
                return sizes
            best = usd.min()
            sizes = moves[int(usd.argmin())]

    def neighbours(self, sizes: IntArray) -> IntArray:
        """``[b, j]`` one machine less in a used group, a used group emptied, one more in any."""
        used = np.flatnonzero(sizes)
        open_end = np.flatnonzero(self.problem.is_linear | (sizes < self.problem.count_max))
        rows = np.repeat(sizes[None], 2 * len(used) + len(open_end), axis=0)
        pairs = np.arange(len(used))
        rows[pairs, used] -= 1
        rows[len(used) + pairs, used] = 0
        rows[2 * len(used) + np.arange(len(open_end)), open_end] += 1
        return rows
