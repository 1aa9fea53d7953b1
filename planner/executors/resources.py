"""What a target should hold for one window, what it holds, and the operations that lie between.

A resource's body is everything the plan and the settings decide about it, in one canonical form: a target reads what it holds into
the same form, so equal bodies mean that nothing is to be done. What others decide (an id, a status, a tag that is not ours) stays
out of it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, Field

from planner.document import Document
from planner.executors.names import WINDOW_TAG
from planner.json_text import json_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Body = dict[str, Any]  # what JSON can hold
Verb = Literal["create", "update", "delete", "keep"]
MOST_LETTERS = 80  # ours: of one value, a scheduled action whole; bodies hold encoded texts of kilobytes


@dataclass(frozen=True, eq=False)
class Resource:
    """One thing a target holds.

    Parameters
    ----------
    kind
        For example auto-scaling-group.
    name
        Unique among the resources of its kind.
    body
        All that is decided about it.
    needs
        Keys of resources that must be there before it, and that go after it.
    """

    kind: str
    name: str
    body: Body
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names it among all resources of a target."""
        return f"{self.kind}/{self.name}"


class Operation(Document):
    """What is to be done about one resource."""

    key: str = Field(description="kind/name of the resource.")
    kind: str = Field(description="Kind of the resource.")
    name: str = Field(description="Its name, the same whenever the same window of the plan is applied.")
    verb: Verb = Field(description="What to do; keep: it is as it should be.")
    before: Body | None = Field(description="What is there; null: nothing.")
    after: Body | None = Field(description="What should be there; null: nothing.")
    changes: tuple[str, ...] = Field(description="Paths inside the body that differ.")
    needs: tuple[str, ...] = Field(description="Keys of resources that must be there first.")

    @property
    def drifted(self) -> bool:
        """Whether what is there differs by more than the window that was applied last, which no schedule carries on."""
        if self.verb == "update":
            return any(path.rsplit(".", 1)[-1] != WINDOW_TAG for path in self.changes)
        return self.verb != "keep"


class Whereabouts(Document):
    """Which account or cluster a target acts on."""

    provider: str = Field(description="For example aws or kubernetes.")
    account: str | None = Field(
        description="Account that the credentials belong to, or the cluster's address."
    )
    region: str | None = Field(description="Region, or the namespace of a cluster.")


class Operations(Document):
    """All that separates what a target holds from what one window of a plan asks."""

    schema_version: Literal[1] = Field(1, description="Version of this format.")
    kind: Literal["Operations"] = Field("Operations", description="Always Operations.")
    target: str = Field(description="Where they are to be applied.")
    where: Whereabouts = Field(description="Account and region, or cluster and namespace.")
    plan: str = Field(description="Name of the plan.")
    plan_sha256: str = Field(description="Digest of the plan without its clock fields.")
    window: str = Field(description="Id of the window.")
    start: AwareDatetime = Field(description="First instant of the window.")
    end: AwareDatetime = Field(description="First instant after it.")
    state_sha256: str = Field(description="Digest of what the target held when they were worked out.")
    operations: tuple[Operation, ...] = Field(description="In the order in which they can be done.")

    @property
    def pending(self) -> tuple[Operation, ...]:
        """Those that change something."""
        return tuple(one for one in self.operations if one.verb != "keep")

    def as_bytes(self) -> bytes:
        """JSON with sorted keys and one final newline."""
        return json_bytes(self.model_dump(mode="json"), escaped=True)


def operations_between(desired: Sequence[Resource], current: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Operations that turn what is there into what should be, in an order that can be done.

    What is needed comes before what needs it; what goes is removed last, the other way round.

    Raises
    ------
    ValueError, where two desired resources share a key or need each other in a circle.
    """
    wanted = {one.key: one for one in desired}
    if len(wanted) < len(desired):
        raise ValueError("two desired resources share a key")
    kept = [_towards(one, current.get(one.key)) for one in _in_order(wanted)]
    gone = {key: one for key, one in current.items() if key not in wanted}
    return (*kept, *(_away(one) for one in reversed(list(_in_order(gone)))))


def state_digest(current: Mapping[str, Resource]) -> str:
    """SHA-256 of what a target holds."""
    bodies = {key: one.body for key, one in current.items()}
    return hashlib.sha256(json.dumps(bodies, sort_keys=True).encode()).hexdigest()


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Paths where two bodies differ, as ``tags.window`` or ``subnets[1]``, with what each has there (None: nothing)."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{place}]")
    elif before != after:
        yield path, before, after


def difference_texts(before: Any, after: Any) -> list[str]:
    """The same for people, as ``size: 1 -> 2``."""
    return [f"{path}: {shown(old)} -> {shown(new)}" for path, old, new in differences(before, after)]


def shown(value: Any) -> str:
    """A value of a body for people, cut where it is long."""
    text = (
        "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    )
    return shortened(text, MOST_LETTERS)


def shortened(text: str, most_letters: int) -> str:
    """Return a text, cut where it is longer."""
    return text if len(text) <= most_letters else f"{text[: most_letters - 3]}..."


def differing(before: Any, after: Any) -> tuple[str, ...]:
    """Paths at which two bodies differ."""
    return tuple(path for path, _, _ in differences(before, after))


def _towards(one: Resource, held: Resource | None) -> Operation:
    changes = () if held is None else differing(held.body, one.body)
    verb: Verb = "create" if held is None else "update" if changes else "keep"
    before = None if held is None else held.body
    return Operation(
        key=one.key,
        kind=one.kind,
        name=one.name,
        verb=verb,
        before=before,
        after=one.body,
        changes=changes,
        needs=one.needs,
    )


def _away(one: Resource) -> Operation:
    return Operation(
        key=one.key,
        kind=one.kind,
        name=one.name,
        verb="delete",
        before=one.body,
        after=None,
        changes=(),
        needs=one.needs,
    )


def _in_order(resources: Mapping[str, Resource]) -> Iterable[Resource]:
    """What is needed first, otherwise as given; needs that are not among them are taken to be there."""
    done: dict[str, Resource] = {}
    waiting = dict(resources)
    while waiting:
        free = [one for one in waiting.values() if not any(need in waiting for need in one.needs)]
        if not free:
            raise ValueError(f"these resources need each other in a circle: {', '.join(sorted(waiting))}")
        for one in free:
            done[one.key] = waiting.pop(one.key)
    return done.values()
