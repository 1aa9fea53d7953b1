"""Every family and product of the partition programs has rows in a golden LP file and a row on the formulation's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import solvers
from tests.solvers.partition.golden_files import CASES, FORMS, GOLDEN, families, write_golden

FORMULATION = Path(solvers.__file__).with_name("FORMULATION.md")


def table_rows() -> list[str]:
    """Names in the first column of the constraint tables of the section on partitions."""
    sections = re.split(r"^## ", FORMULATION.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (partition,) = [part for part in sections if re.match(r"[\d. ]*Partition", part)]
    tables = re.split(r"^### ", partition, flags=re.MULTILINE)
    constraints = "".join(part for part in tables if "onstraints" in part.splitlines()[0])
    return [name for name in re.findall(r"^\|\s*([a-z_]+)\s*\|", constraints, re.MULTILINE) if name != "name"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_the_program_is_the_golden_one(form: str, case: str, tmp_path: Path) -> None:
    """The arrays of a hand case, as text, are those on file; recapture on purpose and read the diff."""
    written = write_golden(form, case, tmp_path)
    golden = (GOLDEN / written.name).read_text(encoding="utf-8")
    assert written.read_text(encoding="utf-8") == golden, (
        "if the change is meant: python -m tests.solvers.partition.golden_files, then read the diff"
    )


def test_there_is_a_golden_file_for_every_case() -> None:
    """No case without a file, no file without a case."""
    assert sorted(path.stem for path in GOLDEN.glob("*.lp")) == sorted(
        f"{f}_{c}" for f in FORMS for c in CASES
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_family_has_golden_rows_and_a_row_on_the_page(form: str) -> None:
    """A family is named after the function that writes it, whose docstring is the equation; its rows are in a golden file."""
    texts = [path.read_text(encoding="utf-8") for path in GOLDEN.glob(f"{form}_*.lp")]
    for name, function in families(form).items():
        assert "for all" in (function.__doc__ or ""), name
        assert any(re.search(rf"^ {name}_\d+", text, re.MULTILINE) for text in texts), name
        assert name in table_rows()


def test_the_page_names_no_other_family() -> None:
    """solvers/FORMULATION.md names these families, no more."""
    assert sorted(table_rows()) == sorted([*families("columns"), *families("quadratic")])
