"""The receipt: what was asked of a target for one window, what it answered, with ids and times.

The file is written whole before and after every operation (a kilobyte an operation), so a run that is cut off
leaves what it had asked, and never half a file. A later run for the same plan, window and target adds to it. Nothing in it is
secret: bodies hold what plan and settings decide, answers hold ids.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, Field

from planner.document import Document, check
from planner.errors import InputError
from planner.executors.names import NAME_LIMIT, SHOWN_DIGITS, slug
from planner.executors.resources import Verb, Whereabouts
from planner.files import check_target, read_bounded, write_whole
from planner.json_text import json_bytes, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from planner.executors.resources import Operation, Operations

MOST_BYTES = 100_000_000  # ours: a run of 1,000 operations writes about 3 MB
State = Literal["asked", "done", "failed", "not tried"]


class Entry(Document):
    """One operation that was, or would have been, asked of the target."""

    key: str = Field(description="kind/name of the resource.")
    verb: Verb = Field(description="create, update or delete.")
    state: State = Field(
        description="asked: no answer was seen, the run was cut off; not tried: something it needs failed."
    )
    asked: dict[str, Any] | None = Field(
        description="What the resource should become; null: nothing, it goes."
    )
    answered: dict[str, str] = Field(description="Ids and tokens that the service answered with.")
    calls: int = Field(ge=0, description="How often it was asked; more than once where the service was busy.")
    asked_at: AwareDatetime | None = Field(description="When it was first asked; null: not tried.")
    answered_at: AwareDatetime | None = Field(description="When it was answered; null: no answer was seen.")
    problem: str | None = Field(description="Why it failed or was not tried; null: it did not fail.")


class ReceiptRun(Document):
    """One run of apply."""

    where: Whereabouts = Field(description="Account and region, or cluster and namespace.")
    state_sha256: str = Field(description="Digest of what the target held before.")
    began_at: AwareDatetime = Field(description="When it began.")
    ended_at: AwareDatetime | None = Field(description="When it ended; null: it was cut off.")
    entries: tuple[Entry, ...] = Field(description="In the order in which they were asked.")


class Receipt(Document):
    """All that was asked of one target for one window of one plan."""

    schema_version: Literal[1] = Field(1, description="Version of this format.")
    kind: Literal["Receipt"] = Field("Receipt", description="Always Receipt.")
    target: str = Field(description="Where it was applied.")
    plan: str = Field(description="Name of the plan.")
    plan_sha256: str = Field(description="Digest of the plan without its clock fields.")
    window: str = Field(description="Id of the window.")
    runs: tuple[ReceiptRun, ...] = Field(description="The runs, the latest last.")


def receipt_path(plan_file: str, operations: Operations) -> Path:
    """Where a receipt goes unless it is told: beside the plan, or in the working folder where that came from stdin."""
    folder = Path() if plan_file == "-" else Path(plan_file).parent
    digits = operations.plan_sha256[:SHOWN_DIGITS]
    plan, window = (slug(text)[:NAME_LIMIT].strip("-") for text in (operations.plan, operations.window))
    parts = (plan, digits, window, operations.target)
    return folder / f"receipt-{'-'.join(part for part in parts if part)}.json"


class Journal:
    """Writes one run into a receipt file, operation by operation.

    Raises
    ------
    InputError, when the file cannot be written, or holds something else than a receipt for this plan, window and target.
    """

    def __init__(self, path: Path, operations: Operations, clock: Callable[[], datetime]) -> None:
        check_target(path)
        self.path = path
        self._clock = clock
        self._earlier = _earlier(path, operations)
        self._run = ReceiptRun(
            where=operations.where,
            state_sha256=operations.state_sha256,
            began_at=clock(),
            ended_at=None,
            entries=(),
        )

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What this run has noted."""
        return self._run.entries

    def ask(self, operation: Operation) -> None:
        """Note that an operation is about to be asked."""
        self._add(operation, "asked", asked_at=self._clock())

    def leave(self, operation: Operation, why: str) -> None:
        """Note that an operation is not tried."""
        self._add(operation, "not tried", problem=why)

    def call(self) -> None:
        """Count a call of the operation asked last; written with its answer."""
        *before, last = self._run.entries
        counted = last.model_copy(update={"calls": last.calls + 1})
        self._run = self._run.model_copy(update={"entries": (*before, counted)})

    def answer(self, answered: dict[str, str]) -> None:
        """Note what was answered to the operation asked last."""
        self._close({"state": "done", "answered": answered})

    def fail(self, problem: str) -> None:
        """Note why the operation asked last failed."""
        self._close({"state": "failed", "problem": problem})

    def end(self) -> None:
        """Note that the run came to its end."""
        self._write(self._run.model_copy(update={"ended_at": self._clock()}))

    def _add(
        self,
        operation: Operation,
        state: State,
        *,
        asked_at: datetime | None = None,
        problem: str | None = None,
    ) -> None:
        entry = Entry(
            key=operation.key,
            verb=operation.verb,
            state=state,
            asked=operation.after,
            answered={},
            calls=0,
            asked_at=asked_at,
            answered_at=None,
            problem=problem,
        )
        self._write(self._run.model_copy(update={"entries": (*self._run.entries, entry)}))

    def _close(self, outcome: dict[str, Any]) -> None:
        *before, last = self._run.entries
        closed = last.model_copy(update={"answered_at": self._clock(), **outcome})
        self._write(self._run.model_copy(update={"entries": (*before, closed)}))

    def _write(self, run: ReceiptRun) -> None:
        self._run = run
        receipt = self._earlier.model_copy(update={"runs": (*self._earlier.runs, run)})
        write_whole(self.path, json_bytes(receipt.model_dump(mode="json"), escaped=True))


def _earlier(path: Path, operations: Operations) -> Receipt:
    """Receipt that is there already, or one without runs."""
    empty = Receipt(
        target=operations.target,
        plan=operations.plan,
        plan_sha256=operations.plan_sha256,
        window=operations.window,
        runs=(),
    )
    try:
        content = read_bounded(path, MOST_BYTES)
    except FileNotFoundError:
        return empty
    data = read_json(content, str(path), "a receipt")
    if not isinstance(data, dict) or data.get("kind") != "Receipt":
        raise InputError(f"{path} is no receipt, and stays as it is; name another file with --receipt.")
    held = check(Receipt, data, source=str(path))
    if held.model_copy(update={"runs": ()}) != empty:
        raise InputError(
            f"{path} is the receipt of window {held.window} of plan {held.plan!r} ({held.plan_sha256[:SHOWN_DIGITS]}) on "
            f"{held.target}; name another file with --receipt."
        )
    return held
