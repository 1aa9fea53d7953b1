"""Errors of the workloads package.

WorkloadError (ValueError): a trace, class, generator setting or forecast request cannot be used as given
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class WorkloadError(ValueError):
    """What must be served cannot be read or used as given; `problems` lists everything found wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {line}" for line in self.problems))
