"""What each window should look like: shares in time, accuracy, utilisation, and how likely no spot machine is lost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.plan import Expected, ExpectedOfClass
from planner.queueing import cold_start_share, deadline_meet_rate
from planner.write_up.spot import band_survival

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.variants import ModelVariant
    from planner.write_up.planned import Array, Planned
    from planner.write_up.spot import SpotLosses


@dataclass(frozen=True, eq=False)
class Expectations:
    """Shares in time and accuracies of a plan, computed once for all its windows; `losses` where they are counted."""

    planned: Planned
    losses: SpotLosses | None

    def of(self, t: int) -> Expected:
        """Say what window t should look like; shares are weighted by requests."""
        planned, p = self.planned, self.planned.problem
        served, demand = self.served_rps[:, t], p.demand_rps[:, t] @ p.level_share
        over = planned.overflow_rps[:, :, t].sum(axis=1) @ p.level_share
        used = float((served - over).sum())
        capacity = float(planned.capacity_rps[:, t].sum())
        total = float(demand.sum())
        unserved = float((planned.unserved_rps[:, t] @ p.level_share).sum())
        return Expected(
            capacity_rps=capacity,
            deadline_meet_rate=self._top_meet_rate(t),
            accuracy=self._accuracy(t),
            effective_accuracy=self._effective(float(self.effective_rps[:, t].sum()), total, t),
            classes={name: self._of_class(k, t) for k, name in enumerate(p.classes)},
            utilisation=used / capacity if capacity else 0.0,
            overflow_share=min(float(over.sum()) / total, 1.0) if total else 0.0,
            unserved_share=min(unserved / total, 1.0) if total else 0.0,
            spot_survival=band_survival(planned, t) if self.losses is None else self.losses.survival(t),
        )

    def _of_class(self, k: int, t: int) -> ExpectedOfClass:
        p = self.planned.problem
        demand, served = float(p.demand_rps[k, t] @ p.level_share), float(self.served_rps[k, t])
        return ExpectedOfClass(
            served_share=min(served / demand, 1.0) if demand else 1.0,
            accuracy=_known(self.accurate_rps[k, t] / served) if served else None,
            deadline_meet_rate=min(float(self.met_rps[k, t]) / served, 1.0) if served else None,
            effective_accuracy=_known(self.effective_rps[k, t] / demand) if demand else None,
        )

    @cached_property
    def served_rps(self) -> Array:
        """``[k, t]`` requests/s served, mean of the levels."""
        plan = self.planned
        both = plan.carried_rps.sum(axis=1) + plan.overflow_rps.sum(axis=1)
        return np.asarray(both @ plan.problem.level_share)

    @cached_property
    def met_rps(self) -> Array:
        """``[k, t]`` requests/s in time, mean of the levels."""
        return self._sum(self.group_meet_rate, self.function_meet_rate)

    @cached_property
    def accurate_rps(self) -> Array:
        """``[k, t]`` requests/s times accuracy; NaN where a model in use states none."""
        groups, functions = self._accuracies
        return self._sum(groups[None, :, None, None], functions[None, :, None, None])

    @cached_property
    def effective_rps(self) -> Array:
        """``[k, t]`` requests/s times accuracy and share in time; NaN where a model in use states no accuracy."""
        groups, functions = self._accuracies
        return self._sum(
            self.group_meet_rate * groups[None, :, None, None],
            self.function_meet_rate * functions[None, :, None, None],
        )

    def _sum(self, of_groups: Array, of_functions: Array) -> Array:
        """``[k, t]`` sum of a property of what serves, ``[k, server, t, q]``, over all requests; unused servers count 0."""
        plan, weights = self.planned, self.planned.problem.level_share
        carried = np.where(plan.carried_rps > 0, plan.carried_rps * of_groups, 0.0)
        overflow = np.where(plan.overflow_rps > 0, plan.overflow_rps * of_functions, 0.0)
        return np.asarray((carried.sum(axis=1) + overflow.sum(axis=1)) @ weights)

    @cached_property
    def _accuracies(self) -> tuple[Array, Array]:
        """``[j]``, ``[f]`` accuracies; NaN where a model states none."""
        options = self.planned.options
        return _accuracies([one.variant for one in options.groups]), _accuracies(
            [one.variant for one in options.functions]
        )

    @cached_property
    def group_meet_rate(self) -> Array:
        """``[k, j, t, q]`` share of class k's requests in group j in time, at the load of each level; 0 where unused."""
        plan = self.planned
        met = np.zeros(plan.carried_rps.shape)
        loads = plan.carried_rps.sum(axis=0)  # [j, t, q]
        counts = np.broadcast_to(plan.sizes[:, :, None], loads.shape)
        for k, j in zip(*np.nonzero(plan.carried_rps.any(axis=(2, 3))), strict=True):
            group, one = plan.options.groups[j], plan.options.classes[k]
            used = plan.carried_rps[k, j] > 0
            if one.deadline_ms is None:
                met[k, j][used] = 1.0
            elif group.service is None:  # linear mode promises at least its source's share
                met[k, j][used] = group.tier.percentile
            else:
                met[k, j][used] = deadline_meet_rate(
                    group.service, counts[j][used], loads[j][used], one.deadline_ms / 1000
                )
        return met

    @cached_property
    def function_meet_rate(self) -> Array:
        """``[k, f, t, q]`` share of requests in time, with the cold starts of each level's rate; 0 where unused.

        A function with a range of rates promises what it keeps at the worst of them.
        """
        plan = self.planned
        met = np.zeros(plan.overflow_rps.shape)
        rates = plan.overflow_rps.sum(axis=0)  # [f, t, q]
        keep_s = plan.scenario.resources.functions.keep_alive_s
        for k, f in zip(*np.nonzero(plan.overflow_rps.any(axis=(2, 3))), strict=True):
            function, one = plan.options.functions[f], plan.options.classes[k]
            used = plan.overflow_rps[k, f] > 0
            if one.deadline_ms is None:
                met[k, f][used] = 1.0
                continue
            if function.rate_rps is not None:
                met[k, f][used] = function.share_in_time(one.name)
                continue
            cold = cold_start_share(rates[f][used], function.mean_ms / 1000, keep_s, overflow=True)
            met[k, f][used] = [function.meet_rate(one.deadline_ms, float(share)) for share in cold]
        return met

    def _top_meet_rate(self, t: int) -> float | None:
        """Share of what is served in time at the top level."""
        plan = self.planned
        carried, overflow = plan.carried_rps[:, :, t, -1], plan.overflow_rps[:, :, t, -1]
        total = float(carried.sum() + overflow.sum())
        if not total:
            return None
        met = (carried * self.group_meet_rate[:, :, t, -1]).sum()
        met += (overflow * self.function_meet_rate[:, :, t, -1]).sum()
        return min(float(met) / total, 1.0)

    def _accuracy(self, t: int) -> float | None:
        """Mean accuracy of what is served; None where nothing is, or metrics cannot be compared."""
        served = float(self.served_rps[:, t].sum())
        if not served or self._metrics(t) > 1:
            return None
        return _known(self.accurate_rps[:, t].sum() / served)

    def _effective(self, effective_rps: float, demand_rps: float, t: int) -> float | None:
        if not demand_rps or self._metrics(t) > 1:
            return None
        return _known(effective_rps / demand_rps)

    def _metrics(self, t: int) -> int:
        """Number of metrics that the accuracies in use are in."""
        plan = self.planned
        groups = plan.carried_rps[:, :, t].any(axis=(0, 2))
        functions = plan.overflow_rps[:, :, t].any(axis=(0, 2))
        used = [plan.options.groups[j].variant for j in np.flatnonzero(groups)]
        used += [plan.options.functions[f].variant for f in np.flatnonzero(functions)]
        return len({one.accuracy_metric for one in used})


def _accuracies(variants: Sequence[ModelVariant]) -> Array:
    known = [np.nan if one.accuracy_share is None else one.accuracy_share for one in variants]
    return np.array(known, dtype=float)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
