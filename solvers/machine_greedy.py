"""MArk's greedy as published: machine by machine, each at the rate it carries alone (Zhang et al., USENIX ATC 2019, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from solvers.greedy_steps import GreedySteps

if TYPE_CHECKING:
    from solvers.problem import IntArray


@dataclass(frozen=True)
class MachineGreedy(GreedySteps):
    """Window after window: machines that idle go, then the machine with the least cost per request comes until all is carried."""

    def per_machine(self, look_ahead_h: float) -> IntArray:
        """``[g, t]`` the paper's form: machine by machine at rate capacity(j, 1)."""
        p = self.problem
        instances = np.zeros((len(p.option_group), len(p.window_h)), dtype=int)
        sizes = np.zeros(len(p.groups), dtype=int)
        for t in range(len(p.window_h)):
            reach = max(1, int(np.searchsorted(np.cumsum(p.window_h[t:]), look_ahead_h + 1e-9)))
            ahead = min(reach, len(p.window_h) - t)
            fill = partial(self.fill_from, sizes, t, ahead)
            sizes = self.step("per machine", slice(t, t + ahead), (sizes,), fill)
            instances[:, t] = self.split_markets(sizes[None], t)[0]
        return instances

    def fill_from(self, sizes: IntArray, t: int, ahead: int) -> IntArray:
        """Drop what idles, then fill again."""
        return self.fill_by_machine(self.drop_idle(sizes, t), t, ahead)

    def drop_idle(self, sizes: IntArray, t: int) -> IntArray:
        """Return machines that the present window can do without, the dearest per request first."""
        allowed = self.fill_window(self.single_room(sizes[None]), t)[0][0, :, -1].sum()
        kept = sizes.copy()
        rate = np.where(
            self.problem.is_linear, self.best_rps, self.single_room(np.ones((1, len(sizes)), dtype=int))[0]
        )
        dearest_first = np.argsort(-self.group_price(t) / np.maximum(rate, 1e-12), kind="stable")
        for j in dearest_first[kept[dearest_first] > 0]:
            while kept[j]:
                kept[j] -= 1
                if self.fill_window(self.single_room(kept[None]), t)[0][0, :, -1].sum() > allowed:
                    kept[j] += 1
                    break
        return kept

    def fill_by_machine(self, sizes: IntArray, t: int, ahead: int) -> IntArray:
        """Add the machine with the least cost per request over the look-ahead until the top level is carried."""
        p = self.problem
        launch = np.full(len(p.groups), np.inf)
        np.minimum.at(launch, p.option_group, p.start_usd[p.option_machine])
        top = p.demand_rps[:, t : t + ahead, -1:].transpose(1, 0, 2)
        hours = p.window_h[t : t + ahead]
        sizes = sizes.copy()
        while True:
            left = self.fill(np.repeat(self.single_room(sizes[None]), ahead, axis=0), top)[0][:, :, 0]
            useful = self.useful_rps(left)
            usable = (useful[:, 0] > 0) & np.isfinite(launch) & np.isfinite(self.group_price(t))
            usd = np.where(
                usable, (useful > 0) @ hours * np.where(usable, self.group_price(t), 0.0) + launch, np.inf
            )
            for j in np.argsort(usd / np.maximum(3600.0 * useful @ hours, 1e-12), kind="stable"):
                if not usable[j]:
                    return sizes
                sizes[j] += 1
                if self.fits(sizes[None], self.split_markets(sizes[None], t))[0]:
                    break
                sizes[j] -= 1
            else:
                return sizes
