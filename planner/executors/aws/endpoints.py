"""An endpoint of SageMaker as a family of resources: one production variant for every option of a window.

A variant is named after its option, so that a router may address it (InvokeEndpoint, TargetVariant); requests without a target are
spread over the variants by weight, the capacity that the plan gives an option's machines. An endpoint has the sizes of one window:
apply the next one when it starts.

Sizes and weights change in place. Other variants need another configuration, as none can be changed: each is named after its
content. The one before stays until the next change, as SageMaker may still need it while it moves over.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from planner.errors import nearest
from planner.executors.aws.instance_types import ENDPOINTS, instance_types
from planner.executors.aws.session import translated
from planner.executors.aws.tags import own_tags, tag_list
from planner.executors.names import SERVICE_TAG, resource_name
from planner.executors.resources import Resource
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.executors.aws.kinds import Task
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation
    from planner.plan import FleetLine

KIND = "endpoint"
KINDS: tuple[str, ...] = (KIND,)
PROVIDER = "aws"
MARKETS = ("on-demand", "committed")  # SageMaker sells no spot machines for endpoints
NAME_LIMIT = (
    63  # SageMaker API Reference, ProductionVariant, VariantName; CreateEndpointConfig, EndpointConfigName
)
MOST_VARIANTS = 10  # SageMaker API Reference, CreateEndpointConfig, ProductionVariants
WEIGHT_DIGITS = 3  # ours: SageMaker keeps weights as 32-bit numbers, which give back three decimals of any plan's capacity
IN_SERVICE, FAILED, DELETING = (
    "InService",
    "Failed",
    "Deleting",
)  # SageMaker API Reference, DescribeEndpoint, EndpointStatus
SETTLED = (IN_SERVICE, FAILED, None)  # all others are on their way; None: there is no such endpoint
SHOWN = 30  # ours: letters of an endpoint's name in those of its configurations, within their 63
ENDPOINT_DIGITS, CONTENT_DIGITS = 8, 12  # ours: so that names tell endpoints and contents apart


def desired(task: Task) -> tuple[list[Resource], list[str]]:
    """The endpoint of the settings with the machines of the window, or nothing where machines run elsewhere; and every problem."""
    if task.aws.machines != KIND:
        return [], []
    problems = [problem for line in task.window.fleet for problem in _problems(task, line)]
    if task.aws.endpoint is None:
        problems.append("aws.machines is endpoint; set aws.endpoint to its name.")
    if len(task.window.fleet) > MOST_VARIANTS:
        problems.append(
            f"window {task.window.id} has {len(task.window.fleet)} options; an endpoint holds {MOST_VARIANTS} variants. Limit the "
            "plan's options by max_groups."
        )
    if problems or task.aws.endpoint is None or not task.window.fleet:
        return [], problems
    body = {
        "variants": {
            resource_name(task.settings.service, line.option, limit=NAME_LIMIT): _variant(task, line)
            for line in task.window.fleet
        },
        "failed": False,
        "tags": task.tags,
    }
    return [Resource(KIND, task.aws.endpoint, body)], problems


def current(session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
    """Endpoints that carry the service's tag or are desired; those that are being deleted are gone."""
    found = []
    names = {one.name for one in desired}
    with translated():
        for page in session.sagemaker.get_paginator("list_endpoints").paginate():
            for one in page["Endpoints"]:
                tags = own_tags(session.sagemaker.list_tags(ResourceArn=one["EndpointArn"])["Tags"])
                ours = tags.get(SERVICE_TAG) == service or one["EndpointName"] in names
                if ours and one["EndpointStatus"] != DELETING:
                    body = {
                        "variants": _variants(session, one["EndpointName"]),
                        "failed": one["EndpointStatus"] == FAILED,
                        "tags": tags,
                    }
                    found.append(Resource(KIND, one["EndpointName"], body))
    return sorted(found, key=lambda one: one.name)


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Create an endpoint, move it to another configuration, size or tag it, or delete it with its configurations."""
    client, name, after = session.sagemaker, operation.name, operation.after
    with translated():
        status = _status(session, name)
        if status not in SETTLED and not (after is None and status == DELETING):
            raise TargetError(f"endpoint {name} is {status}.", passing=True)
        if after is None:
            if status in {IN_SERVICE, FAILED}:
                client.delete_endpoint(EndpointName=name)
            _delete_configs(session, name, keep=())
            return {}
        if status == FAILED:
            raise TargetError(
                f"endpoint {name} has failed, which nothing but its deletion mends; see why, delete it, and apply again."
            )
        if status is None:
            config = _made_config(session, name, after)
            made = client.create_endpoint(
                EndpointName=name, EndpointConfigName=config, Tags=tag_list(after["tags"])
            )
            return {"arn": made["EndpointArn"], "config": config}
        return _update(session, name, after)


def _variant(task: Task, line: FleetLine) -> Body:
    group = next(one for one in task.window.groups if one.id == line.group)
    return {
        "model": task.aws.models[line.model].sagemaker_model,
        "instance_type": f"ml.{line.instance_type}",
        "count": line.count,
        "weight": round(group.capacity_rps * line.count / group.count, WEIGHT_DIGITS),
    }


def _problems(task: Task, line: FleetLine) -> Iterator[str]:
    what = f"option {line.option}"
    if line.provider != PROVIDER:
        yield f"{what}: its machines are of {line.provider}; an endpoint runs on machines of {PROVIDER} alone."
    yield from task.elsewhere(line)
    if line.market not in MARKETS:
        yield f"{what}: market {line.market}: an endpoint has {' and '.join(MARKETS)} machines; plan with these markets alone."
    if line.zone is not None:
        yield f"{what}: zone {line.zone}: an endpoint chooses zones itself; plan without zones, or set aws.machines to groups."
    kind, known = f"ml.{line.instance_type}", instance_types(*ENDPOINTS)
    if kind not in known:
        yield (
            f"{what}: SageMaker has no instance type {kind!r} for endpoints.{nearest(kind, known)} Exclude it from the "
            "scenario."
        )
    model = task.aws.models.get(line.model)
    if model is None or model.sagemaker_model is None:
        yield task.unset("no registered model serves", line.model, "sagemaker_model")


def config_prefix(name: str) -> str:
    """What the names of an endpoint's configurations begin with, and no other's."""
    digits = hashlib.sha256(name.encode()).hexdigest()[:ENDPOINT_DIGITS]
    return f"{name[:SHOWN].rstrip('-')}-{digits}-"


def _made_config(session: Session, name: str, body: Body) -> str:
    """Name of the configuration that has the body's variants, made where it is not there."""
    content = hashlib.sha256(json.dumps(body["variants"], sort_keys=True).encode()).hexdigest()
    config = config_prefix(name) + content[:CONTENT_DIGITS]
    if config not in _configs(session, name):
        session.sagemaker.create_endpoint_config(
            EndpointConfigName=config,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": one["model"],
                    "InstanceType": one["instance_type"],
                    "InitialInstanceCount": one["count"],
                    "InitialVariantWeight": one["weight"],
                }
                for variant, one in sorted(body["variants"].items())
            ],
            Tags=tag_list(body["tags"]),
        )
    return config


