"""Provisioned concurrency of later windows: a scalable target of Application Auto Scaling for a function's alias, and its actions.

Every action is one instant in UTC, still to come, and sets least and most to one number: the plan decides the size, and no scaling
policy. A target holds at most 200; of a longer plan the first are set, and the function's tag planner-scheduled-until says how far
they reach: applying the plan again before then sets the next ones.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

from planner.executors.aws.functions import KIND as FUNCTION
from planner.executors.aws.session import translated
from planner.executors.aws.sizes import action_name
from planner.executors.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.executors.aws.planned_functions import PlannedFunction
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation

KIND = "function-schedule"
NAMESPACE: Literal["lambda"] = "lambda"
DIMENSION: Literal["lambda:function:ProvisionedConcurrency"] = "lambda:function:ProvisionedConcurrency"
RESOURCE = "function:"  # Application Auto Scaling API Reference, RegisterScalableTarget, ResourceId: function:NAME:ALIAS
STAMP = "at(%Y-%m-%dT%H:%M:%S)"  # Application Auto Scaling API Reference, PutScheduledAction, Schedule: one instant
MOST_IDS = 50  # Application Auto Scaling API Reference, DescribeScalableTargets, ResourceIds
NAME_LIMIT = 256  # Application Auto Scaling API Reference, PutScheduledAction, ScheduledActionName


def function_schedule(function: PlannedFunction) -> Resource:
    """Scalable target of a function's alias with its later sizes, named FUNCTION:ALIAS."""
    body = {
        "min": function.provisioned_concurrency,
        "max": function.provisioned_concurrency,
        "actions": {
            action_name(function.service, function.name, size, limit=NAME_LIMIT): {
                "schedule": size.at.astimezone(UTC).strftime(STAMP),
                "timezone": "UTC",
                "min": size.count,
                "max": size.count,
            }
            for size in function.later
        },
    }
    return Resource(KIND, f"{function.name}:{function.alias}", body, (f"{FUNCTION}/{function.name}",))


def read(session: Session, names: Sequence[str]) -> list[Resource]:
    """Scalable targets of some functions' aliases, with their actions.

    Parameters
    ----------
    names
        FUNCTION:ALIAS.
    """
    client = session.application_autoscaling
    found = []
    with translated():
        pages = client.get_paginator("describe_scalable_targets")
        for start in range(0, len(names), MOST_IDS):
            ids = [f"{RESOURCE}{name}" for name in names[start : start + MOST_IDS]]
            for page in pages.paginate(
                ServiceNamespace=NAMESPACE, ResourceIds=ids, ScalableDimension=DIMENSION
            ):
                for one in page["ScalableTargets"]:
                    name = one["ResourceId"].removeprefix(RESOURCE)
                    actions = dict(_actions(session, name))
                    body = {"min": one["MinCapacity"], "max": one["MaxCapacity"], "actions": actions}
                    found.append(Resource(KIND, name, body, (f"{FUNCTION}/{name.split(':')[0]}",)))
    return sorted(found, key=lambda one: one.name)


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Register the target, delete the actions that are not wanted and put those that differ; or take all away."""
    client, name, after = session.application_autoscaling, operation.name, operation.after
    with translated():
        if after is None:
            if read(session, [name]):
                client.deregister_scalable_target(**_target(name))  # takes its actions along
            return {}
        client.register_scalable_target(**_target(name), MinCapacity=after["min"], MaxCapacity=after["max"])
        wanted: Mapping[str, Body] = after["actions"]
        held = dict(_actions(session, name))
        gone = sorted(held.keys() - wanted.keys())
        for one in gone:
            client.delete_scheduled_action(**_target(name), ScheduledActionName=one)
        due = [one for one in wanted if held.get(one) != wanted[one]]
        for one in due:
            client.put_scheduled_action(
                **_target(name),
                ScheduledActionName=one,
                Schedule=wanted[one]["schedule"],
                Timezone=wanted[one]["timezone"],
                ScalableTargetAction={"MinCapacity": wanted[one]["min"], "MaxCapacity": wanted[one]["max"]},
            )
        return {"actions_put": str(len(due)), "actions_deleted": str(len(gone))}


def _actions(session: Session, name: str) -> Iterator[tuple[str, Body]]:
    pages = session.application_autoscaling.get_paginator("describe_scheduled_actions")
    for page in pages.paginate(**_target(name)):
        for one in page["ScheduledActions"]:
            size = one.get("ScalableTargetAction", {})
            yield (
                one["ScheduledActionName"],
                {
                    "schedule": one["Schedule"],
                    "timezone": one.get("Timezone", "UTC"),  # Application Auto Scaling's own default
                    "min": size.get("MinCapacity"),
                    "max": size.get("MaxCapacity"),
                },
            )


def _target(name: str) -> dict[str, Any]:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": f"{RESOURCE}{name}",
        "ScalableDimension": DIMENSION,
    }
