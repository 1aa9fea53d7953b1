"""The change set: what to launch, stop and set so that one window of a plan runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, Field

from planner.document import Document
from planner.errors import InputError, StalePlanError, nearest
from planner.instants import instant_text
from planner.json_text import json_bytes
from planner.plan import MarketName, PartitionSegment, RateRange, Route

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan, Window

NOW = "now"
Action = Literal["launch", "stop", "keep", "prepare", "discard"]


class MachineChange(Document):
    """Machines of one type, market and zone, before and after."""

    provider: str = Field(description="Who rents them out.")
    region: str = Field(description="Region.")
    zone: str | None = Field(description="Zone; null: the provider may choose.")
    instance_type: str = Field(description="Their type.")
    market: MarketName = Field(
        description="How they are paid for; committed machines are launched like on-demand ones."
    )
    action: Action = Field(
        description="What to do; prepare and discard: machines that stand stopped, ready to be started."
    )
    count_before: int = Field(ge=0, description="In the current fleet.")
    count_after: int = Field(ge=0, description="In the window.")
    launch_at: AwareDatetime | None = Field(
        description="When to launch; null: at once, or nothing to launch."
    )


class Assignment(Document):
    """Machines of one option and the group they work in."""

    option: str = Field(description="Id of the option.")
    group: str = Field(description="Id of the group.")
    instance_type: str = Field(description="Their type.")
    zone: str | None = Field(description="Zone; null: the provider may choose.")
    market: MarketName = Field(description="How they are paid for.")
    count: int = Field(gt=0, description="How many.")
    model: str = Field(description="Model variant to load.")
    batch_size: int = Field(gt=0, description="Requests per call.")
    batch_timeout_ms: float = Field(ge=0, description="Longest wait for a batch to fill.")
    replicas: int = Field(gt=0, description="Replicas on one machine.")
    threads: int | None = Field(description="Threads of one replica; null: the profile does not say.")


class ServiceCount(Document):
    """Containers of one size: how many a service of that size runs, before and after."""

    provider: str = Field(description="Who runs them.")
    region: str = Field(description="Region.")
    size: str = Field(description="Their vCPU and memory.")
    count_before: int = Field(ge=0, description="In the current fleet.")
    count_after: int = Field(ge=0, description="In the window.")


class StandbySetting(Document):
    """What to start, and when, of the machines that stand stopped."""

    option: str = Field(description="Id of the option.")
    group: str = Field(description="Id of the group they start in.")
    instance_type: str = Field(description="Their type.")
    zone: str | None = Field(description="Zone; null: the provider may choose.")
    count: int = Field(gt=0, description="How many.")
    start_on: Literal["spot interruption"] = Field(
        description="They start when spot machines are interrupted, and stop once those are replaced."
    )


class FunctionSetting(Document):
    """A function as it should be set: one option's, or one part of a model that is cut over several."""

    option: str = Field(description="Id of the option.")
    part: int | None = Field(description="Number of the part of a cut model, from 1; null: the whole model.")
    provider: str = Field(description="For example aws-lambda.")
    region: str = Field(description="Region to run in.")
    architecture: str = Field(description="For example x86_64.")
    model: str = Field(description="Model variant.")
    memory_mb: int = Field(gt=0, description="The provider's memory setting.")
    batch_size: int = Field(gt=0, description="Requests per call; the buffer in front gathers them.")
    batch_timeout_ms: float = Field(ge=0, description="Longest wait for a batch to fill.")
    rate_rps: RateRange | None = Field(
        description="Requests/s that batch, time-out and concurrency are meant for; null: any."
    )
    reserved_concurrency: int = Field(
        ge=0, description="Concurrency to set aside; for a part and its workers."
    )
    provisioned_concurrency: int = Field(ge=0, description="Functions kept warm and paid for.")
    layers: PartitionSegment | None = Field(
        description="What the part runs, receives and sends, with its workers; null: the whole model."
    )


class ChangeSet(Document):
    """Everything that one window needs; applying it twice changes nothing the second time."""

    schema_version: Literal[2] = Field(2, description="Version of this format.")
    kind: Literal["ChangeSet"] = Field("ChangeSet", description="Always ChangeSet.")
    target: str = Field(description="Where it is meant to be applied.")
    plan: str = Field(description="Name of the plan.")
    plan_sha256: str = Field(description="Digest of the plan without its clock fields.")
    window: str = Field(description="Id of the window.")
    start: AwareDatetime = Field(description="First instant of the window.")
    end: AwareDatetime = Field(description="First instant after it.")
    dispatch: str = Field(description="Dispatch policy within a group.")
    machines: tuple[MachineChange, ...] = Field(description="Machines, by type, market and zone.")
    services: tuple[ServiceCount, ...] = Field(description="Containers, by size.")
    standby: tuple[StandbySetting, ...] = Field(
        description="Machines that stand stopped, and what starts them."
    )
    assignments: tuple[Assignment, ...] = Field(description="What the machines run.")
    functions: tuple[FunctionSetting, ...] = Field(description="Functions.")
    routing: dict[str, Route] = Field(description="class -> weights at the window's top level.")


def change_bytes(changes: ChangeSet) -> bytes:
    """Return the JSON of a change set: sorted keys, one final newline."""
    return json_bytes(changes.model_dump(mode="json"), escaped=True)


def clock(at: str | None) -> datetime:
    """Return the instant that counts as the present: `at`, or the clock of the machine.

    Raises
    ------
    InputError, when `at` is no instant with a time zone.
    """
    if at is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            f"--at is {at!r}; it must be a time with its zone, for example 2026-11-23T08:00:00Z."
        )
    return moment.astimezone(UTC)


def window_of(plan: ProvisioningPlan, window: str, at: datetime) -> Window:
    """Return the window with an id, or the one that the present is in; before the first window, that one.

    Raises
    ------
    StalePlanError, when the plan has expired, or has not begun and ``now`` is asked for. InputError, when no
    window has the id.
    """
    validity = plan.validity
    if at >= validity.not_after:
        raise StalePlanError(
            f"the plan expired at {instant_text(validity.not_after)}, and it is {instant_text(at)}; plan anew."
        )
    if window != NOW:
        named = next((one for one in plan.windows if one.id == window), None)
        if named is None:
            ids = [one.id for one in plan.windows]
            raise InputError(
                f"--window is {window!r}; the plan has {ids[0]} to {ids[-1]}, or now.{nearest(window, ids)}"
            )
        if at >= named.end:
            raise StalePlanError(
                f"window {window} ended at {instant_text(named.end)}, and it is {instant_text(at)}."
            )
        return named
    if at < validity.not_before:
        raise StalePlanError(
            f"the plan begins at {instant_text(validity.not_before)}, and it is {instant_text(at)}; "
            "name the window to look ahead with --window, or the time with --at."
        )
    return serving_window(plan, at)


def serving_window(plan: ProvisioningPlan, at: datetime) -> Window:
    """Return the window that the present is in, or the first one before the plan begins."""
    return next(one for one in plan.windows if at < one.end)


def staleness(plan: ProvisioningPlan, at: datetime) -> str:
    """Say that a newer forecast is due, or nothing."""
    due = plan.validity.replan_after
    if at < due:
        return ""
    return f"the plan is stale: it asked to be made anew after {instant_text(due)}, and it is {instant_text(at)}."
