"""Tables in every format that scripts ask for."""

from __future__ import annotations

import csv
import io
import json

from rich.console import Console

from planner.report.table import Column, Table, as_csv, as_json, as_markdown, as_tsv, percent
from planner.report.terminal import draw_table, fold

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
    assert lines[3].startswith("| tab here and \\| there |")  # one line a row
    assert len(lines) == 4


def test_a_drawing_cuts_nothing_off() -> None:
    text = io.StringIO()
    long = Table("Long", (Column("name", "name"), Column("usd", "USD", 2)), [("x" * 300, 1.5)], "the note")
    draw_table(long, Console(file=text, width=60))
    assert text.getvalue().count("x") == 300
    assert "1.50" in text.getvalue()
    assert "the note" in text.getvalue()


def drawn(table: Table, width: int) -> list[str]:
    text = io.StringIO()
    draw_table(table, Console(file=text, width=width))
    return [line.rstrip() for line in text.getvalue().splitlines()]


WIDE = Table(
    "Wide",
    (Column("model", "model"), *(Column(f"usd_{i}", f"part {i} USD", 4) for i in range(12))),
    [("distilbert-base-uncased-128", *(1000.5 + i for i in range(12))), ("resnet50", *(range(12)))],
)


def test_names_from_elsewhere_move_no_cursor() -> None:
    hostile = "a\x1b[31m\x00b\nc\u202ed"
    table = Table(hostile, (Column("name", "name"),), [(hostile,)], hostile)
    text = "\n".join((*drawn(table, 80), as_markdown(table)))
    assert not set("\x1b\x00\u202e") & set(text)
    assert text.count("a\\x1b[31m\\x00b") == 4
    assert "c\\u202ed" in text


def test_a_narrow_drawing_repeats_the_keys_beside_every_part() -> None:
    lines = drawn(WIDE, 80)
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("Wide")] == ["Wide", *["Wide (more columns)"] * 2]
    assert sum("distilbert-base-" in line for line in lines) == 3
    assert sum("resnet50" in line for line in lines) == 3
    words = " ".join(lines).split()
    assert all(words.count(f"{1000.5 + i:,.4f}") == 1 for i in range(12))


def test_a_wide_drawing_is_in_one_part_and_folds_nothing() -> None:
    lines = drawn(WIDE, 400)
    title, _, heading, rule, *rows = lines
    assert title == "Wide"
    assert heading.split("   ")[0].strip() == "model"
    assert set(rule.strip()) == {"─"}
    assert [row.split()[0] for row in rows if row] == ["distilbert-base-uncased-128", "resnet50"]


def test_headings_stand_on_the_rule_when_they_fold() -> None:
    heads = (Column("item", "item"), Column("usd", "machines, all markets USD", 2))
    lines = drawn(Table("Heads", heads, [("resnet50", 1.5)]), 24)
    assert [line.split() for line in lines[2:5]] == [["machines,"], ["all", "markets"], ["item", "USD"]]


def test_names_fold_after_their_own_punctuation() -> None:
    assert fold("distilbert-base-uncased-128/g5.2xlarge/b1x1", 16).split("\n") == [
        "distilbert-base-",
        "uncased-128/",
        "g5.2xlarge/b1x1",
    ]
    assert fold("x" * 20, 8) == "x" * 8 + "\n" + "x" * 8 + "\n" + "x" * 4
    assert fold("a few words", 5) == "a few\nwords"
    assert fold("", 5) == ""


def test_a_tiny_percentage_is_not_shown_as_nothing() -> None:
    assert [percent(share) for share in (0.01, 0.0297352, 1e-6, 0.0)] == ["1 %", "2.97 %", "0.0001 %", "0 %"]
