"""What files of others may do to us: nothing but be read or refused; and what is never written down: secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from planner.cli.app import app
from planner.errors import EXIT_DONE, InputError
from planner.executors.aws.session import translated
from planner.executors.drift import load_operations
from planner.executors.kubernetes.target import KubernetesTarget
from planner.executors.receipt import receipt_path
from planner.executors.resources import Operations, Whereabouts
from planner.executors.settings import DeploymentSettings, load_settings
from planner.executors.target import TargetError
from planner.plan import ProvisioningPlan, load_plan
from tests.planner.plan_case import START, plan_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
UP = "../../up"
SETTINGS: dict[str, Any] = {
    "version": 1,
    "service": "shop",
    "kubernetes": {
        "context": "here",
        "images": {"resnet50": "registry.example/resnet50:1"},
        "functions": "elsewhere",
    },
}


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch made']",
        "service: !!python/name:os.system",
        "a: &a [1, 2]\nb: &b [*a, *a]\nservice: *c",
        "[" * 100_000,
    ],
)
def test_settings_are_data_and_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployment.yaml").write_text(text)
    with pytest.raises(InputError, match=r"deployment\.yaml"):
        load_settings("deployment.yaml")
    assert [one.name for one in tmp_path.iterdir()] == ["deployment.yaml"]


@pytest.mark.parametrize(
    ("read", "module"),
    [
        (load_settings, "planner.executors.settings"),
        (load_operations, "planner.executors.drift"),
        (load_plan, "planner.plan.files"),
    ],
)
def test_files_past_their_size_are_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object], module: str
) -> None:
    monkeypatch.setattr(f"{module}.MOST_BYTES", 10)
    (tmp_path / "large").write_bytes(b"\xff" * 11)  # no text at all: parsing would say so
    with pytest.raises(InputError, match="more than 10 bytes"):
        read(tmp_path / "large")


@pytest.mark.parametrize("read", [load_operations, load_plan])
def test_json_nested_without_end_is_refused(tmp_path: Path, read: Callable[[Path], object]) -> None:
    (tmp_path / "deep").write_text("[" * 1_000_000)
    with pytest.raises(InputError, match="nested too deeply"):
        read(tmp_path / "deep")


def climbing_plan() -> dict[str, Any]:
    """The small plan, whose names climb out of a folder."""
    data = plan_data()
    data["metadata"]["name"] = UP
    for window in data["windows"]:
        window["id"] = f"{UP}-{window['id']}"
    return data


def test_names_of_a_plan_lead_out_of_no_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps(climbing_plan()))
    (folder / "deployment.yaml").write_text(json.dumps(SETTINGS))
    files = [str(folder / "plan.json"), "--settings", str(folder / "deployment.yaml")]
    given = ["--target", "kubernetes", "--at", "2026-11-23T00:00:00Z", "-o", str(folder / "out")]
    result = CliRunner().invoke(app, ["export", *files, *given])
    assert result.exit_code == EXIT_DONE, result.output
    receipt = receipt_path(str(folder / "plan.json"), operations_of(climbing_plan()))
    assert (receipt.parent, "/" in receipt.name, ".." in receipt.name) == (folder, False, False)
    written = {
        str(one.relative_to(folder)) for one in tmp_path.rglob("*") if one.is_file() and folder in one.parents
    }
    assert written == {"plan.json", "deployment.yaml", "out/objects.yaml", "out/rights.yaml"}
    assert sum(one.is_file() for one in tmp_path.rglob("*")) == len(written)


def operations_of(data: dict[str, Any]) -> Operations:
    """Nothing to do for the first window of a plan."""
    plan = ProvisioningPlan.model_validate(data)
    window = plan.windows[0]
    return Operations(
        target="kubernetes",
        where=Whereabouts(provider="kubernetes", account=None, region=None),
        plan=plan.metadata.name,
        plan_sha256="0" * 64,
        window=window.id,
        start=window.start,
        end=window.end,
        state_sha256="0" * 64,
        operations=(),
    )


def test_a_cluster_puts_no_variable_in_place_of_a_models_name() -> None:
    name = "$(AWS_SECRET_ACCESS_KEY)"
    data = json.loads(json.dumps(plan_data()).replace('"model": "resnet50"', f'"model": "{name}"'))
    settings = json.loads(json.dumps(SETTINGS).replace('"resnet50":', f'"{name}":'))
    plan = ProvisioningPlan.model_validate(data)
    target = KubernetesTarget(DeploymentSettings.model_validate(settings), "us-east-1")
    made = target.desired(plan, plan.windows[0], START)
    values = [
        one["value"]
        for resource in made
        if resource.kind == "Deployment"
        for one in resource.body["spec"]["template"]["spec"]["containers"][0]["env"]
        if one["name"] == "MODEL"
    ]
    assert values
    assert set(values) == {f"${name}"}


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "IncompleteSignature", "AuthFailure"])
def test_a_refused_signature_is_told_without_the_request_that_was_signed(code: str) -> None:
    """AWS answers with the request as it should have been signed, of which the session token is a part."""
    told = f"The Canonical String should have been 'POST\n/\n\nx-amz-security-token:{SECRET}\n'"
    with (
        pytest.raises(TargetError, match=f"CreateFleet: {code}: the credentials were not accepted") as raised,
        translated(),
    ):
        raise ClientError({"Error": {"Code": code, "Message": told}}, "CreateFleet")
    assert SECRET not in str(raised.value)
    assert not raised.value.passing


@pytest.mark.parametrize(
    "url",
    [f"https://someone:{SECRET}@aws.example", f"https://aws.example?token={SECRET}", "file:///etc/passwd"],
)
def test_an_address_holds_no_secret_and_a_refusal_does_not_repeat_it(tmp_path: Path, url: str) -> None:
    aws = {
        "account": "123456789012",
        "subnets": {"us-east-1a": "subnet-1"},
        "models": {},
        "endpoint_url": url,
    }
    (tmp_path / "deployment.yaml").write_text(json.dumps({"version": 1, "service": "shop", "aws": aws}))
    with pytest.raises(InputError, match="without user and password") as raised:
        load_settings(tmp_path / "deployment.yaml")
    assert SECRET not in str(raised.value)


def test_a_plan_has_no_place_for_more_than_it_knows() -> None:
    """An unknown key is refused, so that nothing can be carried along unseen."""
    data = plan_data() | {"password": SECRET}
    with pytest.raises(ValueError, match="password"):
        ProvisioningPlan.model_validate(data)
