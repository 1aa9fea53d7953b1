"""One record of a table: typed cells, whose readers note a located problem for a bad one."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from catalogs.inputs import near

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MISSING_WORDS = frozenset(
    {"", "na", "n/a", "nan", "null", "none", "-"}
)  # spellings seen in published price lists


class Row:
    """One record of a table; its readers note a problem for a bad cell and return a stand-in.

    Use what they return only when `sound` is true. `number` is the line of the file, the header being line 1.
    """

    __slots__ = ("_cells", "_columns", "_noted", "_problems", "file", "number")

    def __init__(
        self, file: str, number: int, columns: Mapping[str, int], cells: Sequence[str], problems: list[str]
    ) -> None:
        self.file = file
        self.number = number
        self._columns = columns
        self._cells = cells
        self._problems = problems
        self._noted = False

    @property
    def sound(self) -> bool:
        """Whether no problem was noted for this row so far."""
        return not self._noted

    @property
    def where(self) -> str:
        """File and line, as every message starts."""
        return f"{self.file} row {self.number}"

    def fail(self, message: str) -> None:
        """Note a problem of this row; `message` says what was found, what is allowed and what to do."""
        self._noted = True
        self._problems.append(f"{self.where}: {message}")

    def has(self, column: str) -> bool:
        """Whether the cell is present and not one of the spellings of a missing value."""
        return self._cell(column).lower() not in MISSING_WORDS

    def text(self, column: str, *, allowed: Iterable[str] = ()) -> str:
        """Return the text of a required cell, one of `allowed` if given."""
        value = self._cell(column)
        if value == "":
            self.fail(f"{column} is empty. Fill the cell in.")
            return ""
        choices = tuple(allowed)
        if choices and value not in choices:
            self.fail(f"{column} is {value!r}; allowed are {', '.join(choices)}.{near(value, choices)}")
        return value

    def optional_text(self, column: str) -> str | None:
        """Return the text of a cell, None where it is missing."""
        return self._cell(column) if self.has(column) else None

    def real(
        self,
        column: str,
        *,
        above: float | None = None,
        at_least: float | None = None,
        at_most: float | None = None,
        below: float | None = None,
        advice: str = "Correct the cell.",
    ) -> float:
        """Return the finite number of a required cell inside the given bounds (stand-in: NaN)."""
        value = self._cell(column)
        try:
            number = float(value) if value else math.nan
        except ValueError:
            number = math.nan
            if value.lower() not in MISSING_WORDS:
                self.fail(
                    f"{column} is {value!r}; a plain number is needed (point as decimal sign). {advice}"
                )
                return number
        if not math.isfinite(number):
            found = f"is {value!r}" if value else "is empty"
            self.fail(f"{column} {found}; a finite number is needed. {advice}")
            return math.nan
        if (
            (above is not None and number <= above)
            or (at_least is not None and number < at_least)
            or (at_most is not None and number > at_most)
            or (below is not None and number >= below)
        ):
            allowed = _bounds_text(above, at_least, at_most, below)
            self.fail(f"{column} is {value}; it must be {allowed}. {advice}")
        return number

    def optional_real(self, column: str, *, above: float | None = None) -> float | None:
        """Return the number of a cell as `real` does, None where it is missing."""
        return self.real(column, above=above) if self.has(column) else None

    def whole(self, column: str, *, at_least: int | None = None, at_most: int | None = None) -> int:
        """Return the whole number of a required cell inside the given bounds (stand-in: 0)."""
        value = self._cell(column)
        if value.isdecimal():
            number = int(value)
        else:
            as_real = self.real(column)
            if math.isnan(as_real):
                return 0
            number = int(as_real)
            if number != as_real:
                self.fail(f"{column} is {value}; a whole number is needed. Correct the cell.")
                return 0
        if (at_least is not None and number < at_least) or (at_most is not None and number > at_most):
            self.fail(
                f"{column} is {value}; it must be {_bounds_text(None, at_least, at_most, None)}. "
                "Correct the cell."
            )
        return number

    def optional_whole(self, column: str, *, at_least: int | None = None) -> int | None:
        """Return the whole number of a cell as `whole` does, None where it is missing."""
        return self.whole(column, at_least=at_least) if self.has(column) else None

    def day(self, column: str) -> date:
        """Return the date of a required cell, written YYYY-MM-DD (stand-in: 0001-01-01)."""
        value = self._cell(column)
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{column} is {value!r}; a date YYYY-MM-DD is needed. Correct the cell.")
            return date.min

    def _cell(self, column: str) -> str:
        index = self._columns.get(column)
        return "" if index is None else self._cells[index].strip()


def _bounds_text(
    above: float | None, at_least: float | None, at_most: float | None, below: float | None
) -> str:
    bounds = [("> {:g}", above), (">= {:g}", at_least), ("<= {:g}", at_most), ("< {:g}", below)]
    return " and ".join(form.format(bound) for form, bound in bounds if bound is not None)
