"""The rights that applying needs in a cluster: a Role in the namespace, and a ClusterRole for what lies in none.

Kinds that the settings ask for are read and set; the others are listed and deleted alone, as earlier settings may have left some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import (
    DEPLOYMENT,
    INFERENCE_SERVICE,
    KINDS,
    NODE_POOL,
    SCALED_OBJECT,
)
from planner.executors.names import resource_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.executors.kubernetes.kinds import Kind
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings

VERSION = "rbac.authorization.k8s.io/v1"
SET = (
    "get",
    "list",
    "create",
    "patch",
    "delete",
)  # Kubernetes, server-side apply: create too where it is new
LEFT = ("list", "delete")


def rights(service: str, settings: KubernetesSettings) -> list[Body]:
    """Return the Role and the ClusterRole of a service; who is to have them is for a binding to say."""
    asked = _asked_for(settings)
    rules = {kind: _rule(kind.group, kind.plural, SET if kind in asked else LEFT) for kind in KINDS}
    name = resource_name(service, settings.namespace, "planner")
    return [
        {
            "apiVersion": VERSION,
            "kind": "Role",
            "metadata": {"name": name, "namespace": settings.namespace},
            "rules": [rule for kind, rule in rules.items() if kind.namespaced],
        },
        {
            "apiVersion": VERSION,
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [
                *(rule for kind, rule in rules.items() if not kind.namespaced),
                _rule("", "nodes", ("list",)),  # their region
            ],
        },
    ]


def _asked_for(settings: KubernetesSettings) -> set[Kind]:
    asked = {INFERENCE_SERVICE if settings.serving == "kserve" else DEPLOYMENT}
    if settings.nodes == "karpenter":
        asked.add(NODE_POOL)
    if settings.schedule == "keda":
        asked.add(SCALED_OBJECT)
    return asked


def _rule(group: str, plural: str, verbs: Sequence[str]) -> Body:
    return {"apiGroups": [group], "resources": [plural], "verbs": list(verbs)}
