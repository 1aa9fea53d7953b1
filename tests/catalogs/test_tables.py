"""Reading of tables: located problems, numbers, headers, digests."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.inputs import (
    InputFile,
    bundled_inputs,
    digests_of,
    inputs_of,
    near,
    raise_collected,
    read_input,
)
from catalogs.tables import header_of, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.rows import Row


def table(text: str) -> InputFile:
    return InputFile("t.csv", "t.csv", text.encode())


def one_row(cells: str, problems: list[str]) -> Row:
    """Return the row of a table with the columns a and b."""
    rows = list(read_rows(table(f"a,b\n{cells}\n"), required=("a",), optional=("b",), problems=problems))
    assert len(rows) == 1
    return rows[0]


def test_rows_carry_their_line_numbers_over_blank_and_broken_lines() -> None:
    file = table('a,b\n1,x\n\n"2\n",y\n3,z\n')
    rows = list(read_rows(file, required=("a", "b"), problems=[]))
    assert [(row.number, row.whole("a")) for row in rows] == [(2, 1), (5, 2), (6, 3)]


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_the_data() -> None:
    file = InputFile("t.csv", "t.csv", b"\xef\xbb\xbfa,b\r\n1,x\r\n")
    (row,) = read_rows(file, required=("a", "b"), problems=[])
    assert (row.whole("a"), row.text("b")) == (1, "x")
    assert header_of(file) == ("a", "b")


def test_numbers_inside_their_bounds_are_returned_unchanged() -> None:
    problems: list[str] = []
    row = one_row("0.25,8", problems)
    assert row.real("a", above=0, at_most=0.25) == 0.25
    assert row.whole("b", at_least=8, at_most=8) == 8
    assert row.optional_whole("b") == 8
    assert row.optional_real("a", above=0) == 0.25
    assert row.sound
    assert problems == []


@pytest.mark.parametrize("word", ["", "nan", "NaN", "n/a", "null", "-"])
def test_every_spelling_of_a_missing_number_is_none_where_it_may_miss_and_a_problem_where_not(
    word: str,
) -> None:
    problems: list[str] = []
    row = one_row(f"{word},x", problems)
    assert row.optional_real("a") is None
    assert row.optional_whole("a") is None
    assert row.optional_text("a") is None
    assert row.sound
    row.real("a")
    assert not row.sound
    assert len(problems) == 1
    assert "t.csv row 2: a is" in problems[0]


def test_a_whole_number_may_be_written_with_a_point_but_not_be_a_fraction() -> None:
    problems: list[str] = []
    row = one_row("16.0,16.5", problems)
    assert row.whole("a") == 16
    row.whole("b")
    assert problems == ["t.csv row 2: b is 16.5; a whole number is needed. Correct the cell."]


def test_dates_are_read_in_one_form_only() -> None:
    problems: list[str] = []
    row = one_row("2026-07-20,20 July 2026", problems)
    assert row.day("a") == date(2026, 7, 20)
    row.day("b")
    assert "'20 July 2026'; a date YYYY-MM-DD is needed" in problems[0]


def test_all_bad_cells_of_all_rows_are_told_at_once() -> None:
    problems: list[str] = []
    for row in read_rows(table("a,b\nx,1\n-2,\n"), required=("a", "b"), problems=problems):
        row.real("a", at_least=0)
        row.whole("b")
    with pytest.raises(CatalogError) as caught:
        raise_collected(problems)
    assert len(caught.value.problems) == 3
    assert str(caught.value) == "\n".join(f"- {line}" for line in caught.value.problems)
    assert [line.split(":")[0] for line in problems] == ["t.csv row 2", "t.csv row 3", "t.csv row 3"]


def test_nothing_is_raised_without_a_problem() -> None:
    problems: list[str] = []
    raise_collected(problems)
    assert problems == []


def test_near_names_are_offered_and_far_ones_are_not() -> None:
    assert near("c5.lage", ["c5.large", "r7iz.metal-32xl"]) == " Did you mean c5.large?"
    assert near("zzz", ["c5.large"]) == ""


def test_a_missing_file_is_a_problem_that_offers_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("a\n1\n")
    problems: list[str] = []
    assert read_input(tmp_path / "price.csv", problems) is None
    assert read_input(tmp_path, problems) is None
    assert "Did you mean prices.csv?" in problems[0]
    assert "this is a folder" in problems[1]


def test_digests_are_those_of_the_bytes_and_tell_files_of_one_name_apart(tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "prices.csv"
        path.write_text(folder)
        file = read_input(path, [])
        assert file is not None
        files.append(file)
    expected = [hashlib.sha256(text).hexdigest() for text in (b"a", b"b")]
    assert digests_of([*files, files[0]]) == {
        "prices.csv": expected[0],
        str(tmp_path / "b" / "prices.csv"): expected[1],
    }


def test_bundled_files_come_first_unless_named_or_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a\n1\n")
    bundled = [file.name for file in bundled_inputs("prices")]
    assert bundled[0] == "bundled/prices/aws_us-east-1.csv"

    def names(paths: list[str], bundled_first: bool) -> list[str]:
        return [file.name for file in inputs_of("prices", paths, bundled_first, [])]

    assert names([str(path)], True) == [*bundled, "mine.csv"]
    assert names([str(path), "bundled"], True) == ["mine.csv", *bundled]
    assert names([str(path)], False) == ["mine.csv"]
    assert names(["bundled"], False) == bundled
