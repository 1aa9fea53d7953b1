"""A cloud in memory: it keeps what it is asked to, and fails, throttles or is cut off where a test says so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from planner.errors import DriftError
from planner.executors.names import resource_name, tags_of
from planner.executors.resources import Resource, Whereabouts
from planner.executors.settings import DeploymentSettings
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from planner.executors.resources import Operation
    from planner.plan import ProvisioningPlan, Window

ACCOUNT = "123456789012"
SETTINGS = DeploymentSettings(version=1, service="shop", aws=None, kubernetes=None)
THROTTLED = TargetError("CreateGroup: ThrottlingException", passing=True)
DENIED = TargetError("CreateGroup: AccessDenied")


class CutOff(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


@dataclass
class FakeCloud:
    """What is held, the calls that came, and the faults still to happen, by key of the resource or ``read``."""

    held: dict[str, Resource] = field(default_factory=dict)
    performed: list[str] = field(default_factory=list)
    faults: defaultdict[str, list[BaseException]] = field(default_factory=lambda: defaultdict(list))
    account: str = ACCOUNT

    def target(self, settings: DeploymentSettings, region: str) -> FakeTarget:
        return FakeTarget(self, settings, region)

    def change(self, key: str, **values: object) -> None:
        """Let somebody else change a resource."""
        one = self.held[key]
        self.held[key] = Resource(one.kind, one.name, one.body | values, one.needs)

    def next_fault(self, key: str) -> BaseException | None:
        return self.faults[key].pop(0) if self.faults[key] else None


@dataclass
class FakeTarget:
    """A launch template and a group for every line of the fleet."""

    cloud: FakeCloud
    settings: DeploymentSettings
    region: str
    name: str = "fake"

    def desired(self, plan: ProvisioningPlan, window: Window, at: datetime) -> tuple[Resource, ...]:
        tags = tags_of(self.settings.service, plan, window)
        found: list[Resource] = []
        for line in window.fleet:
            name = resource_name(self.settings.service, line.option)
            template = Resource("template", name, {"instance_type": line.instance_type, "tags": tags})
            found += [
                Resource("group", name, {"size": line.count, "tags": tags}, needs=(template.key,)),
                template,
            ]
        return tuple(found)

    def files(self, resources: Sequence[Resource]) -> dict[str, str]:
        return {"resources.txt": "".join(f"{one.key}\n" for one in resources)}

    def where(self) -> Whereabouts:
        if self.cloud.account != ACCOUNT:
            raise DriftError(f"the credentials are those of account {self.cloud.account}, not {ACCOUNT}.")
        return Whereabouts(provider="fake", account=self.cloud.account, region=self.region)

    def current(self, desired: Sequence[Resource]) -> Mapping[str, Resource]:
        fault = self.cloud.next_fault("read")
        if fault is not None:
            raise fault
        return dict(self.cloud.held)

    def perform(self, operation: Operation) -> dict[str, str]:
        cloud = self.cloud
        assert operation.verb == "delete" or all(need in cloud.held for need in operation.needs)
        cloud.performed.append(f"{operation.verb} {operation.key}")
        fault = cloud.next_fault(operation.key)
        if fault is not None and not isinstance(fault, CutOff):
            raise fault
        if operation.after is None:
            cloud.held.pop(operation.key, None)
        else:
            body = operation.after | {"tags": {}} if fault else operation.after  # cut off before it is tagged
            cloud.held[operation.key] = Resource(operation.kind, operation.name, body, operation.needs)
        if fault is not None:
            raise fault
        return {"id": f"id-{operation.name}"}
