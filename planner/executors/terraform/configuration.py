"""One Terraform configuration, in JSON syntax, that makes a set of AWS resources.

Terraform evaluates every text of a configuration as a template, so texts of plan and settings are escaped: a model named
``${file("key.pem")}`` stays a name. Only the references between resources, which are written here, are left to be evaluated.

Groups, their templates and schedules alone: Terraform owns a function together with its code, of which a plan knows nothing, and
replaces the fleets of one window by those of the next in no order.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.executors.aws.launch_templates import KIND as TEMPLATE
from planner.executors.aws.scaling_groups import KIND as GROUP
from planner.executors.aws.scaling_groups import ON_DEMAND_PERCENT
from planner.executors.aws.schedules import KIND as SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.resources import Body, Resource
    from planner.executors.settings import AwsSettings

    Block = tuple[str, str, Body]  # type, label and arguments of a resource block

TERRAFORM_VERSION = ">= 1.0"  # ours: the arguments below need no newer one; the tests run 1.11
PROVIDER_VERSION = "~> 5.100"  # ours: the tests run 5.100.0; the next major version may rename arguments
OPENING = re.compile(
    r"[$%]+(?=\{)"
)  # Terraform, "Strings and Templates": what opens an expression or a directive
OTHERWISE = "apply the plan with --target aws, or set aws.machines to groups and plan without functions."
SERVICES = ("autoscaling", "ec2", "sts")  # what the provider calls for the resources below


class Reference(str):
    """A text that Terraform is to evaluate; its parts are resource names, which have small letters, digits and dashes."""

    __slots__ = ()


def configuration(resources: Sequence[Resource], aws: AwsSettings, region: str) -> str:
    """Return the text of a ``.tf.json`` file.

    Parameters
    ----------
    resources
        Desired resources of `planner.executors.aws.target`.

    Raises
    ------
    InputError, for resources that no block of ours makes.
    """
    unknown = [one for one in resources if one.kind not in FORMS]
    if unknown:
        raise InputError(
            [f"{one.key}: the target terraform does not make it; {OTHERWISE}" for one in unknown]
        )
    blocks: dict[str, dict[str, Body]] = {}
    for one in resources:
        for kind, label, arguments in FORMS[one.kind](one.name, one.body):
            blocks.setdefault(kind, {})[label] = _literal(arguments)
    document = {
        "terraform": {
            "required_version": TERRAFORM_VERSION,
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": PROVIDER_VERSION}},
        },
        "provider": {"aws": _literal(_provider(aws, region))},
        "resource": blocks,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


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


FORMS = {TEMPLATE: _template, GROUP: _group, SCHEDULE: _schedule}


def _literal(value: Any) -> Any:
    """A value whose texts Terraform evaluates to themselves, references aside."""
    if isinstance(value, Reference):
        return value
    if isinstance(value, str):
        return OPENING.sub(lambda found: "".join(f'${{"{sign}"}}' for sign in found[0]), value)
    if isinstance(value, dict):
        return {_literal(key): _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value
