"""A table apart from the way it is shown: typed cells, and every text format a script may ask for."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.legible import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Cell = str | int | float | bool | None
FORMATS = ("table", "json", "csv", "tsv", "markdown")


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    key
        Name in JSON, CSV and TSV; carries the unit (``price_usd_per_h``).
    heading
        What a person reads above it; carries the unit too.
    digits
        Digits after the point for people; None for text, whole numbers, and numbers shown as they are.
    """

    key: str
    heading: str
    digits: int | None = None
    percent: bool = False

    def shown(self, cell: Cell) -> str:
        """Return the cell as a person reads it."""
        if cell is None:
            return "-"
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, str):
            return legible(" ".join(cell.split()))
        if self.percent:
            return f"{100 * cell:,.{self.digits or 0}f} %"
        if self.digits is not None:
            return f"{cell:,.{self.digits}f}"
        return f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"


@dataclass(frozen=True)
class Table:
    """Rows under columns; `note` is for people and goes below the drawing only.

    The first `keys` columns name a row; they stand beside every part of a drawing too wide for its terminal.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    keys: int = 1

    def records(self) -> list[dict[str, Cell]]:
        """Return the rows as mappings from column key to cell."""
        return [dict(zip((c.key for c in self.columns), row, strict=True)) for row in self.rows]


def percent(share: float) -> str:
    """Return a share as a percentage of three significant digits: a gap asked of 1e-6 is not 0.00 %."""
    return f"{100 * share:.3g} %"


def as_json(table: Table) -> str:
    """Return a JSON list with one object a row."""
    return json.dumps(table.records(), indent=1, ensure_ascii=False) + "\n"


def as_csv(table: Table) -> str:
    """Return RFC 4180 text with a header row; an absent value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(column.key for column in table.columns)
    writer.writerows([_plain(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def as_tsv(table: Table) -> str:
    """Return one line a row, cells between tabs; tabs and line ends inside a cell become spaces."""
    lines = ["\t".join(column.key for column in table.columns)]
    lines += ["\t".join(" ".join(_plain(cell).split()) for cell in row) for row in table.rows]
    return "\n".join(lines) + "\n"


def as_markdown(table: Table) -> str:
    """Return a Markdown table with the headings and figures that people read."""
    lines = [
        "| " + " | ".join(column.heading for column in table.columns) + " |",
        "| " + " | ".join("---" if column.digits is None else "---:" for column in table.columns) + " |",
    ]
    for row in table.rows:
        shown = (
            column.shown(cell).replace("|", "\\|") for column, cell in zip(table.columns, row, strict=True)
        )
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


WRITERS: Mapping[str, Callable[[Table], str]] = {
    "json": as_json,
    "csv": as_csv,
    "tsv": as_tsv,
    "markdown": as_markdown,
}


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return repr(cell) if isinstance(cell, float) else str(cell)
