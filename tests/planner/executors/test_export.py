"""Exported files: in the folder named, whole, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from planner.errors import InputError
from planner.executors.export import write_files

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_written_into_a_new_folder_and_replaced_in_an_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert write_files(folder, {"y.json": "1", "x.json": "2"}) == [folder / "x.json", folder / "y.json"]
    write_files(folder, {"x.json": "3"})
    assert [(one.name, one.read_text()) for one in sorted(folder.iterdir())] == [
        ("x.json", "3"),
        ("y.json", "1"),
    ]


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "..", "", ".", "a\\b"])
def test_a_name_that_leads_elsewhere_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no plain file name"):
        write_files(tmp_path / "out", {"good.json": "1", name: "2"})
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("here already")
    with pytest.raises(InputError, match="cannot be made"):
        write_files(tmp_path / "out", {"x": "1"})
