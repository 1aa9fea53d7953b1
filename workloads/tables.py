"""A trace file as a table of cells: CSV or Parquet, plain or gzip, with the row number of every cell.

Nothing is interpreted here. What the file really is decides, not its name: gzip and Parquet are known by
their first bytes.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from workloads.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
PARQUET_MAGIC = b"PAR1"  # Apache Parquet file format, "File format"
RANGES_SHOWN = 20  # a message stays readable; a file with more bad rows than this is bad as a whole
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Table:
    """Cells of a file by column.

    Parameters
    ----------
    name
        The file's name, for messages.
    columns
        Column name to cells, in the order of the file; "0", "1", ... where the file has no header.
    rows
        [n] where each row stands: the line in a CSV file (the header is line 1), the row from 1 in Parquet.
    header
        True when the columns are named by the file.
    digest
        SHA-256 of the file's bytes, hex.
    problems
        What is wrong with the shape of single rows; those rows are left out of `columns`.
    """

    name: str
    columns: Mapping[str, Sequence[object]]
    rows: Sequence[int]
    header: bool
    digest: str
    problems: tuple[str, ...] = ()


def list_rows(rows: Sequence[int]) -> str:
    """Write row numbers for a message, stretches of neighbours as ranges: "rows 3, 7 to 9".

    >>> list_rows([3, 7, 8, 9])
    'rows 3, 7 to 9'
    """
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    parts = [f"{first}" if first == last else f"{first} to {last}" for first, last in ranges[:RANGES_SHOWN]]
    more = len(ranges) - RANGES_SHOWN
    text = ", ".join(parts) + (f" and {more} more places" if more > 0 else "")
    return f"{'row' if len(set(rows)) == 1 else 'rows'} {text}"


def read_table(path: Path, header: bool | None = None) -> Table:
    """Read a CSV or Parquet file, plain or gzip.

    Parameters
    ----------
    path
        The file.
    header
        Whether the first row of a CSV names the columns; None looks at its first cell: a number or a date
        means data.

    Raises
    ------
    WorkloadError
        When the file cannot be read, is cut short, holds no data, or names a column twice.
    """
    try:
        stored = path.read_bytes()
        content = gzip.decompress(stored) if stored[:2] == GZIP_MAGIC else stored
    except FileNotFoundError:
        raise WorkloadError([f"{path}: there is no such file; give the path of a trace file"]) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise WorkloadError(
            [f"{path.name}: the gzip data is damaged or cut short ({error}); get the file again"]
        ) from None
    except OSError as error:
        raise WorkloadError([f"{path}: cannot be read ({error.strerror or error})"]) from None
    digest = hashlib.sha256(stored).hexdigest()
    if content[:4] == PARQUET_MAGIC:
        return _read_parquet(path.name, content, digest)
    return _read_csv(path.name, content, digest, header)


def _read_csv(name: str, content: bytes, digest: str, header: bool | None) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise WorkloadError(
            [f"{name} row {line}: byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8 text"]
        ) from None
    first_line = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(DELIMITERS, key=first_line.count))
    lines: list[tuple[int, list[str]]] = []
    try:
        lines.extend((reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells))
    except csv.Error as error:
        raise WorkloadError([f"{name} row {reader.line_num}: not readable as CSV ({error})"]) from None
    if not lines:
        raise WorkloadError([f"{name}: the file is empty; a trace needs at least one row"])
    first = [cell.strip() for cell in lines[0][1]]
    named = header if header is not None else not _is_data(first[0])
    columns = first if named else [str(number) for number in range(len(first))]
    body = lines[1:] if named else lines
    if not body:
        raise WorkloadError([f"{name}: the file has a header and no rows; a trace needs at least one row"])
    _check_names(name, columns)
    ragged = [(row, len(cells)) for row, cells in body if len(cells) != len(columns)]
    problems = []
    if ragged:
        found = ", ".join(str(size) for size in sorted({size for _, size in ragged}))
        problems.append(
            f"{name} {list_rows([row for row, _ in ragged])}: {found} cells where the file has "
            f"{len(columns)} columns ({', '.join(columns)}). Complete or remove these rows."
        )
    whole = [(row, cells) for row, cells in body if len(cells) == len(columns)]
    by_column = zip(*(cells for _, cells in whole), strict=True) if whole else ([] for _ in columns)
    cells_of = {
        column: [cell.strip() for cell in cells] for column, cells in zip(columns, by_column, strict=True)
    }
    return Table(name, cells_of, [row for row, _ in whole], named, digest, tuple(problems))


def _is_data(cell: str) -> bool:
    """Tell a number or an ISO date from the name of a column."""
    for parse in (float, datetime.fromisoformat):
        try:
            parse(cell)
        except ValueError:
            continue
        return True
    return False


def _check_names(name: str, columns: Sequence[str]) -> None:
    twice = sorted(column for column, count in Counter(columns).items() if count > 1)
    if twice:
        raise WorkloadError(
            [f"{name}: column {', '.join(map(repr, twice))} appears twice; rename one of them"]
        )


def _read_parquet(name: str, content: bytes, digest: str) -> Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise WorkloadError([f"{name}: not readable as Parquet ({str(error).splitlines()[0]})"]) from None
    if not table.num_rows:
        raise WorkloadError([f"{name}: the file has no rows; a trace needs at least one row"])
    _check_names(name, table.column_names)
    columns = {column: _cells(table.column(column)) for column in table.column_names}
    return Table(name, columns, range(1, table.num_rows + 1), True, digest)


def _cells(column: pa.ChunkedArray) -> list[object]:
    """Cells as Python objects; instants at the microsecond, the resolution of every trace here."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    cells: list[object] = column.to_pylist()
    return cells
