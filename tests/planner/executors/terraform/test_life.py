"""Terraform itself on the exported files: applied to moto, nothing left to do, drift seen, the next window."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from planner.instants import instant_text
from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.bench import Bench, machines_data
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.executors.terraform.conftest import Workspace

NOTHING, CHANGES = 0, 2  # exit codes of terraform plan -detailed-exitcode
HOSTILE = '${file("/etc/hostname")}$${x}%{ if true }%%{y}'
PLAN = ("plan", "-input=false", "-detailed-exitcode")
APPLY = ("apply", "-input=false", "-auto-approve")


def hostile_data() -> dict[str, Any]:
    """The plan of the AWS tests, whose model has a name that Terraform would evaluate."""
    text = json.dumps(machines_data()).replace('"model": "resnet50"', f'"model": {json.dumps(HOSTILE)}')
    data: dict[str, Any] = json.loads(text)
    return data


def test_terraform_makes_what_the_aws_target_would_and_sees_drift(
    workspace: Workspace, deployment: dict[str, Any], bench: Bench, client: Callable[[str], Any]
) -> None:
    models = deployment["aws"]["models"]
    models[HOSTILE] = models.pop("resnet50")
    bench.set_up(deployment)
    data = hostile_data()
    workspace.export(data, deployment)
    workspace.init()
    workspace.done(*APPLY)
    again = workspace.terraform(*PLAN)
    assert again.returncode == NOTHING, again.stdout + again.stderr
    plan = ProvisioningPlan.model_validate(data)
    assert bench.work_out(plan).pending == ()  # what was made is what the target aws asks for, to the letter

    scaling = client("autoscaling")
    name = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=0)
    drifted = workspace.terraform(*PLAN)
    assert (drifted.returncode, "~ min_size" in drifted.stdout) == (CHANGES, True), drifted.stderr

    later = START + timedelta(hours=1)
    workspace.export(data, deployment, instant_text(later))
    workspace.done(*APPLY)
    assert bench.work_out(plan, window=1, at=later).pending == ()
