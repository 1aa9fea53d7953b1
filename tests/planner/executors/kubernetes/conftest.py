"""One small cluster a run, emptied for every test, and a target on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from planner.executors.kubernetes.target import KubernetesTarget
from planner.executors.settings import DeploymentSettings, KubernetesSettings
from tests.planner.executors.kubernetes.fake_cluster import FakeCluster, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server() -> Iterator[FakeCluster]:
    cluster, server = serve()
    yield cluster
    server.shutdown()
    server.server_close()


@pytest.fixture
def cluster(server: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    """The cluster, empty, and the only one that KUBECONFIG names."""
    server.reset()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(server.kubeconfig())
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    return server


def settings(**values: Any) -> DeploymentSettings:
    """Settings of a service whose functions run elsewhere."""
    own: dict[str, Any] = {
        "context": "trial",
        "namespace": "serving",
        "images": {"resnet50": "registry.example/resnet50:1"},
        "functions": "elsewhere",
    }
    return DeploymentSettings(
        version=1, service="shop", aws=None, kubernetes=KubernetesSettings(**(own | values))
    )


@pytest.fixture
def target() -> Callable[..., KubernetesTarget]:
    """Make a target: (settings of the part kubernetes)."""
    return lambda **values: KubernetesTarget(settings(**values), "us-east-1")
