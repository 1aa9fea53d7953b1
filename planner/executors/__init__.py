"""One module a target; a plan window in, an idempotent change set out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.executors.changes import ChangeSet

TARGETS = ("dry-run",)


def executor_for(target: str) -> Callable[..., ChangeSet]:
    """Return the function that prepares the change set for a target.

    Raises
    ------
    InputError, when there is no such target.
    """
    if target not in TARGETS:
        raise InputError(
            f"--target is {target!r}; it must be one of {', '.join(TARGETS)}.{nearest(target, TARGETS)}"
        )
    from planner.executors.dry_run import prepare

    return prepare
