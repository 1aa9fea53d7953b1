"""EC2 Fleets: the machines of a one-off window, one fleet an option, gone when the window ends.

A fleet of the type maintain replaces machines that are lost, which one of the type request would not do, and ends its machines at
`valid_until`. Its name holds the window, so the next window's fleet is there before this one's is deleted. A fleet cannot be
renamed and is found by its tag planner-fleet; one that differs in more than tags is replaced by a new one.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from planner.executors.aws.launch_templates import KIND as TEMPLATE
from planner.executors.aws.launch_templates import (
    content_digest,
    digest_of_version,
    template,
    version_with,
)
from planner.executors.aws.session import translated
from planner.executors.aws.tags import FLEET_TAG, own_tags, tag_list, tags_by_id
from planner.executors.names import SERVICE_TAG, resource_name
from planner.executors.resources import Resource
from planner.executors.target import TargetError
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_ec2.type_defs import FleetDataTypeDef

    from planner.executors.aws.machines import MachineGroup
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation
    from planner.plan import Window

KIND = "fleet"
NAME_LIMIT = 255  # EC2 User Guide, "Tag restrictions": characters of a value, one spared
LIVE = (
    "submitted",
    "active",
    "modifying",
)  # EC2 API Reference, FleetData: states in which it launches machines
SPOT_STRATEGY = "price-capacity-optimized"  # EC2 User Guide, "Allocation strategies": recommended for most
DELETE_BATCH = 25  # EC2 API Reference, DeleteFleets: fleets of one request whose machines end with them


def fleet(machines: MachineGroup, window: Window, count: int) -> Resource:
    """Fleet of an option in one window."""
    wanted = template(machines)
    name = resource_name(machines.service, machines.option, window.id, limit=NAME_LIMIT)
    body = {
        "launch_template": {"name": wanted.name, "content_sha256": content_digest(wanted.body)},
        "market": machines.market,
        "spot_strategy": SPOT_STRATEGY if machines.market == "spot" else None,
        "subnets": list(machines.subnets),
        "capacity": count,
        "valid_until": instant_text(window.end),
        "copies": 1,
        "tags": machines.tags | {FLEET_TAG: name},
    }
    return Resource(KIND, name, body, needs=(wanted.key,))


def read(session: Session, service: str) -> list[Resource]:
    """Fleets of the service; of several with one name one, and how many there are."""
    with translated():
        named: dict[str, list[FleetDataTypeDef]] = {}
        for one in _fleets(session):
            if one["FleetState"] in LIVE and own_tags(one.get("Tags", ())).get(SERVICE_TAG) == service:
                named.setdefault(_name(one), []).append(one)
        return [_read_named(session, name, fleets) for name, fleets in sorted(named.items())]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Leave exactly one fleet with what is wanted under a name, or none; others of the name end, with their machines."""
    after = operation.after
    with translated():
        former = [one for one in _fleets(session) if _name(one) == operation.name]
        held = [one for one in former if one["FleetState"] in LIVE]
        right = [one for one in held if after and _core(_body(session, one)) == _core(after)]
        kept: dict[str, str] = {}
        if after is not None:
            chosen = right[-1]["FleetId"] if right else _create(session, after, former)
            if right:
                session.ec2.create_tags(Resources=[chosen], Tags=tag_list(after["tags"]))
            kept = {"id": chosen}
        _delete(session, [one["FleetId"] for one in held if one["FleetId"] != kept.get("id")])
    return kept


def _create(session: Session, body: Body, former: Sequence[FleetDataTypeDef]) -> str:
    """Make a fleet; for a request that is repeated the token lets EC2 answer with the fleet of the first.

    Parameters
    ----------
    former
        Fleets of the name that there are or were: a new one after them is another request.
    """
    client = session.ec2
    version = version_with(
        session, body["launch_template"]["name"], body["launch_template"]["content_sha256"]
    )
    token = hashlib.sha256(
        json.dumps([body, version, sorted(one["FleetId"] for one in former)], sort_keys=True).encode()
    ).hexdigest()
    request: dict[str, Any] = {
        "ClientToken": token,
        "Type": "maintain",
        "ValidUntil": datetime.fromisoformat(body["valid_until"]),
        "TerminateInstancesWithExpiration": True,
        "LaunchTemplateConfigs": [
            {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateName": body["launch_template"]["name"],
                    "Version": version,
                },
                "Overrides": [{"SubnetId": subnet} for subnet in body["subnets"]],
            }
        ],
        "TargetCapacitySpecification": {
            "TotalTargetCapacity": body["capacity"],
            "DefaultTargetCapacityType": body["market"],
        },
        "TagSpecifications": [{"ResourceType": "fleet", "Tags": tag_list(body["tags"])}],
    }
    if body["market"] == "spot":
        request["SpotOptions"] = {"AllocationStrategy": body["spot_strategy"]}
    return client.create_fleet(**request)["FleetId"]


def _delete(session: Session, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), DELETE_BATCH):
        answer = session.ec2.delete_fleets(
            FleetIds=list(ids[start : start + DELETE_BATCH]), TerminateInstances=True
        )
        refused = [
            f"{one.get('FleetId')}: {one.get('Error', {}).get('Code')}"
            for one in answer.get("UnsuccessfulFleetDeletions", ())
        ]
        if refused:
            raise TargetError(f"DeleteFleets: some fleets stay: {', '.join(refused)}")


def _fleets(session: Session) -> Iterator[FleetDataTypeDef]:
    for page in session.ec2.get_paginator("describe_fleets").paginate():
        yield from page["Fleets"]


def _name(found: FleetDataTypeDef) -> str:
    return own_tags(found.get("Tags", ())).get(FLEET_TAG, found["FleetId"])


def _read_named(session: Session, name: str, fleets: Sequence[FleetDataTypeDef]) -> Resource:
    shown = max(fleets, key=lambda one: one["FleetId"])
    body = _body(session, shown) | {"copies": len(fleets)}
    needs = (f"{TEMPLATE}/{body['launch_template']['name']}",)
    return Resource(KIND, name, body, needs)


def _core(body: Body) -> Body:
    """What a fleet keeps as long as it lives."""
    return {key: value for key, value in body.items() if key not in ("tags", "copies")}


def _body(session: Session, found: FleetDataTypeDef) -> Body:
    config = (found.get("LaunchTemplateConfigs") or [{}])[0]
    spec = config.get("LaunchTemplateSpecification", {})
    name, target = spec.get("LaunchTemplateName", ""), found.get("TargetCapacitySpecification", {})
    market = target.get("DefaultTargetCapacityType")
    until = found.get("ValidUntil")
    return {
        "launch_template": {
            "name": name,
            "content_sha256": digest_of_version(session, name, spec.get("Version", "$Default")),
        },
        "market": market,
        "spot_strategy": found.get("SpotOptions", {}).get("AllocationStrategy") if market == "spot" else None,
        "subnets": sorted(one["SubnetId"] for one in config.get("Overrides", ()) if "SubnetId" in one),
        "capacity": target.get("TotalTargetCapacity"),
        "valid_until": until and instant_text(until),
        "tags": tags_by_id(session, [found["FleetId"]])[found["FleetId"]],
    }
