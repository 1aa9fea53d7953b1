"""Options that the commands of replays share."""

from typing import Annotated

import typer

REQUESTS, RANDOM = "Requests", "Chance"

TraceFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--trace",
        metavar="[NAME=]FILE",
        help="Requests that really came; once for every trace.",
        rich_help_panel=REQUESTS,
    ),
]
Mode = Annotated[
    str,
    typer.Option(
        "--mode",
        metavar="MODE",
        help="exact: every request; sampled: blocks of time, counted for all.",
        rich_help_panel=REQUESTS,
    ),
]
SampleShare = Annotated[
    float,
    typer.Option(
        "--sample-share", metavar="S", help="Part of the time that is simulated.", rich_help_panel=REQUESTS
    ),
]
DispersionIndex = Annotated[
    float | None,
    typer.Option(
        "--dispersion-index",
        metavar="I",
        help="Burstiness inside the intervals of the trace; 1: Poisson, as it is taken to be.",
        rich_help_panel=REQUESTS,
    ),
]
Interruptions = Annotated[
    float | None,
    typer.Option(
        "--interruptions-per-day",
        metavar="R",
        help="Losses of every spot pool by the day, in place of the catalogs' rates.",
        rich_help_panel=RANDOM,
    ),
]
