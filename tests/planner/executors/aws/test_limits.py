"""Limits of EC2 and Auto Scaling, on bodies that break one each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from planner.executors.aws.instance_types import MACHINES, instance_types
from planner.executors.aws.limits import machine_problems
from planner.executors.resources import Resource
from planner.executors.settings import AwsSettings
from planner.instants import instant_text
from tests.planner.plan_case import START

SIZES = {"min": 1, "max": 2, "desired": 1}
SOON = instant_text(START + timedelta(hours=1))


def action(**changes: Any) -> dict[str, Any]:
    return SIZES | {"start": SOON} | changes


def actions(*found: dict[str, Any]) -> Resource:
    return Resource(
        "scheduled-actions", "shop-x", {"actions": {f"a{number}": one for number, one in enumerate(found)}}
    )


def template(**changes: Any) -> dict[str, Any]:
    return {"instance_type": "c5.large", "user_data": ""} | changes


def test_what_is_within_the_limits_passes() -> None:
    found = [
        Resource("launch-template", "shop-x", template()),
        Resource("auto-scaling-group", "shop-x", SIZES),
        actions(action()),
        Resource("fleet", "shop-x", {"capacity": 1, "valid_until": SOON}),
    ]
    assert list(machine_problems(found, START)) == []


@pytest.mark.parametrize(
    ("resource", "problem"),
    [
        (Resource("launch-template", "ab", template()), "the name has 2 characters"),
        (
            Resource("launch-template", "a" * 129, template()),
            "the name has 129 characters; AWS takes at most 128",
        ),
        (Resource("launch-template", "shop@x", template()), "the name has 6 characters"),
        (
            Resource("launch-template", "shop-x", template(instance_type="c5.huge")),
            "EC2 has no instance type 'c5.huge'",
        ),
        (Resource("launch-template", "shop-x", template(user_data="é" * 8193)), "user data take 16386 bytes"),
        (
            Resource("auto-scaling-group", "a" * 256, SIZES),
            "the name has 256 characters; AWS takes at most 255",
        ),
        (Resource("auto-scaling-group", "a:b", SIZES), "the name has 3 characters"),
        (
            Resource("auto-scaling-group", "shop-x", SIZES | {"desired": 3}),
            "3 machines are desired, with 1 to 2 allowed",
        ),
        (Resource("auto-scaling-group", "shop-x", SIZES | {"min": -1}), "0 <= least"),
        (Resource("auto-scaling-group", "shop-x", SIZES | {"tags": {"k": "v" * 257}}), "tag k is too long"),
        (
            Resource("auto-scaling-group", "shop-x", SIZES | {"tags": {str(key): "" for key in range(51)}}),
            "51 tags; AWS takes 50",
        ),
        (actions(action(start=instant_text(START))), "starts at 2026-11-23T00:00:00Z, which is past"),
        (actions(action(desired=3)), "a0: 3 machines are desired"),
        (
            actions(action(), action()),
            "2 actions start at 2026-11-23T01:00:00Z; a group takes one an instant",
        ),
        (
            actions(*(action(start=instant_text(START + timedelta(hours=1 + hour))) for hour in range(126))),
            "126 actions; a group holds 125",
        ),
        (
            Resource("fleet", "shop-x", {"capacity": 10_001, "valid_until": SOON}),
            "10001 machines; a fleet has 1 to 10000",
        ),
        (Resource("fleet", "shop-x", {"capacity": 1, "valid_until": instant_text(START)}), "which is past"),
    ],
)
def test_a_body_outside_a_limit_is_told(resource: Resource, problem: str) -> None:
    (found,) = machine_problems([resource], START)
    assert found.startswith(f"{resource.kind}/{resource.name}")
    assert problem in found


def test_a_region_holds_so_many_groups() -> None:
    found = [Resource("auto-scaling-group", f"shop-{number}", SIZES) for number in range(501)]
    (problem,) = machine_problems(found, START)
    assert problem.startswith("the plan needs 501 Auto Scaling groups; a region holds 500")


def test_instance_types_are_those_of_ec2() -> None:
    assert {"c5.xlarge", "g4dn.xlarge", "p3.2xlarge"} <= instance_types(*MACHINES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alias", "12"),
        ("alias", "a" * 129),
        ("subnets", {"us-east-1a": "front"}),
        ("security_groups", ["default"]),
        ("account", "1234-5678-9012"),
    ],
)
def test_settings_that_aws_would_refuse_are_told(field: str, value: Any) -> None:
    good = {"account": "123456789012", "subnets": {"us-east-1a": "subnet-0a1b2c3d"}, "models": {}}
    AwsSettings.model_validate(good | {"alias": "2nd", "security_groups": ["sg-0a1b2c3d"]})
    with pytest.raises(ValidationError, match=field):
        AwsSettings.model_validate(good | {field: value})
