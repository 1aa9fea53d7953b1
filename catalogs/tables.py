"""Reading of tabular catalog files, with located problems that are collected.

A reader of a table goes on after a bad cell, so that one run tells every problem of every file::

    problems: list[str] = []
    file = read_input(path, problems)
    if file is not None:
        for row in read_rows(file, required=("instance_type", "vcpu"), problems=problems):
            name, vcpu = row.text("instance_type"), row.whole("vcpu", at_least=1)
            if row.sound:
                ...
    raise_collected(problems)

Files themselves are read by `catalogs.inputs`; `catalogs.rows` has the record and its typed cells.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from catalogs.inputs import near
from catalogs.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalogs.inputs import InputFile


def header_of(file: InputFile) -> tuple[str, ...]:
    """Return the column names of a CSV file; empty where the first line is not text."""
    line = file.data.split(b"\n", 1)[0]
    try:
        return tuple(name.strip() for name in next(csv.reader([line.decode("utf-8-sig")]), []))
    except (UnicodeDecodeError, csv.Error):
        return ()


def read_rows(
    file: InputFile, *, required: Sequence[str], optional: Sequence[str] = (), problems: list[str]
) -> Iterator[Row]:
    """Yield the records of a CSV file with a header; blank lines are passed over.

    A missing, unknown or doubled column is one problem each, and then no row is read. A row with too few or
    too many cells is a problem and is not yielded.
    """
    text = file.text(problems)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not _header_is_sound(file.where, header, required, optional, problems):
            return
        columns = {name: index for index, name in enumerate(header)}
        rows = 0
        for cells in reader:
            if not any(cells):
                continue
            rows += 1
            if len(cells) != len(header):
                problems.append(
                    f"{file.where} row {reader.line_num}: has {len(cells)} cells, the header {len(header)}. "
                    "Quote cells that contain a comma, or fill in the missing ones."
                )
                continue
            yield Row(file.where, reader.line_num, columns, cells, problems)
    except csv.Error as error:
        problems.append(
            f"{file.where} row {reader.line_num}: not readable as CSV ({error}). Check the quotes."
        )
        return
    if rows == 0:
        problems.append(f"{file.where}: has a header and no rows. Add rows, or leave the file out.")


def _header_is_sound(
    where: str, header: Sequence[str], required: Sequence[str], optional: Sequence[str], problems: list[str]
) -> bool:
    before = len(problems)
    if not header:
        problems.append(f"{where}: is empty. It needs a header with the columns {', '.join(required)}.")
        return False
    unknown = [name for name in header if name not in required and name not in optional]
    problems.extend(
        f"{where} row 1: column {name} is missing.{near(name, unknown)} Add the column."
        for name in required
        if name not in header
    )
    for name in unknown:
        choices = [known for known in (*required, *optional) if known not in header]
        problems.append(
            f"{where} row 1: column {name!r} is not known.{near(name, choices)} Rename or remove the column; "
            f"known are {', '.join((*required, *optional))}."
        )
    problems.extend(
        f"{where} row 1: column {name!r} stands {header.count(name)} times. Keep one."
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    )
    return len(problems) == before
