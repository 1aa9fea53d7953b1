"""Functions as Lambda has them, and what stands in the way of setting one as a plan asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.tariffs import LEAST_UNRESERVED
from planner.errors import InputError
from planner.executors.aws.session import translated
from planner.executors.aws.tags import ALIAS_TAG, own_tags
from planner.executors.names import SERVICE_TAG
from planner.executors.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef as Configuration

    from planner.executors.aws.session import Session
    from planner.executors.resources import Body

FUNCTION = "function-settings"
NEWEST = "$LATEST"  # Lambda's word for the version that can be changed
GIVEN_UP = "FAILED"  # Lambda API Reference, GetProvisionedConcurrencyConfig, Status


@dataclass(frozen=True)
class HeldFunction:
    """A function that is there."""

    name: str
    newest: Configuration
    alias: str  # that the plan before named in a tag, or this one names; empty: neither does
    version: Configuration | None  # that the alias names
    tags: dict[str, str]

    @property
    def published_mb(self) -> int | None:
        """Memory of the published version that the alias names."""
        published = self.version is not None and self.version["Version"] != NEWEST
        return self.version["MemorySize"] if self.version and published else None

    def obstacles(self, wanted: Body, version: Configuration | None) -> Iterator[str]:
        """Say why the function cannot be set as is wanted, or nothing.

        Parameters
        ----------
        version
            What the alias that is wanted names.
        """
        if self.newest["Architectures"] != [wanted["architecture"]]:
            yield (
                f"function {self.name} is built for {', '.join(self.newest['Architectures'])}, the plan's figures hold for "
                f"{wanted['architecture']}; deploy its code for that, or plan with what is there."
            )
        if version is None or version["CodeSha256"] == self.newest["CodeSha256"]:
            return
        if version["MemorySize"] != wanted["memory_mb"]:
            yield (
                f"function {self.name} has newer code than its alias {wanted['alias']['name']} runs, which new memory would "
                "publish along; move the alias to it first, or take the code back."
            )


def read(session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
    """Settings of the functions that carry the service's tag, and of those that are desired.

    Raises
    ------
    InputError, with every desired function that is not there or cannot be set, and where the account has no such concurrency left
    to reserve. TargetError.
    """
    wanted = {one.name: one.body for one in desired}
    with translated():
        names = sorted(set(_tagged(session, service)) | wanted.keys())
        held = {name: _held(session, name, wanted.get(name)) for name in names}
        problems = [
            one for name, body in wanted.items() for one in _problems(session, name, body, held[name])
        ]
        if problems:
            raise InputError(problems)
        found = [
            _resource(session, one)
            for name, one in held.items()
            if one and (name in wanted or one.tags.get(SERVICE_TAG) == service)  # lists of tags lag behind
        ]
        _check_reservable(session, wanted, {one.name: one.body for one in found})
    return found


def configuration(session: Session, name: str, alias: str = NEWEST) -> Configuration | None:
    """Configuration of the version that an alias names; none where there is no such function or alias."""
    client = session.functions
    try:
        return client.get_function_configuration(FunctionName=name, Qualifier=alias)
    except client.exceptions.ResourceNotFoundException:
        return None


def kept_ready(session: Session, name: str, alias: str) -> tuple[int, bool]:
    """How many functions an alias is to keep ready, and whether Lambda has given up on them; none where there is no such alias."""
    client = session.functions
    absent = (
        client.exceptions.ProvisionedConcurrencyConfigNotFoundException,
        client.exceptions.ResourceNotFoundException,
    )
    try:
        found = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    except absent:
        return 0, False
    return found["RequestedProvisionedConcurrentExecutions"], found["Status"] == GIVEN_UP


def _held(session: Session, name: str, wanted: Body | None) -> HeldFunction | None:
    newest = configuration(session, name)
    if newest is None:
        return None
    arn = newest["FunctionArn"].removesuffix(f":{NEWEST}")
    listed = session.functions.list_tags(Resource=arn)["Tags"]
    tags = own_tags({"Key": key, "Value": value} for key, value in listed.items())
    alias = tags.get(ALIAS_TAG) or (wanted["alias"]["name"] if wanted else "")
    version = configuration(session, name, alias) if alias else None
    return HeldFunction(name, newest, alias, version, tags)


def _resource(session: Session, held: HeldFunction) -> Resource:
    reserved = session.functions.get_function_concurrency(FunctionName=held.name)
    count, failed = kept_ready(session, held.name, held.alias) if held.alias else (0, False)
    body = {
        "memory_mb": held.newest["MemorySize"],
        "architecture": "+".join(held.newest["Architectures"]),
        "alias": {"name": held.alias, "memory_mb": held.published_mb},
        "reserved_concurrency": reserved.get("ReservedConcurrentExecutions"),
        "provisioned_concurrency": count,
        "failed": failed,
        "tags": held.tags,
    }
    return Resource(FUNCTION, held.name, body)


def _tagged(session: Session, service: str) -> Iterator[str]:
    """Names of the functions that carry the service's tag."""
    pages = session.tagging.get_paginator("get_resources")
    for page in pages.paginate(
        TagFilters=[{"Key": SERVICE_TAG, "Values": [service]}], ResourceTypeFilters=["lambda:function"]
    ):
        for one in page["ResourceTagMappingList"]:
            yield one["ResourceARN"].rsplit(":function:", 1)[1]


def _problems(session: Session, name: str, wanted: Body, held: HeldFunction | None) -> Iterator[str]:
    """Say why a function that is wanted cannot be set, or nothing."""
    if held is None:
        yield f"there is no function {name}; deploy the model's code there, or correct function_name in the settings."
        return
    alias = wanted["alias"]["name"]
    version = held.version if held.alias == alias else configuration(session, name, alias)
    yield from held.obstacles(wanted, version)


def _check_reservable(session: Session, wanted: Mapping[str, Body], held: Mapping[str, Body]) -> None:
    """Find out whether the account can set so much more concurrency aside.

    Raises
    ------
    InputError
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
        raise InputError(
            f"the plan reserves {more} more concurrent executions; the account has {max(0, free)} to reserve, as "
            f"{LEAST_UNRESERVED} of its {limits['ConcurrentExecutions']} must stay unreserved. Ask Lambda for a higher quota, or "
            "plan with a lower one."
        )
