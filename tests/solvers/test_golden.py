"""Every family of constraints has a hand case, a golden LP file and a row on the formulation's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from solvers import provisioning
from tests.solvers.golden_files import GOLDEN, write_golden
from tests.solvers.hand_cases import HAND_CASES, HandCase
from tests.solvers.whole_program import build_whole

FORMULATION = Path(provisioning.__file__).with_name("FORMULATION.md")
OBJECTIVE = "total_cost_usd"


def families() -> list[str]:
    """Return the names of the families a program has, in the order of `build`."""
    return [family.name for family in build_whole(HAND_CASES[0].problem).families]


def table_rows() -> list[str]:
    """Return the names in the first column of the constraint table of solvers/FORMULATION.md."""
    page = FORMULATION.read_text(encoding="utf-8")
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    (constraints,) = [part for part in section if re.match(r"[\d. ]*Constraints", part)]
    names = re.findall(r"^\|\s*`?([a-z_]+)`?\s*\|", constraints, re.MULTILINE)
    return [name for name in names if name != "name"]


@pytest.mark.parametrize("case", HAND_CASES, ids=lambda case: case.name)
def test_the_program_is_the_golden_one(case: HandCase, tmp_path: Path) -> None:
    """The arrays of a hand case, as text, are those on file; recapture on purpose and read the diff."""
    written = write_golden(case, tmp_path).read_text(encoding="utf-8")
    golden = (GOLDEN / f"{case.name}.lp").read_text(encoding="utf-8")
    assert written == golden, (
        "if the change is meant: python -m tests.solvers.golden_files, then read the diff"
    )


@pytest.mark.parametrize("name", families())
def test_the_golden_file_holds_rows_of_its_family(name: str) -> None:
    """A family's file is no empty promise: its own rows are in it."""
    assert re.search(rf"^ {name}_\d+", (GOLDEN / f"{name}.lp").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_family_is_a_function_of_the_formulation() -> None:
    """A family is named after the function that writes it, whose docstring is the equation."""
    for name in families():
        assert "for all" in (getattr(provisioning, name).__doc__ or ""), name


def test_every_family_has_a_row_on_the_page() -> None:
    """solvers/FORMULATION.md names the same families, no more and no fewer."""
    assert sorted(table_rows()) == sorted(families())


def test_every_family_has_a_hand_case_and_a_golden_file() -> None:
    """Neither a family without a case nor a case without a family; one file for every case."""
    named = {*families(), OBJECTIVE}
    assert {case.family for case in HAND_CASES} == named
    assert named <= {case.name for case in HAND_CASES}
    assert sorted(path.stem for path in GOLDEN.glob("*.lp")) == sorted(case.name for case in HAND_CASES)
