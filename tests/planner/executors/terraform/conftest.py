"""Terraform and its provider as they are found on the machine, on the moto account of the AWS tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.autoscaling.models import FakeAutoScalingGroup
from moto.ec2.models.launch_templates import LaunchTemplate
from typer.testing import CliRunner

from planner.cli.app import app
from planner.errors import EXIT_DONE, InputError
from tests.planner.executors.aws.conftest import (
    bench,
    client,
    deployment,
    moto_server,
    moto_url,
    shared_wire,
    wire,
)
from tests.planner.plan_case import plan_data

__all__ = ["bench", "client", "deployment", "moto_server", "moto_url", "shared_wire", "wire"]

MIRRORS = (  # folders in the layout that `terraform init -plugin-dir` reads
    Path("/opt/tf-plugins"),
    Path.home() / ".terraform.d" / "plugins",
)
PROVIDER = "registry.terraform.io/hashicorp/aws"
COMMAND_S = (
    120  # ours: the slowest command takes ten; the provider itself asks a server that is at fault for hours
)
AT = "2026-11-23T00:00:00Z"


def functions_data(*kept_ready: int) -> dict[str, Any]:
    """Plan of plan_case whose windows keep so many functions ready, and reserve no more."""
    data = plan_data()
    for one, count in zip(data["windows"], kept_ready, strict=True):
        one["functions"][0] |= {"provisioned_concurrency": count, "reserved_concurrency": count}
    return data


@dataclass
class Workspace:
    """A folder that plans are exported to and Terraform works in."""

    folder: Path
    mirror: Path

    def export(self, plan: dict[str, Any], settings: dict[str, Any], at: str = AT) -> dict[str, Any]:
        """Export the plan's window at an instant; return the configuration."""
        files = {"plan.json": plan, "deployment.yaml": settings}
        for name, data in files.items():
            (self.folder / name).write_text(json.dumps(data))
        given = [str(self.folder / "plan.json"), "--settings", str(self.folder / "deployment.yaml")]
        into = self.folder / "configuration"
        result = CliRunner().invoke(
            app, ["export", *given, "--target", "terraform", "--at", at, "-o", str(into)]
        )
        if isinstance(result.exception, InputError):
            raise result.exception
        assert result.exit_code == EXIT_DONE, result.output
        configuration: dict[str, Any] = json.loads((into / "planner.tf.json").read_text())
        return configuration

    def terraform(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the folder, without a configuration of its own and without questions."""
        environment = (
            os.environ
            | {
                "TF_CLI_CONFIG_FILE": os.devnull,
                "CHECKPOINT_DISABLE": "1",
                "GOGC": "800",  # saves a third of the time of every command, which goes into the provider's schemas
            }
        )
        return subprocess.run(
            ["terraform", f"-chdir={self.folder / 'configuration'}", command, "-no-color", *options],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )

    def done(self, command: str, *options: str) -> str:
        """Run Terraform and return what it printed; it must end well."""
        result = self.terraform(command, *options)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def init(self) -> None:
        """Set the folder up with the provider of the machine."""
        self.done("init", "-input=false", f"-plugin-dir={self.mirror}")


@pytest.fixture
def exports(moto_url: str, tmp_path: Path) -> Workspace:
    """A folder for files alone; nothing of Terraform is needed."""
    return Workspace(tmp_path, Path())


@pytest.fixture
def _as_aws_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make up for what moto does otherwise than AWS, and Terraform, unlike our target, asks of it.

    A template's own tags are no part of its first version; a group updated without a word on its policy keeps it.
    """
    create, update = LaunchTemplate.create_version, FakeAutoScalingGroup.update

    def without_own_tags(template: LaunchTemplate, data: dict[str, Any], description: str) -> Any:
        kept = [one for one in data.get("TagSpecifications", []) if one["ResourceType"] != "launch-template"]
        return create(template, data | {"TagSpecifications": kept}, description)

    def with_its_policy(group: FakeAutoScalingGroup, **asked: Any) -> None:
        held = group.mixed_instances_policy
        update(group, **asked)
        group.mixed_instances_policy = group.mixed_instances_policy or held

    monkeypatch.setattr(LaunchTemplate, "create_version", without_own_tags)
    monkeypatch.setattr(FakeAutoScalingGroup, "update", with_its_policy)


@pytest.fixture
def workspace(moto_url: str, _as_aws_documents: None, tmp_path: Path) -> Workspace:
    """A folder in which Terraform can work; skipped where Terraform or its provider for AWS is absent."""
    mirror = next((one for one in MIRRORS if (one / PROVIDER).is_dir()), None)
    if shutil.which("terraform") is None or mirror is None:
        pytest.skip(
            "unverified here: what Terraform makes of the exported files; needs terraform on the PATH and its provider "
            f"{PROVIDER} 5.100 under {' or '.join(str(one) for one in MIRRORS)}"
        )
    return Workspace(tmp_path, mirror)
