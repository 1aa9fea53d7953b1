"""What changed between two looks at a target: when operations were shown, and when they are to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.document import check
from planner.errors import DriftError, InputError
from planner.executors.names import SHOWN_DIGITS
from planner.executors.resources import Operations, difference_texts
from planner.files import read_bounded
from planner.json_text import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from planner.executors.resources import Operation

MOST_BYTES = 100_000_000  # ours: a thousand operations take about 3 MB


def load_operations(path: str | Path) -> Operations:
    """Read the operations that ``planner apply --dry-run`` wrote.

    Raises
    ------
    InputError, with every problem.
    """
    try:
        content = read_bounded(path, MOST_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"--expect: there is no file {str(path)!r}; make it with --dry-run --format json -o {path}"
        ) from None
    data = read_json(content, str(path), "the file of --expect")
    if not isinstance(data, dict) or data.get("kind") != "Operations":
        raise InputError(
            f"--expect: {path} holds no operations; name a file that apply wrote with the same --target, --dry-run and -o FILE."
        )
    return check(Operations, data, source=str(path))


def check_expected(expected: Operations, found: Operations, *, ignore_drift: bool) -> None:
    """Refuse to do other operations than those that were shown.

    A resource that has become what was shown is no drift: a run that was cut off may go on with the same file.

    Parameters
    ----------
    ignore_drift
        Let the state and the operations differ; plan, window and place must be the same in any case.

    Raises
    ------
    DriftError, with every difference.
    """
    others = list(_other_question(expected, found))
    if others:
        raise DriftError(
            _headed(
                "other operations were shown; show them again with --dry-run, or leave --expect out:", others
            )
        )
    drifted = [] if ignore_drift else list(_drifted(expected, found))
    if drifted:
        raise DriftError(
            _headed(
                "what is due has changed; show the operations again with --dry-run, or pass --ignore-drift to do it:",
                drifted,
            )
        )


def _headed(heading: str, lines: Sequence[str]) -> str:
    """One problem, of several parts."""
    return "\n- ".join((heading, *lines))


def _other_question(expected: Operations, found: Operations) -> Iterator[str]:
    for what, then, now in (
        ("the plan", expected.plan, found.plan),
        ("the plan's digest", expected.plan_sha256[:SHOWN_DIGITS], found.plan_sha256[:SHOWN_DIGITS]),
        ("the window", expected.window, found.window),
        ("the target", expected.target, found.target),
        ("the provider", expected.where.provider, found.where.provider),
        ("the account or cluster", expected.where.account, found.where.account),
        ("the region or namespace", expected.where.region, found.where.region),
    ):
        if then != now:
            yield f"{what} is {now}; --expect was shown for {then}."


def _drifted(expected: Operations, found: Operations) -> Iterator[str]:
    shown = {one.key: one for one in expected.operations}
    now = {one.key: one for one in _as_written(found).operations}
    for key in sorted(shown.keys() | now.keys()):
        before = _body(shown.get(key), "before")
        after = _body(shown.get(key), "after")
        held, wanted = _body(now.get(key), "before"), _body(now.get(key), "after")
        if held not in (before, after):
            yield f"{key} is not as it was shown: {_what_differs(before, held)}."
        if wanted != after:
            yield f"{key} is not to become what was shown: {_what_differs(after, wanted)}."


def _as_written(operations: Operations) -> Operations:
    """The operations as a file gives them back, tuples as lists."""
    return Operations.model_validate_json(operations.model_dump_json())


def _body(operation: Operation | None, side: str) -> object:
    return None if operation is None else getattr(operation, side)


def _what_differs(then: object, now: object) -> str:
    if then is None:
        return "it was not there"
    if now is None:
        return "it is not there any more"
    return "; ".join(difference_texts(then, now))
