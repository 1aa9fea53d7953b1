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

WAITS_S = (
    1.0,
    2.0,
    4.0,
    8.0,
    16.0,
    32.0,
)  # ours: a minute in all, beyond what the services' own clients wait

Answer = TypeVar("Answer")


def work_out(
    target: Target, plan: ProvisioningPlan, window: Window, at: datetime, *, sleep: Sleep
) -> Operations:
    """Read what a target holds, and return the operations that turn it into what a window asks; changes nothing.

    Raises
    ------
    InputError, DriftError, TargetError, as the target does.
    """
    desired = target.desired(plan, window, at)
    where = _patiently(target.where, sleep)
    current = _patiently(lambda: target.current(desired), sleep)
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


def carry_out(
    target: Target,
    operations: Operations,
    journal: Journal,
    *,
    sleep: Sleep,
    tell: Callable[[str], None],
) -> None:
    """Do what is pending, in order; one failure stops what depends on it, not the rest.

    Parameters
    ----------
    tell
        Hears a line about every operation.

    Raises
    ------
    PartlyDoneError, with what is left and why.
    """
    undone: dict[str, Operation] = {}
    for operation in operations.pending:
        why = _blocked(operation, undone)
        if why:
            journal.leave(operation, why)
            done = False
        else:
            done = _ask(target, operation, journal, sleep)
            tell(f"{operation.verb} {operation.key}: {'done' if done else 'failed'}")
        if not done:
            undone[operation.key] = operation
    journal.end()
    if undone:
        raise PartlyDoneError(_left(journal))


def _ask(target: Target, operation: Operation, journal: Journal, sleep: Sleep) -> bool:
    """Perform one operation and note what came of it."""

    def perform() -> dict[str, str]:
        journal.call()
        return target.perform(operation)

    journal.ask(operation)
    try:
        answered = _patiently(perform, sleep)
    except TargetError as error:
        journal.fail(" ".join(error.problems))
        return False
    journal.answer(answered)
    return True


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


def _patiently(call: Callable[[], Answer], sleep: Sleep) -> Answer:
    """Call again, waiting longer every time, while the service says that this may pass."""
    for wait_s in WAITS_S:
        try:
            return call()
        except TargetError as error:
            if not error.passing:
                raise
        sleep(wait_s)
    return call()
