"""Operations on a target as tables: what would change, and what has drifted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from planner.executors.names import WINDOW_TAG
from planner.executors.resources import difference_texts, shown
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.executors.resources import Body, Operation, Operations, Verb

SIGNS: Mapping[Verb, str] = {"create": "+", "update": "~", "delete": "-", "keep": "="}
STATES: Mapping[Verb, str] = {
    "create": "missing",
    "update": "differs",
    "delete": "not in the plan",
    "keep": "in place",
}
MOST_CHANGES = 12  # ours: of one resource; the JSON has all
MOST_LETTERS_OF_A_PLACE = 20  # ours: longer ones are names made by us, which end in digits
TELLING = (  # ours: keys of bodies that a capacity planner looks for, in this order; the JSON has all
    "instance_type",
    "instance-type",
    "market",
    "capacity-type",
    "image_id",
    "image",
    "memory_mb",
    "reserved_concurrency",
    "provisioned_concurrency",
    "start",
    "end",
    "schedule",
    "valid_until",
    "desired",
    "capacity",
    "count",
    "weight",
    "replicas",
    "desiredReplicas",
    "minReplicas",
    "minReplicaCount",
    "maxReplicaCount",
    "values",
)


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
    renewed = sum(one.verb == "update" and not one.drifted for one in operations.operations)
    alone = f" ({renewed} in the tag {WINDOW_TAG} alone)" if renewed else ""
    return (
        f"{counts['create']} to create, {counts['update']} to update{alone}, {counts['delete']} to delete, "
        f"{counts['keep']} as they should be."
    )


def _changes(one: Operation) -> list[str]:
    """What matters of what is created; of an update the values before and after; nothing of what goes."""
    if one.after is None or one.verb == "keep":
        return []
    found = list(_made(one.after)) if one.before is None else difference_texts(one.before, one.after)
    more = len(found) - MOST_CHANGES
    return found if more <= 0 else [*found[:MOST_CHANGES], f"{more} more"]


def _made(body: Body) -> Iterator[str]:
    """Sizes, times and machines of something new, those that lie in one place together: ``spec: replicas=2``."""
    places = list(_places("", body))
    for place, told in places:
        if told:
            name = f"{place}: " if place and len(place) <= MOST_LETTERS_OF_A_PLACE else ""
            yield name + ", ".join(f"{key}={shown(told[key])}" for key in sorted(told, key=TELLING.index))
    if not any(told for _, told in places):
        yield from (
            f"{key}={shown(value)}" for key, value in body.items() if not isinstance(value, dict | list)
        )


def _places(name: str, body: Body) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping in a body with the key that it stands under, and what is telling in it, keys without their prefix."""
    told = {key.rpartition("/")[2]: value for key, value in body.items()}
    yield name, {key: value for key, value in told.items() if key in TELLING}
    for key, value in body.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _places(key, one)
