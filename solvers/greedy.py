"""MArk's greedy provisioning: baseline, start and fallback (Zhang et al., USENIX ATC 2019, section 4; design/EVIDENCE.md, 5).

Three forms of one idea, "rent what costs least per request":

paper         a machine carries capacity(j, 1), whatever its company; costs are spread over a look-ahead of an hour
head-1        the same with a look-ahead of the present window only (the ideal form of its published code)
strengthened  exact capacities, so groups of any size are compared; functions where they are cheaper; then machines are
              dropped or traded while that saves
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from solvers.axes import arrays_of
from solvers.counts import least_counts
from solvers.fleet_limits import churn_kept, limits_kept, scale_in_kept, window_limits
from solvers.greedy_view import GreedyView
from solvers.recourse import evaluate
from solvers.repair import repaired
from solvers.solution import Baseline

if TYPE_CHECKING:
    from collections.abc import Callable

    from solvers.memory import Steps
    from solvers.problem import Array, IntArray, ProvisioningProblem
    from solvers.recourse import Evaluation

LOOK_AHEAD_H = (
    1.0  # MArk plans 60 steps of a minute ahead (ATC 2019, section 5; constants in design/EVIDENCE.md, 5)
)
FORMS = ("paper", "head-1", "strengthened")


def greedy_baseline(
    problem: ProvisioningProblem, form: str, steps: Steps | None = None
) -> tuple[Baseline, Evaluation | None]:
    """Plan with one form of the greedy and price it as any other plan: exact capacities, cheapest recourse.

    Parameters
    ----------
    form
        One of `FORMS`.
    steps
        Steps of earlier runs, which are not taken again where nothing has changed; this run's are added.

    Returns
    -------
    What it reached, and its fleet priced; None where it breaks a limit.
    """
    machinery = Greedy(problem, {} if steps is None else steps)
    if form == "strengthened":
        instances = machinery.strengthened()
    else:
        instances = machinery.per_machine(LOOK_AHEAD_H if form == "paper" else 0.0)
    name, found = f"mark-greedy-{form}", evaluate(problem, instances)
    priced = found if found.feasible else repaired(problem, instances)
    if priced is None:
        return Baseline(name, False, shortfall(problem, found), None, instances), None
    return Baseline(name, True, "", priced.cost_usd, priced.instances), priced


def shortfall(problem: ProvisioningProblem, found: Evaluation) -> str:
    """Say which class is left unserved worst, where and by how much, or which limits the fleet breaks for good."""
    if problem.value is None and found.unserved_rps.any():
        k, t, q = np.unravel_index(int(found.unserved_rps.argmax()), found.unserved_rps.shape)
        return (
            f"class {problem.classes[k]} lacks {found.unserved_rps[k, t, q]:.3g} req/s of "
            f"{problem.demand_rps[k, t, q]:.3g} in window {t}, level {q}"
        )
    kept = window_limits(problem, found.instances)
    broken = [
        f"{name} in window {int(windows.argmin())}" for name, windows in kept.items() if not windows.all()
    ]
    others = found.window_kept | ~limits_kept(problem, found.instances)
    if not others.all():
        broken.append(f"losses of spot machines in window {int(others.argmin())}")
    if not churn_kept(problem, found.instances).all():
        broken.append("max_churn")
    if not scale_in_kept(problem, found.instances).all():
        broken.append("the delay of scale-in")
    return f"broken and not mended: {', '.join(broken or ['the budget'])}"


@dataclass(frozen=True)
class Greedy(GreedyView):
    """The forms of the greedy, window after window.

    Parameters
    ----------
    steps
        Sizes ``[j]`` by the digest of what they were found from: a step that comes up again is not taken again.
    """

    steps: Steps

    @cached_property
    def fixed(self) -> bytes:
        """Digest of all that does not change from window to window; what ran before the first one is given to its step."""
        digest, p = blake2b(digest_size=16), self.problem
        for name, order, value in arrays_of(p):
            if "t" not in order and not name.startswith("initial"):
                digest.update(
                    repr((name, value.tolist() if isinstance(value, np.ndarray) else value)).encode()
                )
        groups = None if p.limits is None else p.limits.max_groups
        digest.update(repr((p.on_demand_floor_share, groups)).encode())
        return digest.digest()

    def step(
        self, form: str, windows: slice, given: tuple[IntArray, ...], take: Callable[[], IntArray]
    ) -> IntArray:
        """Sizes ``[j]`` of one window: remembered where form, windows ahead and what is given are the same, else taken."""
        p, digest = self.problem, blake2b(self.fixed + form.encode(), digest_size=16)
        ahead = (
            p.demand_rps[:, windows],
            p.price_usd_per_h[:, windows],
            self.most[:, windows],
            p.window_h[windows],
        )
        for part in (*ahead, *given):
            digest.update(np.ascontiguousarray(part).tobytes())
        key = digest.digest()
        if key not in self.steps:
            self.steps[key] = take()
        return self.steps[key]

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
