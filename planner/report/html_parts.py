"""Parts that every page of the planner is made of: cards, and tables with their notes."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.report.table import Table


def card(title: str, content: str) -> str:
    """A section under a heading; the content is HTML already."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def html_table(table: Table) -> str:
    """The table with its note, numbers aligned to the right."""
    numeric = [any(isinstance(row[i], int | float) for row in table.rows) for i in range(len(table.columns))]
    kinds = ['class="number"' if one else "" for one in numeric]
    head = "".join(
        f"<th {kind}>{escape(c.heading)}</th>" for c, kind in zip(table.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td {kind}>{escape(column.shown(cell))}</td>"
            for column, kind, cell in zip(table.columns, kinds, row, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    note = "".join(f'<p class="note">{escape(line)}</p>' for line in table.note.splitlines())
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}'
    )
