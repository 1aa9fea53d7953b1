"""Tables in every format that scripts ask for."""

from __future__ import annotations

import csv
import io
import json

from rich.console import Console

from planner.report.table import Column, Table, as_csv, as_json, as_markdown, as_tsv
from planner.report.terminal import draw_table

TABLE = Table(
    "Things",
    (
        Column("name", "name"),
        Column("usd", "USD", 2),
        Column("share", "share", 1, percent=True),
        Column("ok", "ok"),
    ),
    [('a,"b"', 1234.5678, 0.25, True), ("tab\there\nand | there", None, 1.0, False)],
    "a note",
)


def test_json_keeps_every_digit_and_type() -> None:
    rows = json.loads(as_json(TABLE))
    assert rows[0] == {"name": 'a,"b"', "usd": 1234.5678, "share": 0.25, "ok": True}
    assert rows[1]["usd"] is None


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(TABLE))))
    assert rows[0] == {"name": 'a,"b"', "usd": "1234.5678", "share": "0.25", "ok": "true"}
    assert rows[1]["name"] == "tab\there\nand | there"
    assert rows[1]["usd"] == ""


def test_tsv_is_one_line_a_row() -> None:
    lines = as_tsv(TABLE).splitlines()
    assert len(lines) == 3
    assert lines[2].split("\t") == ["tab here and | there", "", "1.0", "false"]


def test_markdown_escapes_bars() -> None:
    lines = as_markdown(TABLE).splitlines()
    assert lines[1] == "| --- | ---: | ---: | --- |"
    assert lines[2] == '| a,"b" | 1,234.57 | 25.0 % | yes |'
    assert "and \\| there" in as_markdown(TABLE)


def test_a_drawing_cuts_nothing_off() -> None:
    text = io.StringIO()
    long = Table("Long", (Column("name", "name"), Column("usd", "USD", 2)), [("x" * 300, 1.5)], "the note")
    draw_table(long, Console(file=text, width=60))
    assert text.getvalue().count("x") == 300
    assert "1.50" in text.getvalue()
    assert "the note" in text.getvalue()
