"""Functions of a plan over time, and what of a plan Lambda cannot run; nothing is contacted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planner.executors.aws import function_kinds
from planner.executors.aws.function_kinds import function_problems
from planner.executors.aws.kinds import Task
from planner.executors.aws.planned_functions import LEAD, PlannedFunction, planned_functions
from planner.executors.resources import Resource
from planner.executors.settings import DeploymentSettings
from planner.executors.sizes import Size
from planner.plan import ProvisioningPlan
from tests.planner.plan_case import FUNCTION, START, function_option, plan_data, window

HOUR = timedelta(hours=1)
SETTINGS: dict[str, Any] = {
    "version": 1,
    "service": "shop",
    "aws": {
        "account": "123456789012",
        "subnets": {"us-east-1a": "subnet-a"},
        "models": {"resnet50": {"function_name": "shop-resnet50"}},
    },
}


def plan_with(*lines: dict[str, Any] | None, more: list[dict[str, Any]] | None = None) -> ProvisioningPlan:
    """Plan with a window for every line, which changes the function's; none: the window calls no function.

    `more` are further options of the plan, called in every window beside it.
    """
    data = plan_data()
    data["windows"] = [window(number, 1, 1, 0.0) for number in range(len(lines))]
    data["options"] += more or []
    for one, line in zip(data["windows"], lines, strict=True):
        called = [one["functions"][0] | {"option": option["id"]} for option in more or []]
        one["functions"] = [] if line is None else [one["functions"][0] | line, *called]
        if line is None:
            one["overflow_rps"] = {}
    data["validity"]["not_after"] = data["windows"][-1]["end"]
    return ProvisioningPlan.model_validate(data)


def task(plan: ProvisioningPlan, number: int = 0, **aws: Any) -> Task:
    settings = DeploymentSettings.model_validate(SETTINGS | {"aws": SETTINGS["aws"] | aws})
    assert settings.aws is not None
    return Task(plan, plan.windows[number], START + number * HOUR, settings, settings.aws)


def ready(count: int, **line: Any) -> dict[str, Any]:
    return {"provisioned_concurrency": count, "reserved_concurrency": 2 * count} | line


def the_one(plan: ProvisioningPlan, number: int = 0) -> PlannedFunction:
    one = task(plan, number)
    (found,), problems = planned_functions(one, one.at)
    assert problems == []
    return found


def test_what_is_reserved_is_the_most_of_all_windows_and_what_is_ready_follows_them() -> None:
    found = the_one(plan_with(ready(1), ready(4), ready(4), None, ready(2)))
    assert (found.reserved_concurrency, found.provisioned_concurrency) == (8, 1)
    assert found.later == (
        Size(START + HOUR - LEAD, 4, "w1"),
        Size(START + 3 * HOUR, 0, "w3"),
        Size(START + 4 * HOUR - LEAD, 2, "w4"),
    )
    assert found.tags["planner-scheduled-until"] == "2026-11-23T05:00:00Z"


def test_nothing_is_reserved_where_a_window_sets_nothing_aside() -> None:
    found = the_one(plan_with(ready(4), ready(2, reserved_concurrency=0)))
    assert (found.reserved_concurrency, found.provisioned_concurrency) == (0, 4)


def test_a_function_of_a_later_window_is_prepared_and_not_kept_ready_yet() -> None:
    found = the_one(plan_with(None, ready(3)))
    assert (found.memory_mb, found.reserved_concurrency, found.provisioned_concurrency) == (2048, 6, 0)
    assert found.later == (Size(START + HOUR - LEAD, 3, "w1"),)


def test_a_schedule_ends_where_other_memory_is_wanted() -> None:
    plan = plan_with(ready(1), ready(2), ready(9, memory_mb=3008))
    found = the_one(plan)
    assert (found.memory_mb, found.reserved_concurrency) == (2048, 4)
    assert [one.count for one in found.later] == [2]
    assert found.tags["planner-scheduled-until"] == "2026-11-23T02:00:00Z"
    assert the_one(plan, 2).memory_mb == 3008


def test_what_is_due_is_applied_at_once() -> None:
    plan = plan_with(ready(1), ready(3))
    one = task(plan)
    late = Task(plan, plan.windows[0], START + HOUR - LEAD - timedelta(minutes=1), one.settings, one.aws)
    resources, problems = function_kinds.desired(late)
    assert problems == []
    assert [one.kind for one in resources] == ["function-settings"]
    assert resources[0].body["provisioned_concurrency"] == 3


def test_a_long_plan_is_scheduled_in_instalments() -> None:
    """250 windows of 1 and 2 by turns change 249 times; the 201st change is left to a later run."""
    plan = plan_with(*(ready(1 + number % 2) for number in range(250)))
    assert len(the_one(plan).later) == 200
    assert the_one(plan).tags["planner-scheduled-until"] == "2026-12-01T08:57:00Z"
    assert len(the_one(plan, 100).later) == 149


def test_options_of_one_model_share_its_function() -> None:
    other = function_option() | {"id": f"{FUNCTION}/second"}
    found = the_one(plan_with(ready(2), more=[other]))
    (line,) = window(0, 1, 1, 0.0)["functions"]  # what the other option asks for
    assert (found.reserved_concurrency, found.provisioned_concurrency) == (
        4 + line["reserved_concurrency"],
        2 + line["provisioned_concurrency"],
    )


def test_options_of_one_model_and_two_memory_sizes_are_told() -> None:
    other = function_option() | {"id": f"{FUNCTION}/second"}
    one = task(plan_with({"memory_mb": 1024}, more=[other]))
    _, problems = planned_functions(one, one.at)
    assert problems == [
        "window w0: options share function shop-resnet50 and want 1024 MB of x86_64 and 2048 MB of x86_64; plan with one memory "
        "size and architecture of resnet50."
    ]


@pytest.mark.parametrize(
    ("line", "aws", "problem"),
    [
        (
            {"provider": "google-run"},
            {},
            "its functions are of google-run; the target aws sets those of aws-lambda",
        ),
        ({"region": "eu-west-1"}, {}, "it runs in eu-west-1; a plan for us-east-1"),
        ({}, {"models": {}}, "set aws.models.resnet50.function_name"),
        ({"memory_mb": 64}, {}, "64 MB of memory; Lambda takes 128 to 10240"),
        ({"memory_mb": 10_241}, {}, "10241 MB of memory"),
    ],
)
def test_what_lambda_cannot_run_is_told(line: dict[str, Any], aws: dict[str, Any], problem: str) -> None:
    _, problems = function_kinds.desired(task(plan_with(line), **aws))
    assert len(problems) == 1
    assert problem in problems[0]


def settings_of(name: str = "shop-x", **changes: Any) -> Resource:
    body = {"memory_mb": 1024, "reserved_concurrency": 5, "provisioned_concurrency": 5}
    return Resource("function-settings", name, body | changes)


def schedule_of(name: str = "a", **changes: Any) -> Resource:
    action = {"schedule": "at(2026-11-23T01:00:00)", "min": 1, "max": 1} | changes
    return Resource("function-schedule", "shop-x:live", {"actions": {name: action}})


def test_what_is_within_the_limits_passes() -> None:
    assert list(function_problems([settings_of(), schedule_of()], START)) == []


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        (settings_of("f" * 65), "the name has 65 characters"),
        (settings_of("shop.x"), "the name has 6 characters"),
        (settings_of(provisioned_concurrency=6), "6 are kept ready and 5 reserved"),
        (schedule_of("a/b"), "the name 'a/b' of an action has characters"),
        (schedule_of("a" * 257), "or a length that Application Auto Scaling refuses"),
        (schedule_of(min=2), "least 2 and most 1"),
        (schedule_of(schedule="cron(0 1 * * ? *)"), "schedule 'cron(0 1 * * ? *)' is not of the form at("),
        (schedule_of(schedule="at(2026-11-23T00:00:00)"), "starts at(2026-11-23T00:00:00), which is past"),
    ],
)
def test_a_body_outside_a_limit_is_told(resource: Resource, problem: str) -> None:
    (found,) = function_problems([resource], START)
    assert found.startswith(f"{resource.kind}/{resource.name}")
    assert problem in found
