"""The command that cuts one model over serverless functions: partition."""

from typing import TYPE_CHECKING

import typer

from planner.cli import partition_flags as flags
from planner.cli.console import Run, progress_bar, say, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet
from planner.errors import EXIT_DONE, EXIT_GAP_MISSED

if TYPE_CHECKING:
    from planner.partition import PartitionPlan


def partition(
    context: typer.Context,
    file: flags.ModelFile,
    model: flags.Model = None,
    slo: flags.Slo = None,
    budget: flags.Budget = None,
    minimise: flags.Minimise = None,
    max_functions: flags.MaxFunctions = None,
    memory_mb: flags.MemoryMb = None,
    rate: flags.Rate = None,
    batch: flags.Batch = None,
    deployment: flags.Deployment = "zip",
    tmp_mb: flags.TmpMb = None,
    cold_share: flags.ColdShare = None,
    keep_alive: flags.KeepAlive = None,
    arch: flags.Arch = "x86_64",
    region: flags.Region = "us-east-1",
    assume: flags.Assume = None,
    solver: flags.Solver = "labels",
    gap: flags.Gap = None,
    time_limit: flags.TimeLimit = None,
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
    asked = Flags(
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
        made = plan_partition(read_question(file, model, asked), progress=progress)
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
