"""The IAM policy: its actions are the calls that are really made, its resources are the service's own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planner.executors.aws.policy import CALLED, IMPLIED, policy
from planner.executors.settings import AwsSettings
from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.conftest import ENDPOINT
from tests.planner.executors.aws.test_endpoints import endpoint_data, on_other_machines
from tests.planner.plan_case import START, plan_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.executors.aws.bench import Bench

NEXT = START + timedelta(hours=1)
SETTINGS: dict[str, Any] = {
    "account": "123456789012",
    "subnets": {"us-east-1a": "subnet-a"},
    "models": {"resnet50": {"function_name": "shop-resnet50"}, "bert": {}},
}


def plan_with_functions(memory_mb: int = 2048, provisioned: int = 2, reserved: int = 9) -> ProvisioningPlan:
    """Plan of plan_case with machines, and with functions that are kept ready in both windows."""
    data = plan_data()
    for one, count in zip(data["windows"], (provisioned, 2 * provisioned), strict=True):
        one["functions"][0] |= {
            "provisioned_concurrency": count,
            "reserved_concurrency": reserved,
            "memory_mb": memory_mb,
        }
    return ProvisioningPlan.model_validate(data)


def test_the_actions_are_the_calls_that_are_made(
    functions_bench: Bench, endpoint_settings: dict[str, Any], client: Callable[[str], Any]
) -> None:
    """Groups, fleets, an endpoint and a function, each made, changed, found drifted, and taken away."""
    bench = functions_bench
    live_groups(bench, endpoint_settings, client)
    live_fleets(bench, endpoint_settings)
    live_endpoint(bench, endpoint_settings, client)
    without = endpoint_data()
    for one in without["windows"]:
        one["fleet"] = []
    bench.apply(ProvisioningPlan.model_validate(without))
    assert bench.actions() == CALLED


def live_groups(bench: Bench, settings: dict[str, Any], client: Callable[[str], Any]) -> None:
    settings["aws"]["machines"] = "groups"
    bench.set_up(settings)
    bench.apply(plan_with_functions())
    scaling = client("autoscaling")
    (action,) = scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=action["AutoScalingGroupName"],
        ScheduledActionName="by-hand",
        StartTime=START + timedelta(minutes=30),
        DesiredCapacity=0,
    )
    client("application-autoscaling").put_scheduled_action(
        ServiceNamespace="lambda",
        ResourceId="function:shop-resnet50:live",
        ScalableDimension="lambda:function:ProvisionedConcurrency",
        ScheduledActionName="by-hand",
        Schedule="at(2026-11-23T00:30:00)",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    settings["aws"]["models"]["resnet50"]["image_id"] = "ami-0123456789abcdef1"
    bench.set_up(settings)
    bench.apply(plan_with_functions(memory_mb=3008))
    bench.apply(plan_with_functions(memory_mb=3008, provisioned=0, reserved=0))


def live_fleets(bench: Bench, settings: dict[str, Any]) -> None:
    settings["aws"]["machines"] = "fleet"
    bench.set_up(settings)
    bench.apply(plan_with_functions())
    bench.apply(plan_with_functions(), window=1, at=NEXT)


def live_endpoint(bench: Bench, settings: dict[str, Any], client: Callable[[str], Any]) -> None:
    settings["aws"]["machines"] = "endpoint"
    bench.set_up(settings)
    plan = ProvisioningPlan.model_validate(endpoint_data())
    bench.apply(plan)
    sagemaker = client("sagemaker")
    (variant,) = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": variant["VariantName"], "DesiredInstanceCount": 3}],
    )
    bench.apply(plan)
    bench.apply(on_other_machines("c5.2xlarge"))


def statements(region: str = "us-east-1", **changes: Any) -> dict[str, dict[str, Any]]:
    found = policy("shop", AwsSettings.model_validate(SETTINGS | changes), region)["Statement"]
    return {one["Sid"]: one for one in found}


def test_a_policy_has_every_action_once_and_no_pattern_of_actions() -> None:
    found = statements(instance_profile="serving", endpoint=ENDPOINT)
    actions = [action for one in found.values() for action in one["Action"]]
    assert sorted(actions) == sorted([*CALLED, *IMPLIED, *2 * ["ec2:CreateTags"]])  # limited in three ways
    assert not any("*" in action for action in actions)


def test_what_changes_something_is_limited_to_the_service() -> None:
    found = statements(endpoint="Shop-Vision")
    assert found["Groups"]["Resource"] == [
        "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:autoScalingGroupName/shop-*"
    ]
    assert found["ChangeTagged"]["Condition"] == {"StringEquals": {"aws:ResourceTag/planner-service": "shop"}}
    assert found["Templates"]["Condition"] == {"StringEquals": {"aws:RequestTag/planner-service": "shop"}}
    assert "ec2:CreateTags" in found["ChangeTagged"]["Action"]
    for name, makers in {
        "TagMade": ["CreateLaunchTemplate", "CreateFleet"],
        "TagMachines": ["RunInstances"],
    }.items():
        assert found[name]["Action"] == ["ec2:CreateTags"]
        assert found[name]["Condition"]["StringEquals"] == {
            "ec2:CreateAction": makers,
            "aws:RequestTag/planner-service": "shop",
        }
    assert found["Functions"]["Resource"] == [
        "arn:aws:lambda:us-east-1:123456789012:function:shop-resnet50",
        "arn:aws:lambda:us-east-1:123456789012:function:shop-resnet50:*",
        "arn:aws:lambda:us-east-1:123456789012:function:shop-resnet50-part*",
    ]
    endpoint, configs = found["Endpoint"]["Resource"]
    assert endpoint == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/shop-vision"
    assert configs.startswith("arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/shop-vision-")
    anywhere = {name for name, one in found.items() if one["Resource"] == ["*"] and "Condition" not in one}
    assert anywhere == {"Look"}


def test_what_the_settings_do_not_name_is_not_allowed() -> None:
    found = statements(models={"resnet50": {}})
    assert found.keys().isdisjoint({"Functions", "FunctionSchedules", "Endpoint", "Roles"})


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")],
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    assert statements(region)["Groups"]["Resource"][0].startswith(f"arn:{partition}:autoscaling:{region}:")
