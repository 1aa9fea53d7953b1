"""One AWS account in moto: plans applied to it, calls counted, throttled, or cut off before or after a service did them."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from planner.executors.aws.target import AwsTarget
from planner.executors.receipt import Journal
from planner.executors.runner import carry_out, work_out
from planner.executors.settings import DeploymentSettings
from planner.plan import ProvisioningPlan
from tests.planner.plan_case import GROUP, START, plan_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from planner.executors.resources import Operation, Operations
    from tests.planner.executors.aws.wire import Wire

ACCOUNT = "123456789012"  # moto's own
REGION = "us-east-1"
THROTTLED = (
    b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
)
CODE = HTTPHeaders.from_dict({"x-amzn-errortype": "Throttling"})
PREFIXES = {"resourcegroupstaggingapi": "tag"}  # botocore's name of a service -> IAM's, where they differ
READING = ("Describe", "Get", "List")


def machines_data() -> dict[str, Any]:
    """Plan of plan_case as plain data, all requests on its machines and none on its function."""
    data = plan_data()
    for one in data["windows"]:
        one["functions"], one["overflow_rps"] = [], {}
        one["served_rps"]["lax"] = {GROUP: [2.0, 3.0]}
        one["routing"]["lax"] = [{"groups": {GROUP: 1.0}, "functions": {}}] * 2
    data["options"] = [one for one in data["options"] if one["kind"] == "machine"]
    return data


class CutOff(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


class Raw(io.BytesIO):
    """Body of an answer as botocore reads it."""

    def stream(self, **_: object) -> list[bytes]:
        return [self.read()]


@dataclass
class Bench:
    """A place to apply plans to; every wait is noted instead of waited."""

    settings: DeploymentSettings
    folder: Path
    wire: Wire
    waits: list[float] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    called: set[str] = field(default_factory=set)  # ever
    meanwhile: Callable[[], None] = lambda: None

    @cached_property
    def target(self) -> AwsTarget:
        """Target of the settings; its clients are the wire's."""
        return AwsTarget(self.settings, REGION)

    @contextmanager
    def listening(self, **hooks: Callable[..., Any]) -> Iterator[None]:
        """Note all calls, and let hooks of botocore hear them: before_send or after_call."""
        self.wire.hooks |= {event.replace("_", "-"): hook for event, hook in hooks.items()}
        self.wire.hooks["before-call"] = self.note
        try:
            yield
        finally:
            self.wire.hooks.clear()

    def work_out(
        self,
        plan: ProvisioningPlan | None = None,
        *,
        window: int = 0,
        at: datetime = START,
        **hooks: Callable[..., Any],
    ) -> Operations:
        plan = plan or ProvisioningPlan.model_validate(machines_data())
        with self.listening(**hooks):
            return work_out(self.target, plan, plan.windows[window], at, sleep=self.wait, tell=lambda _: None)

    def carry_out(self, operations: Operations, **hooks: Callable[..., Any]) -> None:
        """Do what is due, and leave in `calls` what was called to do it."""
        self.calls.clear()
        receipt = self.folder / f"{operations.plan_sha256[:12]}-{operations.window}.json"
        journal = Journal(receipt, operations, lambda: START)
        with self.listening(**hooks):
            carry_out(self.target, operations, journal, sleep=self.wait, tell=lambda _: None)

    def apply(
        self,
        plan: ProvisioningPlan | None = None,
        *,
        window: int = 0,
        at: datetime = START,
        **hooks: Callable[..., Any],
    ) -> Operations:
        """Apply a window once; return the operations that were due. Hooks hear the calls that do them."""
        operations = self.work_out(plan, window=window, at=at)
        self.carry_out(operations, **hooks)
        return operations

    def apply_cut_off_everywhere(
        self, plan: ProvisioningPlan | None = None, *, window: int = 0, at: datetime = START
    ) -> list[str]:
        """Apply a window by runs that each end after one more change, until one comes through; return what was changed.

        What a service did before its answer came is what it had done before the next call, so these are all the places.
        """
        ended = Blackouts()
        while True:
            try:
                self.apply(
                    plan, window=window, at=at, before_send=ended.before_send, after_call=ended.after_call
                )
            except CutOff:
                continue
            return [one.split()[0] for one in ended.done]

    def set_up(self, settings: dict[str, Any]) -> None:
        """Go on with other settings."""
        self.settings = DeploymentSettings.model_validate(settings)
        self.__dict__.pop("target", None)

    def note(self, model: Any, **_: object) -> None:
        call = f"{model.service_model.service_name}:{model.name}"
        self.calls.append(call)
        self.called.add(call)

    def actions(self) -> set[str]:
        """Rights that the calls made so far have needed."""
        parts = (one.split(":") for one in self.called)
        return {f"{PREFIXES.get(service, service)}:{name}" for service, name in parts}

    def wait(self, wait_s: float) -> None:
        self.waits.append(wait_s)
        self.meanwhile()

    def writes(self) -> list[str]:
        """Calls that change something."""
        return [one for one in self.calls if not one.split(":")[1].startswith(READING)]


def throttle(times: int) -> Callable[..., AWSResponse | None]:
    """Hook before sending that answers the first writing calls with a throttling error."""
    left = [times]

    def hook(request: Any, event_name: str, **_: object) -> AWSResponse | None:
        if left[0] == 0 or event_name.rsplit(".", 1)[-1].startswith(READING):
            return None
        left[0] -= 1
        return AWSResponse(request.url, 400, CODE, Raw(THROTTLED))  # body or header, by protocol

    return hook


@dataclass
class Blackouts:
    """Hooks that end the process whenever a service has done something for the first time, before its answer is read."""

    done: list[str] = field(default_factory=list)
    asked: str = ""

    def before_send(self, request: Any, event_name: str, **_: object) -> None:
        self.asked = f"{event_name.rsplit('.', 1)[-1]} {request.url} {request.body!r}"

    def after_call(self, event_name: str, **_: object) -> None:
        if not event_name.rsplit(".", 1)[-1].startswith(READING) and self.asked not in self.done:
            self.done.append(self.asked)
            raise CutOff


def verbs(operations: Operations) -> dict[str, list[str]]:
    """Kind -> verbs of its operations, in order."""
    found: dict[str, list[str]] = {}
    for one in operations.operations:
        found.setdefault(one.kind, []).append(one.verb)
    return found


def only(operations: Operations, kind: str, text: str = "") -> Operation:
    """The one operation of a kind whose name has a text."""
    (found,) = (one for one in operations.operations if one.kind == kind and text in one.name)
    return found
