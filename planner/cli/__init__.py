"""The `planner` command: parse, call one function of the planner, print.

Only what parsing needs is imported here; each command imports the rest when it runs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "run"]


def main() -> None:
    """Run the command line of this process and exit with its code."""
    from planner.cli.interrupts import exit_soon_after_interrupt

    exit_soon_after_interrupt()
    calculate_on_one_thread()
    sys.exit(run(sys.argv[1:]))


def calculate_on_one_thread() -> None:
    """Keep the linear algebra of this process and its workers to one thread, before numpy is loaded.

    Matrices here are small: a least-squares fit of 1,700 x 54 took 50 times the CPU on two threads of a busy
    machine, and the number of threads moves the last bits of a sum. A count that the caller set is respected.
    """
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; errors are told on stderr.

    A traceback is shown, in addition, where ``--debug`` is among the arguments.
    """
    from planner.cli.app import app
    from planner.cli.console import Run
    from planner.cli.failures import INTERRUPTED, exit_code_of, tell
    from planner.errors import EXIT_DONE, EXIT_INTERRUPTED

    session = Run()
    try:
        code = app(list(arguments), prog_name="planner", standalone_mode=False, obj=session)
    except BaseException as error:
        return exit_code_of(error, session)
    if code == EXIT_INTERRUPTED:  # newer versions of typer return this where older ones raise
        return tell(INTERRUPTED, EXIT_INTERRUPTED)
    return code if isinstance(code, int) else EXIT_DONE
