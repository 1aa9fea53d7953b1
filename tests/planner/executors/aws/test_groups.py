"""Templates, groups and schedules against a running moto server: done once, found again, drift seen, cut off and continued."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planner.errors import DriftError, InputError, PartlyDoneError
from planner.executors.target import TargetError
from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.bench import (
    REGION,
    Bench,
    machines_data,
    only,
    throttle,
    verbs,
)
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Callable

    Clients = Callable[[str], Any]


def groups(client: Clients) -> dict[str, dict[str, Any]]:
    """Market -> its group, as the service describes it."""
    found = client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return {"spot" if "-spot-" in one["AutoScalingGroupName"] else "on-demand": one for one in found}


def test_the_first_run_makes_a_group_for_every_market_and_the_second_changes_nothing(
    bench: Bench, client: Clients
) -> None:
    bench.apply()
    assert bench.writes() == [
        "ec2:CreateLaunchTemplate",
        "ec2:CreateLaunchTemplate",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:BatchPutScheduledUpdateGroupAction",
    ]
    made = groups(client)
    shares = {
        market: one["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"]
        for market, one in made.items()
    }
    assert shares == {"on-demand": 100, "spot": 0}
    assert {market: len(one["Instances"]) for market, one in made.items()} == {"on-demand": 1, "spot": 1}
    again = bench.apply()
    assert (again.pending, bench.writes()) == ((), [])
    assert verbs(again) == {
        "launch-template": ["keep", "keep"],
        "auto-scaling-group": ["keep", "keep"],
        "scheduled-actions": ["keep"],
    }


def test_machines_start_with_what_they_are_to_serve_and_carry_the_tags(bench: Bench, client: Clients) -> None:
    bench.apply()
    (reservation,) = client("ec2").describe_instances(
        Filters=[
            {"Name": "tag:planner-window", "Values": ["w0"]},
            {"Name": "instance-type", "Values": ["c5.xlarge"]},
        ]
    )["Reservations"][:1]
    (machine,) = reservation["Instances"]
    tags = {one["Key"]: one["Value"] for one in machine["Tags"]}
    assert (tags["planner-service"], tags["planner-plan"]) == ("shop", "case")
    (template,) = (
        one for one in bench.work_out().operations if one.kind == "launch-template" and "-spot-" in one.name
    )
    assert template.after is not None
    assert template.after["user_data"].startswith("#cloud-config\n")
    assert r"\"model\": \"resnet50\"" in template.after["user_data"]


def test_the_next_window_sets_sizes_and_tags_and_makes_no_new_version(bench: Bench, client: Clients) -> None:
    bench.apply()
    at = START + timedelta(hours=1)
    operations = bench.apply(window=1, at=at)
    group = only(operations, "auto-scaling-group", "-on-demand-")
    assert group.changes == ("desired", "max", "min", "tags.planner-window")
    assert verbs(operations)["scheduled-actions"] == ["delete"]
    assert groups(client)["on-demand"]["DesiredCapacity"] == 2
    assert "ec2:CreateLaunchTemplateVersion" not in bench.writes()
    assert bench.work_out(window=1, at=at).pending == ()


def test_a_new_image_makes_a_version_that_the_group_pins(
    bench: Bench, client: Clients, deployment: dict[str, Any]
) -> None:
    bench.apply()
    deployment["aws"]["models"]["resnet50"]["image_id"] = "ami-0aaaaaaaaaaaaaaaa"
    bench.set_up(deployment)
    operations = bench.apply()
    assert only(operations, "launch-template", "-spot-").changes == ("image_id",)
    assert only(operations, "auto-scaling-group", "-spot-").changes == ("launch_template.content_sha256",)
    spec = groups(client)["spot"]["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    assert spec["Version"] == "2"
    assert bench.work_out().pending == ()


def test_what_others_changed_is_seen_and_set_right(bench: Bench, client: Clients) -> None:
    bench.apply()
    scaling, ec2 = client("autoscaling"), client("ec2")
    made = groups(client)
    on_demand, spot = (made[market]["AutoScalingGroupName"] for market in ("on-demand", "spot"))
    scaling.set_desired_capacity(AutoScalingGroupName=spot, DesiredCapacity=2)
    scaling.create_or_update_tags(
        Tags=[
            {
                "ResourceId": spot,
                "ResourceType": "auto-scaling-group",
                "Key": key,
                "Value": "other",
                "PropagateAtLaunch": False,
            }
            for key in ("planner-plan", "planner-of-others", "team")
        ]
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=on_demand,
        ScheduledActionName="by-hand",
        StartTime=START + timedelta(minutes=30),
        Recurrence="30 0 * * *",
        DesiredCapacity=9,
    )
    policy = made["on-demand"]["MixedInstancesPolicy"]
    policy["InstancesDistribution"] |= {"OnDemandBaseCapacity": 2}
    del policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"]  # the name says it
    scaling.update_auto_scaling_group(AutoScalingGroupName=on_demand, MixedInstancesPolicy=policy)
    ec2.create_launch_template_version(
        LaunchTemplateName=only(bench.work_out(), "launch-template", "-spot-").name,
        LaunchTemplateData={"InstanceType": "m5.large"},
    )
    operations = bench.work_out()
    assert only(operations, "auto-scaling-group", "-spot-").changes == ("desired", "tags.planner-plan")
    assert only(operations, "scheduled-actions").changes == ("actions.by-hand",)
    assert "instance_type" in only(operations, "launch-template", "-spot-").changes
    assert only(operations, "auto-scaling-group", "-on-demand-").changes == ("market",)
    before = only(operations, "scheduled-actions").before
    assert before is not None
    assert before["actions"]["by-hand"]["recurrence"] == "30 0 * * *"
    bench.apply()
    assert bench.work_out().pending == ()
    (action,) = scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    assert action["DesiredCapacity"] == 2
    assert "team" in {one["Key"] for one in groups(client)["spot"]["Tags"]}


def test_what_has_a_name_of_ours_without_our_tag_is_refused_and_others_are_left_alone(
    bench: Bench, client: Clients
) -> None:
    client("ec2").create_launch_template(
        LaunchTemplateName="someone-elses", LaunchTemplateData={"InstanceType": "m5.large"}
    )
    operations = bench.apply()
    group = only(operations, "auto-scaling-group", "-spot-").name
    template = only(operations, "launch-template", "-spot-").name
    retag(client, group, "mail")
    found = client("ec2").describe_launch_templates(LaunchTemplateNames=[template])["LaunchTemplates"][0]
    client("ec2").delete_tags(Resources=[found["LaunchTemplateId"]], Tags=[{"Key": "planner-service"}])
    with pytest.raises(DriftError) as caught:
        bench.work_out()
    assert [one.split(":")[0] for one in caught.value.problems] == [
        f"launch-template/{template} is there, and it has no tag planner-service",
        f"auto-scaling-group/{group} is there, and its tag planner-service is mail",
    ]
    retag(client, group, "shop")
    client("ec2").create_tags(
        Resources=[found["LaunchTemplateId"]], Tags=[{"Key": "planner-service", "Value": "shop"}]
    )
    taken_over = bench.work_out()
    assert taken_over.pending == ()
    assert not any("someone-elses" in one.key for one in taken_over.operations)


def retag(client: Clients, group: str, service: str) -> None:
    """Say that a group is another service's."""
    tag = {"Key": "planner-service", "Value": service, "PropagateAtLaunch": True}
    client("autoscaling").create_or_update_tags(
        Tags=[tag | {"ResourceId": group, "ResourceType": "auto-scaling-group"}]
    )


