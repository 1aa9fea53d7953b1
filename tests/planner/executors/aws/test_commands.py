"""The commands on a running moto server: shown, applied, in place, drifted, exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from planner.cli.app import app
from planner.errors import EXIT_DONE, EXIT_STALE
from tests.planner.executors.aws.bench import machines_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    run = CliRunner()
    shown = tmp_path / "shown.json"
    assert run.invoke(app, ["apply", *files, "--dry-run", "-o", str(shown)]).exit_code == EXIT_DONE
    applied = run.invoke(
        app, ["apply", *files, "--expect", str(shown), "--receipt", str(tmp_path / "r.json")]
    )
    assert applied.exit_code == EXIT_DONE, applied.output
    assert "testing" not in (tmp_path / "r.json").read_text()  # the made-up key and secret
    assert run.invoke(app, ["status", *files]).exit_code == EXIT_DONE
    scaling = client("autoscaling")
    name = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=2)
    drifted = run.invoke(app, ["status", *files, "--format", "json"])
    assert (drifted.exit_code, "desired" in drifted.output) == (EXIT_STALE, True)


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
