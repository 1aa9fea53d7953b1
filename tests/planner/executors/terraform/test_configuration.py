"""The exported file by itself: what it pins, what it refers to, what it evaluates, and what it refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from planner.cli.app import app
from planner.errors import InputError
from planner.executors.resources import Resource
from planner.executors.settings import DeploymentSettings
from planner.executors.terraform.configuration import configuration
from tests.planner.executors.aws.bench import ACCOUNT, REGION, machines_data
from tests.planner.executors.terraform.conftest import functions_data

if TYPE_CHECKING:
    from pathlib import Path

    from tests.planner.executors.terraform.conftest import Workspace

REFERENCE = re.compile(r"\$\{aws_(launch_template|autoscaling_group)\.[a-z0-9-]+\.(name|latest_version)\}")


def evaluated(data: Any) -> set[str]:
    """Texts in which Terraform finds something to evaluate."""
    if isinstance(data, dict):
        return {text for key, value in data.items() for text in evaluated(key) | evaluated(value)}
    if isinstance(data, list):
        return {text for item in data for text in evaluated(item)}
    return {data} if isinstance(data, str) and re.search(r"[$%]\{", data) else set()


def test_account_region_and_provider_are_pinned(exports: Workspace, deployment: dict[str, Any]) -> None:
    made = exports.export(machines_data(), deployment)
    url = deployment["aws"]["endpoint_url"]
    assert made["provider"]["aws"] == {
        "region": REGION,
        "allowed_account_ids": [ACCOUNT],
        "endpoints": [dict.fromkeys(("applicationautoscaling", "autoscaling", "ec2", "lambda", "sts"), url)],
    }
    del deployment["aws"]["endpoint_url"]
    made = exports.export(machines_data(), deployment)
    assert "endpoints" not in made["provider"]["aws"]
    assert made["terraform"]["required_providers"]["aws"]["source"] == "hashicorp/aws"


def test_the_schedule_of_later_windows_belongs_to_its_group(
    exports: Workspace, deployment: dict[str, Any]
) -> None:
    made = exports.export(machines_data(), deployment)["resource"]
    assert set(made) == {"aws_autoscaling_group", "aws_autoscaling_schedule", "aws_launch_template"}
    ((_, action),) = made["aws_autoscaling_schedule"].items()
    (on_demand,) = (name for name in made["aws_autoscaling_group"] if "on-demand" in name)
    assert action["autoscaling_group_name"] == f"${{aws_autoscaling_group.{on_demand}.name}}"
    assert (action["start_time"], action["desired_capacity"]) == ("2026-11-23T00:57:00Z", 2)


def test_texts_of_plan_and_settings_are_never_evaluated(
    exports: Workspace, deployment: dict[str, Any]
) -> None:
    deployment["aws"]["instance_profile"] = '${file("/etc/passwd")}$${x}100%%{ for one in "ab" }'
    texts = evaluated(exports.export(machines_data(), deployment))
    signs = {'${"$"}{file("/etc/passwd")}${"$"}${"$"}{x}100${"%"}${"%"}{ for one in "ab" }'}
    assert signs <= texts
    assert all(REFERENCE.fullmatch(text) for text in texts - signs), texts


def test_what_it_does_not_make_is_refused_by_name(exports: Workspace, deployment: dict[str, Any]) -> None:
    deployment["aws"]["machines"] = "fleet"
    settings = DeploymentSettings.model_validate(deployment)
    with pytest.raises(InputError, match="fleet/shop-a: the target terraform does not make it"):
        configuration([Resource("fleet", "shop-a", {})], settings, REGION)


def test_functions_need_the_word_that_others_set_what_terraform_cannot(
    exports: Workspace, deployment: dict[str, Any], tmp_path: Path
) -> None:
    """What is kept ready is made, at once and later; the rest is handed on, and texts in it are not evaluated."""
    data = functions_data(2, 5)
    with pytest.raises(
        InputError, match=r"function-settings/shop-resnet50: .* terraform\.functions: elsewhere"
    ):
        exports.export(data, deployment)
    assert not (tmp_path / "configuration").exists()
    made = exports.export(data, deployment | {"terraform": {"functions": "elsewhere"}})
    assert made["locals"]["planner_functions"]["shop-resnet50"] == {
        "memory_size": 2048,
        "architectures": ["x86_64"],
        "reserved_concurrent_executions": 5,
    }
    blocks = made["resource"]
    assert blocks["aws_lambda_provisioned_concurrency_config"]["function-shop-resnet50"] == {
        "function_name": "shop-resnet50",
        "qualifier": "live",
        "provisioned_concurrent_executions": 2,
    }
    target = blocks["aws_appautoscaling_target"]["function-shop-resnet50"]
    assert (target["resource_id"], target["min_capacity"]) == ("function:shop-resnet50:live", 2)
    (action,) = blocks["aws_appautoscaling_scheduled_action"].values()
    assert action["resource_id"] == "${aws_appautoscaling_target.function-shop-resnet50.resource_id}"
    assert (action["schedule"], action["scalable_target_action"]) == (
        "at(2026-11-23T00:57:00)",
        [{"min_capacity": 5, "max_capacity": 5}],
    )


def test_apply_says_how_to_go_on(exports: Workspace, deployment: dict[str, Any], tmp_path: Path) -> None:
    exports.export(machines_data(), deployment)
    given = [str(tmp_path / "plan.json"), "--settings", str(tmp_path / "deployment.yaml")]
    for command in ("apply", "status"):
        result = CliRunner().invoke(
            app, [command, *given, "--target", "terraform", "--at", "2026-11-23T00:00:00Z"]
        )
        assert isinstance(result.exception, InputError)
        assert "planner export PLAN --target terraform" in str(result.exception)
    assert json.loads((tmp_path / "plan.json").read_text()) == machines_data()  # and wrote nothing beside it
    assert sorted(one.name for one in tmp_path.iterdir()) == ["configuration", "deployment.yaml", "plan.json"]
