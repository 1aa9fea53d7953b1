"""The command that sends requests through a plan: replay."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli import replay_flags as flags
from planner.cli.console import Run, progress_bar, say, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, PlanFile, Quiet
from planner.cli.partitioning import check_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalogs.availability import AvailabilityTrace
    from planner.replay.document import ReplayReport
    from planner.replay.requests import Requests

GAPS_SHOWN = 3  # ours: of a trace with many gaps these are told, and how many more there are


def replay(
    context: typer.Context,
    plan: PlanFile,
    trace: flags.TraceFiles = None,
    at_level: Annotated[
        float | None,
        typer.Option(
            "--at-level",
            metavar="P",
            help="In place of traces: requests at the plan's own demand level P.",
            rich_help_panel=flags.REQUESTS,
        ),
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            "--scale",
            metavar="X",
            help="Factor on every count of the traces; that of the plan's by default.",
            rich_help_panel=flags.REQUESTS,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--trace-start",
            metavar="TIME",
            help="First instant of traces that do not tell theirs.",
            rich_help_panel=flags.REQUESTS,
        ),
    ] = None,
    mode: flags.Mode = "exact",
    sample_share: flags.SampleShare = 0.1,
    dispersion_index: flags.DispersionIndex = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed", metavar="N", min=0, help="Draw of everything random.", rich_help_panel=flags.RANDOM
        ),
    ] = 0,
    interruptions: flags.Interruptions = None,
    availability: Annotated[
        list[str] | None,
        typer.Option(
            "--availability",
            metavar="NAME=FILE",
            help="When spot machines of a zone, type or type/zone could be had; in place of rates.",
            rich_help_panel=flags.RANDOM,
        ),
    ] = None,
    keep_alive: Annotated[
        str, typer.Option("--keep-alive", metavar="TIME", help="How long an idle function stays warm.")
    ] = "10min",
    windows: Annotated[bool, typer.Option("--windows", help="Every promise in every window.")] = False,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Send the requests of a trace through a plan: cost, deadlines, accuracy, and what was promised beside it."""
    from planner.files import check_target
    from planner.plan import load_plan
    from planner.replay.realised import named_files, requests_at_level, requests_of_plan, seconds_of

    check_target(output)
    check_format(form)
    document = load_plan(plan)
    stated = named_files(trace or (), [one.trace for one in document.forecasts])
    files = {name: Path(file) for name, file in stated.items()}
    _check_source(at_level, files, start)
    reading = None if start is None else {"start": _instant(start)}
    keep_alive_s = seconds_of(keep_alive, "--keep-alive")
    from planner.replay.document import report_of
    from planner.replay.plan_replay import ReplaySettings, replay_plan

    settings = ReplaySettings(seed, mode, sample_share, interruptions, keep_alive_s)
    run = context.ensure_object(Run)
    with progress_bar(run) as progress:
        progress("reading the requests", 0.0)
        requests = (
            requests_of_plan(document, files, scale, reading, dispersion_index)
            if at_level is None
            else requests_at_level(document, at_level, 1.0 if scale is None else scale, dispersion_index)
        )
        done = replay_plan(
            document,
            requests,
            settings,
            availability=_availability(availability or ()),
            progress=lambda share: progress("replaying", share),
        )
        report = report_of(done)
    _show(report, windows, form, output)
    from planner.report.replay import closing_line

    warn(run, doubts_of(requests))
    say(run, closing_line(report))


def doubts_of(requests: "Requests") -> list[str]:
    """What was taken for granted about the traces of a replay: how they were read, and which stretches were filled."""
    end = requests.start + timedelta(seconds=requests.duration_s)
    lines = []
    for name, trace in requests.traces.items():
        lines += [f"trace {name}: {note}" for note in trace.report.notes]
        gaps = [
            gap
            for gap in (*trace.report.gaps, *trace.report.zero_runs)
            if gap.start < end and gap.end > requests.start
        ]
        lines += [
            f"trace {name}: {gap}; replayed with requests as many as beside it" for gap in gaps[:GAPS_SHOWN]
        ]
        if len(gaps) > GAPS_SHOWN:
            lines.append(f"trace {name}: {len(gaps) - GAPS_SHOWN} more such stretches were filled")
    return lines


def _check_source(at_level: float | None, files: "Mapping[str, Path]", start: str | None) -> None:
    """Find out before the work whether requests are asked for in two ways."""
    from planner.errors import InputError

    for flag, given in (("--trace", bool(files)), ("--trace-start", start is not None)):
        if at_level is not None and given:
            raise InputError(
                f"--at-level generates the requests, and {flag} is about recorded ones; keep one of the two."
            )


def _instant(text: str) -> datetime:
    """Read the value of --trace-start; InputError where it is no time with its zone."""
    from planner.errors import InputError

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(
            f"--trace-start is {text!r}; it must be a time with its zone, for example 2026-11-23T08:00:00Z."
        )
    return moment


def _availability(stated: "list[str] | tuple[str, ...]") -> "Mapping[str, AvailabilityTrace]":
    """Read the availability traces that are named."""
    from catalogs.availability import load_availability
    from catalogs.errors import CatalogError
    from planner.errors import InputError

    wrong = [one for one in stated if "=" not in one]
    if wrong:
        raise InputError(
            [
                f"--availability {one!r} does not say of what; write NAME=FILE, NAME a zone, type or type/zone."
                for one in wrong
            ]
        )
    try:
        return load_availability(dict(tuple(one.split("=", 1)) for one in stated)).traces  # type: ignore[misc]
    except CatalogError as error:
        raise InputError(error.problems) from None


def _show(report: "ReplayReport", windows: bool, form: str | None, output: str | None) -> None:
    """Write the document where JSON is asked for, or a file and nothing else; tables elsewhere."""
    from planner.replay.document import replay_bytes
    from planner.report.replay import promise_table, replay_tables, window_table

    if form == "json" or (form is None and output is not None):
        write_data(replay_bytes(report), output)
    elif windows:
        show_tables([window_table(report)], form=form, output=output)
    else:
        show_tables(replay_tables(report), form=form, output=output, whole=promise_table(report))
