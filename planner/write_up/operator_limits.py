"""Which of the operators' limits leave a plan no room: floors, commitments, groups, changes, headroom, accuracy, budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.write_up.tight import TIGHT_SHARE, Tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.write_up.planned import Planned
    from solvers.limits import AccuracyFloors, OperatorLimits
    from solvers.problem import BoolArray, IntArray


def operators_tight(planned: Planned) -> Iterator[Tight]:
    """Families of limits that operators set, each where one is set at all."""
    p = planned.problem
    if p.owned_count is not None:
        owned = np.isfinite(p.owned_count)[:, None] & (planned.machines > 0)
        used_up = owned & (planned.machines >= p.owned_count[:, None])
        yield Tight("commitment", "machine owned", p.machines, used_up)
    if planned.used_share < 1:
        loads = planned.carried_rps.sum(axis=0).max(axis=2)  # [j, t]
        room = planned.capacity_rps * planned.used_share
        yield Tight("headroom", "request/s", p.groups, (loads > 0) & (loads >= room * (1 - TIGHT_SHARE)))
    if p.limits is not None:
        yield from _limits_tight(planned, p.limits)
    if p.accuracy is not None:
        name = "accuracy on average"
        yield Tight(name, "point of accuracy", p.classes, _accuracy_binds(planned, p.accuracy))


def _limits_tight(planned: Planned, limits: OperatorLimits) -> Iterator[Tight]:
    p = planned.problem
    serving = (p.serves.astype(float) @ planned.sizes).round()  # [k, t]
    least = limits.min_instances[:, None]
    yield Tight("min_instances", "machine", p.classes, (least > 0) & (serving <= least))
    if limits.min_zones > 1:
        zones = _zones_of_classes(planned, limits)
        yield Tight("min_zones", "zone", p.classes, (zones > 0) & (zones <= limits.min_zones))
    if limits.max_groups is not None:
        count = ((planned.sizes > 0) | (planned.standby > 0)).sum(axis=0)
        yield Tight("max_groups", "group", ("",), (count >= limits.max_groups)[None])
    before = np.column_stack([p.initial_count, planned.machines])[~p.is_standby]
    changes = np.diff(before, axis=1)  # [i, t]
    if limits.max_churn is not None:
        churn = np.abs(changes).sum(axis=0)
        yield Tight("max_churn", "start or stop", ("",), (churn >= limits.max_churn)[None])
    running = np.flatnonzero(~p.is_standby)
    held = _held_by_delay(changes, before[:, 1:], limits.scale_in_windows[running])
    yield Tight("scale_in_delay", "machine", [p.machines[i] for i in running], held)


def _zones_of_classes(planned: Planned, limits: OperatorLimits) -> IntArray:
    """``[k, t]`` zones with a working machine that may serve the class."""
    p = planned.problem
    zone = limits.zone_of_machine[p.option_machine]
    works = (planned.solution.instances > 0) & ~p.is_standby[p.option_machine][:, None]
    found = np.zeros((len(p.classes), len(p.window_h)), dtype=int)
    for u in np.unique(zone[zone >= 0]):
        found += (p.serves[:, p.option_group] @ (works & (zone == u)[:, None])).astype(bool)
    return found


def _held_by_delay(changes: IntArray, running: IntArray, windows: IntArray) -> BoolArray:
    """``[i, t]`` machines that all stay because each was started within the delay, before this window."""
    held = np.zeros(changes.shape, dtype=bool)
    starts = np.maximum(changes, 0)
    for i, length in enumerate(windows):
        for t in range(1, changes.shape[1]):
            young = starts[i, max(t - length + 1, 0) : t].sum()
            held[i, t] = length > 1 and young > 0 and running[i, t] <= young + starts[i, t]
    return held


def _accuracy_binds(planned: Planned, floors: AccuracyFloors) -> BoolArray:
    """``[k, t]`` classes whose accuracy on average is at its floor."""
    p = planned.problem
    margin = np.einsum("kjtq,kj,q->kt", planned.carried_rps, floors.group_margin_share, p.level_share)
    margin += np.einsum("kftq,kf,q->kt", planned.overflow_rps, floors.function_margin_share, p.level_share)
    served = (planned.carried_rps.sum(axis=1) + planned.overflow_rps.sum(axis=1)) @ p.level_share
    return np.asarray(floors.asks[:, None] & (served > 0) & (margin <= TIGHT_SHARE * served))


def budget_binds(planned: Planned) -> bool:
    """Whether the budget leaves no room for one machine more for one window."""
    budget, p = planned.scenario.resources.budget_usd, planned.problem
    if budget is None:
        return False
    usd = p.price_usd_per_h * p.window_h
    least = float(usd[usd > 0].min(initial=np.inf))
    return planned.spend_usd + least > budget
