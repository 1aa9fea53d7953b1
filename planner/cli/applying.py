"""Commands that act on a plan: apply, status, export."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.apply_flags import (
    AllowStale,
    At,
    ChangesFormat,
    DryRun,
    Expect,
    FileTarget,
    IgnoreDrift,
    ReceiptFile,
    Settings,
    Target,
    WindowName,
)
from planner.cli.console import Run, say, show_tables, warn, write_data
from planner.cli.failures import tell
from planner.cli.flags import Debug, Format, Output, PlanFile, Quiet
from planner.errors import EXIT_INTERRUPTED, EXIT_STALE, InputError, StalePlanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from planner.executors.resources import Operations
    from planner.executors.target import Target as Place
    from planner.plan import ProvisioningPlan, Window
    from planner.report.table import Table


def apply(
    context: typer.Context,
    plan: PlanFile,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="TARGET",
            help="aws or kubernetes; dry-run reads the plan alone and only prints.",
        ),
    ] = "dry-run",
    settings: Settings = None,
    window: WindowName = "now",
    at: At = None,
    dry_run: DryRun = False,
    receipt: ReceiptFile = None,
    expect: Expect = None,
    ignore_drift: IgnoreDrift = False,
    allow_stale: AllowStale = False,
    output: Output = None,
    form: ChangesFormat = None,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Print what separates a target from one window of the plan (JSON off a terminal), and do it."""
    from planner.executors import DRY_RUN, check_target_name
    from planner.executors.changes import change_bytes, clock, serving_window, staleness, window_of
    from planner.executors.drift import check_expected, load_operations
    from planner.executors.dry_run import prepare
    from planner.executors.runner import work_out
    from planner.plan import load_plan
    from planner.report.changes import change_tables
    from planner.report.operations import operation_table

    run = context.ensure_object(Run)
    check_target_name(target)
    if ignore_drift and expect is None:
        raise InputError(
            "--ignore-drift needs --expect FILE: without it, what is due now is done in any case."
        )
    now = clock(at)
    document = load_plan(plan)
    if target == DRY_RUN:
        _check_nothing_given({"--settings": settings, "--expect": expect, "--receipt": receipt})
        changes = prepare(document, window=window, at=now)
        _print(change_bytes(changes), change_tables(changes), form, output)
        _refuse_stale(run, staleness(document, now), allow_stale)
        return
    expected = None if expect is None else load_operations(expect)
    chosen = window_of(document, window, now)
    _check_turn(run, chosen, serving_window(document, now), now, dry_run)
    place = _place(target, settings, document)
    operations = work_out(place, document, chosen, now, sleep=time.sleep, tell=partial(say, run))
    _print(operations.as_bytes(), [operation_table(operations)], form, output)
    if expected is not None:
        check_expected(expected, operations, ignore_drift=ignore_drift)
    _refuse_stale(run, staleness(document, now), allow_stale)
    if dry_run:
        say(
            run,
            f"{_counted(operations.pending)} to be done; nothing was changed. --expect FILE does what -o FILE holds.",
        )
        return
    if not operations.pending:
        say(run, "everything is as the plan has it; nothing was done.")
        return
    _carry_out(run, place, operations, plan_file=plan, receipt=receipt, at=at)


def status(
    context: typer.Context,
    plan: PlanFile,
    target: Target,
    settings: Settings = None,
    window: WindowName = "now",
    at: At = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Show how what runs differs from one window of the plan; exit 7 where it does."""
    from planner.executors.changes import clock, staleness, window_of
    from planner.executors.runner import work_out
    from planner.plan import load_plan
    from planner.report.operations import status_table

    run = context.ensure_object(Run)
    now = clock(at)
    document = load_plan(plan)
    place = _place(target, settings, document)
    operations = work_out(
        place, document, window_of(document, window, now), now, sleep=time.sleep, tell=partial(say, run)
    )
    show_tables([status_table(operations)], form=form, output=output)
    stale = staleness(document, now)
    if stale:
        warn(run, [stale])
    if any(one.drifted for one in operations.operations):
        raise typer.Exit(EXIT_STALE)


def export(
    context: typer.Context,
    plan: PlanFile,
    target: FileTarget,
    folder: Annotated[
        str, typer.Option("-o", "--output", metavar="DIR", help="Folder to write to; made when absent.")
    ],
    settings: Settings = None,
    window: WindowName = "now",
    at: At = None,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Write what one window of the plan needs as files for other tools; contacts nothing. stdout: the paths."""
    from planner.executors.changes import clock, staleness, window_of
    from planner.executors.export import write_files
    from planner.plan import load_plan

    now = clock(at)
    document = load_plan(plan)
    place = _place(target, settings, document)
    resources = place.desired(document, window_of(document, window, now), now)
    for path in write_files(folder, place.files(resources)):
        typer.echo(path)
    stale = staleness(document, now)
    if stale:
        warn(context.ensure_object(Run), [stale])


def _check_nothing_given(options: "Mapping[str, str | None]") -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InputError(
            f"{' and '.join(given)} need another --target than dry-run, which reads the plan alone."
        )


def _place(target: str, settings: str | None, plan: "ProvisioningPlan") -> "Place":
    from planner.executors import check_place_name, target_for
    from planner.executors.settings import load_settings

    check_place_name(target)
    if settings is None:
        raise InputError(
            f"--target {target} needs --settings FILE: account, images and names that a plan does not know; "
            "planner schema deployment lists its keys."
        )
    return target_for(target, load_settings(settings), plan.metadata.region)


def _print(data: bytes, tables: "Sequence[Table]", form: str | None, output: str | None) -> None:
    if form == "json" or (form is None and (output not in (None, "-") or not sys.stdout.isatty())):
        write_data(data, output)
    else:
        show_tables(tables, form=form, output=output)


def _counted(operations: "Sequence[object]") -> str:
    """`1 operation is`, `2 operations are`."""
    return "1 operation is" if len(operations) == 1 else f"{len(operations)} operations are"


def _check_turn(run: Run, chosen: "Window", serving: "Window", now: "datetime", dry_run: bool) -> None:
    """Look ahead at will, but leave alone what serves another window of the plan now."""
    from planner.instants import instant_text

    if chosen.start <= now:
        return
    early = (
        f"window {chosen.id} begins at {instant_text(chosen.start)}; its sizes would hold at once, not then."
    )
    if dry_run or chosen.id == serving.id:
        warn(run, [early])
        return
    raise InputError(
        f"{early} What serves window {serving.id} now would go. Leave --window out: the window of now is applied, with "
        "the schedule of later ones where the target has one; or apply this one when it begins. --dry-run looks ahead."
    )


def _refuse_stale(run: Run, stale: str, allow_stale: bool) -> None:
    if stale and not allow_stale:
        raise StalePlanError(f"{stale} Plan anew from a later horizon.start, or pass --allow-stale.")
    if stale:
        warn(run, [stale])


def _carry_out(
    run: Run, place: "Place", operations: "Operations", *, plan_file: str, receipt: str | None, at: str | None
) -> None:
    from planner.executors.changes import clock
    from planner.executors.receipt import Journal, receipt_path
    from planner.executors.runner import carry_out

    path = receipt_path(plan_file, operations) if receipt is None else Path(receipt)
    journal = Journal(path, operations, lambda: clock(at))
    try:
        carry_out(place, operations, journal, sleep=time.sleep, tell=partial(say, run))
    except KeyboardInterrupt:
        tell(f"{path} says what was asked. The same command continues.", EXIT_INTERRUPTED)
        raise  # told as the interruption of any command
    say(run, f"{_counted(operations.pending)} done. Receipt: {path}")
