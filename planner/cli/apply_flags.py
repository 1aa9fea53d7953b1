"""Options that the commands of targets share."""

from typing import Annotated

import typer

WHAT_MAY_DIFFER = "What may differ"

Target = Annotated[str, typer.Option("--target", metavar="TARGET", help="aws or kubernetes.")]
FileTarget = Annotated[str, typer.Option("--target", metavar="TARGET", help="aws, kubernetes or terraform.")]
Settings = Annotated[
    str | None,
    typer.Option(
        "--settings", metavar="FILE", help="Deployment settings: account, images, subnets, namespaces."
    ),
]
WindowName = Annotated[str, typer.Option("--window", metavar="ID|now", help="Window of the plan.")]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Take this for the present, e.g. 2026-11-23T08:00:00Z."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the operations on the target and do none.")]
ReceiptFile = Annotated[
    str | None,
    typer.Option(
        "--receipt", metavar="FILE", help="Write what was asked and answered here; default: beside the plan."
    ),
]
Expect = Annotated[
    str | None,
    typer.Option(
        "--expect",
        metavar="FILE",
        help="Do only what an earlier --dry-run wrote to FILE; exit 7 where that is out of date.",
        rich_help_panel=WHAT_MAY_DIFFER,
    ),
]
ChangesFormat = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, json, csv, tsv or markdown. Default: table, json off a terminal.",
    ),
]
IgnoreDrift = Annotated[
    bool,
    typer.Option(
        "--ignore-drift",
        help="With --expect: go on though what runs has changed.",
        rich_help_panel=WHAT_MAY_DIFFER,
    ),
]
AllowStale = Annotated[
    bool,
    typer.Option("--allow-stale", help="Go on though a newer plan is due.", rich_help_panel=WHAT_MAY_DIFFER),
]
