"""Tables drawn for people, with rich: as wide as the terminal, and legible on a narrow one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table as RichTable
from rich.text import Text

from planner.legible import legible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from planner.report.table import Table

GAP = 3  # spaces between two columns of the drawing
EDGES = 2  # and one at either end
NARROWEST_TEXT = 16  # cells; a longer text folds, but never into a column narrower than this
WORDS = re.compile(r"\s+|\S+")
PIECES = re.compile(r"\s+|[^\s/@_-]+[/@_-]?|[/@_-]")  # where a name may break: after its own punctuation


def draw_table(table: Table, console: Console) -> None:
    """Draw a table whole: long cells fold, none is cut off.

    Columns that do not fit side by side are drawn below each other, each time beside the table's key columns.
    """
    shown = [
        [column.shown(cell) for column, cell in zip(table.columns, row, strict=True)] for row in table.rows
    ]
    cells = [[column.heading, *(row[i] for row in shown)] for i, column in enumerate(table.columns)]
    numbers = [any(isinstance(row[i], int | float) for row in table.rows) for i in range(len(cells))]
    least = [_least_width(column, number) for column, number in zip(cells, numbers, strict=True)]
    room = console.width - EDGES
    title = legible(table.title)
    for block in _blocks(least, min(table.keys, len(cells)), room):
        widths = _widths([_width(cells[i]) for i in block], [least[i] for i in block], room)
        drawing = RichTable(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
        drawing.pad_edge = False
        headings = [fold(cells[index][0], width, WORDS) for index, width in zip(block, widths, strict=True)]
        height = max(heading.count("\n") for heading in headings)
        for index, width, heading in zip(block, widths, headings, strict=True):
            side: Literal["left", "right"] = "right" if numbers[index] else "left"
            lowered = "\n" * (height - heading.count("\n")) + heading
            drawing.add_column(lowered, justify=side, width=width, overflow="fold")
        for line in range(len(shown)):
            drawing.add_row(
                *(Text(fold(shown[line][i], width)) for i, width in zip(block, widths, strict=True))
            )
        console.print(drawing)
        title = f"{legible(table.title)} (more columns)"
    if table.note:
        console.print(Text(legible(table.note), style="dim"))


def fold(text: str, width: int, pieces: re.Pattern[str] = PIECES) -> str:
    """Break a text into lines of at most `width` cells: between its pieces, and inside one that is longer."""
    lines = [""]
    for found in pieces.finditer(text):
        piece = found.group()
        if cell_len(lines[-1]) + cell_len(piece.rstrip()) <= width:
            lines[-1] += piece
            continue
        piece = piece.lstrip()
        if not piece:
            continue
        lines.append("")
        for character in piece:
            if cell_len(lines[-1]) + cell_len(character) > width:
                lines.append("")
            lines[-1] += character
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _width(cells: Sequence[str]) -> int:
    return max((cell_len(cell) for cell in cells), default=0)


def _least_width(cells: Sequence[str], number: bool) -> int:
    """Width that a column needs: its heading's longest word, its numbers whole, some of its texts."""
    heading = max((cell_len(word) for word in cells[0].split()), default=1)
    body = _width(cells[1:])
    return max(heading, body if number else min(body, NARROWEST_TEXT))


def _blocks(least: Sequence[int], keys: int, room: int) -> Iterator[list[int]]:
    """Split columns into the fewest runs that fit, in order, each behind the key columns."""
    heads = list(range(keys))
    block = list(heads)
    for index in range(keys, len(least)):
        if len(block) > keys and sum(least[i] + GAP for i in (*block, index)) - GAP > room:
            yield block
            block = list(heads)
        block.append(index)
    yield block


def _widths(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Narrow the widest columns first until all fit, none below its least width."""
    widths = [max(pair) for pair in zip(natural, least, strict=True)]
    while sum(widths) + GAP * (len(widths) - 1) > room:
        candidates = [i for i, width in enumerate(widths) if width > least[i]]
        if not candidates:
            break
        widths[max(candidates, key=lambda i: widths[i])] -= 1
    return widths
