"""A replayed plan as tables: what happened in short, the classes, and every promise beside what happened."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.replay.document import PromiseKept, ReplayReport
    from planner.report.table import Cell

SHOWN = ("cost", "class", "window", "demand", "losses")  # sections drawn for people; scripts get all
ROUNDING_SHARE = 1e-12  # ours: sums of windows differ by less from the order in which they are added
_PROMISE_COLUMNS = (
    Column("section", "part"),
    Column("figure", "figure"),
    Column("subject", "of"),
    Column("promised", "promised"),
    Column("happened", "happened"),
    Column("difference", "difference"),
)


def replay_tables(report: ReplayReport) -> list[Table]:
    """Tables for people."""
    tables = [headline_table(report), class_table(report), promise_table(report, SHOWN)]
    return [one for one in tables if one.rows]


def closing_line(report: ReplayReport) -> str:
    """Say in one line what happened."""
    rate = "no requests" if report.deadline_meet_rate is None else f"{report.deadline_meet_rate:.3%} in time"
    return (
        f"{report.plan.name}: {report.requests:,.0f} requests, {rate}, {report.cost.total_usd:,.4f} USD; demand went beyond "
        f"the top level in {report.beyond_share:.1%} of {len(report.windows)} windows"
    )


def headline_table(report: ReplayReport) -> Table:
    """What happened, in one column."""
    plan, shares = report.plan, _share
    machine_time = "none" if report.over_provisioning is None else f"{report.over_provisioning:.2f}"
    rows: list[tuple[Cell, ...]] = [
        ("replayed", f"{plan.start:%Y-%m-%d %H:%M} to {plan.end:%Y-%m-%d %H:%M} UTC, seed {plan.seed}"),
        (
            "requests",
            f"{report.requests:,.0f} ({plan.mode}, {plan.simulated_share:.0%} of the time simulated)",
        ),
        ("cost", f"{report.cost.total_usd:,.4f} USD"),
        ("in time", f"{shares(report.deadline_meet_rate)} of all requests"),
        ("accuracy, and x in time", f"{_number(report.accuracy)}, {_number(report.effective_accuracy)}"),
        ("answered", shares(report.served_share)),
        ("on functions", f"{shares(report.functions_share)}, cold {shares(report.cold_share)} of the calls"),
        ("sent on, for they would be late", shares(report.overflow_share)),
        ("machines busy", f"{shares(report.utilisation)}; paid for over busy, less 1: {machine_time}"),
        ("starts", f"{report.starts:,.0f}"),
        (
            "spot machines lost",
            f"{report.lost:,.0f} in {report.interruptions:,.0f} interruptions, {report.survived:,.0f} survived",
        ),
        ("windows beyond the top level", shares(report.beyond_share)),
    ]
    return Table(f"Replay of {plan.name}", (Column("what", "what"), Column("value", "value")), rows)


def class_table(report: ReplayReport) -> Table:
    """What every class saw."""
    quantiles = list(next(iter(report.classes.values())).latency_ms)
    columns = (
        Column("class", "class"),
        Column("requests", "requests", 0),
        Column("deadline_meet_rate", "in time", 3, percent=True),
        Column("in_time_of_served", "of answered", 3, percent=True),
        Column("accuracy", "accuracy", 4),
        Column("effective_accuracy", "accuracy x in time", 4),
        Column("mean_latency_ms", "mean ms", 1),
        *(Column(f"latency_p{100 * float(one):g}_ms", f"P{100 * float(one):g} ms", 1) for one in quantiles),
    )
    rows = [
        (
            name,
            one.requests,
            one.deadline_meet_rate,
            one.in_time_of_served,
            one.accuracy,
            one.effective_accuracy,
            one.mean_latency_ms,
            *one.latency_ms.values(),
        )
        for name, one in report.classes.items()
    ]
    return Table("Service by request class", columns, rows)


def promise_table(report: ReplayReport, sections: tuple[str, ...] | None = None) -> Table:
    """Every promise over the horizon, beside what happened; of some sections, or of all."""
    chosen = [one for one in report.promises if sections is None or one.section in sections]
    columns = (
        *_PROMISE_COLUMNS,
        Column("promised_within", "promised, within"),
        Column("happened_within", "happened, within"),
    )
    rows = [
        (
            *(one.section, one.figure, one.subject),
            *_compared(one.promised, one.happened),
            *(one.promised_within, one.happened_within),
        )
        for one in chosen
    ]
    note = (
        "Sums of cost and launches, means by requests or time of all else; within: over the windows whose demand stayed within "
        "the top level.\nOn a terminal without groups, functions and routes, which --format csv has as well; --windows: by window."
    )
    return Table("Promised against happened", columns, rows, note, keys=3)


def window_table(report: ReplayReport) -> Table:
    """Every promise in every window."""
    columns = (Column("window", "window"), Column("within_top_level", "within"), *_PROMISE_COLUMNS)
    rows = [
        (window.id, window.within_top_level, *row)
        for t, window in enumerate(report.windows)
        for row in (_of_window(one, t) for one in report.promises)
    ]
    return Table("Promised against happened, by window", columns, rows, keys=4)


def _of_window(one: PromiseKept, t: int) -> tuple[Cell, ...]:
    return (
        *(one.section, one.figure, one.subject),
        *_compared(one.promised_by_window[t], one.happened_by_window[t]),
    )


def _compared(promised: float | None, happened: float | None) -> tuple[Cell, Cell, Cell]:
    if promised is None or happened is None:
        return promised, happened, None
    same = math.isclose(promised, happened, rel_tol=ROUNDING_SHARE, abs_tol=ROUNDING_SHARE)
    return promised, happened, 0.0 if same else happened - promised


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
