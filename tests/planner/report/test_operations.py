"""Operations as tables: the signs, what matters of new things, the values that change, cut where they are long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from planner.executors.resources import Operations, Resource, Whereabouts, operations_between
from planner.report.operations import operation_table, status_table
from planner.report.terminal import draw_table
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.executors.resources import Body

KEPT = Resource("group", "kept", {"size": 1})
CHANGED = Resource("group", "changed", {"size": 1, "zones": ["a", "b"], "text": "x" * 100})
GONE = Resource("group", "gone", {"size": 3})
ACTION = "shop-resnet50-g5-xlarge-b8x1-d100p95-on-demand-20261123t{}-ae14f7a5"
TAGS = {"planner-service": "shop", "planner-window": "w0"}
WIDE = {f"key{number:02d}": number for number in range(20)}


def shown(desired: Sequence[Resource], *held: Resource) -> Operations:
    return Operations(
        target="fake",
        where=Whereabouts(provider="fake", account="123456789012", region="us-east-1"),
        plan="case",
        plan_sha256="0" * 64,
        window="w0",
        start=START,
        end=START + timedelta(hours=1),
        state_sha256="0" * 64,
        operations=operations_between(desired, {one.key: one for one in held}),
    )


def changes(body: Body, *before: Body) -> str:
    """What is told of a resource that becomes a body."""
    (record,) = operation_table(
        shown([Resource("kind", "name", body)], *(Resource("kind", "name", one) for one in before))
    ).records()
    return str(record["changes"])


def case() -> Operations:
    desired = (
        Resource("group", "new", {"size": 2, "tags": {"window": "w0"}}),
        KEPT,
        Resource("group", "changed", {"size": 4, "zones": ["a", "c"], "text": "y" * 100}),
        Resource("group", "wide", WIDE),
    )
    return shown(desired, KEPT, CHANGED, GONE)


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
    assert rows["new"][4] == "size=2"
    assert rows["kept"][4] == rows["gone"][4] == ""
    size, text, zone = str(rows["changed"][4]).split("; ")
    assert (size, zone) == ("size: 1 -> 4", "zones[1]: b -> c")
    assert text == f"text: {'x' * 77}... -> {'y' * 77}..."
    assert str(rows["wide"][4]).endswith("key11=11; 8 more")
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


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            {"image_id": "ami-1", "instance_type": "g5.xlarge", "user_data": "#cloud-config", "tags": TAGS},
            "instance_type=g5.xlarge, image_id=ami-1",
        ),
        ({"min": 2, "max": 2, "desired": 2, "market": "spot", "tags": TAGS}, "market=spot, desired=2"),
        (
            {
                "actions": {
                    ACTION.format("053000z"): {"start": "2026-11-23T05:27:00Z", "min": 1, "desired": 1},
                    ACTION.format("060000z"): {"start": "2026-11-23T06:00:00Z", "min": 0, "desired": 0},
                }
            },
            "start=2026-11-23T05:27:00Z, desired=1; start=2026-11-23T06:00:00Z, desired=0",
        ),
        (
            {"memory_mb": 512, "reserved_concurrency": 28, "alias": {"name": "live", "memory_mb": 256}},
            "memory_mb=512, reserved_concurrency=28; alias: memory_mb=256",
        ),
        (
            {
                "kind": "Deployment",
                "metadata": {"name": "shop", "labels": TAGS},
                "spec": {
                    "replicas": 3,
                    "template": {
                        "spec": {
                            "containers": [{"name": "worker", "image": "shop:1"}],
                            "nodeSelector": {"karpenter.sh/capacity-type": "spot"},
                        }
                    },
                },
            },
            "spec: replicas=3; containers: image=shop:1; nodeSelector: capacity-type=spot",
        ),
        ({"size": 2, "owner": "shop", "tags": TAGS}, "size=2; owner=shop"),
    ],
)
def test_of_something_new_sizes_times_and_machines_are_told(body: Body, told: str) -> None:
    assert changes(body) == told


def test_updates_that_only_say_which_window_was_applied_are_counted() -> None:
    before, after = ({"size": 1, "tags": TAGS | {"planner-window": window}} for window in ("w0", "w1"))
    desired = [Resource("group", "a", after), Resource("group", "b", after | {"size": 2})]
    held = [Resource("group", name, before) for name in ("a", "b")]
    note = operation_table(shown(desired, *held)).note
    assert note == (
        "0 to create, 2 to update (1 in the tag planner-window alone), 0 to delete, 0 as they should be."
    )


def test_long_schedules_are_cut_with_their_number() -> None:
    actions = {
        ACTION.format(f"{hour:02}0000z"): {"start": f"2026-11-23T{hour:02}:00:00Z", "desired": hour}
        for hour in range(20)
    }
    told = changes({"actions": actions}).split("; ")
    assert (len(told), told[-1]) == (13, "8 more")


def test_a_changed_action_is_told_whole() -> None:
    action = {"desired": 1, "max": 1, "min": 1, "start": "2026-11-23T05:27:00Z"}
    told = changes({"actions": {"new": action}}, {"actions": {}})
    assert told == (
        'actions.new: nothing -> {"desired": 1, "max": 1, "min": 1, "start": "2026-11-23T05:27:00Z"}'
    )


def test_sizes_and_times_are_read_on_a_narrow_terminal() -> None:
    body = {"actions": {ACTION.format("053000z"): {"start": "2026-11-23T05:27:00Z", "desired": 12}}}
    console = Console(width=80)
    with console.capture() as captured:
        draw_table(operation_table(shown([Resource("kind", "name", body)])), console)
    assert "start=2026-11-23T05:27:00Z, desired=12" in captured.get()
