"""A moto server for the session, emptied before every test that asks for it; a ministack server for functions, likewise."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import urllib.request
import zipfile
from functools import cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from moto.backends import list_of_moto_modules
from moto.core.responses import ActionResult
from moto.core.utils import method_names_from_class
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.sagemaker.responses import SageMakerResponse
from moto.server import ThreadedMotoServer

from planner.executors.aws.policy import CALLED
from planner.executors.settings import DeploymentSettings
from tests.planner.executors.aws.bench import ACCOUNT, REGION, Bench
from tests.planner.executors.aws.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ENDPOINT = "shop-vision"


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """Address of a server on a free port, with the operation of endpoints that moto lacks.

    Folders of botocore and moto are read once, not at every request.
    """
    read = cache(partial(Loader.load_service_model, Loader()))
    modules = tuple(list_of_moto_modules())
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "load_service_model", lambda _, *given, **named: read(*given, **named))
        patch.setattr("moto.backends.list_of_moto_modules", lambda: modules)
        patch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
        patch.setattr(SageMakerResponse, "update_endpoint", update_endpoint, raising=False)
        patch.setattr(MotoRequestHandler, "log_request", lambda *_: None)
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def shared_wire() -> Wire:
    """Clients made so far."""
    return Wire()


@pytest.fixture(autouse=True)
def wire(shared_wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Clients of all tests, made once, and who hears of their calls; nobody at first."""
    monkeypatch.setattr("boto3.Session.client", lambda *given, **named: shared_wire.client(*given, **named))
    return shared_wire


@pytest.fixture
def moto_url(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of an account that holds nothing but a default network; credentials are made up."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with urllib.request.urlopen(urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")):
        return moto_server


@pytest.fixture(scope="session")
def ministack_server() -> Iterator[str]:
    """Address of a server on a free port that has provisioned concurrency, and tags of functions, which moto lacks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SERVICES": "lambda,tagging",
        "LAMBDA_STATE_TRANSITION_SECONDS": "0.01",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=os.environ | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when a server that was just started listens."""
    for _ in range(100):
        assert server.poll() is None, "ministack has ended"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.1):
                return
        except OSError:
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(timeout=0.1)
    raise AssertionError("ministack does not listen")


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
def bench(
    deployment: dict[str, Any], wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    """The account and a receipt; the client's own waits take no time, and no call needs a right outside our policy."""
    made = Bench(DeploymentSettings.model_validate(deployment), tmp_path, wire)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=made.waits.append))
    monkeypatch.setattr("planner.files.os.fsync", lambda _: None)  # no test here cuts the power
    yield made
    assert made.actions() <= CALLED


@pytest.fixture
def lambda_client(ministack_server: str, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Client for functions at an empty ministack server; sessions without an address of their own go there for functions too."""
    import boto3

    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    for service in ("LAMBDA", "RESOURCE_GROUPS_TAGGING_API"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", ministack_server)
    reset = urllib.request.Request(f"{ministack_server}/_ministack/reset", method="POST")
    with urllib.request.urlopen(reset):
        return boto3.client("lambda", region_name=REGION)


@pytest.fixture
def functions_bench(bench: Bench, deployment: dict[str, Any], lambda_client: Any) -> Bench:
    """The account with the function of the settings deployed: 1,024 MB, no alias, nothing reserved."""
    name = "shop-resnet50"
    deployment["aws"]["endpoint_url"] = None
    bench.set_up(deployment)
    deploy(lambda_client, name)
    bench.meanwhile = lambda: settle(lambda_client, name)
    return bench


def deploy(lambda_client: Any, name: str) -> None:
    """Make a function, as those do who own the code."""
    lambda_client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="model.serve",
        Role=f"arn:aws:iam::{ACCOUNT}:role/serving",
        Code={"ZipFile": code("1")},
        MemorySize=1024,
    )
    settle(lambda_client, name)


def settle(lambda_client: Any, name: str) -> None:
    """Return when the server has done with a change of a function; it takes some hundredths of a second."""
    while lambda_client.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "InProgress":
        pass


def code(text: str) -> bytes:
    """A package of code."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(zipfile.ZipInfo("model.py"), text)
    return package.getvalue()


@pytest.fixture
def endpoint_settings(deployment: dict[str, Any], client: Any) -> dict[str, Any]:
    """Settings that ask for an endpoint, its model registered."""
    deployment["aws"] |= {"machines": "endpoint", "endpoint": ENDPOINT}
    deployment["aws"]["models"]["resnet50"]["sagemaker_model"] = "resnet50-2"
    client("sagemaker").create_model(
        ModelName="resnet50-2",
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/serving",
        PrimaryContainer={"Image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/resnet50:2"},
    )
    return deployment


@pytest.fixture
def endpoints(bench: Bench, endpoint_settings: dict[str, Any]) -> Bench:
    """The account with these settings."""
    bench.set_up(endpoint_settings)
    return bench


def update_endpoint(self: Any) -> ActionResult:
    """Let an endpoint run another configuration, at its sizes, at once."""
    backend = self.sagemaker_backend
    held = backend.endpoints[self._get_param("EndpointName")]
    held.endpoint_config_name = self._get_param("EndpointConfigName")
    config = backend.describe_endpoint_config(held.endpoint_config_name)
    held.production_variants = held._process_production_variants(config["ProductionVariants"])
    return ActionResult({"EndpointArn": held.arn})
