"""Scheduled actions: the sizes of a group in later windows, as one resource a group.

Every action starts at an explicit instant that is still to come. A group holds at most 125 of them; a longer plan is scheduled in
instalments: the earliest are set, the group's tag planner-scheduled-until says how far they reach, and applying the plan again
before then sets the next ones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from planner.executors.aws.scaling_groups import KIND as GROUP
from planner.executors.aws.session import translated
from planner.executors.aws.sizes import action_name
from planner.executors.resources import Resource
from planner.executors.target import TargetError
from planner.instants import instant_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_autoscaling.type_defs import ScheduledUpdateGroupActionRequestTypeDef

    from planner.executors.aws.machines import MachineGroup
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation
    from planner.executors.sizes import Size

KIND = "scheduled-actions"
MOST_ACTIONS = 125  # Auto Scaling User Guide, "Quotas": scheduled actions of a group
BATCH = 50  # Auto Scaling API Reference, BatchPutScheduledUpdateGroupAction and BatchDeleteScheduledAction
NAME_LIMIT = 255  # Auto Scaling API Reference, ScheduledUpdateGroupActionRequest, ScheduledActionName
LEAD = timedelta(
    minutes=2
)  # ours: what starts sooner would be past before the calls are done, and is applied at once


def schedule(machines: MachineGroup, later: Sequence[Size]) -> Resource:
    """Scheduled actions of a group for its later sizes."""
    actions = {
        action_name(machines.service, machines.option, size, limit=NAME_LIMIT): {
            "start": instant_text(size.at),
            "min": size.count,
            "max": size.count,
            "desired": size.count,
        }
        for size in later
    }
    return Resource(KIND, machines.group_name, {"actions": actions}, (f"{GROUP}/{machines.group_name}",))


def read(session: Session, groups: Sequence[str]) -> list[Resource]:
    """Scheduled actions of some groups; a group without any has no such resource."""
    with translated():
        return [
            Resource(KIND, group, {"actions": actions}, (f"{GROUP}/{group}",))
            for group in sorted(groups)
            if (actions := dict(_actions(session, group)))
        ]


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Delete the actions that are not wanted, and put those that differ, 50 a call."""
    wanted: Mapping[str, Body] = {} if operation.after is None else operation.after["actions"]
    client, group = session.autoscaling, operation.name
    with translated():
        held = dict(_actions(session, group))
        gone = sorted(held.keys() - wanted.keys())
        for start in range(0, len(gone), BATCH):
            removed = client.batch_delete_scheduled_action(
                AutoScalingGroupName=group, ScheduledActionNames=gone[start : start + BATCH]
            )
            _check_none_failed(removed.get("FailedScheduledActions", ()))
        due = [_request(name, action) for name, action in wanted.items() if held.get(name) != action]
        for start in range(0, len(due), BATCH):
            put = client.batch_put_scheduled_update_group_action(
                AutoScalingGroupName=group, ScheduledUpdateGroupActions=due[start : start + BATCH]
            )
            _check_none_failed(put.get("FailedScheduledUpdateGroupActions", ()))
    return {"actions_put": str(len(due)), "actions_deleted": str(len(gone))}


def _actions(session: Session, group: str) -> Iterator[tuple[str, Body]]:
    pages = session.autoscaling.get_paginator("describe_scheduled_actions")
    for page in pages.paginate(AutoScalingGroupName=group):
        for one in page["ScheduledUpdateGroupActions"]:
            action = {
                "start": instant_text(one["StartTime"]),
                "min": one.get("MinSize"),
                "max": one.get("MaxSize"),
                "desired": one.get("DesiredCapacity"),
            }
            repeated = {"recurrence": one["Recurrence"]} if one.get("Recurrence") else {}
            yield one["ScheduledActionName"], action | repeated


def _request(name: str, action: Body) -> ScheduledUpdateGroupActionRequestTypeDef:
    return {
        "ScheduledActionName": name,
        "StartTime": datetime.fromisoformat(action["start"]),
        "MinSize": action["min"],
        "MaxSize": action["max"],
        "DesiredCapacity": action["desired"],
    }


def _check_none_failed(failed: Sequence[Mapping[str, Any]]) -> None:
    if failed:
        told = "; ".join(
            f"{one['ScheduledActionName']}: {one.get('ErrorCode')}: {one.get('ErrorMessage')}"
            for one in failed
        )
        raise TargetError(f"some scheduled actions were refused: {told}")
