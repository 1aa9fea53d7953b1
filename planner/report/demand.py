"""Forecasts and checked inputs as tables."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from planner.report.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.checked_inputs import CheckedInput
    from planner.health import Part
    from planner.report.table import Cell
    from workloads.forecast import Forecast


def rate_table(forecasts: Mapping[str, Forecast]) -> Table:
    """List the rate quantiles of every class and window, requests/s."""
    levels = next(iter(forecasts.values())).levels
    columns = (
        Column("class", "class"),
        Column("start", "window start"),
        Column("mean_rps", "mean req/s", 3),
        *(Column(f"p{100 * level:g}_rps", f"{100 * level:g} % req/s", 3) for level in levels),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, forecast in forecasts.items():
        for index, (mean, rates) in enumerate(zip(forecast.mean_rps, forecast.rate_rps, strict=True)):
            moment = forecast.start + timedelta(seconds=index * forecast.window_s)
            rows.append((name, f"{moment:%Y-%m-%dT%H:%M:%SZ}", float(mean), *(float(rate) for rate in rates)))
    return Table("Forecast", columns, rows, keys=2)


def input_table(checked: Sequence[CheckedInput]) -> Table:
    """List the inputs that were read, with what was found in them."""
    columns = (
        Column("input", "input"),
        Column("kind", "kind"),
        Column("content", "found"),
        Column("sha256", "SHA-256"),
    )
    rows = [(one.name, one.kind, one.content, one.digest) for one in checked]
    return Table("Inputs", columns, rows, "All inputs can be used.")


def back_test_table(forecasts: Mapping[str, Forecast]) -> Table:
    """Show how every forecaster did inside the history; the one used is marked."""
    levels = sorted({level for one in forecasts.values() for level in one.backtest.levels})
    columns = (
        Column("class", "class"),
        Column("method", "method"),
        Column("pinball_percent", "pinball loss, % of mean load", 2),
        Column("first_hour_pinball_percent", "first hour", 2),
        *(
            Column(f"coverage_{100 * level:g}_share", f"below {100 * level:g} %", 1, percent=True)
            for level in levels
        ),
        Column("wape_percent", "raw error, % of load", 2),
        Column("origins", "origins"),
        Column("used", "used"),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, forecast in forecasts.items():
        for row in forecast.backtest.rows:
            coverage = dict(zip(forecast.backtest.levels, row.coverage_share, strict=True))
            rows.append(
                (
                    name,
                    row.method,
                    row.pinball_percent,
                    _known(row.first_hour_pinball_percent),
                    *(coverage.get(level) for level in levels),
                    row.wape_percent,
                    row.origins,
                    row.method == forecast.method.split(" ")[0],
                )
            )
    return Table("Back-test", columns, rows, keys=2)


def health_table(parts: Sequence[Part]) -> Table:
    """List what is installed, and how to get what is missing."""
    columns = (
        Column("part", "part"),
        Column("kind", "kind"),
        Column("version", "version"),
        Column("status", "status"),
        Column("remedy", "what to do"),
    )
    rows = [
        (part.name, part.kind, part.found, "found" if part.found else "missing", part.remedy)
        for part in parts
    ]
    return Table("Installation", columns, rows)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
