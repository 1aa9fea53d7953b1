"""Commands that read a plan: report."""

from typing import Annotated

import typer

from planner.cli.console import Run, say, show_tables, write_data
from planner.cli.flags import Debug, Format, Output, PlanFile, Quiet


def report(
    context: typer.Context,
    plan: PlanFile,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")
    ] = None,
    output: Output = None,
    form: Format = None,
    debug: Debug = False,
    quiet: Quiet = False,
) -> None:
    """Report the cost by window, model, market and class; opens with the saving against the current fleet."""
    from planner.plan import load_plan
    from planner.report.summary import cost_table, terminal_tables

    document = load_plan(plan)
    if html is not None:
        from planner.report.html import html_page

        write_data(html_page(document).encode(), html)
        say(context.ensure_object(Run), f"wrote {html}")
        return
    show_tables(terminal_tables(document), form=form, output=output, whole=cost_table(document))
