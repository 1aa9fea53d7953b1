"""Commands about scenarios as files: import."""

from typing import Annotated

import typer

from planner.cli.console import Run, say
from planner.cli.flags import Debug, Quiet
from planner.errors import InputError, nearest

IMPORTED = ("gpu-mix",)

scenarios = typer.Typer(no_args_is_help=True, help="Scenarios from other tools' problem files.")


@scenarios.callback()
def scenario() -> None:
    """Scenarios from other tools' problem files."""


@scenarios.command("import")
def import_problem(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="gpu-mix: Mélange's JSON of GPU throughputs.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="The problem file.")],
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Folder to write to; made when absent.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a scenario that is there.")] = False,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Write a scenario folder for a problem of another tool; stdout: the scenario's path."""
    if kind not in IMPORTED:
        raise InputError(
            f"there is no importer {kind!r}; there is {', '.join(IMPORTED)}.{nearest(kind, IMPORTED)}"
        )
    from planner.gpu_mix import import_gpu_mix

    path = import_gpu_mix(file, directory, replace=force)
    typer.echo(path)
    say(context.ensure_object(Run), f"Next: planner plan {path} -o plan.json && planner report plan.json")
