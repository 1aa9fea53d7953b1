"""Errors of the solvers package.

SolverError (RuntimeError)
├── ProblemError (also ValueError): the arrays contradict each other
├── InfeasiblePartitionError: no partition of a chain keeps the limits
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


class InfeasiblePartitionError(SolverError):
    """No partition keeps the limits.

    Parameters
    ----------
    limit
        Which one: ``package``, ``memory``, ``tmp``, ``timeout``, ``hop``, ``functions``, ``deadline`` or ``budget``.
    message
        What needs it, how much is needed, how much is allowed.
    needed, allowed
        The least there is of what is limited, and the limit; of ``hop`` None.
    begin, end
        Boundaries of the blocks that do not fit; None where the chain as a whole does not.
    """

    def __init__(
        self,
        limit: str,
        message: str,
        *,
        needed: float | None = None,
        allowed: float | None = None,
        begin: int | None = None,
        end: int | None = None,
    ) -> None:
        self.limit, self.needed, self.allowed, self.begin, self.end = limit, needed, allowed, begin, end
        super().__init__(message)
