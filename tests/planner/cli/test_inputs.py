"""`planner init`, `validate`, `schema`, `doctor`: the way in."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from planner.examples import example_text
from tests.planner.cli.conftest import TINY, Outcome
from tests.planner.test_scenario import BAD, EXPECTED

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., Outcome]

pytestmark = pytest.mark.portable
EXAMPLES = Path(__file__).parents[3] / "examples"


def test_init_writes_the_example_and_prints_its_path(planner: Command, tmp_path: Path) -> None:
    done = planner("init", tmp_path / "new" / "service")
    path = tmp_path / "new" / "service" / "scenario.yaml"
    assert (done.code, done.out) == (0, f"{path}\n")
    assert path.read_bytes() == example_text() == (EXAMPLES / "quickstart" / "scenario.yaml").read_bytes()
    assert "planner plan" in done.err


def test_init_replaces_nothing_unless_forced(planner: Command, tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text("mine")
    done = planner("init", tmp_path)
    assert done.code == 2
    assert "--force" in done.err
    assert (tmp_path / "scenario.yaml").read_text() == "mine"
    assert planner("init", tmp_path, "--force").code == 0
    assert (tmp_path / "scenario.yaml").read_bytes() == example_text()


def test_validate_lists_every_input(planner: Command) -> None:
    done = planner("validate", TINY, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert done.code == 0, done.err
    assert [row["kind"] for row in rows][:2] == ["scenario", "trace"]
    assert "synthetic" in rows[1]["content"]
    assert {"prices", "profiles", "tariffs"} <= {row["kind"] for row in rows}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_broken_scenario_exits_2_with_all_problems_and_writes_nothing(
    planner: Command, tmp_path: Path, name: str
) -> None:
    count, fragments = EXPECTED[name]
    done = planner("plan", BAD / f"{name}.yaml", "-o", tmp_path / "plan.json")
    assert (done.code, done.out) == (2, "")
    assert all(fragment in done.err for fragment in fragments)
    assert done.err.count("\n- ") == (count if count > 1 else 0)
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_names_that_no_catalog_knows_are_told_together(planner: Command) -> None:
    done = planner("validate", BAD / "unknown_task_and_types.yaml")
    assert done.code == 2
    for fragment in ("'resnet51'", "resnet50", "image-clasification", "c5.16xxlarge", "c5.2xlrge"):
        assert fragment in done.err


def test_a_region_without_prices_is_told(planner: Command) -> None:
    done = planner("validate", BAD / "unknown_region.yaml")
    assert done.code == 2
    assert "us-esat-1" in done.err


@pytest.mark.parametrize("name", ["plan", "scenario", "changes"])
def test_schemas_are_schemas(planner: Command, name: str) -> None:
    done = planner("schema", name)
    assert done.code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(done.out))


def test_an_unknown_schema_offers_the_nearest(planner: Command) -> None:
    done = planner("schema", "plann")
    assert done.code == 2
    assert "Did you mean 'plan'?" in done.err


def test_doctor_finds_what_planning_needs(planner: Command) -> None:
    done = planner("doctor", "--format", "json")
    parts = {row["part"]: row for row in json.loads(done.out)}
    assert done.code == 0
    assert parts["highs"]["status"] == "found"
    for row in parts.values():
        assert row["remedy"] or row["status"] == "found"


def test_doctor_fails_where_a_needed_part_is_missing(
    planner: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.health.REQUIRED", ("numpy", "no-such-package"))
    done = planner("doctor", "--format", "tsv")
    assert done.code == 1
    assert "no-such-package\tlibrary\t\tmissing\tpip install no-such-package" in done.out


def test_version_and_help_exit_0_and_no_command_exits_2(planner: Command) -> None:
    assert planner("--version").out.startswith("planner ")
    assert "validate" in planner("--help").out
    assert planner().code == 2
    done = planner("plann")
    assert (done.code, done.out) == (2, "")
