"""One Terraform configuration, in JSON syntax, that makes a set of AWS resources.

Groups, their templates and schedules, and of functions what is kept ready (`planner.executors.terraform.function_blocks`); neither
fleets, which Terraform would replace in no order, nor endpoints. A model named ``${file("key.pem")}`` stays a name: only the
references between resources, which are written here, are left to be evaluated.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.executors.aws.functions import KIND as FUNCTION
from planner.executors.aws.launch_templates import KIND as TEMPLATE
from planner.executors.aws.scaling_groups import KIND as GROUP
from planner.executors.aws.scaling_groups import ON_DEMAND_PERCENT
from planner.executors.aws.schedules import KIND as SCHEDULE
from planner.executors.terraform import function_blocks
from planner.executors.terraform.function_blocks import LOCAL, function_values
from planner.executors.terraform.texts import Reference, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.resources import Body, Resource
    from planner.executors.settings import AwsSettings, DeploymentSettings, TerraformSettings
    from planner.executors.terraform.texts import Block

TERRAFORM_VERSION = ">= 1.0"  # ours: the arguments below need no newer one; the tests run 1.11
PROVIDER_VERSION = "~> 5.100"  # ours: the tests run 5.100.0; the next major version may rename arguments
SERVICES = (
    "applicationautoscaling",
    "autoscaling",
    "ec2",
    "lambda",
    "sts",
)  # that the provider calls for the resources below


def configuration(resources: Sequence[Resource], settings: DeploymentSettings, region: str) -> str:
    """Return the text of a ``.tf.json`` file.

    Parameters
    ----------
    resources
        Desired resources of `planner.executors.aws.target`.

    Raises
    ------
    InputError, for resources that no block of ours makes.
    """
    problems = list(_refusals(resources, settings.terraform))
    if problems:
        raise InputError(problems)
    assert settings.aws is not None
    blocks: dict[str, dict[str, Body]] = {}
    for one in resources:
        for kind, label, arguments in FORMS[one.kind](one.name, one.body):
            blocks.setdefault(kind, {})[label] = literal(arguments)
    document: Body = {
        "terraform": {
            "required_version": TERRAFORM_VERSION,
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}},
        },
        "provider": {"aws": literal(_provider(settings.aws, region))},
        "resource": blocks,
    }
    functions = function_values(resources)
    if functions:
        document["locals"] = {LOCAL: literal(functions)}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _refusals(resources: Sequence[Resource], settings: TerraformSettings) -> Iterator[str]:
    """Resources that no block makes, or not without the consent of the settings."""
    for one in resources:
        if one.kind not in FORMS:
            yield (
                f"{one.key}: the target terraform does not make it; set aws.machines to groups, or apply the plan with --target "
                "aws."
            )
        elif one.kind == FUNCTION and settings.functions == "refused":
            yield (
                f"{one.key}: Terraform owns a function together with its code, so memory and reserved concurrency cannot be set "
                f"from here. Take them from local.{LOCAL} where the code is configured and write terraform.functions: elsewhere; "
                "or apply the plan with --target aws."
            )


def _provider(aws: AwsSettings, region: str) -> Body:
    provider: Body = {"region": region, "allowed_account_ids": [aws.account]}
    if aws.endpoint_url is not None:
        provider["endpoints"] = [dict.fromkeys(SERVICES, aws.endpoint_url)]
    return provider


def _template(name: str, body: Body) -> Iterator[Block]:
    arguments: Body = {
        "name": name,
        "image_id": body["image_id"],
        "instance_type": body["instance_type"],
        "user_data": base64.b64encode(body["user_data"].encode()).decode(),
        "tag_specifications": [{"resource_type": "instance", "tags": body["instance_tags"]}],
        "tags": body["tags"],
    }
    if body["security_groups"]:
        arguments["vpc_security_group_ids"] = body["security_groups"]
    if body["instance_profile"] is not None:
        arguments["iam_instance_profile"] = [{"name": body["instance_profile"]}]
    yield "aws_launch_template", name, arguments


def _group(name: str, body: Body) -> Iterator[Block]:
    yield (
        "aws_autoscaling_group",
        name,
        {
            "name": name,
            "min_size": body["min"],
            "max_size": body["max"],
            "desired_capacity": body["desired"],
            "vpc_zone_identifier": body["subnets"],
            "capacity_rebalance": body["capacity_rebalance"],
            "mixed_instances_policy": [
                {
                    "launch_template": [{"launch_template_specification": [_specification(body)]}],
                    "instances_distribution": [
                        {
                            "on_demand_base_capacity": 0,
                            "on_demand_percentage_above_base_capacity": ON_DEMAND_PERCENT[body["market"]],
                            "spot_allocation_strategy": body["spot_strategy"],
                        }
                    ],
                }
            ],
            "force_delete": True,  # as the target aws deletes groups: with their machines
            "wait_for_capacity_timeout": "0",  # as the target aws: nothing waits for machines
            "tag": [
                {"key": key, "value": value, "propagate_at_launch": True}
                for key, value in body["tags"].items()
            ],
        },
    )


def _schedule(name: str, body: Body) -> Iterator[Block]:
    for action, size in body["actions"].items():
        yield (
            "aws_autoscaling_schedule",
            action,
            {
                "scheduled_action_name": action,
                "autoscaling_group_name": Reference(f"${{aws_autoscaling_group.{name}.name}}"),
                "start_time": size["start"],
                "min_size": size["min"],
                "max_size": size["max"],
                "desired_capacity": size["desired"],
            },
        )


def _specification(body: Body) -> Body:
    """The newest version of a launch template, which Terraform makes whenever its content changes."""
    template = f"aws_launch_template.{body['launch_template']['name']}"
    return {
        "launch_template_name": Reference(f"${{{template}.name}}"),
        "version": Reference(f"${{{template}.latest_version}}"),
    }


FORMS = {TEMPLATE: _template, GROUP: _group, SCHEDULE: _schedule, **function_blocks.FORMS}
