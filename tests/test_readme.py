"""The README is true: its commands run, its table lists every command, its options and exit codes exist."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

import pytest
import typer.main

from planner import errors
from planner.cli.app import app
from tests.shell import commands_of, run_in

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS = commands_of(README)
INSTALLATION = {"pip install .", "make demo", "make test"}  # what .ci/run does; checked below for being there


def test_commands_run_in_their_order(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    ran = [command for command in COMMANDS if command not in INSTALLATION]
    for command in ran:
        done = run_in(work, command, tmp_path / "tools")
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    with (work / "cost.csv").open() as file:
        total = next(float(row["total_usd"]) for row in csv.DictReader(file) if row["section"] == "plan")
    assert total > 0
    assert (work / "changes.json").read_text().startswith("{")
    assert (work / "my-service" / "report.html").read_text().startswith("<!doctype html>")
    assert len(ran) >= 7


def test_installation_commands_exist() -> None:
    assert set(COMMANDS) >= INSTALLATION
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    ci = (ROOT / ".ci" / "run").read_text()
    assert ci.index("make test") < ci.index("make demo")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"planner": "planner.cli:main"}


def test_the_table_lists_every_command_and_no_other() -> None:
    listed = set(re.findall(r"^\| `planner (\w+)", README.read_text(), re.MULTILINE))
    assert listed == {one.name for one in (*app.registered_commands, *app.registered_groups)}


def test_every_option_that_is_named_exists() -> None:
    group = typer.main.get_command(app)
    known = {"--help", "--version"}
    for command in group.commands.values():  # type: ignore[attr-defined]
        known |= {option for parameter in command.params for option in parameter.opts}
    text = re.sub(r"python -m tests\.benchmarks.*", "", README.read_text())  # those have options of their own
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert named <= known, named - known


def test_the_exit_codes_are_those_of_the_program() -> None:
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(), re.MULTILINE)}
    program = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes == program - {errors.EXIT_CHANGES_FOUND}


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README.read_text()))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
