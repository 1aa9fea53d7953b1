"""Auto Scaling groups: one for every option, that is for every service, instance type and market.

All groups have a mixed-instances policy, whose on-demand share is 100 % or 0 %: the same template then serves both markets, spot
machines come from the zones with the most spare capacity at a low price, and capacity rebalancing replaces them before they are
interrupted. Least and most machines are both the planned count: the plan decides the size, not a scaling policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.executors.aws.launch_templates import KIND as TEMPLATE
from planner.executors.aws.launch_templates import (
    content_digest,
    digest_of_version,
    template,
    version_with,
)
from planner.executors.aws.session import translated
from planner.executors.aws.tags import UNTIL_TAG, own_tags, tag_list
from planner.executors.names import SERVICE_TAG
from planner.executors.resources import Resource
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        InstancesDistributionOutputTypeDef,
    )

    from planner.executors.aws.machines import MachineGroup
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation

KIND = "auto-scaling-group"
ON_DEMAND_PERCENT = {"on-demand": 100, "spot": 0}  # Auto Scaling, OnDemandPercentageAboveBaseCapacity
SPOT_STRATEGY = (
    "price-capacity-optimized"  # Auto Scaling User Guide, "Allocation strategies": recommended for most
)
MOST_NAMES = 100  # Auto Scaling API Reference, DescribeAutoScalingGroups, MaxRecords


def group(machines: MachineGroup, until: str) -> Resource:
    """Auto Scaling group of an option.

    Parameters
    ----------
    until
        Instant up to which its sizes are scheduled, kept as a tag: apply again before then.
    """
    wanted = template(machines)
    body = {
        "launch_template": {"name": wanted.name, "content_sha256": content_digest(wanted.body)},
        "market": machines.market,
        "spot_strategy": SPOT_STRATEGY,
        "capacity_rebalance": machines.market == "spot",
        "subnets": list(machines.subnets),
        "min": machines.count,
        "max": machines.count,
        "desired": machines.count,
        "tags": machines.tags | {UNTIL_TAG: until},
    }
    return Resource(KIND, machines.group_name, body, needs=(wanted.key,))


def read(session: Session, service: str, names: Sequence[str]) -> list[Resource]:
    """Groups that carry the service's tag or have one of the names; those that are being deleted are gone."""
    with translated():
        found = {one["AutoScalingGroupName"]: one for one in _groups(session, service, names)}
        return [
            _read_one(session, one)
            for _, one in sorted(found.items())
            if not one.get("Status")  # set only while a deletion is in progress
        ]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Create, update or delete a group; its machines follow its size."""
    client, name, after = session.autoscaling, operation.name, operation.after
    with translated():
        held = client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        going = any(one.get("Status") for one in held)
        if after is None:
            if held and not going:
                client.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
            return {}
        if going:
            raise TargetError(f"group {name} of before is still being deleted.", passing=True)
        version = version_with(
            session, after["launch_template"]["name"], after["launch_template"]["content_sha256"]
        )
        tags = [
            one | {"ResourceId": name, "ResourceType": KIND, "PropagateAtLaunch": True}
            for one in tag_list(after["tags"])
        ]
        if held:
            client.update_auto_scaling_group(**group_request(name, after, version))
            client.create_or_update_tags(Tags=tags)
        else:
            client.create_auto_scaling_group(**group_request(name, after, version), Tags=tags)
        return {"name": name, "launch_template_version": version}


def group_request(name: str, body: Body, version: str) -> dict[str, Any]:
    """Body of a group as Auto Scaling takes it, tags aside.

    Parameters
    ----------
    version
        Number of the launch template's version.
    """
    return {
        "AutoScalingGroupName": name,
        "MinSize": body["min"],
        "MaxSize": body["max"],
        "DesiredCapacity": body["desired"],
        "VPCZoneIdentifier": ",".join(body["subnets"]),
        "CapacityRebalance": body["capacity_rebalance"],
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateName": body["launch_template"]["name"],
                    "Version": version,
                }
            },
            "InstancesDistribution": {
                "OnDemandBaseCapacity": 0,
                "OnDemandPercentageAboveBaseCapacity": ON_DEMAND_PERCENT[body["market"]],
                "SpotAllocationStrategy": body["spot_strategy"],
            },
        },
    }


def _groups(session: Session, service: str, names: Sequence[str]) -> Iterator[AutoScalingGroupTypeDef]:
    pages = session.autoscaling.get_paginator("describe_auto_scaling_groups")
    for page in pages.paginate(Filters=[{"Name": f"tag:{SERVICE_TAG}", "Values": [service]}]):
        yield from page["AutoScalingGroups"]
    for start in range(0, len(names), MOST_NAMES):
        for page in pages.paginate(AutoScalingGroupNames=list(names[start : start + MOST_NAMES])):
            yield from page["AutoScalingGroups"]


def _read_one(session: Session, found: AutoScalingGroupTypeDef) -> Resource:
    policy = found.get("MixedInstancesPolicy", {})
    spec = policy.get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
    mix = policy.get("InstancesDistribution", {})
    name = spec.get("LaunchTemplateName")
    body = {
        "launch_template": {
            "name": name,
            "content_sha256": name and digest_of_version(session, name, spec.get("Version", "$Default")),
        },
        "market": _market(mix),
        "spot_strategy": mix.get("SpotAllocationStrategy"),
        "capacity_rebalance": found.get("CapacityRebalance", False),
        "subnets": sorted(filter(None, found.get("VPCZoneIdentifier", "").split(","))),
        "min": found["MinSize"],
        "max": found["MaxSize"],
        "desired": found["DesiredCapacity"],
        "tags": own_tags(found.get("Tags", ())),
    }
    needs = (f"{TEMPLATE}/{name}",) if name else ()
    return Resource(KIND, found["AutoScalingGroupName"], body, needs)


def _market(mix: InstancesDistributionOutputTypeDef) -> str:
    """Market of a group's machines, or what it has instead of one."""
    percent = mix.get("OnDemandPercentageAboveBaseCapacity", 100)  # Auto Scaling's own defaults
    base = mix.get("OnDemandBaseCapacity", 0)
    known = {value: key for key, value in ON_DEMAND_PERCENT.items()}
    return f"{percent} % on-demand above {base}" if base or percent not in known else known[percent]
