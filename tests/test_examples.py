"""Every example that needs no data from outside runs by the commands it gives, and costs what it says."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from tests.shell import commands_of, run_in

EXAMPLES = Path(__file__).parents[1] / "examples"
DRIFT_SHARE = 0.01


def total_usd(file: Path) -> float:
    with file.open() as rows:
        return next(float(row["total_usd"]) for row in csv.DictReader(rows) if row["section"] == "plan")


@pytest.mark.parametrize("name", sorted(file.parent.name for file in EXAMPLES.glob("*/expected.csv")))
def test_an_example_costs_what_it_says(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    commands = commands_of(folder / "README.md")
    for command in commands:
        done = run_in(folder, command, tmp_path / "tools")
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    expected, found = total_usd(folder / "expected.csv"), total_usd(folder / "cost.csv")
    assert abs(found / expected - 1) <= DRIFT_SHARE, (
        f"{name}: {found:.4f} USD per horizon, {expected:.4f} expected. If that is meant, run in examples/{name}: "
        + "; ".join(commands)
        + "; mv cost.csv expected.csv"
    )
