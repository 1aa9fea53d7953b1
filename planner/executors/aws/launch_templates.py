"""Launch templates: what the machines of an option start with.

A template names no market, so that Auto Scaling groups with a mixed-instances policy and fleets may use it. A new version is made
only where its content differs; groups and fleets name the content they were made for, and pin the version that has it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from planner.executors.aws.session import translated
from planner.executors.aws.tags import MOST_VALUES, own_tags, tag_list, tags_by_id
from planner.executors.names import SERVICE_TAG
from planner.executors.resources import Resource
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_ec2.type_defs import (
        FilterTypeDef,
        LaunchTemplateTypeDef,
        LaunchTemplateVersionTypeDef,
        RequestLaunchTemplateDataTypeDef,
        ResponseLaunchTemplateDataTypeDef,
    )

    from planner.executors.aws.machines import MachineGroup
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation

KIND = "launch-template"
LATEST = "$Latest"  # EC2's word for the newest version
SERVING_FILE = "/etc/planner/serving.json"  # ours: where images look for what they are to serve
CLOUD_CONFIG = "#cloud-config\n"  # cloud-init documentation: first line of user data it reads as YAML, of which JSON is a part
DIGEST_DIGITS = 12  # ours: as many as of a plan's digest


def template(group: MachineGroup) -> Resource:
    """Launch template of a group of machines."""
    line = group.line
    serving = {
        "service": group.service,
        "option": group.option,
        "group": line.group,
        "model": line.model,
        "batch_size": line.batch_size,
        "batch_timeout_ms": line.batch_timeout_ms,
        "replicas": line.replicas,
        "threads": line.threads,
    }
    file = {
        "path": SERVING_FILE,
        "permissions": "0644",
        "content": json.dumps(serving, indent=1, sort_keys=True) + "\n",
    }
    body = {
        "image_id": group.image_id,
        "instance_type": line.instance_type,
        "security_groups": list(group.security_groups),
        "instance_profile": group.instance_profile,
        "instance_tags": {SERVICE_TAG: group.service},
        "user_data": CLOUD_CONFIG + json.dumps({"write_files": [file]}, sort_keys=True) + "\n",
        "tags": group.tags,
    }
    return Resource(KIND, group.template_name, body)


def content_digest(body: Body) -> str:
    """First digits of a SHA-256 over what a version holds: all of a template's body but the tags of the template itself."""
    content = {key: value for key, value in body.items() if key != "tags"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:DIGEST_DIGITS]


