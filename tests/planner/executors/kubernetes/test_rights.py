"""Exported rights: exactly those that the calls really made need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest

from planner.executors.kubernetes.rights import rights
from tests.planner.executors.kubernetes.conftest import settings
from tests.planner.executors.kubernetes.fake_cluster import KINDS, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.executors.kubernetes.fake_cluster import FakeCluster, Right

EVERYTHING = {"schedule": "keda", "nodes": "karpenter"}


def granted(values: dict[str, Any]) -> set[Right]:
    """Rights of the exported roles: verb, API group, plural, namespace."""
    kubernetes = settings(**values).kubernetes
    assert kubernetes is not None
    return {
        (verb, group, plural, role["metadata"].get("namespace", ""))
        for role in rights("shop", kubernetes)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for plural in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize(
    "values", [{}, {"serving": "kserve"}, EVERYTHING, EVERYTHING | {"serving": "kserve"}]
)
def test_applying_uses_every_right_and_no_other(
    cluster: FakeCluster, target: Callable[..., Any], apply: Callable[..., Any], values: dict[str, Any]
) -> None:
    """What is wanted is looked for and made; what earlier settings left, one object a kind, is found and deleted."""
    for plural in KINDS:
        namespace = "" if plural == "nodepools" else "serving"
        labels = {"planner-service": "shop", "planner-namespace": "serving"}
        cluster.objects[plural, namespace, "old"] = Stored({"metadata": {"name": "old", "labels": labels}})
    done = apply(target(**values))
    assert len(done["delete"]) == len(KINDS)
    target(**values).where()
    assert cluster.used == granted(values)


def test_the_roles_follow_the_schema_of_kubernetes() -> None:
    kubernetes = settings(namespace="machine-learning").kubernetes
    assert kubernetes is not None
    for role in rights("shop", kubernetes):
        kubernetes_validate.validate(role, kubernetes_validate.latest_version(), strict=True)
        assert role["metadata"]["name"].startswith("shop-machine-learning-planner-")
