"""The command that puts policies beside each other: compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.console import Run, progress_bar, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet, ScenarioFile
from planner.cli.partitioning import check_format
from planner.cli.replay_flags import DispersionIndex, Interruptions, Mode, SampleShare, TraceFiles
from planner.cli.replaying import doubts_of

if TYPE_CHECKING:
    from planner.replay.comparison import Comparison

POLICIES = "sagemaker,hpa,reactive,mixed,paragon,mark,mark-spot,ours,ours-perfect"


def compare(
    context: typer.Context,
    scenario: ScenarioFile,
    trace: TraceFiles = None,
    policies: Annotated[
        str,
        typer.Option(
            "--policies", metavar="LIST", help="Which, by name; all: every one; list: only tell their names."
        ),
    ] = POLICIES,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="Draws of everything random.")
    ] = 3,
    hours: Annotated[
        float | None, typer.Option("--hours", metavar="H", help="Only the first hours of the horizon.")
    ] = None,
    warm_up: Annotated[
        str | None, typer.Option("--warm-up", metavar="TIME", help="Time at the start that is not judged.")
    ] = None,
    mode: Mode = "exact",
    sample_share: SampleShare = 0.1,
    interruptions: Interruptions = None,
    dispersion_index: DispersionIndex = None,
    endpoint_price_ratio: Annotated[
        float | None,
        typer.Option(
            "--endpoint-price-ratio",
            metavar="X",
            help="Price of a managed endpoint's machine over a plain one's.",
        ),
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="A page with the table and a picture, too.")
    ] = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """The plan beside the schemes of the papers on the same requests: cost, deadlines, accuracy, over-provisioning."""
    from planner.errors import InputError
    from planner.files import check_target
    from planner.replay.comparison import Settings, compare_policies
    from planner.replay.policies.context import ENDPOINT_PRICE_RATIO
    from planner.replay.policies.registry import MAKERS
    from planner.replay.realised import named_files, requests_of_scenario, seconds_of
    from planner.report.policies import policy_table
    from planner.scenario import load_scenario

    if policies == "list":
        show_tables([policy_table()], form=form, output=output)
        return
    check_format(form)
    check_target(html)
    check_target(output)
    run = context.ensure_object(Run)
    question = load_scenario(scenario)
    if hours is not None and not 0 < hours * 3600 <= question.horizon.duration_s + 1e-6:
        horizon_h = question.horizon.duration_s / 3600
        raise InputError(
            f"--hours is {hours:g}; the horizon has {horizon_h:g}. Give a number above 0, and no more."
        )
    duration_s = question.horizon.duration_s if hours is None else hours * 3600
    names = list(MAKERS) if policies == "all" else [one.strip() for one in policies.split(",") if one.strip()]
    settings = Settings(
        seeds=seeds,
        mode=mode,
        sample_share=sample_share,
        warm_up_s=0.0 if warm_up is None else seconds_of(warm_up, "--warm-up"),
        losses_per_day=interruptions,
        endpoint_price_ratio=ENDPOINT_PRICE_RATIO if endpoint_price_ratio is None else endpoint_price_ratio,
    )
    files = named_files(trace or (), list(question.workload.traces))
    with progress_bar(run) as progress:
        progress("reading the requests", 0.0)
        requests = requests_of_scenario(
            question, {name: Path(file) for name, file in files.items()}, duration_s, dispersion_index
        )
        found = compare_policies(question, requests, names, settings, progress)
    if html is not None:
        from planner.report.policy_pictures import comparison_page

        write_data(comparison_page(found).encode(), html)
    _show(found, form, output)
    warn(run, doubts_of(requests))
    warn(run, [f"{one.policy} is left out: {one.reason}" for one in found.results if one.reason])


def _show(found: "Comparison", form: str | None, output: str | None) -> None:
    """Write the document where JSON is asked for, or a file and nothing else; tables elsewhere."""
    from planner.replay.compared import comparison_bytes
    from planner.report.policies import bar_table, comparison_table, comparison_tables

    if form == "json" or (form is None and output is not None):
        write_data(comparison_bytes(found), output)
        return
    tables = [*comparison_tables(found), bar_table(found)]
    show_tables(tables, form=form, output=output, whole=comparison_table(found))
