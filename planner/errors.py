"""Errors of the planner package, each with the exit code its command ends with.

PlannerError (Exception), exit code 1
├── InputError (also ValueError), 2: a file, a field or a flag is wrong; `problems` lists all of them
├── InfeasiblePlanError (also RuntimeError), 4: no plan serves the demand within the limits
├── SolverLimitError (also RuntimeError), 5: a limit stopped the solver before it had any plan
├── StalePlanError (also RuntimeError), 7: the plan does not cover the moment asked for
├── DriftError (also RuntimeError), 7: the account, the region or what runs is another than was planned for
├── PartlyDoneError (also RuntimeError), 8: some operations of a window were not done
└── planner.executors.target.TargetError (also RuntimeError), 1: a service refused a call
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_CHANGES_FOUND = 3
EXIT_INFEASIBLE = 4
EXIT_GAP_MISSED = 5
EXIT_OVER_BUDGET = 6
EXIT_STALE = 7
EXIT_PARTLY_DONE = 8
EXIT_INTERRUPTED = 130  # 128 + SIGINT, the shell's own convention


class PlannerError(Exception):
    """Base of every error raised by `planner`; `problems` are its lines."""

    exit_code: ClassVar[int] = EXIT_FAILED

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(f"- {line}" for line in self.problems))


class InputError(PlannerError, ValueError):
    """A scenario, plan, flag or file named by them is wrong; every problem found is in `problems`."""

    exit_code = EXIT_BAD_INPUT


class InfeasiblePlanError(PlannerError, RuntimeError):
    """No plan serves the demand within the limits; `problems` names the limits to relax and by how much."""

    exit_code = EXIT_INFEASIBLE


class SolverLimitError(PlannerError, RuntimeError):
    """A time limit stopped the solver before it had found any plan."""

    exit_code = EXIT_GAP_MISSED


class StalePlanError(PlannerError, RuntimeError):
    """The plan has expired, is not valid yet, or has no window at the moment asked for."""

    exit_code = EXIT_STALE


class DriftError(PlannerError, RuntimeError):
    """Account, region or what runs there is another than the plan or the operations shown before were made for."""

    exit_code = EXIT_STALE


class PartlyDoneError(PlannerError, RuntimeError):
    """Operations of a window failed or were not tried; `problems` says which, why, and how to go on."""

    exit_code = EXIT_PARTLY_DONE


def nearest(name: str, allowed: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` for the name closest to a wrong one, or an empty string where none is close."""
    close = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
