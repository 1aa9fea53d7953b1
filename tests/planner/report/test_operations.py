"""Operations as tables: the signs, the values that change, cut where they are long."""

from __future__ import annotations

from datetime import timedelta

from planner.executors.resources import Operations, Resource, Whereabouts, operations_between
from planner.report.operations import operation_table, status_table
from tests.planner.plan_case import START

KEPT = Resource("group", "kept", {"size": 1})
CHANGED = Resource("group", "changed", {"size": 1, "zones": ["a", "b"], "text": "x" * 100})
GONE = Resource("group", "gone", {"size": 3})
WIDE = {f"key{number:02d}": number for number in range(20)}


def case() -> Operations:
    desired = (
        Resource("group", "new", {"size": 2, "tags": {"window": "w0"}}),
        KEPT,
        Resource("group", "changed", {"size": 4, "zones": ["a", "c"], "text": "y" * 100}),
        Resource("group", "wide", WIDE),
    )
    return Operations(
        target="fake",
        where=Whereabouts(provider="fake", account="123456789012", region="us-east-1"),
        plan="case",
        plan_sha256="0" * 64,
        window="w0",
        start=START,
        end=START + timedelta(hours=1),
        state_sha256="0" * 64,
        operations=operations_between(desired, {one.key: one for one in (KEPT, CHANGED, GONE)}),
    )


def test_the_operations_show_what_comes_what_changes_and_what_goes() -> None:
    table = operation_table(case())
    rows = {row[2]: row for row in table.rows}
    assert [(row[0], row[3]) for row in table.rows] == [
        ("+", "create"),
        ("=", "keep"),
        ("~", "update"),
        ("+", "create"),
        ("-", "delete"),
    ]
    assert rows["new"][4] == 'size: 2; tags: {"window": "w0"}'
    assert rows["kept"][4] == rows["gone"][4] == ""
    size, text, zone = str(rows["changed"][4]).split("; ")
    assert (size, zone) == ("size: 1 -> 4", "zones[1]: b -> c")
    assert text == f"text: {'x' * 57}... -> {'y' * 57}..."
    assert str(rows["wide"][4]).endswith("key11: 11; 8 more")
    assert table.note == "2 to create, 1 to update, 1 to delete, 1 as they should be."
    assert (
        table.title == "Window w0 of case, 2026-11-23 00:00 to 01:00 UTC, on fake (123456789012, us-east-1)"
    )


def test_the_status_tells_drift_in_words() -> None:
    table = status_table(case())
    assert {row[1]: row[2] for row in table.rows} == {
        "new": "missing",
        "kept": "in place",
        "changed": "differs",
        "wide": "missing",
        "gone": "not in the plan",
    }
    assert table.note == "4 of 5 resources are not as the plan has them."
