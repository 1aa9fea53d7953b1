"""The options of `planner partition`."""

from typing import Annotated

import typer

LIMITS, CHOICES, FUNCTIONS, SOLVING = "Limits", "What to choose from", "Functions", "Solving"


def _option(name: str, metavar: str, text: str, panel: str):  # type: ignore[no-untyped-def]
    return typer.Option(name, metavar=metavar, help=text, rich_help_panel=panel)


ModelFile = Annotated[
    str, typer.Argument(metavar="FILE", help="Layer graph or chain (.json), layer table (.csv), or .onnx.")
]
Model = Annotated[str | None, typer.Option("--model", metavar="NAME", help="Which model of a layer table.")]
Slo = Annotated[str | None, _option("--slo", "TIME", "Deadline of a request, e.g. 2s or 350ms.", LIMITS)]
Budget = Annotated[float | None, _option("--budget", "USD", "Most a request may cost.", LIMITS)]
Minimise = Annotated[
    str | None,
    _option(
        "--minimise", "WHAT", "cost or latency. Default: latency where --budget is given, else cost.", LIMITS
    ),
]
MaxFunctions = Annotated[int | None, _option("--max-functions", "N", "Most functions.", LIMITS)]
MemoryMb = Annotated[
    str | None,
    _option("--memory-mb", "LIST", "Memory sizes: 512,1024 or 1024-3008/64. Default: every 256 MB.", CHOICES),
]
Rate = Annotated[
    float | None, _option("--rate", "RPS", "Requests/s: cold starts and batches follow.", CHOICES)
]
Batch = Annotated[
    str | None, _option("--batch", "LIST", "Largest batches, e.g. 1,2,4,8. Default: 1.", CHOICES)
]
Deployment = Annotated[str, _option("--deployment", "KIND", "zip or image: the package limit.", FUNCTIONS)]
TmpMb = Annotated[
    int | None,
    _option(
        "--tmp-mb",
        "MB",
        "Fetch weights from the object store to so much temporary disk. Default: weights in the package.",
        FUNCTIONS,
    ),
]
ColdShare = Annotated[
    float | None,
    _option("--cold-share", "SHARE", "Share of cold calls. Default: by --rate and --keep-alive.", FUNCTIONS),
]
KeepAlive = Annotated[
    str | None,
    _option("--keep-alive", "TIME", "Time an idle function stays warm. Default: 10min.", FUNCTIONS),
]
Arch = Annotated[str, _option("--arch", "NAME", "x86_64 or arm64.", FUNCTIONS)]
Region = Annotated[str, _option("--region", "NAME", "Region of the prices.", FUNCTIONS)]
Assume = Annotated[
    list[str] | None,
    _option(
        "--assume", "NAME=VALUE", "Set a figure that no catalog measures; the plan lists all.", FUNCTIONS
    ),
]
Solver = Annotated[str, _option("--solver", "NAME", "labels, pulp or scip.", SOLVING)]
Gap = Annotated[float | None, _option("--gap", "GAP", "Gap to prove. Default: 1e-6.", SOLVING)]
TimeLimit = Annotated[
    str | None, _option("--time-limit", "TIME", "Stop the solver. Default: after 60s.", SOLVING)
]
