"""A change set as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.instants import instant_text
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.executors.changes import ChangeSet, FunctionSetting
    from planner.report.table import Cell


def change_tables(changes: ChangeSet) -> list[Table]:
    """Machines to launch and stop, containers, what stands by, what they run, functions; empty tables are left out."""
    others = (_services(changes), _standby(changes), _assignments(changes), _functions(changes))
    return [_machines(changes), *(table for table in others if table.rows)]


def _machines(changes: ChangeSet) -> Table:
    """Machines to launch and to stop."""
    return Table(
        f"Window {changes.window}, {changes.start:%Y-%m-%d %H:%M} to {changes.end:%H:%M} UTC",
        (
            Column("action", "action"),
            Column("instance_type", "instance type"),
            Column("market", "market"),
            Column("zone", "zone"),
            Column("count_before", "before"),
            Column("count_after", "after"),
            Column("launch_at", "launch at"),
        ),
        [
            (
                one.action,
                one.instance_type,
                one.market,
                one.zone,
                one.count_before,
                one.count_after,
                instant_text(one.launch_at) if one.launch_at else None,
            )
            for one in changes.machines
        ],
        f"{changes.target}: nothing was changed. A launch without a time is due at once.",
        keys=3,
    )


def _services(changes: ChangeSet) -> Table:
    """Containers of each size."""
    return Table(
        "Containers",
        (Column("size", "size"), Column("count_before", "before"), Column("count_after", "after")),
        [(one.size, one.count_before, one.count_after) for one in changes.services],
    )


def _standby(changes: ChangeSet) -> Table:
    """What stands stopped, and what starts it."""
    return Table(
        "Standby",
        (
            Column("instance_type", "instance type"),
            Column("zone", "zone"),
            Column("count", "count"),
            Column("start_on", "start on"),
            Column("group", "in group"),
        ),
        [(one.instance_type, one.zone, one.count, one.start_on, one.group) for one in changes.standby],
    )


def _assignments(changes: ChangeSet) -> Table:
    """What the machines of every group run."""
    return Table(
        "Groups",
        (
            Column("group", "group"),
            Column("market", "market"),
            Column("zone", "zone"),
            Column("count", "count"),
            Column("model", "model"),
            Column("batch_size", "batch"),
            Column("batch_timeout_ms", "batch timeout ms", 1),
        ),
        [
            (a.group, a.market, a.zone, a.count, a.model, a.batch_size, a.batch_timeout_ms)
            for a in changes.assignments
        ],
    )


def _functions(changes: ChangeSet) -> Table:
    """Settings of the functions."""
    return Table(
        "Functions",
        (
            Column("option", "function"),
            Column("part", "part"),
            Column("memory_mb", "memory MB"),
            Column("batch_size", "batch"),
            Column("batch_timeout_ms", "batch timeout ms", 1),
            Column("reserved_concurrency", "reserved concurrency"),
            Column("provisioned_concurrency", "kept ready"),
            Column("first_layer", "first layer"),
            Column("last_layer", "last layer"),
            Column("receives_via", "receives via"),
        ),
        [_function_row(one) for one in changes.functions],
        keys=2,
    )


def _function_row(one: FunctionSetting) -> tuple[Cell, ...]:
    layers = one.layers
    return (
        one.option,
        one.part,
        one.memory_mb,
        one.batch_size,
        one.batch_timeout_ms,
        one.reserved_concurrency,
        one.provisioned_concurrency,
        None if layers is None else layers.first_layer,
        None if layers is None else layers.last_layer,
        None if layers is None else layers.receives.via,
    )
