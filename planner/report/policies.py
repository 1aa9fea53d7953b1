"""Policies compared: a table, bars of cost and lateness for the terminal, and a page with a picture."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from planner.replay.policies.registry import WHAT
from planner.report.html_parts import card, html_table
from planner.report.svg import HEIGHT, LEFT, RIGHT, TOP, WIDTH, chart, legend, nice_ticks
from planner.report.table import Column, Table

if TYPE_CHECKING:
    from planner.replay.comparison import Comparison, Result

FIGURES = (
    ("usd", "total_usd", "USD", 2, False),
    ("deadline_meet_rate", "deadline_meet_rate", "in time", 3, True),
    ("worst_deadline_meet_rate", "worst_deadline_meet_rate", "worst class", 3, True),
    ("effective_accuracy", "effective_accuracy", "effective accuracy", 4, False),
    ("over_provisioning", "over_provisioning", "over-provisioning", 2, False),
    ("functions_share", "functions_share", "on functions", 3, True),
    ("starts", "starts", "starts", 1, False),
    ("interruptions", "interruptions", "interruptions", 1, False),
)
SPREAD = ("usd", "worst_deadline_meet_rate")  # figures whose spread over the seeds is shown
BAR = 28  # cells of the longest bar in a terminal
BOTTOM = 40  # below the picture's axis
LATE_TICKS = (0.0001, 0.001, 0.01, 0.1, 1.0)  # late shares along the picture's axis


def comparison_table(found: Comparison) -> Table:
    """A row a policy, in the order asked for: means over the seeds, and the spread of cost and of the worst class."""
    columns = [Column("policy", "policy")]
    for key, _, heading, digits, percent in FIGURES:
        columns.append(Column(key, heading, digits, percent))
        if key in SPREAD:
            columns.append(Column(f"{key}_spread", "+-", digits, percent))
    columns.append(Column("reason", "left out because"))
    rows = [_row(one) for one in found.results]
    hours = found.judged_s / 3600
    note = (
        f"{found.name}: {hours:.4g} h, {found.requests:,.0f} requests, {found.settings.seeds} seeds, {found.settings.mode} mode.\n"
        "in time: share of all requests; worst class: that of the class served worst; effective accuracy: accuracy x in time, "
        "mean over all requests;\nover-provisioning: machine-time paid for over machine-time busy, less 1; +-: largest less least "
        "of the seeds"
    )
    return Table("Policies", columns, rows, note)


def policy_table() -> Table:
    """Names of the policies, and what each is."""
    columns = (Column("policy", "policy"), Column("what", "what"))
    return Table("Policies", columns, list(WHAT.items()))


def bar_table(found: Comparison) -> Table:
    """Cost and late requests as bars, for people."""
    ran = [one for one in found.results if one.summaries]
    dearest = max((one.mean("total_usd") for one in ran), default=0.0)
    latest = max((1 - one.mean("worst_deadline_meet_rate") for one in ran), default=0.0)
    columns = (Column("policy", "policy"), Column("cost", "cost"), Column("late", "late, worst class"))
    rows = [
        (
            one.policy,
            _bar(one.mean("total_usd"), dearest, f"{one.mean('total_usd'):,.2f} USD"),
            _bar(late := 1 - one.mean("worst_deadline_meet_rate"), latest, f"{100 * late:.2f} %"),
        )
        for one in ran
    ]
    return Table("Cost and lateness", columns, rows)


def comparison_page(found: Comparison) -> str:
    """One self-contained page: the picture of cost against lateness, then the table."""
    style = files("planner").joinpath("data", "report.css").read_text("utf-8")
    table = comparison_table(found)
    name = escape(found.name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: policies compared</title><style>{style}</style></head>\n"
        f"<body><main>\n<header><h1>{name}</h1><p>Policies on the same requests</p></header>\n"
        f"{card('Cost and deadline-meet rate', picture(found))}\n{card(table.title, html_table(table))}\n"
        f"</main></body></html>\n"
    )


def picture(found: Comparison) -> str:
    """Cost along x, share in time of the worst class along y (late shares on a logarithmic scale), a point a policy."""
    ran = [one for one in found.results if one.summaries]
    dearest = 1.1 * max((one.mean("total_usd") for one in ran), default=0.0) or 1.0
    shapes = [_axes(dearest)]
    keys = []
    for index, one in enumerate(ran):
        x, y = _x(one.mean("total_usd"), dearest), _y(1 - one.mean("worst_deadline_meet_rate"))
        style = f"fill s{index % 8}"
        label = f"{one.policy}: {one.mean('total_usd'):,.2f} USD, {one.mean('worst_deadline_meet_rate'):.3%} in time"
        shapes.append(
            f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="6"><title>{escape(label)}</title></circle>'
            f'<text class="tick" x="{x + 9:.1f}" y="{y + 4:.1f}">{escape(one.policy)}</text>'
        )
        keys.append((style, label))
    return chart("Cost against deadline-meet rate", "".join(shapes), HEIGHT + BOTTOM) + legend(keys)


def _axes(dearest: float) -> str:
    parts = []
    for late in LATE_TICKS:
        y = _y(late)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + 4:.1f}">{100 * (1 - late):g} %</text>')
    parts += [
        f'<text class="tick middle" x="{_x(usd, dearest):.1f}" y="{HEIGHT + 14}">{usd:g}</text>'
        for usd in nice_ticks(dearest)
    ]
    parts.append(f'<text class="unit" x="{LEFT + 4}" y="{TOP + 8}">in time, worst class</text>')
    parts.append(f'<text class="unit end" x="{WIDTH - RIGHT}" y="{HEIGHT + 32}">USD</text>')
    return "".join(parts)


def _x(usd: float, dearest: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * usd / dearest


def _y(late_share: float) -> float:
    """Logarithm of the late share; fewer than one in ten thousand count as that."""
    place = (math.log10(max(late_share, LATE_TICKS[0])) + 4) / 4
    return TOP + (HEIGHT - TOP) * place


def _row(one: Result) -> list[str | float | None]:
    row: list[str | float | None] = [one.policy]
    for key, figure, *_ in FIGURES:
        row.append(_known(one.mean(figure)) if one.summaries else None)
        if key in SPREAD:
            row.append(_known(one.spread(figure)) if one.summaries else None)
    return [*row, one.reason]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bar(value: float, top: float, text: str) -> str:
    return f"{'█' * round(BAR * value / top) if top > 0 else ''} {text}".strip()
