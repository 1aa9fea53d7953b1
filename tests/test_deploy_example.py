"""The deployment example: its script and its job plan, show, gate and apply; here on a cloud in memory, new for every command."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from planner.executors.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "examples" / "deploy"
SCENARIO = ROOT / "tests" / "data" / "scenario" / "tiny.yaml"
AT = "2026-11-23T00:05:00Z"  # in the first window of that scenario
START = "2026-11-23T00:00:00Z"
COMMAND = """
import sys
import planner.executors
from planner.cli import main
from tests.planner.executors import fake_target
fake_target.reach = fake_target.FakeCloud().target
planner.executors.TARGETS = {"aws": "tests.planner.executors.fake_target:reach"}
main()
"""  # a cloud that forgets: what is applied is not there for the next command


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a script in a folder with the example, its settings, and the tiny scenario."""
    folder, tools = tmp_path / "work", tmp_path / "tools"
    shutil.copytree(DEPLOY, folder)
    shutil.copy(SCENARIO, folder / "scenario.yaml")
    tools.mkdir()
    planner = tools / "planner"
    planner.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(COMMAND)} "$@"\n')
    planner.chmod(0o755)

    def script(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{tools}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            words, cwd=folder, env=env | variables, capture_output=True, text=True, check=False
        )

    return script


def test_the_script_has_20_lines_and_the_settings_are_valid() -> None:
    assert len((DEPLOY / "deploy.sh").read_text().splitlines()) <= 20
    settings = load_settings(DEPLOY / "deployment.yaml")
    assert settings.aws is not None
    assert settings.kubernetes is not None


def test_without_a_target_the_script_shows_the_changes(run: Run, tmp_path: Path) -> None:
    done = run("./deploy.sh", "scenario.yaml", BUDGET_USD="100", AT=AT)
    assert done.returncode == 0, done.stderr
    assert "| action | instance type | market |" in done.stdout
    assert json.loads((tmp_path / "work" / "shown.json").read_text())["kind"] == "ChangeSet"
    assert not list((tmp_path / "work").glob("receipt*"))


def test_over_budget_the_script_stops_before_anything_is_applied(run: Run, tmp_path: Path) -> None:
    done = run(
        "./deploy.sh", "scenario.yaml", BUDGET_USD="0.01", AT=AT, TARGET="aws", SETTINGS="deployment.yaml"
    )
    assert done.returncode == 6
    assert not (tmp_path / "work" / "shown.json").exists()


def test_with_a_target_the_script_applies_what_it_showed(run: Run, tmp_path: Path) -> None:
    """The cloud forgets, so the status that closes the script finds everything missing and says so with 7."""
    done = run(
        "./deploy.sh", "scenario.yaml", BUDGET_USD="100", AT=AT, TARGET="aws", SETTINGS="deployment.yaml"
    )
    assert done.returncode == 7, done.stderr
    assert "| + | group | shop-" in done.stdout
    assert "| missing |" in done.stdout
    (receipt,) = (tmp_path / "work").glob("receipt-tiny-*-fake.json")
    (applied,) = json.loads(receipt.read_text())["runs"]
    shown = json.loads((tmp_path / "work" / "shown.json").read_text())
    assert [one["key"] for one in applied["entries"]] == [one["key"] for one in shown["operations"]]
    assert {one["state"] for one in applied["entries"]} == {"done"}


def test_the_job_runs_its_steps_in_order(run: Run, tmp_path: Path) -> None:
    """The installation is the suite's own; `--at` stands for the clock of the day that the scenario plans."""
    workflow = yaml.safe_load((DEPLOY / "github-actions.yml").read_text())
    job = workflow["jobs"]["deploy"]
    lines = [step["run"] for step in job["steps"] if "run" in step]
    assert lines[0] == 'pip install "inference-planner[aws]"'
    place = f"{job['env']['PLACE']} --at {AT}"
    summary = tmp_path / "summary.md"
    for line in lines[1:]:
        done = run(
            "bash",
            "-e",
            "-c",
            line,
            BUDGET_USD="100",
            START=START,
            PLACE=place,
            GITHUB_STEP_SUMMARY=str(summary),
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert "| + | group | shop-" in summary.read_text()
    kept = next(step for step in job["steps"] if step.get("if") == "always()")["with"]["path"].split()
    assert all((tmp_path / "work" / name).exists() for name in kept)


def test_the_job_stores_no_key_and_asks_for_no_more_than_to_read_and_sign_in() -> None:
    text = (DEPLOY / "github-actions.yml").read_text()
    assert "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {"contents": "read", "id-token": "write"}
