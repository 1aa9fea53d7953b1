"""Every example that needs no data from outside runs by the commands it gives, reaches what it says, and holds when checked."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker import check_plan, read_catalogs
from tests.shell import commands_of, run_in

if TYPE_CHECKING:
    from tests.checker import Catalogs

EXAMPLES = Path(__file__).parents[1] / "examples"
DRIFT_SHARE = 0.01


def total_usd(file: Path) -> float:
    with file.open() as rows:
        return next(float(row["total_usd"]) for row in csv.DictReader(rows) if row["section"] == "plan")


def reached(plan: dict[str, Any]) -> dict[str, float]:
    """What an expected.json holds: the objective and the money spent."""
    certificate = plan["certificate"]
    return {"objective": certificate["objective"]["value"], "spend_usd": certificate["spend_usd"]}


def catalogs_of(folder: Path) -> Catalogs:
    """The bundled catalogs with the example's own tables, told apart by their headers."""
    own: dict[str, list[Path]] = {"prices": [], "shapes": [], "profiles": []}
    for file in sorted(folder.rglob("*.csv")):
        header = file.read_text().partition("\n")[0].split(",")
        if "price_usd_per_h" in header:
            own["prices"].append(file)
        elif "accelerator_count" in header:
            own["shapes"].append(file)
        elif "model" in header:
            own["profiles"].append(file)
    return read_catalogs(prices=own["prices"], shapes=own["shapes"], profiles=own["profiles"])


@pytest.mark.parametrize("name", sorted(file.parent.name for file in EXAMPLES.glob("*/expected.*")))
def test_an_example_reaches_what_it_says(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    commands = commands_of(folder / "README.md")
    for command in commands:
        done = run_in(folder, command, tmp_path / "tools")
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    plan = json.loads((folder / "plan.json").read_text())
    found = reached(plan) | {"total_usd": total_usd(folder / "cost.csv")}
    if (folder / "expected.json").exists():
        expected = json.loads((folder / "expected.json").read_text())
    else:
        expected = {"total_usd": total_usd(folder / "expected.csv")}
    for figure, value in expected.items():
        assert abs(found[figure] / value - 1) <= DRIFT_SHARE, (
            f"{name}: {figure} is {found[figure]:.6g}, {value:.6g} expected. If that is meant, run in examples/{name}: "
            + "; ".join(commands)
            + "; and capture it in the file of expected figures"
        )
    assert check_plan(plan, catalogs_of(folder)) == []
