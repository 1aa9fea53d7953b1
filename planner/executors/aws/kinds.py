"""What every family of AWS resources offers to `planner.executors.aws.target`; a module with these names is a family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from planner.executors.aws.session import Session
    from planner.executors.resources import Operation, Resource
    from planner.executors.settings import AwsSettings, DeploymentSettings
    from planner.plan import ProvisioningPlan, Window


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
        TargetError
        """
        ...

    def perform(self, session: Session, operation: Operation) -> dict[str, str]:
        """Create, update or delete one resource of these kinds; done twice, it does no harm.

        Raises
        ------
        TargetError
        """
        ...
