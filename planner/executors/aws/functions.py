"""Settings of functions: memory, reserved concurrency, and the functions an alias keeps ready.

The functions and their code are somebody else's: a plan sets them, and lets go of them when it calls them no more, but neither
makes nor deletes any. Provisioned concurrency belongs to a published version, so a change of memory is published and the alias
moved to that version; code that the alias does not run yet is never published along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.executors.aws.planned_functions import ALIAS_TAG
from planner.executors.aws.session import translated
from planner.executors.aws.tags import own_tags
from planner.executors.names import SERVICE_TAG
from planner.executors.resources import Resource
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef as Configuration

    from planner.executors.aws.planned_functions import PlannedFunction
    from planner.executors.aws.session import Session
    from planner.executors.resources import Body, Operation

KIND = "function-settings"
NEWEST = "$LATEST"  # Lambda's word for the version that can be changed
UNSETTLED = "InProgress"  # Lambda API Reference, GetFunctionConfiguration, LastUpdateStatus
LEAST_UNRESERVED = (
    100  # Lambda Developer Guide, "Configuring reserved concurrency": what an account must leave unreserved
)


def function_settings(function: PlannedFunction) -> Resource:
    """Settings of a function; nothing is reserved where the plan sets nothing aside, as 0 would turn the function off."""
    body = {
        "memory_mb": function.memory_mb,
        "architecture": function.architecture,
        "alias": {"name": function.alias, "memory_mb": function.memory_mb},
        "reserved_concurrency": function.reserved_concurrency or None,
        "provisioned_concurrency": function.provisioned_concurrency,
        "tags": function.tags,
    }
    return Resource(KIND, function.name, body)


def read(session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
    """Settings of the functions that carry the service's tag, and of those that are desired.

    Raises
    ------
    TargetError, with every desired function that is not there, and where the account has no such concurrency left to reserve.
    """
    wanted = {one.name: one.body for one in desired}
    found, missing = [], []
    with translated():
        for name in sorted(set(_tagged(session, service)) | wanted.keys()):
            one = _read_one(session, name, wanted.get(name))
            if one is not None:
                found.append(one)
            elif name in wanted:
                missing.append(name)
        if missing:
            raise TargetError(
                f"there is no function {', '.join(missing)}; deploy the code of the models there, or correct function_name in the "
                "settings."
            )
        _check_reservable(session, wanted, {one.name: one.body for one in found})
    return found


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
    if newest["Architectures"] != [after["architecture"]]:
        raise TargetError(
            f"function {name} is built for {', '.join(newest['Architectures'])}, the plan's figures hold for "
            f"{after['architecture']}; deploy its code for that, or plan with what is there."
        )
    alias = after["alias"]["name"]
    if operation.before and operation.before["alias"]["name"] != alias:
        _provide(session, name, operation.before["alias"]["name"], 0)
    client.tag_resource(Resource=newest["FunctionArn"], Tags=after["tags"])
    if newest["MemorySize"] != after["memory_mb"]:
        newest = client.update_function_configuration(FunctionName=name, MemorySize=after["memory_mb"])
    if newest.get("LastUpdateStatus") == UNSETTLED:
        raise TargetError(f"function {name} is still being updated.", passing=True)
    version = _aliased(session, name, after, newest)
    count = after["provisioned_concurrency"]
    if count < _provided(session, name, alias):  # what is reserved must never be less than what is kept ready
        _provide(session, name, alias, count)
        _reserve(session, name, after["reserved_concurrency"])
    else:
        _reserve(session, name, after["reserved_concurrency"])
        _provide(session, name, alias, count)
    return {"version": version}


def _aliased(session: Session, name: str, after: Body, newest: Configuration) -> str:
    """Let the alias name a published version that has the memory; return that version."""
    client, alias = session.functions, after["alias"]["name"]
    held = _configuration(session, name, alias)
    if held and held["Version"] != NEWEST and held["MemorySize"] == after["memory_mb"]:
        return held["Version"]
    if held and held["CodeSha256"] != newest["CodeSha256"]:
        raise TargetError(
            f"function {name} has newer code than its alias {alias} runs, which new memory would publish along; move the alias to "
            "it first, or take the code back."
        )
    version = client.publish_version(FunctionName=name, CodeSha256=newest["CodeSha256"])["Version"]
    if held:
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    else:
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    return version


def _let_go(session: Session, operation: Operation, arn: str) -> None:
    """Keep nothing ready and reserve nothing; the tags go last, so that a run that is cut off finds the function again."""
    before = operation.before or {}
    _provide(session, operation.name, before["alias"]["name"], 0)
    _reserve(session, operation.name, None)
    session.functions.untag_resource(Resource=arn, TagKeys=sorted(before["tags"]))


def _reserve(session: Session, name: str, count: int | None) -> None:
    held = session.functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    if count is None and held is not None:
        session.functions.delete_function_concurrency(FunctionName=name)
    elif count is not None and held != count:
        session.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)


def _provide(session: Session, name: str, alias: str, count: int) -> None:
    held = _provided(session, name, alias)
    if held and not count:
        session.functions.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    elif held != count:
        session.functions.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier=alias, ProvisionedConcurrentExecutions=count
        )


def _provided(session: Session, name: str, alias: str) -> int:
    """Functions that an alias keeps ready; 0 where there is no such alias."""
    if not alias:
        return 0
    client = session.functions
    absent = (
        client.exceptions.ProvisionedConcurrencyConfigNotFoundException,
        client.exceptions.ResourceNotFoundException,
    )
    try:
        found = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    except absent:
        return 0
    return found["RequestedProvisionedConcurrentExecutions"]


def _configuration(session: Session, name: str, alias: str = NEWEST) -> Configuration | None:
    """Configuration of the version that an alias names; none where there is no such function or alias."""
    client = session.functions
    try:
        return client.get_function_configuration(FunctionName=name, Qualifier=alias)
    except client.exceptions.ResourceNotFoundException:
        return None


def _read_one(session: Session, name: str, wanted: Body | None) -> Resource | None:
    newest = _configuration(session, name)
    if newest is None:
        return None
    client = session.functions
    arn = newest["FunctionArn"].removesuffix(f":{NEWEST}")
    held = client.list_tags(Resource=arn)["Tags"]
    tags = own_tags([{"Key": key, "Value": value} for key, value in held.items()])
    alias = tags.get(ALIAS_TAG) or (wanted["alias"]["name"] if wanted else "")
    version = _configuration(session, name, alias) if alias else None
    published = version is not None and version["Version"] != NEWEST
    body: dict[str, Any] = {
        "memory_mb": newest["MemorySize"],
        "architecture": "+".join(newest["Architectures"]),
        "alias": {"name": alias, "memory_mb": version["MemorySize"] if version and published else None},
        "reserved_concurrency": client.get_function_concurrency(FunctionName=name).get(
            "ReservedConcurrentExecutions"
        ),
        "provisioned_concurrency": _provided(session, name, alias),
        "tags": tags,
    }
    return Resource(KIND, name, body)


def _tagged(session: Session, service: str) -> Iterator[str]:
    """Names of the functions that carry the service's tag."""
    pages = session.tagging.get_paginator("get_resources")
    for page in pages.paginate(
        TagFilters=[{"Key": SERVICE_TAG, "Values": [service]}], ResourceTypeFilters=["lambda:function"]
    ):
        for one in page["ResourceTagMappingList"]:
            yield one["ResourceARN"].rsplit(":function:", 1)[1]


def _check_reservable(session: Session, wanted: Mapping[str, Body], held: Mapping[str, Body]) -> None:
    """Find out whether the account can set so much more concurrency aside.

    Raises
    ------
    TargetError
    """
    more = sum(
        max(0, (body["reserved_concurrency"] or 0) - (held[name]["reserved_concurrency"] or 0))
        for name, body in wanted.items()
    )
    if not more:
        return
    limits = session.functions.get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"] - LEAST_UNRESERVED
    if more > free:
        raise TargetError(
            f"the plan reserves {more} more concurrent executions; the account has {max(0, free)} to reserve, as "
            f"{LEAST_UNRESERVED} of its {limits['ConcurrentExecutions']} must stay unreserved. Ask Lambda for a higher quota, or "
            "plan with a lower one."
        )
