"""What each request class gets: served, in time, how accurate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.costs import window_h
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.plan import ProvisioningPlan, Window
    from planner.report.table import Cell


def class_table(plan: ProvisioningPlan) -> Table:
    """List the classes with what they are expected to see over the horizon, weighted by requests."""
    columns = (
        Column("class", "class"),
        Column("requests", "requests", 0),
        Column("served_share", "served", 2, percent=True),
        Column("deadline_meet_rate", "in time", 2, percent=True),
        Column("accuracy", "accuracy", 4),
        Column("effective_accuracy", "accuracy x in time", 4),
        Column("min_accuracy", "accuracy asked"),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in plan.problem.classes:
        floor = one.min_accuracy
        seen = [window.expected.classes[one.name] for window in plan.windows]
        sent = [requests_of(window, one.name) for window in plan.windows]
        served = [of.served_share * requests for of, requests in zip(seen, sent, strict=True)]
        rows.append(
            (
                one.name,
                sum(sent),
                weighted_mean([of.served_share for of in seen], sent),
                weighted_mean([of.deadline_meet_rate for of in seen], served),
                weighted_mean([of.accuracy for of in seen], served),
                weighted_mean([of.effective_accuracy for of in seen], sent),
                None if floor is None else f"{floor.value:g} {floor.kind.replace('_', ' ')}",
            )
        )
    note = "Means over the requests expected; what is not served counts 0 in accuracy x in time."
    return Table("Service by request class", columns, rows, note)


def requests_of(window: Window, name: str) -> float:
    """Requests that a class is expected to send in a window."""
    rate = sum(level.weight_share * level.demand_rps[name] for level in window.levels)
    return 3600 * window_h(window) * rate


def weighted_mean(values: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """Mean over what has weight; None where nothing has, or one of it is not known."""
    counted = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight > 0]
    known = [(value, weight) for value, weight in counted if value is not None]
    if not known or len(known) < len(counted):
        return None
    return sum(value * weight for value, weight in known) / sum(weight for _, weight in known)