def test_a_group_that_is_still_being_deleted_is_waited_for(bench: Bench, client: Clients) -> None:
    bench.apply()
    gone = groups(client)["spot"]["AutoScalingGroupName"]

    def going(parsed: dict[str, Any], **_: object) -> None:
        for one in parsed.get("AutoScalingGroups", ()):
            if one["AutoScalingGroupName"] == gone:
                one["Status"] = "Delete in progress"

    operations = bench.work_out(after_call=going)
    assert only(operations, "auto-scaling-group", "-spot-").verb == "create"
    with pytest.raises(PartlyDoneError, match=f"group {gone} of before is still being deleted"):
        bench.carry_out(operations, after_call=going)
    bench.meanwhile = lambda: bench.wire.hooks.pop("after-call", None)
    bench.carry_out(operations, after_call=going)
    assert bench.work_out().pending == ()


def test_a_template_that_is_read_late_is_waited_for(bench: Bench) -> None:
    def unseen(model: Any, http_response: Any, parsed: dict[str, Any], **_: object) -> None:
        if model.name == "DescribeLaunchTemplateVersions":
            http_response.status_code = 400
            parsed["Error"] = {"Code": "InvalidLaunchTemplateName.NotFoundException", "Message": "none"}

    bench.meanwhile = lambda: bench.wire.hooks.pop("after-call", None)
    bench.apply(after_call=unseen)
    assert bench.waits == [1.0]
    assert bench.work_out().pending == ()


