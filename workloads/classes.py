"""Request classes as far as the load goes: which part of which trace a class is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workloads.traces import Trace

SHARE_SLACK = 1e-9  # rounding of shares such as 0.1 + 0.2 + 0.7


@dataclass(frozen=True)
class RequestClass:
    """One class of requests and where its load comes from.

    Parameters
    ----------
    name
        The class's own name.
    trace
        Name of the trace it is part of, or of its own trace.
    share
        Part of that trace's requests that belong to the class, in (0, 1].
    scale
        Factor on the class's load, > 0: 2 plans for twice the traffic of the trace.

    Raises
    ------
    WorkloadError
        When share or scale is out of range.
    """

    name: str
    trace: str
    share: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        problems = []
        if not self.name:
            problems.append(f"a class of trace {self.trace!r} has no name; give it one")
        if not 0 < self.share <= 1:
            problems.append(f"class {self.name!r}: share is {self.share}; it must be above 0 and at most 1")
        if not 0 < self.scale < float("inf"):
            problems.append(f"class {self.name!r}: scale is {self.scale}; it must be a number above 0")
        if problems:
            raise WorkloadError(problems)


def class_traces(traces: Mapping[str, Trace], classes: Sequence[RequestClass]) -> dict[str, Trace]:
    """Give every class its own trace, named after it, in the order of `classes`.

    Classes that share a trace split it by fixed shares, which may add up to less than 1: the rest is not
    planned for.

    Raises
    ------
    WorkloadError
        When a class appears twice, names a trace that is not there, or the shares of a trace exceed 1.
    """
    problems = [
        f"class {name!r} is given {count} times; names must differ"
        for name, count in Counter(one.name for one in classes).items()
        if count > 1
    ]
    for one in classes:
        if one.trace not in traces:
            near = get_close_matches(one.trace, list(traces), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(traces) or "none"
            problems.append(f"class {one.name!r}: there is no trace {one.trace!r}; traces are {known}.{hint}")
    for trace in traces:
        members = [one for one in classes if one.trace == trace]
        total = sum(one.share for one in members)
        if total > 1 + SHARE_SLACK:
            parts = " + ".join(f"{one.name} {one.share:g}" for one in members)
            problems.append(
                f"trace {trace!r}: the shares {parts} add up to {total:g}; they must not exceed 1"
            )
    if problems:
        raise WorkloadError(problems)
    return {
        one.name: replace(traces[one.trace].scaled(one.share * one.scale), name=one.name) for one in classes
    }
