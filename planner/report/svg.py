"""Charts as SVG text: axes, bands, steps, stacks and bars, coloured by the page's style sheet."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WIDTH, HEIGHT = 960, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 26, 12, 28
SERIES = 8  # colours of the style sheet: s0 .. s7
TICK_STEPS_H = (0.25, 0.5, 1, 2, 3, 6, 12, 24, 48, 168)


@dataclass(frozen=True)
class Plot:
    """The frame of a chart over time: instants run along x, a quantity from 0 to `top` along y.

    Parameters
    ----------
    edges
        Starts of the windows and the end of the last one.
    top
        Largest value drawn, > 0.
    unit
        Unit of y, written beside the axis.
    """

    edges: Sequence[datetime]
    top: float
    unit: str

    def x(self, moment: datetime) -> float:
        """Return the horizontal place of an instant."""
        span = (self.edges[-1] - self.edges[0]).total_seconds()
        return LEFT + (WIDTH - LEFT - RIGHT) * (moment - self.edges[0]).total_seconds() / span

    def y(self, value: float) -> float:
        """Return the vertical place of a value."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value / self.top, 1.0)

    def steps(self, values: Sequence[float]) -> str:
        """Path that holds each window's value from its start to its end."""
        points = []
        for (start, end), value in zip(pairwise(self.edges), values, strict=True):
            points += [f"{self.x(start):.1f} {self.y(value):.1f}", f"{self.x(end):.1f} {self.y(value):.1f}"]
        return " L ".join(points)

    def band(self, upper: Sequence[float], lower: Sequence[float], style: str, label: str) -> str:
        """Fill between two step lines."""
        back = " L ".join(reversed(self.steps(lower).split(" L ")))
        path = f"M {self.steps(upper)} L {back} Z"
        return f'<path class="{style}" d="{path}"><title>{escape(label)}</title></path>'

    def line(self, values: Sequence[float], style: str, label: str) -> str:
        """Draw a step line."""
        path = f"M {self.steps(values)}"
        return f'<path class="{style}" fill="none" d="{path}"><title>{escape(label)}</title></path>'

    def axes(self) -> str:
        """Grid lines with values, and times below."""
        parts = []
        for value in nice_ticks(self.top):
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text class="tick end" x="{LEFT - 8}" y="{y + 4:.1f}">{value:g}</text>')
        parts.append(f'<text class="unit" x="{LEFT + 4}" y="{TOP + 10}">{escape(self.unit)}</text>')
        parts += [
            f'<text class="tick middle" x="{self.x(moment):.1f}" y="{HEIGHT - 8}">{label}</text>'
            for moment, label in time_ticks(self.edges[0], self.edges[-1])
        ]
        return "".join(parts)


def chart(label: str, content: str, height: int = HEIGHT) -> str:
    """Wrap shapes into a drawing that screen readers announce by its label."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label, quote=True)}" '
        f'preserveAspectRatio="xMidYMid meet">{content}</svg>'
    )


def stacked(plot: Plot, layers: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Draw layers on top of each other, the first at the bottom."""
    lower = [0.0] * (len(plot.edges) - 1)
    parts = []
    for index, (name, values) in enumerate(layers):
        upper = [below + value for below, value in zip(lower, values, strict=True)]
        parts.append(plot.band(upper, lower, f"fill s{index % SERIES}", name))
        lower = upper
    return "".join(parts)


def bars(rows: Sequence[tuple[str, float, str]], unit: str) -> str:
    """Horizontal bars: (name, value, style class), each with its value."""
    room, name_width, row_height = WIDTH - 430, 230, 26  # values stand to the right of the bars
    top = max((value for _, value, _ in rows), default=0.0) or 1.0
    parts = []
    for index, (name, value, style) in enumerate(rows):
        y = 6 + index * row_height
        width = room * max(value, 0.0) / top
        parts.append(
            f'<text class="tick end" x="{name_width - 8}" y="{y + 14}">{escape(name)}</text>'
            f'<rect class="{style}" x="{name_width}" y="{y}" width="{width:.1f}" height="18" rx="3"/>'
            f'<text class="tick" x="{name_width + width + 6:.1f}" y="{y + 14}">'
            f"{value:,.4f} {escape(unit)}</text>"
        )
    return chart("Values compared", "".join(parts), 12 + len(rows) * row_height)


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """(style class, name) pairs as a list of coloured keys."""
    keys = "".join(f'<li><span class="key {style}"></span>{escape(name)}</li>' for style, name in entries)
    return f'<ul class="legend">{keys}</ul>'


def nice_ticks(top: float) -> list[float]:
    """Three to six round values from 0 to at most `top`."""
    rough = top / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough)
    return [round(index * step, 12) for index in range(int(top / step + 1e-9) + 1)]


def time_ticks(start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    """Six to nine or so round instants from start to end, labelled by hour, or by day where days pass."""
    from datetime import timedelta

    hours = (end - start).total_seconds() / 3600
    step_h = next((one for one in TICK_STEPS_H if hours / one <= 9), hours / 8)
    step = timedelta(hours=step_h)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = day + step * math.ceil((start - day) / step)
    ticks = []
    while moment <= end:
        ticks.append((moment, f"{moment:%d %b}" if step_h >= 24 else f"{moment:%H:%M}"))
        moment += step
    return ticks
