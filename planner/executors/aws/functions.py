"""Settings of functions: memory, reserved concurrency, and the functions an alias keeps ready.

The functions and their code are somebody else's: a plan sets them, and lets go of them when it calls them no more, but neither
makes nor deletes any. Provisioned concurrency belongs to a published version, so a change of memory is published and the alias
moved to that version; code that the alias does not run yet is never published along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.aws.held_functions import FUNCTION, NEWEST, configuration, kept_ready
from planner.executors.aws.session import translated
from planner.executors.resources import Resource
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef as Configuration

    from planner.executors.aws.planned_functions import PlannedFunction
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation

KIND = FUNCTION
UNSETTLED, BROKEN = "InProgress", "Failed"  # Lambda API Reference, GetFunctionConfiguration, LastUpdateStatus


def function_settings(function: PlannedFunction) -> Resource:
    """Settings of a function; nothing is reserved where the plan sets nothing aside, as 0 would turn the function off."""
    body = {
        "memory_mb": function.memory_mb,
        "architecture": function.architecture,
        "alias": {"name": function.alias, "memory_mb": function.memory_mb},
        "reserved_concurrency": function.reserved_concurrency or None,
        "provisioned_concurrency": function.provisioned_concurrency,
        "failed": False,
        "tags": function.tags,
    }
    return Resource(KIND, function.name, body)


def perform(session: Session, operation: Operation) -> dict[str, str]:
    """Set a function, or let go of it."""
    name = operation.name
    with translated():
        newest = session.functions.get_function_configuration(FunctionName=name)
        if operation.after is None:
            _let_go(session, operation, newest["FunctionArn"])
            return {}
        return {"arn": newest["FunctionArn"]} | _set(session, operation, operation.after, newest)


def _set(session: Session, operation: Operation, after: Body, newest: Configuration) -> dict[str, str]:
    client, name = session.functions, operation.name
    alias = after["alias"]["name"]
    former = operation.before["alias"]["name"] if operation.before else ""
    if former and former != alias:
        _keep_ready(session, name, former, 0)
    client.tag_resource(Resource=newest["FunctionArn"], Tags=after["tags"])
    if newest["MemorySize"] != after["memory_mb"]:
        newest = client.update_function_configuration(FunctionName=name, MemorySize=after["memory_mb"])
    status = newest.get("LastUpdateStatus")
    if status == UNSETTLED:
        raise TargetError(f"function {name} is still being updated.", passing=True)
    if status == BROKEN:
        why = newest.get("LastUpdateStatusReason", "Lambda does not say why")
        raise TargetError(f"the last update of function {name} failed: {why}; mend it and apply again.")
    version = _aliased(session, name, after, newest)
    count = after["provisioned_concurrency"]
    if count < kept_ready(session, name, alias)[0]:  # what is reserved is never less than what is kept ready
        _keep_ready(session, name, alias, count)
        _reserve(session, name, after["reserved_concurrency"])
    else:
        _reserve(session, name, after["reserved_concurrency"])
        _keep_ready(session, name, alias, count)
    return {"version": version}


def _aliased(session: Session, name: str, after: Body, newest: Configuration) -> str:
    """Let the alias name a published version that has the memory, and the code that it ran before; return that version."""
    client, alias = session.functions, after["alias"]["name"]
    held = configuration(session, name, alias)
    if held and held["Version"] != NEWEST and held["MemorySize"] == after["memory_mb"]:
        return held["Version"]
    version = client.publish_version(FunctionName=name, CodeSha256=(held or newest)["CodeSha256"])["Version"]
    if held:
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    else:
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    return version


def _let_go(session: Session, operation: Operation, arn: str) -> None:
    """Keep nothing ready and reserve nothing; the tags go last, so that a run that is cut off finds the function again."""
    before = operation.before or {}
    if before["alias"]["name"]:
        _keep_ready(session, operation.name, before["alias"]["name"], 0)
    _reserve(session, operation.name, None)
    session.functions.untag_resource(Resource=arn, TagKeys=sorted(before["tags"]))


def _reserve(session: Session, name: str, count: int | None) -> None:
    held = session.functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    if count is None and held is not None:
        session.functions.delete_function_concurrency(FunctionName=name)
    elif count is not None and held != count:
        session.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)


def _keep_ready(session: Session, name: str, alias: str, count: int) -> None:
    held, failed = kept_ready(session, name, alias)
    if held and not count:
        session.functions.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    elif held != count or failed:
        session.functions.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=alias, ProvisionedConcurrentExecutions=count
        )
