"""Work out what separates a target from a window of a plan, and do it: in order, patiently, with a receipt.

A run may end anywhere: operations are idempotent, and the next run works out afresh what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from planner.errors import PartlyDoneError
from planner.executors.resources import Operations, operations_between, state_digest
from planner.executors.target import TargetError
from planner.plan import plan_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from planner.executors.receipt import Journal
    from planner.executors.resources import Operation
    from planner.executors.target import Target
    from planner.plan import ProvisioningPlan, Window

    Sleep = Callable[[float], None]
    Tell = Callable[[str], None]

WAITS_S = (
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
    32.0,
)  # ours: a minute in all, beyond what the services' own clients wait
MOST_BUSY = (
    3  # ours: after so many operations in a row that a minute did not help, the target is busy as a whole
)
BUSY = f"{MOST_BUSY} operations in a row found the target busy, however long they waited"

Answer = TypeVar("Answer")


def work_out(
    target: Target, plan: ProvisioningPlan, window: Window, at: datetime, *, sleep: Sleep, tell: Tell
) -> Operations:
    """Read what a target holds, and return the operations that turn it into what a window asks; changes nothing.

    Parameters
    ----------
    tell
        Hears why a busy target is waited for.

    Raises
    ------
    InputError, DriftError, TargetError, as the target does.
    """
    desired = target.desired(plan, window, at)
    where = _patiently(target.where, sleep, tell)
    current = _patiently(lambda: target.current(desired), sleep, tell)
    return Operations(
        target=target.name,
        where=where,
        plan=plan.metadata.name,
        plan_sha256=plan_digest(plan),
        window=window.id,
        start=window.start,
        end=window.end,
        state_sha256=state_digest(current),
        operations=operations_between(desired, current),
    )


def carry_out(target: Target, operations: Operations, journal: Journal, *, sleep: Sleep, tell: Tell) -> None:
    """Do what is pending, in order; one failure stops what depends on it, not the rest.

    Where operation after operation stays undone however long is waited, the rest is not tried: every one would wait as long.

    Parameters
    ----------
    tell
        Hears a line about every operation, and why a busy target is waited for.

    Raises
    ------
    PartlyDoneError, with what is left and why.
    """
    undone: dict[str, Operation] = {}
    busy = 0  # operations in a row that no waiting helped
    for operation in operations.pending:
        why = BUSY if busy == MOST_BUSY else _blocked(operation, undone)
        if why:
            journal.leave(operation, why)
            undone[operation.key] = operation
            continue
        failure = _ask(target, operation, journal, sleep, tell)
        if failure:
            undone[operation.key] = operation
        busy = busy + 1 if failure and failure.passing else 0
    journal.end()
    if undone:
        raise PartlyDoneError(_left(journal))


def _ask(
    target: Target, operation: Operation, journal: Journal, sleep: Sleep, tell: Tell
) -> TargetError | None:
    """Perform one operation, note what came of it, and return why it failed."""
    what = f"{operation.verb} {operation.key}"

    def perform() -> dict[str, str]:
        journal.call()
        return target.perform(operation)

    journal.ask(operation)
    try:
        answered = _patiently(perform, sleep, lambda line: tell(f"{what}: {line}"))
    except TargetError as error:
        why = " ".join(error.problems)
        journal.fail(why)
        tell(f"{what}: failed: {why}")
        return error
    journal.answer(answered)
    tell(f"{what}: done")
    return None


def _blocked(operation: Operation, undone: Mapping[str, Operation]) -> str:
    """Say why an operation must not be tried, or nothing; what runs is not removed before its successor is there."""
    if operation.verb != "delete":
        missing = next((need for need in operation.needs if need in undone), None)
        return f"it needs {missing}, which is not done" if missing else ""
    wanted = next((key for key, one in undone.items() if one.verb != "delete"), None)
    if wanted:
        return f"it stays until {wanted} is done"
    user = next((key for key, one in undone.items() if operation.key in one.needs), None)
    return f"{user}, which is not deleted, needs it" if user else ""


def _left(journal: Journal) -> list[str]:
    left = [one for one in journal.entries if one.state != "done"]
    return [
        f"{len(journal.entries) - len(left)} of {len(journal.entries)} operations are done, {len(left)} are left; the same command "
        f"continues. Receipt: {journal.path}",
        *(f"{one.verb} {one.key}: {one.state}: {one.problem}" for one in left),
    ]


def _patiently(call: Callable[[], Answer], sleep: Sleep, tell: Tell) -> Answer:
    """Call again, waiting longer every time, while the service says that this may pass; tell so once."""
    for wait_s in WAITS_S:
        try:
            return call()
        except TargetError as error:
            if not error.passing:
                raise
            if wait_s == WAITS_S[0]:
                tell(f"waiting, for up to {sum(WAITS_S):g} s: {' '.join(error.problems)}")
        sleep(wait_s)
    return call()
