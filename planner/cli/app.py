"""The commands, in the order `planner --help` lists them."""

from typing import Annotated

import typer

from planner.cli import applying, comparing, inputs, partitioning, planning, replaying, reporting, scenarios

app = typer.Typer(
    name="planner",
    help="Plans which models, machines, batches and functions serve an inference load at least cost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    add_completion=False,
)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"planner {version('inference-planner')}")
        raise typer.Exit


@app.callback()
def planner(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Plans which models, machines, batches and functions serve an inference load at least cost."""


app.command("init")(inputs.init)
app.command("validate")(inputs.validate)
app.command("forecast")(planning.forecast)
app.command("options")(planning.options)
app.command("plan")(planning.plan)
app.command("partition")(partitioning.partition)
app.command("report")(reporting.report)
app.command("replay")(replaying.replay)
app.command("compare")(comparing.compare)
app.command("apply")(applying.apply)
app.command("status")(applying.status)
app.command("export")(applying.export)
app.add_typer(scenarios.scenarios, name="scenario")
app.command("schema")(inputs.schema)
app.command("doctor")(inputs.doctor)