def read(session: Session, service: str, names: Sequence[str]) -> list[Resource]:
    """Templates that carry the service's tag or have one of the names, with the content of their newest version."""
    with translated():
        found = {
            one["LaunchTemplateName"]: one
            for filters in _filters(service, names)
            for page in session.ec2.get_paginator("describe_launch_templates").paginate(Filters=[filters])
            for one in page["LaunchTemplates"]
        }
        tags = tags_by_id(session, [one["LaunchTemplateId"] for one in found.values()])
        return [
            Resource(KIND, name, _newest(session, name) | {"tags": tags[one["LaunchTemplateId"]]})
            for name, one in sorted(found.items())
        ]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Create a template, give it a new version where its content is to change, tag it, or delete it."""
    client = session.ec2
    with translated():
        held = _find(session, operation.name)
        if operation.after is None:
            if held is not None:
                client.delete_launch_template(LaunchTemplateName=operation.name)
            return {}
        data, tags = launch_template_data(operation.after), tag_list(operation.after["tags"])
        if held is None:
            made = client.create_launch_template(
                LaunchTemplateName=operation.name,
                LaunchTemplateData=data,
                TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
            )["LaunchTemplate"]
            return {"id": made["LaunchTemplateId"], "version": str(made["LatestVersionNumber"])}
        version = str(held["LatestVersionNumber"])
        if content_digest(_newest(session, operation.name)) != content_digest(operation.after):
            answer = client.create_launch_template_version(
                LaunchTemplateName=operation.name, LaunchTemplateData=data
            )
            version = str(answer["LaunchTemplateVersion"]["VersionNumber"])
        client.create_tags(Resources=[held["LaunchTemplateId"]], Tags=tags)
        return {"id": held["LaunchTemplateId"], "version": version}


def launch_template_data(body: Body) -> RequestLaunchTemplateDataTypeDef:
    """Content of a version as EC2 takes it, for a body of a template."""
    data: dict[str, Any] = {
        "ImageId": body["image_id"],
        "InstanceType": body["instance_type"],
        "UserData": base64.b64encode(body["user_data"].encode()).decode(),
        "TagSpecifications": [{"ResourceType": "instance", "Tags": tag_list(body["instance_tags"])}],
    }
    if body["security_groups"]:
        data["SecurityGroupIds"] = body["security_groups"]
    if body["instance_profile"] is not None:
        data["IamInstanceProfile"] = {"Name": body["instance_profile"]}
    return data  # type: ignore[return-value]  # a dictionary that is filled step by step


def version_with(session: Session, name: str, digest: str) -> str:
    """Number of the newest version of a template that has a content.

    Raises
    ------
    TargetError, where none has; a version that has just been made may be read late.
    """
    for one in sorted(_versions(session, name), key=lambda one: one["VersionNumber"], reverse=True):
        if content_digest(_content(one["LaunchTemplateData"])) == digest:
            return str(one["VersionNumber"])
    raise TargetError(f"launch template {name} has no version of content {digest} yet.", passing=True)


def digest_of_version(session: Session, name: str, version: str) -> str | None:
    """Digest of what a version holds; null: there is none."""
    found = _versions(session, name, version) if name else []
    return content_digest(_content(found[0]["LaunchTemplateData"])) if found else None


def _filters(service: str, names: Sequence[str]) -> list[FilterTypeDef]:
    by_name: list[FilterTypeDef] = [
        {"Name": "launch-template-name", "Values": list(names[start : start + MOST_VALUES])}
        for start in range(0, len(names), MOST_VALUES)
    ]
    return [{"Name": f"tag:{SERVICE_TAG}", "Values": [service]}, *by_name]


def _find(session: Session, name: str) -> LaunchTemplateTypeDef | None:
    by_name: FilterTypeDef = {"Name": "launch-template-name", "Values": [name]}
    found = session.ec2.describe_launch_templates(Filters=[by_name])["LaunchTemplates"]
    return found[0] if found else None


def _versions(session: Session, name: str, *numbers: str) -> list[LaunchTemplateVersionTypeDef]:
    """Versions of a template, all or some; none where they are not there, or not yet."""
    from botocore.exceptions import ClientError

    pages = session.ec2.get_paginator("describe_launch_template_versions")
    wanted: dict[str, Any] = {"Versions": list(numbers)} if numbers else {}
    try:
        return [
            one
            for page in pages.paginate(LaunchTemplateName=name, **wanted)
            for one in page["LaunchTemplateVersions"]
        ]
    except ClientError as error:
        if "NotFound" in error.response["Error"]["Code"]:
            return []
        raise


def _newest(session: Session, name: str) -> Body:
    """Content of a template's newest version."""
    versions = session.ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=[LATEST])
    return _content(versions["LaunchTemplateVersions"][0]["LaunchTemplateData"])


def _content(data: ResponseLaunchTemplateDataTypeDef) -> Body:
    """Content of a version in the form of a body."""
    instance = [
        one for one in data.get("TagSpecifications", ()) if one.get("ResourceType", "instance") == "instance"
    ]
    return {
        "image_id": data.get("ImageId"),
        "instance_type": data.get("InstanceType"),
        "security_groups": sorted(data.get("SecurityGroupIds", ())),
        "instance_profile": data.get("IamInstanceProfile", {}).get("Name"),
        "instance_tags": own_tags(tag for one in instance for tag in one.get("Tags", ())),
        "user_data": base64.b64decode(data.get("UserData", "")).decode(errors="replace"),
    }
