"""The command that cuts one model over serverless functions: partition."""

from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.console import Run, progress_bar, say, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet
from planner.errors import EXIT_DONE, EXIT_GAP_MISSED

if TYPE_CHECKING:
    from planner.partition import PartitionPlan

LIMITS, CHOICES, FUNCTIONS = "Limits", "What to choose from", "Functions"


def partition(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Layer graph or chain (.json), layer table (.csv), or .onnx."),
    ],
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Which model of a layer table.")
    ] = None,
    slo: Annotated[
        str | None,
        typer.Option(
            "--slo", metavar="TIME", help="Deadline of a request, e.g. 2s or 350ms.", rich_help_panel=LIMITS
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", metavar="USD", help="Most a request may cost.", rich_help_panel=LIMITS),
    ] = None,
    minimise: Annotated[
        str | None,
        typer.Option(
            "--minimise",
            metavar="WHAT",
            help="cost or latency. Default: latency where --budget is given, cost otherwise.",
            rich_help_panel=LIMITS,
        ),
    ] = None,
    max_functions: Annotated[
        int | None,
        typer.Option("--max-functions", metavar="N", help="Most functions.", rich_help_panel=LIMITS),
    ] = None,
    memory_mb: Annotated[
        str | None,
        typer.Option(
            "--memory-mb",
            metavar="LIST",
            help="Memory sizes, e.g. 512,1024,2048 or 1024-3008/64. Default: every 256 MB.",
            rich_help_panel=CHOICES,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="RPS",
            help="Requests/s: cold starts and batches follow.",
            rich_help_panel=CHOICES,
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch",
            metavar="LIST",
            help="Largest batches, e.g. 1,2,4,8. Default: 1.",
            rich_help_panel=CHOICES,
        ),
    ] = None,
    deployment: Annotated[
        str,
        typer.Option(
            "--deployment", metavar="KIND", help="zip or image: the package limit.", rich_help_panel=FUNCTIONS
        ),
    ] = "zip",
    tmp_mb: Annotated[
        int | None,
        typer.Option(
            "--tmp-mb",
            metavar="MB",
            help="Fetch weights from the object store to so much temporary disk. Default: weights in the package.",
            rich_help_panel=FUNCTIONS,
        ),
    ] = None,
    cold_share: Annotated[
        float | None,
        typer.Option(
            "--cold-share",
            metavar="SHARE",
            help="Share of calls that start cold. Default: by --rate and --keep-alive.",
            rich_help_panel=FUNCTIONS,
        ),
    ] = None,
    keep_alive: Annotated[
        str | None,
        typer.Option(
            "--keep-alive",
            metavar="TIME",
            help="Time an idle function stays warm. Default: 10min.",
            rich_help_panel=FUNCTIONS,
        ),
    ] = None,
    arch: Annotated[
        str, typer.Option("--arch", metavar="NAME", help="x86_64 or arm64.", rich_help_panel=FUNCTIONS)
    ] = "x86_64",
    region: Annotated[
        str, typer.Option("--region", metavar="NAME", help="Region of the prices.", rich_help_panel=FUNCTIONS)
    ] = "us-east-1",
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="NAME=VALUE",
            help="Set a figure that no catalog measures; the plan lists them all.",
            rich_help_panel=FUNCTIONS,
        ),
    ] = None,
    solver: Annotated[str, typer.Option("--solver", metavar="NAME", help="labels, pulp or scip.")] = "labels",
    gap: Annotated[float | None, typer.Option("--gap", help="Gap to prove. Default: 1e-6.")] = None,
    time_limit: Annotated[
        str | None,
        typer.Option("--time-limit", metavar="TIME", help="Stop the solver after this time. Default: 60s."),
    ] = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Cut one model over several functions, at least cost within a deadline or least latency within a budget."""
    from planner.files import check_target
    from planner.partition import Flags, plan_partition, read_question

    check_target(output)
    check_format(form)
    flags = Flags(
        slo=slo,
        budget=budget,
        minimise=minimise,
        solver=solver,
        memory_mb=memory_mb,
        rate=rate,
        batch=batch,
        max_functions=max_functions,
        deployment=deployment,
        tmp_mb=tmp_mb,
        cold_share=cold_share,
        keep_alive=keep_alive,
        gap=gap,
        time_limit=time_limit,
        region=region,
        arch=arch,
        assume=assume or (),
    )
    run = context.ensure_object(Run)
    with progress_bar(run) as progress:
        progress("reading the model", 0.0)
        made = plan_partition(read_question(file, model, flags), progress=progress)
    _show(made, form, output)
    raise typer.Exit(_tell_outcome(made, run))


def check_format(form: str | None) -> None:
    """Find out before the work whether there is such a format; an InputError names those there are."""
    from planner.errors import InputError, nearest
    from planner.report.table import FORMATS

    if form is not None and form not in FORMATS:
        raise InputError(
            f"--format is {form!r}; it must be one of {', '.join(FORMATS)}.{nearest(form, FORMATS)}"
        )


def _show(made: "PartitionPlan", form: str | None, output: str | None) -> None:
    """Write the document where JSON is asked for, or a file and nothing else; tables elsewhere."""
    from planner.partition.pipeline import partition_bytes
    from planner.partition.tables import partition_tables, segment_table

    if form == "json" or (form is None and output is not None):
        write_data(partition_bytes(made), output)
        return
    show_tables(partition_tables(made), form=form, output=output, whole=segment_table(made))


def _tell_outcome(made: "PartitionPlan", run: Run) -> int:
    """Say how good the partition is, and return the exit code."""
    from planner.partition.tables import closing_line

    warn(run, made.warnings)
    say(run, closing_line(made))
    return EXIT_DONE if made.certificate.status == "optimal" else EXIT_GAP_MISSED
