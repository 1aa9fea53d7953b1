"""How a command ends badly: what the person reads on stderr, and the exit code."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import typer

from planner.errors import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED, PartlyDoneError, PlannerError
from planner.legible import legible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.cli.console import Run

INTERRUPTED = "interrupted; no file is left half written."


@runtime_checkable
class UsageProblem(Protocol):
    """What typer raises for a wrong command line, whichever module of its versions the class lives in."""

    exit_code: int

    def show(self) -> None:
        """Write usage and message to stderr."""


def exit_code_of(error: BaseException, run: Run) -> int:
    """Tell what went wrong, and return the exit code for it."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else EXIT_FAILED
    if run.debug:
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return tell(INTERRUPTED, EXIT_INTERRUPTED)
    if isinstance(error, PartlyDoneError):
        heading, *left = error.problems
        return tell(_listed(heading, left), error.exit_code)
    if isinstance(error, PlannerError):
        return _tell_problems(error.problems, error.exit_code)
    if isinstance(error, UsageProblem):
        error.show()
        return EXIT_BAD_INPUT
    problems = getattr(error, "problems", None)
    if isinstance(error, ValueError) and isinstance(problems, tuple):
        return _tell_problems(problems, EXIT_BAD_INPUT)
    if isinstance(error, MemoryError):
        return tell("out of memory; plan fewer windows, classes or instance types at once.", EXIT_FAILED)
    return tell(f"{type(error).__name__}: {error}. Add --debug for the traceback.", EXIT_FAILED)


def tell(text: str, code: int) -> int:
    """Write one message to stderr and return the exit code that goes with it."""
    sys.stderr.write(f"planner: {legible(text)}\n")
    return code


def _tell_problems(problems: tuple[str, ...], code: int) -> int:
    if len(problems) == 1:
        return tell(problems[0], code)
    return tell(_listed(f"{len(problems)} problems:", problems), code)


def _listed(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([heading, *(f"- {line}" for line in lines)])
