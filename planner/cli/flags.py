"""Arguments and options that several commands share, each defined once."""

from typing import Annotated

import typer

from planner.cli.console import Run


def _note(name: str):  # type: ignore[no-untyped-def]
    def callback(context: typer.Context, value: bool) -> bool:
        if value:
            setattr(context.ensure_object(Run), name, True)
        return value

    return callback


EVERYWHERE = "Everywhere"

ScenarioFile = Annotated[str, typer.Argument(metavar="SCENARIO", help="The scenario file; - reads stdin.")]
Start = Annotated[
    str | None,
    typer.Option("--start", metavar="TIME", help="First instant planned for, in place of horizon.start."),
]
PlanFile = Annotated[str, typer.Argument(metavar="PLAN", help="The plan file; - reads stdin.")]
Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE instead of stdout.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, json, csv, tsv or markdown. Default: table, tsv off a terminal.",
    ),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show the traceback of an error.", callback=_note("debug"), rich_help_panel=EVERYWHERE
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "-q", "--quiet", help="No warnings, no progress.", callback=_note("quiet"), rich_help_panel=EVERYWHERE
    ),
]
NoProgress = Annotated[
    bool,
    typer.Option(
        "--no-progress", help="No progress bar.", callback=_note("no_progress"), rich_help_panel=EVERYWHERE
    ),
]
