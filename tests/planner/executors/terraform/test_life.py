"""Terraform itself on the exported files: applied to moto, nothing left to do, drift seen.

Every command that needs the provider takes some seconds to read its schemas, so there are three of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.bench import machines_data
from tests.planner.executors.terraform.conftest import functions_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.executors.aws.bench import Bench
    from tests.planner.executors.terraform.conftest import Workspace

NOTHING, CHANGES = 0, 2  # exit codes of terraform plan -detailed-exitcode
HOSTILE = '${file("/etc/hostname")}$${x}%{ if true }%%{y}'
PLAN = ("plan", "-input=false", "-detailed-exitcode")
APPLY = ("apply", "-input=false", "-auto-approve")  # plans, and does that


def hostile(data: dict[str, Any]) -> dict[str, Any]:
    """A plan whose model has a name that Terraform would evaluate."""
    text = json.dumps(data).replace('"model": "resnet50"', f'"model": {json.dumps(HOSTILE)}')
    found: dict[str, Any] = json.loads(text)
    return found


def test_terraform_makes_what_the_aws_target_would_and_sees_drift(
    workspace: Workspace, deployment: dict[str, Any], bench: Bench, client: Callable[[str], Any]
) -> None:
    """The last plan has functions too, which are planned only: moto keeps none ready."""
    models = deployment["aws"]["models"]
    models[HOSTILE] = models.pop("resnet50")
    bench.set_up(deployment)
    data = hostile(machines_data())
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
    workspace.export(hostile(functions_data(2, 3)), deployment | {"terraform": {"functions": "elsewhere"}})
    drifted = workspace.terraform(*PLAN)
    assert (drifted.returncode, "~ min_size" in drifted.stdout) == (CHANGES, True), drifted.stderr
    for made in (
        "aws_lambda_provisioned_concurrency_config.function-shop-resnet50",
        "aws_appautoscaling_target.function-shop-resnet50",
        "aws_appautoscaling_scheduled_action.shop-",
    ):
        assert f"# {made}" in drifted.stdout
