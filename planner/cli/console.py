"""One run of the command line: what may be drawn where, and the two streams it writes to.

stdout carries data and nothing else; everything for people goes to stderr.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.legible import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from planner.report.table import Table

    ProgressReport = Callable[[str, float], None]


@dataclass
class Run:
    """The flags every command understands, set while the command line is parsed."""

    debug: bool = False
    quiet: bool = False
    no_progress: bool = False


def plain_terminal() -> bool:
    """Whether the user asked for no colour and no cursor movement (NO_COLOR, TERM=dumb)."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def console_on(stream: str) -> Console:
    """Return a rich console on ``stdout`` or ``stderr``, without colour where the user wants none."""
    from rich.console import Console

    return Console(
        stderr=stream == "stderr", no_color=plain_terminal(), highlight=False, emoji=False, markup=False
    )


def say(run: Run, text: str) -> None:
    """Tell a person something on stderr, unless --quiet."""
    if not run.quiet:
        sys.stderr.write(legible(text) + "\n")


def warn(run: Run, lines: Sequence[str]) -> None:
    """Write warnings to stderr, unless --quiet."""
    for line in lines:
        say(run, f"warning: {line}")


def write_data(data: bytes, output: str | None) -> None:
    """Write data to a file as a whole, or to stdout where no file, or ``-``, is named."""
    if output is not None and output != "-":
        from planner.files import write_whole

        write_whole(output, data)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def show_tables(
    tables: Sequence[Table], *, form: str | None, output: str | None, whole: Table | None = None
) -> None:
    """Show tables as drawings on a terminal; elsewhere, or where a format is asked for, one table as text.

    Parameters
    ----------
    form
        One of `planner.report.table.FORMATS`; None: a drawing on a terminal, TSV elsewhere.
    whole
        The table that text formats hold where several are drawn; the only one by default.
    """
    from planner.report.table import FORMATS, WRITERS

    if form is not None and form not in FORMATS:
        raise InputError(f"--format is {form!r}; it must be one of {', '.join(FORMATS)}.")
    to_terminal = output in (None, "-") and sys.stdout.isatty()
    chosen = form or ("table" if to_terminal else "tsv")
    if chosen != "table":
        write_data(WRITERS[chosen](whole or tables[0]).encode(), output)
        return
    write_data(draw(tables, to_terminal).encode(), output)


def draw(tables: Sequence[Table], to_terminal: bool) -> str:
    """Drawings of tables, as wide as the terminal; off one, as wide as they need."""
    from io import StringIO

    from rich.console import Console

    from planner.report.terminal import draw_table

    text = StringIO()
    width = console_on("stdout").width if to_terminal else 10_000
    console = Console(
        file=text,
        width=width,
        force_terminal=to_terminal and not plain_terminal(),
        no_color=plain_terminal(),
        highlight=False,
        emoji=False,
        markup=False,
    )
    for table in tables:
        draw_table(table, console)
        console.print()
    return "\n".join(line.rstrip() for line in text.getvalue().rstrip().split("\n")) + "\n"


@contextmanager
def progress_bar(run: Run) -> Iterator[ProgressReport]:
    """Yield the function that long steps report to: (what is being done, share of it that is done).

    The bar is drawn on stderr, and only on a terminal that can move its cursor.
    """
    if run.quiet or run.no_progress or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda step, share: None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console_on("stderr"),
        transient=True,
    )
    with bar:
        tasks: dict[str, int] = {}

        def report(step: str, share: float) -> None:
            if step not in tasks:
                for done in tasks.values():
                    bar.update(done, completed=1.0)  # type: ignore[arg-type]
                tasks[step] = bar.add_task(step, total=1.0)
            bar.update(tasks[step], completed=min(max(share, 0.0), 1.0))  # type: ignore[arg-type]

        yield report
