"""A moto server for the session, emptied before every test that asks for it."""

from __future__ import annotations

import urllib.request
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from moto.server import ThreadedMotoServer

from planner.executors.settings import DeploymentSettings
from tests.planner.executors.aws.bench import ACCOUNT, REGION, Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """Address of a server on a free port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def _descriptions_read_once() -> Iterator[None]:
    """Let all sessions share botocore's descriptions of the services: reading EC2's takes a third of a second."""
    read = cache(partial(Loader.load_service_model, Loader()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "load_service_model", lambda _, *given, **named: read(*given, **named))
        yield


@pytest.fixture
def moto_url(moto_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Address of an account that holds nothing but a default network; credentials are made up."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with urllib.request.urlopen(urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")):
        return moto_server


@pytest.fixture
def client(moto_url: str) -> Any:
    """Maker of clients with which somebody else changes the account."""
    import boto3

    return lambda service: boto3.client(service, region_name=REGION, endpoint_url=moto_url)


@pytest.fixture
def deployment(moto_url: str, client: Any) -> dict[str, Any]:
    """Settings for the plan of plan_case, as data: two zones, one image, one function."""
    found = client("ec2").describe_subnets()["Subnets"]
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in found}
    return {
        "version": 1,
        "service": "shop",
        "aws": {
            "account": ACCOUNT,
            "subnets": {zone: subnets[zone] for zone in ("us-east-1a", "us-east-1b")},
            "instance_profile": "shop-serving",
            "models": {"resnet50": {"image_id": "ami-0123456789abcdef0", "function_name": "shop-resnet50"}},
            "endpoint_url": moto_url,
        },
    }


@pytest.fixture
def bench(deployment: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The account and a receipt; the client's own waits take no time."""
    made = Bench(DeploymentSettings.model_validate(deployment), tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", made.waits.append)
    return made
