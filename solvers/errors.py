"""Errors of the solvers package.

SolverError (RuntimeError)
├── ProblemError (also ValueError): the arrays contradict each other
└── BackendError: a solver is missing or failed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class SolverError(RuntimeError):
    """Base of every error raised by `solvers`."""


class ProblemError(SolverError, ValueError):
    """The arrays of a problem contradict each other; `problems` lists every contradiction."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"- {line}" for line in self.problems))


class BackendError(SolverError):
    """A solver is not installed, or it failed for a reason of its own."""
