"""One small cluster a run, emptied for every test, and a target on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from planner.executors.kubernetes.target import KubernetesTarget
from planner.executors.receipt import Journal
from planner.executors.runner import carry_out, work_out
from planner.executors.settings import DeploymentSettings, KubernetesSettings
from tests.planner.executors.kubernetes.fake_cluster import FakeCluster, serve
from tests.planner.plan_case import START, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from planner.executors.resources import Operations


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


PLAN = make_plan()


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


def look(target: KubernetesTarget, window: int = 0) -> Operations:
    return work_out(target, PLAN, PLAN.windows[window], START, sleep=lambda _: None, tell=lambda _: None)


@pytest.fixture
def apply(tmp_path: Path) -> Callable[..., dict[str, list[str]]]:
    """Apply a window; return the keys by verb."""

    def applied(target: KubernetesTarget, window: int = 0) -> dict[str, list[str]]:
        operations = look(target, window)
        journal = Journal(tmp_path / f"receipt-{window}.json", operations, lambda: START)
        carry_out(target, operations, journal, sleep=lambda _: None, tell=lambda _: None)
        found: dict[str, list[str]] = {}
        for one in operations.operations:
            found.setdefault(one.verb, []).append(one.kind)
        return found

    return applied
