"""The target aws: one account and region, and the families of resources a plan puts there."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from planner.errors import DriftError, InputError
from planner.executors.aws import endpoints, function_kinds, machine_kinds
from planner.executors.aws.functions import KIND as FUNCTION
from planner.executors.aws.kinds import Task
from planner.executors.aws.limits import zone_problems
from planner.executors.aws.policy import policy
from planner.executors.aws.session import Session
from planner.executors.names import SERVICE_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from planner.executors.aws.kinds import ResourceKinds
    from planner.executors.resources import Operation, Resource, Whereabouts
    from planner.executors.settings import AwsSettings, DeploymentSettings
    from planner.plan import ProvisioningPlan, Window

FAMILIES: tuple[ResourceKinds, ...] = (machine_kinds, function_kinds, endpoints)


class AwsTarget:
    """Applies plans with boto3 to the account of the settings and the region of the plan.

    Raises
    ------
    InputError, where the settings have no part `aws`.
    """

    name = "aws"

    def __init__(self, settings: DeploymentSettings, region: str) -> None:
        if settings.aws is None:
            raise InputError(
                f"--target {self.name} needs the part aws of the settings: account, subnets, models."
            )
        self.settings = settings
        self.aws: AwsSettings = settings.aws
        self.region = region

    @cached_property
    def session(self) -> Session:
        """Clients of the services; boto3 is imported when they are first asked for."""
        return Session(self.aws, self.region)

    def desired(self, plan: ProvisioningPlan, window: Window, at: datetime) -> tuple[Resource, ...]:
        """Resources of all families for a window, and the schedule of the windows after it; touches nothing.

        Raises
        ------
        DriftError, where the settings are those of another region. InputError, with everything the services would reject.
        """
        elsewhere = list(zone_problems(sorted(self.aws.subnets), self.region))
        if elsewhere:
            raise DriftError(elsewhere)
        task = Task(plan=plan, window=window, at=at, settings=self.settings, aws=self.aws)
        resources: list[Resource] = []
        problems: list[str] = []
        for family in FAMILIES:
            found, wrong = family.desired(task)
            resources += found
            problems += wrong
        if problems:
            raise InputError(list(dict.fromkeys(problems)))  # options of one model share some
        return tuple(resources)

    def files(self, resources: Sequence[Resource]) -> dict[str, str]:
        """The resources as one JSON file, and the least rights that applying them needs as another."""
        data = [
            {"kind": one.kind, "name": one.name, "body": one.body, "needs": list(one.needs)}
            for one in resources
        ]
        rights = policy(self.settings.service, self.aws, self.region)
        return {
            "aws-resources.json": json.dumps(data, indent=1, sort_keys=True) + "\n",
            "iam-policy.json": json.dumps(rights, indent=1) + "\n",
        }

    def where(self) -> Whereabouts:
        """Account and region that calls reach.

        Raises
        ------
        DriftError, InputError, TargetError, as `planner.executors.aws.session.Session.where`.
        """
        return self.session.where()

    def current(self, desired: Sequence[Resource]) -> Mapping[str, Resource]:
        """What is there, by key.

        Raises
        ------
        DriftError, where a name is taken by what does not carry the service's tag. InputError, where a function that is wanted
        cannot be set. TargetError.
        """
        found = [
            one
            for family in FAMILIES
            for one in family.current(
                self.session, self.settings.service, [one for one in desired if one.kind in family.KINDS]
            )
        ]
        foreign = [text for one in found for text in _foreign(one, self.settings.service)]
        if foreign:
            raise DriftError(foreign)
        return {one.key: one for one in found}

    def perform(self, operation: Operation) -> dict[str, str]:
        """Create, update or delete one resource; return the ids that the service answered with.

        Raises
        ------
        TargetError
        """
        family = next(one for one in FAMILIES if operation.kind in one.KINDS)
        return family.perform(self.session, operation)


def _foreign(one: Resource, service: str) -> Iterator[str]:
    """Say that a resource of a name of ours is somebody else's, or nothing; functions are made by others, and tagged when set."""
    tags = one.body.get("tags", {SERVICE_TAG: service})
    owner = tags.get(SERVICE_TAG, service if one.kind == FUNCTION else None)
    if owner != service:
        whose = f"its tag {SERVICE_TAG} is {owner}" if owner else f"it has no tag {SERVICE_TAG}"
        yield (
            f"{one.key} is there, and {whose}: it was not made for the service {service}. To let plans change it, set that tag to "
            f"{service}; otherwise delete it, or name another service in the settings."
        )
