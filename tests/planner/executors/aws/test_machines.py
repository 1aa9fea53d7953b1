"""Sizes of an option over time, and what of a plan cannot run on machines of AWS."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planner.errors import InputError
from planner.executors.aws import machine_kinds
from planner.executors.aws.kinds import Task
from planner.executors.aws.target import AwsTarget
from planner.executors.settings import DeploymentSettings
from planner.executors.sizes import Size, sizes
from planner.plan import ProvisioningPlan
from tests.planner.plan_case import ON_DEMAND, START, plan_data, window

HOUR, BOOT = timedelta(hours=1), timedelta(seconds=180)
SETTINGS: dict[str, Any] = {
    "version": 1,
    "service": "shop",
    "aws": {
        "account": "123456789012",
        "subnets": {"us-east-1a": "subnet-a", "us-east-1b": "subnet-b"},
        "models": {"resnet50": {"image_id": "ami-0123456789abcdef0"}},
    },
}


def plan_with(counts: list[int], **line: Any) -> ProvisioningPlan:
    """Plan whose windows hold so many on-demand machines (none: no line) and one spot machine; `line` changes every line."""
    data = plan_data()
    data["windows"] = [window(number, max(count, 1), 1, 0.0) for number, count in enumerate(counts)]
    for one, count, before in zip(data["windows"], counts, [0, *counts], strict=False):
        one["fleet"][0]["launch_at"] = one["fleet"][0]["launch_at"] if count > before else None
        one["fleet"] = [entry | line for entry in one["fleet"] if count or entry["option"] != ON_DEMAND]
    data["validity"]["not_after"] = data["windows"][-1]["end"]
    return ProvisioningPlan.model_validate(data)


def task(plan: ProvisioningPlan, number: int = 0, **aws: Any) -> Task:
    settings = DeploymentSettings.model_validate(SETTINGS | {"aws": SETTINGS["aws"] | aws})
    assert settings.aws is not None
    return Task(
        plan=plan, window=plan.windows[number], at=START + number * HOUR, settings=settings, aws=settings.aws
    )


def test_more_machines_come_when_they_must_be_launched_and_fewer_when_the_window_starts() -> None:
    found = list(sizes(plan_with([1, 3, 3, 2, 0, 1]).windows, ON_DEMAND))
    assert found == [
        Size(START, 1, "w0"),
        Size(START + HOUR - BOOT, 3, "w1"),
        Size(START + 3 * HOUR, 2, "w3"),
        Size(START + 4 * HOUR, 0, "w4"),
        Size(START + 5 * HOUR - BOOT, 1, "w5"),
    ]


def test_what_is_due_within_two_minutes_is_applied_at_once() -> None:
    plan = plan_with([1, 3])
    early = task(plan)
    late = Task(plan, plan.windows[0], START + HOUR - BOOT - timedelta(minutes=1), early.settings, early.aws)
    kinds = {}
    for name, one in (("early", early), ("late", late)):
        resources, problems = machine_kinds.desired(one)
        assert problems == []
        kinds[name] = {resource.kind: resource.body for resource in resources if "on-demand" in resource.name}
    assert kinds["early"]["auto-scaling-group"]["desired"] == 1
    (action,) = kinds["early"]["scheduled-actions"]["actions"].values()
    assert action == {"start": "2026-11-23T00:57:00Z", "min": 3, "max": 3, "desired": 3}
    assert kinds["late"]["auto-scaling-group"]["desired"] == 3
    assert "scheduled-actions" not in kinds["late"]


def test_an_option_of_a_later_window_has_an_empty_group_now() -> None:
    resources, _ = machine_kinds.desired(task(plan_with([0, 2])))
    (group,) = (one for one in resources if one.kind == "auto-scaling-group" and "on-demand" in one.name)
    assert [group.body[key] for key in ("min", "desired", "max")] == [0, 0, 0]


def test_a_long_plan_is_scheduled_in_instalments() -> None:
    """200 windows of 1 and 2 machines by turns change size 199 times; the 126th change is left to a later run."""
    plan = plan_with([1 + number % 2 for number in range(200)])
    resources, problems = machine_kinds.desired(task(plan))
    found = {one.kind: one.body for one in resources if "on-demand" in one.name}
    assert problems == []
    assert len(found["scheduled-actions"]["actions"]) == 125
    assert found["auto-scaling-group"]["tags"]["planner-scheduled-until"] == "2026-11-28T06:00:00Z"
    later, _ = machine_kinds.desired(task(plan, number=100))
    found = {one.kind: one.body for one in later if "on-demand" in one.name}
    assert len(found["scheduled-actions"]["actions"]) == 99
    assert found["auto-scaling-group"]["tags"]["planner-scheduled-until"] == "2026-12-01T08:00:00Z"


@pytest.mark.parametrize(
    ("line", "aws", "problem"),
    [
        ({"market": "standby"}, {}, "market standby: machines that stand stopped"),
        ({"market": "container"}, {}, "market container: containers of a serverless service"),
        ({"provider": "gcp"}, {}, "its machines are of gcp"),
        ({"region": "eu-west-1"}, {}, "it runs in eu-west-1; a plan for us-east-1"),
        ({"zone": "us-east-1f"}, {}, "zone us-east-1f has no subnet; aws.subnets has us-east-1a, us-east-1b"),
        ({}, {"models": {}}, "no image serves resnet50; set aws.models.resnet50.image_id"),
        (
            {"instance_type": "c5.xlargo"},
            {},
            "EC2 has no instance type 'c5.xlargo'. Did you mean 'c5.xlarge'?",
        ),
        ({"model": "m" * 12_000}, {"models": {"m" * 12_000: {"image_id": "ami-01234567"}}}, None),
        (
            {"model": "m" * 17_000},
            {"models": {"m" * 17_000: {"image_id": "ami-01234567"}}},
            "EC2 takes 16384",
        ),
    ],
)
def test_what_the_services_cannot_do_is_refused(
    line: dict[str, Any], aws: dict[str, Any], problem: str | None
) -> None:
    _, problems = machine_kinds.desired(task(plan_with([1], **line), **aws))
    if problem is None:
        assert problems == []
    else:
        assert len(problems) == 2  # one an option
        assert all(problem in one for one in problems)


def test_a_model_that_is_misspelt_is_told_once_with_the_likely_word() -> None:
    """Both options of the plan run it."""
    models = {"resnet-50": {"image_id": "ami-01234567"}}
    settings = SETTINGS | {"aws": SETTINGS["aws"] | {"models": models}}
    target = AwsTarget(DeploymentSettings.model_validate(settings), "us-east-1")
    plan = plan_with([1])
    with pytest.raises(InputError) as caught:
        target.desired(plan, plan.windows[0], START)
    assert caught.value.problems == (
        "no image serves resnet50; set aws.models.resnet50.image_id. Did you mean 'resnet-50'?",
        "no function holds the code of resnet50; set aws.models.resnet50.function_name. Did you mean 'resnet-50'?",
    )


def test_all_problems_are_told_at_once() -> None:
    plan = plan_with([1], market="standby", region="eu-west-1")
    target = AwsTarget(DeploymentSettings.model_validate(SETTINGS), "us-east-1")
    with pytest.raises(InputError) as caught:
        target.desired(plan, plan.windows[0], START)
    assert len(caught.value.problems) >= 4


def test_committed_machines_are_launched_on_demand_in_their_zone() -> None:
    resources, _ = machine_kinds.desired(task(plan_with([1], market="committed", zone="us-east-1b")))
    groups = [one.body for one in resources if one.kind == "auto-scaling-group"]
    assert {(one["market"], *one["subnets"]) for one in groups} == {("on-demand", "subnet-b")}


def test_functions_and_endpoints_need_settings_of_their_own() -> None:
    plan = plan_with([1])
    target = AwsTarget(
        DeploymentSettings.model_validate(SETTINGS | {"aws": SETTINGS["aws"] | {"machines": "endpoint"}}),
        "us-east-1",
    )
    with pytest.raises(InputError) as caught:
        target.desired(plan, plan.windows[0], START)
    assert {
        "no function holds the code of resnet50; set aws.models.resnet50.function_name.",
        "aws.machines is endpoint; set aws.endpoint to its name.",
    } <= set(caught.value.problems)
