"""The commands from demand to plan: forecast, options, plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from planner.cli.console import Run, progress_bar, say, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet, ScenarioFile, Start
from planner.errors import EXIT_DONE, EXIT_GAP_MISSED, EXIT_OVER_BUDGET

if TYPE_CHECKING:
    from planner.plan import ProvisioningPlan


def forecast(
    context: typer.Context,
    scenario: ScenarioFile,
    back_test: Annotated[
        bool, typer.Option("--back-test", help="Show the back-test instead of the rates.")
    ] = False,
    start: Start = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Forecast the rate quantiles of every class and window, with a back-test of every forecaster."""
    from planner.scenario import load_scenario, with_start

    question = with_start(
        load_scenario(scenario), start
    )  # before the heavy imports: a wrong scenario is told at once
    from planner import pipeline
    from planner.report.demand import back_test_table, rate_table

    run = context.ensure_object(Run)
    with progress_bar(run) as progress:
        forecasts = pipeline.forecast_scenario(question, progress=progress)
    tested, rates = back_test_table(forecasts), rate_table(forecasts)
    shown, whole = ([tested], tested) if back_test else ([tested, rates], rates)
    show_tables(shown, form=form, output=output, whole=whole)
    warn(run, sorted({line for one in forecasts.values() for line in one.warnings}))


def options(
    context: typer.Context,
    scenario: ScenarioFile,
    rejected: Annotated[bool, typer.Option("--rejected", help="Show what fell out, and why.")] = False,
    start: Start = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """List the serving options with capacity and cost; --rejected: why the others fell out."""
    from planner.scenario import load_scenario, with_start

    question = with_start(load_scenario(scenario), start)
    from planner import pipeline
    from planner.report.serving import option_table, rejected_table

    with progress_bar(context.ensure_object(Run)) as progress:
        found = pipeline.enumerate_scenario(question, progress=progress)
    show_tables([rejected_table(found) if rejected else option_table(found)], form=form, output=output)


def plan(
    context: typer.Context,
    scenario: ScenarioFile,
    output: Output = None,
    start: Start = None,
    greedy: Annotated[
        bool, typer.Option("--greedy", help="The greedy baseline instead of the program.")
    ] = False,
    gap: Annotated[
        float | None, typer.Option("--gap", help="Gap of the exact problem to reach, e.g. 0.03.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="SECONDS", help="Stop the solver after this time.")
    ] = None,
    solver: Annotated[str | None, typer.Option("--solver", help="Solver of the integer programs.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of everything random.")] = None,
    reproducible: Annotated[
        bool, typer.Option("--reproducible", help="Leave out the time of making: same inputs, same bytes.")
    ] = False,
    fail_over: Annotated[
        float | None, typer.Option("--fail-over", metavar="USD", help="Exit 6 when the plan costs more.")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="FILE",
            help="Begin from what the last plan left here; leave what this one learns.",
        ),
    ] = None,
    save_lp: Annotated[
        str | None,
        typer.Option(
            "--save-lp",
            metavar="FILE",
            help="Write the program unsolved (LP; MPS where FILE ends in .mps), and stop.",
        ),
    ] = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Forecast, formulate, solve, and write the plan with its certificate."""
    from planner.files import check_target
    from planner.scenario import load_scenario, with_solver, with_start

    run = context.ensure_object(Run)
    check_target(memory)
    check_target(save_lp or output)  # before the work: a plan that cannot be written is not worth an hour
    flags = {"gap": gap, "time_limit_s": time_limit, "name": solver, "seed": seed}
    given = {name: value for name, value in flags.items() if value is not None}
    question = with_start(with_solver(load_scenario(scenario), given), start)
    from planner import pipeline
    from planner.plan import plan_bytes

    with progress_bar(run) as progress:
        if save_lp is not None:
            kind: Literal["lp", "mps"] = "mps" if save_lp.endswith(".mps") else "lp"
            write_data(pipeline.program_of(question, form=kind, progress=progress), save_lp)
            return
        remembered = None if memory is None else Path(memory)
        made = pipeline.plan_scenario(question, greedy=greedy, progress=progress, memory_file=remembered)
    write_data(plan_bytes(made, reproducible=reproducible), output)
    raise typer.Exit(_tell_outcome(made, fail_over, run))


def _tell_outcome(made: "ProvisioningPlan", fail_over: float | None, run: Run) -> int:
    """Say how good the plan is, and return the exit code: a missed gap comes before a missed budget."""
    from planner.report.summary import closing_line

    warn(run, made.metadata.warnings)
    say(run, closing_line(made))
    spend_usd = made.certificate.spend_usd
    over = fail_over is not None and spend_usd > fail_over
    if over:
        say(run, f"over budget: {spend_usd:.4f} USD per horizon; --fail-over allows {fail_over:g}.")
    if made.certificate.status in ("gap_missed", "limit"):
        return EXIT_GAP_MISSED
    return EXIT_OVER_BUDGET if over else EXIT_DONE
