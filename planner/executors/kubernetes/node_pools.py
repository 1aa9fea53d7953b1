"""Node pools of Karpenter: one for every machine type and capacity type, for pods of the service alone.

They state no limit: a taint keeps all other pods off, so that pods of the plan are all that can ask for machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import NAMESPACE_LABEL, NODE_POOL, manifest
from planner.executors.kubernetes.pods import CAPACITY_TYPE, INSTANCE_TYPE
from planner.executors.kubernetes.workers import CAPACITY_TYPES
from planner.executors.names import SERVICE_TAG, resource_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings

EMPTY_FOR = "30s"  # ours: an empty machine is not waited for, but one whose pod is being replaced is not lost


def node_pool_name(worker: Worker, service: str, settings: KubernetesSettings) -> str:
    """Return the name of the pool that a worker's machines come from; the namespace is in it, as pools have none."""
    capacity_type = CAPACITY_TYPES[worker.line.market]
    return resource_name(service, settings.namespace, worker.line.instance_type, capacity_type)


def node_pool(worker: Worker, service: str, labels: Mapping[str, str], settings: KubernetesSettings) -> Body:
    """Return the pool of a worker's machine type and capacity type; the pods name the zone."""
    spec: Body = {
        "template": {
            "metadata": {"labels": {SERVICE_TAG: service}},
            "spec": {
                "nodeClassRef": {
                    "group": "karpenter.k8s.aws",
                    "kind": "EC2NodeClass",
                    "name": settings.node_class,
                },
                "taints": [{"key": SERVICE_TAG, "value": service, "effect": "NoSchedule"}],
                "requirements": [
                    _one_of(INSTANCE_TYPE, worker.line.instance_type),
                    _one_of(CAPACITY_TYPE, CAPACITY_TYPES[worker.line.market]),
                ],
            },
        },
        "disruption": {"consolidationPolicy": "WhenEmpty", "consolidateAfter": EMPTY_FOR},
    }
    name = node_pool_name(worker, service, settings)
    own = {**labels, NAMESPACE_LABEL: settings.namespace}
    return manifest(NODE_POOL, name, settings.namespace, own, spec)


def _one_of(key: str, value: str) -> Body:
    return {"key": key, "operator": "In", "values": [value]}
