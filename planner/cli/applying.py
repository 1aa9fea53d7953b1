"""Commands that act on a plan: apply."""

import sys
from typing import Annotated

import typer

from planner.cli.console import Run, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, Output, PlanFile, Quiet
from planner.errors import EXIT_STALE


def apply(
    context: typer.Context,
    plan: PlanFile,
    target: Annotated[
        str, typer.Option("--target", help="Where to apply; dry-run only prints the changes.")
    ] = "dry-run",
    window: Annotated[str, typer.Option("--window", metavar="ID|now", help="Window to apply.")] = "now",
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Take this for the present, e.g. 2026-11-23T08:00:00Z."),
    ] = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Print the change set from the current fleet to one window of the plan; JSON off a terminal."""
    from planner.executors import check_target_name
    from planner.executors.changes import change_bytes, clock, staleness
    from planner.executors.dry_run import prepare
    from planner.plan import load_plan
    from planner.report.changes import change_tables

    run = context.ensure_object(Run)
    check_target_name(target)
    now = clock(at)
    document = load_plan(plan)
    changes = prepare(document, window=window, at=now)
    if form == "json" or (form is None and (output not in (None, "-") or not sys.stdout.isatty())):
        write_data(change_bytes(changes), output)
    else:
        show_tables(change_tables(changes), form=form, output=output)
    stale = staleness(document, now)
    if stale:
        warn(run, [stale])
        raise typer.Exit(EXIT_STALE)
