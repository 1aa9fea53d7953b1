"""The commands as a script runs them: shown, applied, drifted, killed in the middle, exported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from planner.cli import run
from planner.plan import plan_bytes
from tests.planner.executors.kubernetes.conftest import settings
from tests.planner.executors.kubernetes.fake_cluster import TOKEN
from tests.planner.plan_case import make_plan

if TYPE_CHECKING:
    from tests.planner.executors.kubernetes.fake_cluster import FakeCluster

AT = "2026-11-23T00:10:00Z"
ALL = {"schedule": "keda", "nodes": "karpenter"}
ROOT = Path(__file__).parents[4]


@pytest.fixture
def place(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of every command, in a folder with a plan and settings."""
    monkeypatch.chdir(tmp_path)
    Path("plan.json").write_bytes(plan_bytes(make_plan()))
    text = yaml.safe_dump(settings(**ALL).model_dump(mode="json", exclude_none=True))
    Path("deployment.yaml").write_text(text)
    return ["plan.json", "--target", "kubernetes", "--settings", "deployment.yaml", "--at", AT]


def test_what_was_shown_is_applied_and_stays_in_place(
    cluster: FakeCluster, place: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Shown, refused after a change by somebody else, applied all the same, in place; no token anywhere."""
    assert run(["apply", *place, "--dry-run", "-o", "shown.json"]) == 0
    assert not cluster.objects
    assert run(["apply", *place, "--expect", "shown.json", "--receipt", "receipt.json"]) == 0
    assert run(["status", *place]) == 0
    assert run(["apply", *place, "--dry-run", "-o", "shown.json"]) == 0

    stored = cluster.only("scaledobjects", '"maxReplicaCount": 2')
    cluster.update(stored, "kubectl-edit", ("spec", "maxReplicaCount"), 50)
    assert run(["status", *place]) == 7
    assert run(["apply", *place, "--expect", "shown.json"]) == 7
    assert "spec.maxReplicaCount" in capsys.readouterr().err
    assert run(["apply", *place, "--expect", "shown.json", "--ignore-drift"]) == 0
    assert run(["status", *place]) == 0

    receipt = json.loads(Path("receipt.json").read_text())
    assert all(one["answered"]["uid"].startswith("uid-") for one in receipt["runs"][0]["entries"])
    written = "".join(path.read_text() for path in Path().glob("*.json")) + "".join(capsys.readouterr())
    assert TOKEN not in written


def test_a_run_that_is_killed_in_the_middle_goes_on(cluster: FakeCluster, place: list[str]) -> None:
    """The process ends by SIGKILL after its third write; the same command makes the rest, each object once."""
    command = ["apply", *place, "--receipt", "receipt.json"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from planner.cli import main; main()", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    writes = iter(range(1, 100))

    def end_the_process() -> None:
        if next(writes) == 3:
            process.kill()
            process.wait()

    cluster.after_write = end_the_process
    assert process.wait() == -9
    assert len(cluster.objects) == 3
    cluster.after_write = lambda: None
    assert run(command) == 0
    assert len(cluster.objects) == 6
    made = {one.body["metadata"]["uid"] for one in cluster.objects.values()}
    assert made == {f"uid-{number}" for number in range(1, 7)}
    assert run(["status", *place]) == 0


def test_export_writes_the_objects_and_contacts_nothing(cluster: FakeCluster, place: list[str]) -> None:
    assert run(["export", *place, "-o", "files"]) == 0
    assert {one.name for one in Path("files").iterdir()} == {"objects.yaml", "rights.yaml"}
    kinds = [one["kind"] for one in yaml.safe_load_all(Path("files/objects.yaml").read_text())]
    assert kinds == ["NodePool", "Deployment", "ScaledObject"] * 2
    assert not cluster.calls
