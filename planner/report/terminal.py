"""Tables drawn for people, with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from planner.report.table import Table


def draw_table(table: Table, console: Console) -> None:
    """Draw a table whole: long cells wrap, none is cut off."""
    drawing = RichTable(
        title=Text(table.title, style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        expand=False,
    )
    for index, column in enumerate(table.columns):
        numbers = any(isinstance(row[index], int | float) for row in table.rows)
        drawing.add_column(
            column.heading,
            justify="right" if numbers else "left",
            overflow="fold",
            no_wrap=numbers,
            min_width=4,
        )
    for row in table.rows:
        drawing.add_row(*(Text(column.shown(cell)) for column, cell in zip(table.columns, row, strict=True)))
    console.print(drawing)
    if table.note:
        console.print(Text(table.note, style="dim"))
