"""Commands about the inputs and the installation: init, validate, schema, doctor."""

import json
from typing import Annotated

import typer

from planner.cli.console import Run, progress_bar, say, show_tables, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet, ScenarioFile
from planner.errors import EXIT_FAILED, InputError, nearest


def init(
    context: typer.Context,
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", help="Folder to write to; made when absent.")
    ] = ".",
    force: Annotated[bool, typer.Option("--force", help="Replace a scenario that is there.")] = False,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Write a commented scenario.yaml that plans as it is; stdout: its path."""
    from planner.examples import write_example

    path = write_example(directory, replace=force)
    typer.echo(path)
    say(context.ensure_object(Run), f"Next: planner plan {path} -o plan.json && planner report plan.json")


def validate(
    context: typer.Context,
    scenario: ScenarioFile,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Check the scenario and every file it names; all problems are told at once."""
    from planner.scenario import load_scenario

    question = load_scenario(scenario)  # before the heavy imports: a wrong scenario is told at once
    from planner import pipeline
    from planner.report.demand import input_table

    with progress_bar(context.ensure_object(Run)) as progress:
        progress("reading the inputs", 0.0)
        checked = pipeline.validate_scenario(question)
    show_tables([input_table(checked)], form=form, output=output)


def schema(
    document: Annotated[
        str,
        typer.Argument(
            metavar="DOCUMENT",
            help="plan, scenario, partition, replay, comparison, changes, deployment, operations or receipt.",
        ),
    ],
    output: Output = None,
    debug: Debug = False,
) -> None:
    """Print the JSON Schema of a file that is read or written."""
    from planner.schemas import SCHEMAS

    if document not in SCHEMAS:
        offered = ", ".join(SCHEMAS)
        raise InputError(f"there is no schema {document!r}; there are {offered}.{nearest(document, SCHEMAS)}")
    write_data((json.dumps(SCHEMAS[document](), indent=2) + "\n").encode(), output)


def doctor(
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
) -> None:
    """List versions, solvers found, and optional parts that are missing and how to get them."""
    from planner.health import examine
    from planner.report.demand import health_table

    parts = examine()
    show_tables([health_table(parts)], form=form, output=output)
    if any(part.required and part.found is None for part in parts):
        raise typer.Exit(EXIT_FAILED)
