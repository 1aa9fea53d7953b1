"""What every family of AWS resources offers to `planner.executors.aws.target`; a module with these names is a family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from planner.errors import nearest
from planner.executors.names import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from planner.executors.aws.session import Session
    from planner.executors.resources import Operation, Resource
    from planner.executors.settings import AwsSettings, DeploymentSettings
    from planner.plan import FleetLine, FunctionLine, ProvisioningPlan, Window


@dataclass(frozen=True)
class Task:
    """What is to be applied, where and when."""

    plan: ProvisioningPlan
    window: Window
    at: datetime
    settings: DeploymentSettings
    aws: AwsSettings

    @property
    def windows(self) -> tuple[Window, ...]:
        """The window to apply, and those after it, which are to be scheduled."""
        return self.plan.windows[self.plan.windows.index(self.window) :]

    @cached_property
    def tags(self) -> dict[str, str]:
        """Tags of all that is put in place; worked out once, as they hold a digest of the whole plan."""
        return tags_of(self.settings.service, self.plan, self.window)

    def elsewhere(self, line: FleetLine | FunctionLine) -> Iterator[str]:
        """Say that an option runs in another region than the plan's, or nothing."""
        if line.region != self.plan.metadata.region:
            yield (
                f"option {line.option}: it runs in {line.region}; a plan for {self.plan.metadata.region} is applied there alone."
            )

    def unset(self, what: str, model: str, key: str) -> str:
        """Say that the settings do not tell what serves a model; the same for all its options."""
        hint = "" if model in self.aws.models else nearest(model, self.aws.models)
        return f"{what} {model}; set aws.models.{model}.{key}.{hint}"


class ResourceKinds(Protocol):
    """A family of resources that belong together."""

    KINDS: tuple[str, ...]

    def desired(self, task: Task) -> tuple[list[Resource], list[str]]:
        """What should be there, and all that is wrong with plan or settings; contacts nothing."""
        ...

    def current(self, session: Session, service: str, desired: Sequence[Resource]) -> list[Resource]:
        """What is there of these kinds: all that carries the service's tag, and what `desired` names.

        Raises
        ------
        InputError, where something that plans only set cannot be set. TargetError.
        """
        ...

    def perform(self, session: Session, operation: Operation) -> dict[str, str]:
        """Create, update or delete one resource of these kinds; done twice, it does no harm.

        Raises
        ------
        TargetError
        """
        ...
