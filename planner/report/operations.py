"""Operations on a target as tables: what would change, and what has drifted."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from planner.executors.resources import differences
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.resources import Operation, Operations, Verb

SIGNS: Mapping[Verb, str] = {"create": "+", "update": "~", "delete": "-", "keep": "="}
STATES: Mapping[Verb, str] = {
    "create": "missing",
    "update": "differs",
    "delete": "not in the plan",
    "keep": "in place",
}
MOST_LETTERS = 60  # ours: of one value; bodies hold encoded texts of kilobytes
MOST_CHANGES = 12  # ours: of one resource; the JSON has all


def operation_table(operations: Operations) -> Table:
    """What is to be created (+), updated (~) and deleted (-), and what stays (=)."""
    return Table(
        _title(operations),
        (
            Column("sign", ""),
            Column("kind", "kind"),
            Column("name", "name"),
            Column("verb", "action"),
            Column("changes", "changes"),
        ),
        [
            (SIGNS[one.verb], one.kind, one.name, one.verb, "; ".join(_changes(one)))
            for one in operations.operations
        ],
        _summary(operations),
        keys=3,
    )


def status_table(operations: Operations) -> Table:
    """Drift between a window and what runs; that an earlier window was applied last is none."""
    count = sum(one.drifted for one in operations.operations)
    return Table(
        _title(operations),
        (
            Column("kind", "kind"),
            Column("name", "name"),
            Column("state", "state"),
            Column("differs", "differs"),
        ),
        [
            (
                one.kind,
                one.name,
                STATES[one.verb if one.drifted else "keep"],
                "; ".join(_changes(one)) if one.verb == "update" and one.drifted else "",
            )
            for one in operations.operations
        ],
        f"{count} of {len(operations.operations)} resources are not as the plan has them.",
        keys=2,
    )


def _title(operations: Operations) -> str:
    place = ", ".join(text for text in (operations.where.account, operations.where.region) if text)
    return (
        f"Window {operations.window} of {operations.plan}, {operations.start:%Y-%m-%d %H:%M} to {operations.end:%H:%M} UTC, "
        f"on {operations.target} ({place})"
    )


def _summary(operations: Operations) -> str:
    if not operations.pending:
        return "Everything is as the plan has it; nothing is to be done."
    counts = Counter(one.verb for one in operations.operations)
    return (
        f"{counts['create']} to create, {counts['update']} to update, {counts['delete']} to delete, "
        f"{counts['keep']} as they should be."
    )


def _changes(one: Operation) -> list[str]:
    """Values of what is created; of an update those before and after; nothing of what goes."""
    if one.after is None or one.verb == "keep":
        return []
    if one.before is None:
        found = [f"{path}: {_shown(value)}" for path, value in one.after.items()]
    else:
        found = [
            f"{path}: {_shown(old)} -> {_shown(new)}" for path, old, new in differences(one.before, one.after)
        ]
    more = len(found) - MOST_CHANGES
    return found if more <= 0 else [*found[:MOST_CHANGES], f"{more} more"]


def _shown(value: Any) -> str:
    text = (
        "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    )
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 3]}..."