def _update(session: Session, name: str, after: Body) -> dict[str, str]:
    """Let an endpoint run what is wanted: other sizes and weights in place, other variants as another configuration."""
    client = session.sagemaker
    held, variants = client.describe_endpoint(EndpointName=name), _variants(session, name)
    config = held["EndpointConfigName"]
    if _unsized(variants) != _unsized(after["variants"]):
        config = _made_config(session, name, after)
        client.update_endpoint(EndpointName=name, EndpointConfigName=config)
        _delete_configs(session, name, keep=(held["EndpointConfigName"], config))
    elif variants != after["variants"]:
        client.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[
                {"VariantName": variant, "DesiredWeight": one["weight"], "DesiredInstanceCount": one["count"]}
                for variant, one in sorted(after["variants"].items())
            ],
        )
    client.add_tags(ResourceArn=held["EndpointArn"], Tags=tag_list(after["tags"]))
    return {"arn": held["EndpointArn"], "config": config}


def _unsized(variants: Mapping[str, Body]) -> dict[str, Body]:
    """What of the variants a configuration alone can change."""
    return {
        name: {"model": one["model"], "instance_type": one["instance_type"]} for name, one in variants.items()
    }


def _status(session: Session, name: str) -> str | None:
    pages = session.sagemaker.get_paginator("list_endpoints").paginate(NameContains=name)
    found = {one["EndpointName"]: one["EndpointStatus"] for page in pages for one in page["Endpoints"]}
    return found.get(name)


def _variants(session: Session, name: str) -> dict[str, Body]:
    """Variants of an endpoint; of one that moves to another configuration, those it will have."""
    client = session.sagemaker
    held = client.describe_endpoint(EndpointName=name)
    pending = held.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
    config = client.describe_endpoint_config(EndpointConfigName=pending or held["EndpointConfigName"])
    sizes: Mapping[str, Any] = (
        {} if pending else {one["VariantName"]: one for one in held.get("ProductionVariants", ())}
    )
    found = {}
    for one in config["ProductionVariants"]:
        size = sizes.get(one["VariantName"], {})
        found[one["VariantName"]] = {
            "model": one.get("ModelName"),
            "instance_type": one.get("InstanceType"),
            "count": size.get("DesiredInstanceCount", one.get("InitialInstanceCount")),
            "weight": round(size.get("DesiredWeight", one.get("InitialVariantWeight", 1.0)), WEIGHT_DIGITS),
        }
    return found


def _configs(session: Session, name: str) -> set[str]:
    prefix = config_prefix(name)
    pages = session.sagemaker.get_paginator("list_endpoint_configs").paginate(NameContains=prefix)
    found = {one["EndpointConfigName"] for page in pages for one in page["EndpointConfigs"]}
    return {one for one in found if one.startswith(prefix)}


def _delete_configs(session: Session, name: str, *, keep: Sequence[str]) -> None:
    for one in sorted(_configs(session, name).difference(keep)):
        session.sagemaker.delete_endpoint_config(EndpointConfigName=one)
