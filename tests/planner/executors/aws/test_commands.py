"""The commands on a running moto server: shown, applied, in place, drifted, exported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.autoscaling.responses import AutoScalingResponse
from typer.testing import CliRunner

from planner.cli import run
from planner.cli.app import app
from planner.errors import EXIT_DONE, EXIT_STALE
from tests.planner.executors.aws.bench import machines_data

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[4]
AT = ["--at", "2026-11-23T00:00:00Z"]


@pytest.fixture
def files(deployment: dict[str, Any], tmp_path: Path) -> list[str]:
    """Plan and settings as arguments."""
    plan, settings = tmp_path / "plan.json", tmp_path / "deployment.yaml"
    plan.write_text(json.dumps(machines_data()))
    settings.write_text(json.dumps(deployment))
    return [str(plan), "--target", "aws", "--settings", str(settings), *AT]


def test_a_plan_is_shown_applied_and_its_drift_is_told(
    files: list[str], client: Callable[[str], Any], tmp_path: Path
) -> None:
    runner = CliRunner()
    shown = tmp_path / "shown.json"
    assert runner.invoke(app, ["apply", *files, "--dry-run", "-o", str(shown)]).exit_code == EXIT_DONE
    applied = runner.invoke(
        app, ["apply", *files, "--expect", str(shown), "--receipt", str(tmp_path / "r.json")]
    )
    assert applied.exit_code == EXIT_DONE, applied.output
    assert "testing" not in (tmp_path / "r.json").read_text()  # the made-up key and secret
    assert runner.invoke(app, ["status", *files]).exit_code == EXIT_DONE
    scaling = client("autoscaling")
    name = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    drifted = runner.invoke(app, ["status", *files, "--format", "json"])
    assert (drifted.exit_code, "desired" in drifted.output) == (EXIT_STALE, True)


def test_a_run_that_is_killed_in_the_middle_goes_on(
    files: list[str], client: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends by SIGKILL while a group is made, before the answer; the same command makes the rest."""
    make, made = AutoScalingResponse.create_auto_scaling_group, threading.Event()

    def make_and_kill(service: AutoScalingResponse) -> Any:
        process.kill()
        process.wait()
        try:
            return make(service)
        finally:
            made.set()

    receipt = tmp_path / "r.json"
    command = ["apply", *files, "--receipt", str(receipt)]
    with monkeypatch.context() as patch:
        patch.setattr(AutoScalingResponse, "create_auto_scaling_group", make_and_kill)
        process = subprocess.Popen(
            [sys.executable, "-c", "from planner.cli import main; main()", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert process.wait() == -signal.SIGKILL
        assert made.wait(timeout=60)
    states = [one["state"] for one in json.loads(receipt.read_text())["runs"][0]["entries"]]
    assert states == ["done", "done", "asked"]
    assert run(command) == EXIT_DONE
    assert run(["status", *files]) == EXIT_DONE
    groups = client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    templates = client("ec2").describe_launch_templates()["LaunchTemplates"]
    assert (len(groups), [one["LatestVersionNumber"] for one in templates]) == (2, [1, 1])


def test_an_export_contacts_nothing(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planner.executors.aws.target.Session", None)
    result = CliRunner().invoke(app, ["export", *files, "-o", str(tmp_path / "out")])
    assert result.exit_code == EXIT_DONE, result.output
    kinds = [one["kind"] for one in json.loads((tmp_path / "out" / "aws-resources.json").read_text())]
    assert sorted(set(kinds)) == ["auto-scaling-group", "launch-template", "scheduled-actions"]
    policy = json.loads((tmp_path / "out" / "iam-policy.json").read_text())
    assert {"Look", "Groups", "Functions"} <= {one["Sid"] for one in policy["Statement"]}
