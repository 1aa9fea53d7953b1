"""What a calibration judges: windows of one class against its percentile, and the bare machines of a plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom
from scipy.stats import t as student_t

from planner.queueing import deadline_meet_rate
from planner.replay.decisions import Routes
from planner.replay.planned import Planned
from planner.replay.realised import requests_at_level
from planner.replay.supplies import planned_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.plan import Group, PlannedClass, ProvisioningPlan
    from planner.replay.decisions import Decision, Observation
    from planner.replay.requests import Requests
    from planner.replay.supply import Supply

    Array = NDArray[np.float64]
    Mask = NDArray[np.bool_]

DEFECT_SHARE = 0.005  # the half point that a class may miss its percentile by
CHANCE = 0.001  # ours: so few in time as one window of a thousand has whose class is just half a point short
BATCHES = 20  # of 10 to 30 as Schmeiser, Batch Size Effects in the Analysis of Simulation Output, 1982


@dataclass(frozen=True, eq=False)
class Judged:
    """Windows of one class.

    Parameters
    ----------
    percentile
        Share of the requests of the class that must be in time.
    arrived, in_time
        ``[n]`` requests of each window, and those in time; in the order of time, one replay after the other.
    promised
        ``[n]`` share of all requests of the window that the plan says will be in time: 0 where it serves none.
    """

    percentile: float
    arrived: Array
    in_time: Array
    promised: Array

    @property
    def promised_share(self) -> float:
        """Promised of the requests that came."""
        return share(self.promised * self.arrived, self.arrived)

    @property
    def found_share(self) -> float:
        """In time of the requests that came."""
        return share(self.in_time, self.arrived)

    @property
    def is_defect(self) -> bool:
        """Whether all windows together miss the percentile by more than half a point."""
        return self.found_share < self.percentile - DEFECT_SHARE

    @property
    def chance_share(self) -> float:
        """How far chance takes `found_share` from what endless replays find; infinite where fewer than two windows have requests.

        `CHANCE` of all trials go further on one side. The standard error is that of a ratio over batches of neighbouring windows
        (batch means), so that it holds for requests that are late together: it is found, not derived from their number.
        """
        busy = np.flatnonzero(self.arrived > 0)
        if busy.size < 2:
            return float("inf")
        batches = np.array_split(busy, min(BATCHES, busy.size))
        late = np.array(
            [self.in_time[one].sum() - self.found_share * self.arrived[one].sum() for one in batches]
        )
        spread = np.sqrt(len(batches) / (len(batches) - 1) * np.square(late).sum())
        return float(student_t.isf(CHANCE, len(batches) - 1) * spread / self.arrived.sum())

    @property
    def is_sure(self) -> bool:
        """Whether all windows together lie further from half a point below the percentile than chance takes them."""
        return abs(self.found_share - self.percentile + DEFECT_SHARE) > self.chance_share

    @property
    def requests_a_window(self) -> float:
        """Median requests of the windows with any; nan without."""
        busy = self.arrived[self.arrived > 0]
        return float(np.median(busy)) if busy.size else float("nan")

    @property
    def short_windows(self) -> float:
        """Share of the windows with requests that miss the percentile by more than half a point."""
        busy = self.arrived > 0
        return share(self.in_time[busy] / self.arrived[busy] < self.percentile - DEFECT_SHARE, busy)

    @property
    def surely_short_windows(self) -> float:
        """Share of the windows with requests that are short beyond chance.

        Were a window's requests independent, each in time with the percentile less half a point, as few as these would be in time
        in one window of `1 / CHANCE`. Neighbours in a queue are late together, so a few more than that are no proof.
        """
        busy = self.arrived > 0
        odds = binom.cdf(np.round(self.in_time), np.round(self.arrived), self.percentile - DEFECT_SHARE)
        return share((odds < CHANCE)[busy], busy)

    @property
    def worst(self) -> tuple[float, float]:
        """Least share in time of a window, and its requests; nan without any."""
        busy = np.flatnonzero(self.arrived > 0)
        if not busy.size:
            return float("nan"), 0.0
        at = busy[np.argmin(self.in_time[busy] / self.arrived[busy])]
        return float(self.in_time[at] / self.arrived[at]), float(self.arrived[at])


def share(part: Array | Mask, whole: Array | Mask) -> float:
    """Sum over sum; nan where the whole is 0."""
    return float(part.sum() / whole.sum()) if whole.sum() > 0 else float("nan")


def promised_in_time(plan: ProvisioningPlan) -> Array:
    """``[k, t]`` share of all requests of a class that a window promises in time, over its levels."""
    expected = [
        [window.expected.classes[one.name] for window in plan.windows] for one in plan.problem.classes
    ]
    return np.array([[one.served_share * (one.deadline_meet_rate or 0.0) for one in row] for row in expected])


def promised_at_top(plan: ProvisioningPlan) -> tuple[Array, Array]:
    """``[k, t]`` share in time that the capacity model promises on the groups at the top level, and how full these are.

    Both are means over the groups by what they carry of the class; nan where they carry none of it. Full is a load over the
    capacity inside the tier.
    """
    shape = (2, len(plan.problem.classes), len(plan.windows))
    found = np.full(shape, np.nan)
    for t, window in enumerate(plan.windows):
        groups = {one.id: one for one in window.groups}
        load_rps = dict.fromkeys(groups, 0.0)
        for rows in window.served_rps.values():
            for name, rates in rows.items():
                load_rps[name] += rates[-1]
        for k, one in enumerate(plan.problem.classes):
            carried = {
                name: rates[-1] for name, rates in window.served_rps[one.name].items() if rates[-1] > 0
            }
            if carried:
                each = [_at_load(groups[name], load_rps[name], one) for name in carried]
                found[:, k, t] = np.average(each, axis=0, weights=list(carried.values()))
    return found[0], found[1]


def _at_load(group: Group, load_rps: float, one: PlannedClass) -> tuple[float, float]:
    """Share of a class in time on a group, and how full it is."""
    full = load_rps / group.capacity_rps
    if one.deadline_ms is None or group.tier is None:
        return 1.0, full
    service = planned_service(group)
    if service is None:
        return group.tier.percentile, full
    return float(deadline_meet_rate(service, group.count, load_rps, one.deadline_ms / 1000)), full


def functions_for_late(plan: ProvisioningPlan) -> dict[str, str]:
    """Pool -> function that takes what bursts make late there.

    Pools of published capacities whose classes all have such a function are sized without bursts (`planner.published`).
    """
    found: dict[str, str] = {}
    alone: set[str] = set()
    for window in plan.windows:
        published = {one.id for one in window.groups if one.published is not None}
        for name, rows in window.served_rps.items():
            if name in window.late_to:
                found |= dict.fromkeys(published & set(rows), window.late_to[name])
            else:
                alone |= set(rows)
    return {pool: function for pool, function in found.items() if pool not in alone}


def aided_classes(plan: ProvisioningPlan) -> frozenset[str]:
    """Classes all of whose pools leave what bursts make late to functions."""
    late_to = functions_for_late(plan)
    hosts: dict[str, set[str]] = {}
    for window in plan.windows:
        for name, rows in window.served_rps.items():
            hosts.setdefault(name, set()).update(rows)
    return frozenset(name for name, pools in hosts.items() if pools and pools <= set(late_to))


def requests_at_top(plan: ProvisioningPlan, dispersion_index: Mapping[str, float]) -> Requests:
    """Requests at the top level of every window, each trace as bursty as stated, over the shortest deadline of its classes."""
    requests = requests_at_level(plan, plan.windows[0].levels[-1].probability)
    traces = {
        name: replace(trace, dispersion_index=dispersion_index[name])
        for name, trace in requests.traces.items()
    }
    return replace(requests, traces=traces)


class Bare(Planned):
    """A plan whose pools are by themselves, at the top level: whatever the rate, its routes hold.

    Late requests wait in the order of arrival; none goes to a function, but those of pools that leave their bursts to functions.
    """

    name = "bare"

    def __init__(self, plan: ProvisioningPlan, supply: Supply) -> None:
        super().__init__(plan, supply)
        self.aided = aided_classes(plan)

    def decide(self, seen: Observation) -> Decision:
        """As the plan, with the routes of the top level alone."""
        decision = super().decide(seen)
        routes = {
            name: Routes(np.array([np.inf]), one.weights[-1:], one.overflow if name in self.aided else None)
            for name, one in decision.routes.items()
        }
        return replace(decision, routes=routes)