def test_options_that_leave_the_plan_are_deleted_users_first(bench: Bench, client: Clients) -> None:
    bench.apply()
    data = machines_data()
    for one in data["windows"]:
        one["fleet"] = one["fleet"][1:]
    operations = bench.apply(ProvisioningPlan.model_validate(data))
    assert [one.kind for one in operations.operations if one.verb == "delete"] == [
        "scheduled-actions",
        "auto-scaling-group",
        "launch-template",
    ]
    assert set(groups(client)) == {"spot"}


def test_the_client_waits_for_a_busy_service(bench: Bench) -> None:
    bench.apply(before_send=throttle(3))
    assert len(bench.waits) == 3
    assert bench.work_out().pending == ()


def test_the_runner_waits_longer_than_the_client(bench: Bench) -> None:
    bench.apply(before_send=throttle(4))
    assert len(bench.waits) == 4
    assert bench.waits[-1] == 1.0
    assert bench.work_out().pending == ()


def test_a_service_that_stays_busy_leaves_the_rest_for_the_next_run(bench: Bench) -> None:
    with pytest.raises(PartlyDoneError, match="CreateLaunchTemplate: Throttling: Rate exceeded"):
        bench.apply(before_send=throttle(28))
    assert len(bench.work_out().pending) == 3
    bench.apply()
    assert bench.work_out().pending == ()


def test_a_run_that_is_cut_off_anywhere_is_continued(bench: Bench, client: Clients) -> None:
    assert bench.apply_cut_off_everywhere() == [
        "CreateLaunchTemplate",
        "CreateLaunchTemplate",
        "CreateAutoScalingGroup",
        "CreateAutoScalingGroup",
        "BatchPutScheduledUpdateGroupAction",
    ]
    assert bench.work_out().pending == ()
    assert len(groups(client)) == 2
    templates = client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert [one["LatestVersionNumber"] for one in templates] == [1, 1]


def test_an_update_that_is_cut_off_anywhere_is_continued(bench: Bench) -> None:
    bench.apply()
    at = START + timedelta(hours=1)
    assert bench.apply_cut_off_everywhere(window=1, at=at) == [
        *["CreateTags"] * 2,
        *["UpdateAutoScalingGroup", "CreateOrUpdateTags"] * 2,
        "BatchDeleteScheduledAction",
    ]
    assert bench.work_out(window=1, at=at).pending == ()


def test_another_account_is_refused(bench: Bench, deployment: dict[str, Any]) -> None:
    deployment["aws"]["account"] = "210987654321"
    bench.set_up(deployment)
    with pytest.raises(
        DriftError, match="are those of account 123456789012; the settings allow 210987654321"
    ):
        bench.work_out()


def test_settings_of_another_region_are_refused(bench: Bench, deployment: dict[str, Any]) -> None:
    deployment["aws"]["subnets"] = {"eu-west-1a": "subnet-1", "us-east-1-bos-1a": "subnet-2"}
    bench.set_up(deployment)
    with pytest.raises(DriftError) as caught:
        bench.work_out()
    assert caught.value.problems == (
        f"the plan is for {REGION}; the settings' zone eu-west-1a lies elsewhere. Use the settings of that region.",
    )


def test_missing_credentials_and_services_are_told(
    bench: Bench, deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(InputError, match="AWS credentials"):
        bench.target.where()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    deployment["aws"]["endpoint_url"] = "http://127.0.0.1:9"
    bench.set_up(deployment)
    with pytest.raises(TargetError, match="EndpointConnectionError") as caught:
        bench.target.where()
    assert caught.value.passing
    assert "AWS_ENDPOINT_URL can name another." in str(caught.value)
