"""The commands from demand to plan: forecast, options, plan."""

from typing import Annotated

import typer

from planner.cli.console import Run, progress_bar, say, show_tables, warn, write_data
from planner.cli.flags import Debug, Format, NoProgress, Output, Quiet, ScenarioFile
from planner.errors import EXIT_GAP_MISSED, EXIT_OVER_BUDGET


def forecast(
    context: typer.Context,
    scenario: ScenarioFile,
    back_test: Annotated[
        bool, typer.Option("--back-test", help="Show the back-test instead of the rates.")
    ] = False,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Forecast the rate quantiles of every class and window, with the back-test that chose the forecaster."""
    from planner import pipeline
    from planner.report.demand import back_test_table, rate_table
    from planner.scenario import load_scenario

    run = context.ensure_object(Run)
    with progress_bar(run) as progress:
        forecasts = pipeline.forecast_scenario(load_scenario(scenario), progress=progress)
    tested, rates = back_test_table(forecasts), rate_table(forecasts)
    shown, whole = ([tested], tested) if back_test else ([tested, rates], rates)
    show_tables(shown, form=form, output=output, whole=whole)
    warn(run, sorted({line for one in forecasts.values() for line in one.warnings}))


def options(
    context: typer.Context,
    scenario: ScenarioFile,
    rejected: Annotated[bool, typer.Option("--rejected", help="Show what fell out, and why.")] = False,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """List the serving options with capacity and cost; --rejected: why the others fell out."""
    from planner import pipeline
    from planner.report.serving import option_table, rejected_table
    from planner.scenario import load_scenario

    with progress_bar(context.ensure_object(Run)) as progress:
        found = pipeline.enumerate_scenario(load_scenario(scenario), progress=progress)
    show_tables([rejected_table(found) if rejected else option_table(found)], form=form, output=output)


def plan(
    context: typer.Context,
    scenario: ScenarioFile,
    output: Output = None,
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
    save_lp: Annotated[
        str | None, typer.Option("--save-lp", metavar="FILE", help="Write the program unsolved, and stop.")
    ] = None,
    debug: Debug = False,
    quiet: Quiet = False,
    no_progress: NoProgress = False,
) -> None:
    """Forecast, formulate, solve, and write the plan with its certificate."""
    from planner import pipeline
    from planner.plan import plan_bytes
    from planner.report.summary import closing_line
    from planner.scenario import load_scenario, with_solver

    run = context.ensure_object(Run)
    settings = {"gap": gap, "time_limit_s": time_limit, "name": solver, "seed": seed}
    question = with_solver(
        load_scenario(scenario), {key: value for key, value in settings.items() if value is not None}
    )
    with progress_bar(run) as progress:
        if save_lp is not None:
            write_data(pipeline.program_of(question, progress=progress), save_lp)
            return
        made = pipeline.plan_scenario(question, greedy=greedy, progress=progress)
    write_data(plan_bytes(made, reproducible=reproducible), output)
    warn(run, made.metadata.warnings)
    say(run, closing_line(made))
    cost = made.certificate.objective_usd
    if made.certificate.status in ("gap_missed", "limit"):
        raise typer.Exit(EXIT_GAP_MISSED)
    if fail_over is not None and cost is not None and cost > fail_over:
        say(run, f"over budget: {cost:.4f} USD per horizon, {fail_over:g} allowed by --fail-over.")
        raise typer.Exit(EXIT_OVER_BUDGET)
