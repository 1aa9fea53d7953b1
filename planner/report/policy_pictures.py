"""Policies compared as pictures: a page with cost against lateness, and the figures as bars with the spread of the seeds."""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from planner.report.html_parts import card, html_table
from planner.report.policies import Panel, comparison_tables, panels
from planner.report.svg import HEIGHT, LEFT, RIGHT, SERIES, TOP, WIDTH, chart, nice_ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.replay.comparison import Comparison, Result

BOTTOM = 40  # below the picture's axis
LATE_TICKS = (0.0001, 0.001, 0.01, 0.1, 1.0)  # late shares along the picture's axis
LABEL_WIDTH, LABEL_HEIGHT = 110, 13  # room that a policy's name takes
NAMES = 130  # width of the names beside the bars
ROW, BAR = 24, 14  # heights of a row of bars and of a bar
FIGURE = 82  # width of the figure to the right of a bar


def comparison_page(found: Comparison) -> str:
    """One self-contained page: cost against lateness, the figures as bars, and the tables."""
    style = files("planner").joinpath("data", "report.css").read_text("utf-8")
    name = escape(found.name)
    tables = "\n".join(card(one.title, html_table(one)) for one in comparison_tables(found))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: policies compared</title><style>{style}</style></head>\n"
        f"<body><main>\n<header><h1>{name}</h1><p>Policies on the same requests; lines through points and bars "
        f"span the seeds</p></header>\n"
        f"{card('Cost against deadline-meet rate', scatter(found))}\n"
        f"{card('Cost, lateness, effective accuracy, over-provisioning', bars(panels(found)))}\n"
        f"{tables}\n</main></body></html>\n"
    )


def scatter(found: Comparison) -> str:
    """Cost along x, share in time of the worst class along y (late shares on a logarithmic scale), a point a policy."""
    ran = [one for one in found.results if one.summaries]
    dearest = 1.15 * max((one.most("total_usd") for one in ran), default=0.0) or 1.0
    shapes = [_axes(dearest)]
    taken: list[tuple[float, float]] = []
    for index, one in enumerate(sorted(ran, key=lambda one: one.mean("total_usd"))):
        shapes.append(_point(one, dearest, f"fill s{index % SERIES}", taken))
    return chart("Cost against deadline-meet rate", "".join(shapes), HEIGHT + BOTTOM)


def bars(shown: Sequence[Panel]) -> str:
    """A panel a figure, side by side: a row a policy, its mean as a bar, the seeds' span as a line."""
    width = (WIDTH - NAMES) / max(len(shown), 1)
    names = shown[0].names if shown else ()
    parts = [
        f'<text class="tick end" x="{NAMES - 8}" y="{ROW * (row + 1) + BAR}">{escape(name)}</text>'
        for row, name in enumerate(names)
    ]
    for index, panel in enumerate(shown):
        left, room = NAMES + index * width, width - FIGURE
        parts.append(f'<text class="unit" x="{left:.1f}" y="14">{escape(panel.heading)}</text>')
        parts += [_bar(panel, row, left, room, f"fill s{index % SERIES}") for row in range(len(names))]
    return chart("Figures of the policies", "".join(parts), ROW * (len(names) + 1) + 4)


def _bar(panel: Panel, row: int, left: float, room: float, style: str) -> str:
    mean, least, most = panel.values[row]
    y = ROW * (row + 1)
    text = f'<text class="tick" x="{{x:.1f}}" y="{y + BAR - 2}">{escape(panel.shown(mean))}</text>'
    if math.isnan(mean) or panel.top <= 0:
        return text.format(x=left)
    scale = room / panel.top
    ends = f'x1="{left + least * scale:.1f}" x2="{left + most * scale:.1f}"'
    line = f'<line class="whisker" {ends} y1="{y + BAR / 2:g}" y2="{y + BAR / 2:g}"/>'
    return (
        f'<rect class="{style}" x="{left:.1f}" y="{y}" width="{mean * scale:.1f}" height="{BAR}" rx="3"/>'
        f"{line}{text.format(x=left + max(mean, most) * scale + 5)}"
    )


def _point(one: Result, dearest: float, style: str, taken: list[tuple[float, float]]) -> str:
    """A point with its name, which moves down from names that stand there already."""
    usd, in_time = one.mean("total_usd"), one.mean("worst_deadline_meet_rate")
    x, y = _x(usd, dearest), _y(1 - in_time)
    across = f'x1="{_x(one.least("total_usd"), dearest):.1f}" x2="{_x(one.most("total_usd"), dearest):.1f}"'
    upright = (
        f'y1="{_y(1 - one.least("worst_deadline_meet_rate")):.1f}" '
        f'y2="{_y(1 - one.most("worst_deadline_meet_rate")):.1f}"'
    )
    name_y = y
    while any(abs(x - a) < LABEL_WIDTH and abs(name_y - b) < LABEL_HEIGHT for a, b in taken):
        name_y += LABEL_HEIGHT
    taken.append((x, name_y))
    title = escape(f"{one.policy}: {usd:,.2f} USD, {in_time:.3%} in time")
    return (
        f'<line class="whisker" {across} y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" {upright}/>'
        f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>{title}</title></circle>'
        f'<text class="tick" x="{x + 9:.1f}" y="{name_y + 4:.1f}">{escape(one.policy)}</text>'
    )


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
    parts.append(f'<text class="unit" x="{LEFT + 4}" y="{HEIGHT - 6}">in time, worst class</text>')
    parts.append(f'<text class="unit end" x="{WIDTH - RIGHT}" y="{HEIGHT + 32}">USD</text>')
    return "".join(parts)


def _x(usd: float, dearest: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * usd / dearest


def _y(late_share: float) -> float:
    """Logarithm of the late share; fewer than one in ten thousand count as that."""
    place = (math.log10(max(late_share, LATE_TICKS[0])) + 4) / 4
    return TOP + (HEIGHT - TOP) * place
