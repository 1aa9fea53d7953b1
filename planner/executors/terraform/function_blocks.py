"""Functions as Terraform can set them: how many are kept ready, and when.

Terraform owns a function together with its code, of which a plan knows nothing. So memory, architecture and reserved concurrency
are handed to the configuration that has the code, as a local value; alias and version are that configuration's too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.aws.function_schedules import DIMENSION, NAMESPACE, RESOURCE
from planner.executors.aws.function_schedules import KIND as SCHEDULE
from planner.executors.aws.functions import KIND as FUNCTION
from planner.executors.terraform.texts import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.executors.resources import Body, Resource
    from planner.executors.terraform.texts import Block

LOCAL = "planner_functions"
UNRESERVED = -1  # Terraform, aws_lambda_function, reserved_concurrent_executions: no limit of its own


def function_values(resources: Sequence[Resource]) -> Body:
    """Function -> what its own configuration is to set, under the names that ``aws_lambda_function`` has for it."""
    return {
        one.name: {
            "memory_size": one.body["memory_mb"],
            "architectures": [one.body["architecture"]],
            "reserved_concurrent_executions": one.body["reserved_concurrency"] or UNRESERVED,
        }
        for one in resources
        if one.kind == FUNCTION
    }


def ready(name: str, body: Body) -> Iterator[Block]:
    """What is kept ready of a function at once."""
    if body["provisioned_concurrency"]:
        yield (
            "aws_lambda_provisioned_concurrency_config",
            _label(name),
            {
                "function_name": name,
                "qualifier": body["alias"]["name"],
                "provisioned_concurrent_executions": body["provisioned_concurrency"],
            },
        )


def ready_later(name: str, body: Body) -> Iterator[Block]:
    """What is kept ready from later instants on; `name` is FUNCTION:ALIAS."""
    function, _ = name.split(":")
    target = {
        "service_namespace": NAMESPACE,
        "resource_id": f"{RESOURCE}{name}",
        "scalable_dimension": DIMENSION,
    }
    sizes = {"min_capacity": body["min"], "max_capacity": body["max"]}
    yield "aws_appautoscaling_target", _label(function), target | sizes
    held_by = Reference(f"${{aws_appautoscaling_target.{_label(function)}.resource_id}}")
    for action, size in body["actions"].items():
        yield (
            "aws_appautoscaling_scheduled_action",
            action,
            {
                **target,
                "name": action,
                "resource_id": held_by,
                "schedule": size["schedule"],
                "timezone": size["timezone"],
                "scalable_target_action": [{"min_capacity": size["min"], "max_capacity": size["max"]}],
            },
        )


def _label(function: str) -> str:
    """Name of a block: functions' names may begin with what Terraform's may not."""
    return f"function-{function}"


FORMS = {FUNCTION: ready, SCHEDULE: ready_later}
