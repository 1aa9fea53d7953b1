"""Pods: one fills one machine of its option, and runs the replicas and threads that the plan has on it inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import GROUP_LABEL, WORKER_LABEL
from planner.executors.kubernetes.workers import CAPACITY_TYPES
from planner.executors.names import SERVICE_TAG, resource_name

if TYPE_CHECKING:
    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings

INSTANCE_TYPE = "node.kubernetes.io/instance-type"
ZONE = "topology.kubernetes.io/zone"
CAPACITY_TYPE = "karpenter.sh/capacity-type"
GPU = "nvidia.com/gpu"

REQUESTED_SHARE = 0.6  # ours: over half, so no other worker fits beside it; the kubelet and daemon sets keep up to 31 % of 2 GiB


def pod_labels(worker: Worker, service: str) -> dict[str, str]:
    """Labels of a worker's pods: the same in every window, so a new window starts no pod anew."""
    return {
        SERVICE_TAG: service,
        WORKER_LABEL: worker.name,
        GROUP_LABEL: resource_name(service, worker.line.group),
    }


def pod_spec(worker: Worker, service: str, settings: KubernetesSettings, *, container: str) -> Body:
    """Return the pod of a worker.

    It selects nodes by type, capacity type and zone (without Karpenter, nodes must carry its label for the second), tolerates the
    taint of our node pools, and shares its machine with no pod of the service.

    Parameters
    ----------
    container
        Name of its one container.
    """
    selector = {
        INSTANCE_TYPE: worker.line.instance_type,
        CAPACITY_TYPE: CAPACITY_TYPES[worker.line.market],
    }
    if worker.line.zone is not None:
        selector[ZONE] = worker.line.zone
    return {
        "nodeSelector": selector,
        "tolerations": [
            {"key": SERVICE_TAG, "operator": "Equal", "value": service, "effect": "NoSchedule"},
        ],
        "affinity": {
            "podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "labelSelector": {"matchLabels": {SERVICE_TAG: service}},
                        "topologyKey": "kubernetes.io/hostname",
                    }
                ]
            }
        },
        "containers": [
            {
                "name": container,
                "image": settings.images[worker.line.model],
                "env": _environment(worker),
                "ports": [{"containerPort": settings.port, "protocol": "TCP"}],
                "readinessProbe": {"tcpSocket": {"port": settings.port}},
                "resources": _resources(worker, settings),
            }
        ],
    }


def rollout(settings: KubernetesSettings) -> Body:
    """How changed pods replace others: never fewer than planned where machines can be added, else one at a time in place."""
    surge = 1 if settings.nodes == "karpenter" else 0
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1 - surge}}


def _environment(worker: Worker) -> list[Body]:
    line = worker.line
    values = {
        "MODEL": line.model.replace("$(", "$$("),  # else Kubernetes puts another variable's value there
        "BATCH_SIZE": str(line.batch_size),
        "BATCH_TIMEOUT_MS": f"{line.batch_timeout_ms:g}",
        "REPLICAS": str(line.replicas),
    }
    if line.threads is not None:
        values["THREADS"] = str(line.threads)
    return [{"name": name, "value": value} for name, value in values.items()]


def _resources(worker: Worker, settings: KubernetesSettings) -> Body:
    """Return requests, and the machine itself as the limit: without one KServe would set its own, which may be below them."""
    machine = worker.option
    asked: Body = {
        "requests": {
            "cpu": _cpu(machine.vcpu * REQUESTED_SHARE),
            "memory": _memory(machine.memory_mib * REQUESTED_SHARE),
        },
        "limits": {"cpu": _cpu(machine.vcpu), "memory": _memory(machine.memory_mib)},
    }
    gpus = settings.gpus.get(worker.line.instance_type)
    if gpus:
        asked["limits"][GPU] = str(gpus)
    return asked


def _cpu(vcpu: float) -> str:
    """Canonical text of a quantity, as the API gives it back."""
    milli = max(1, round(vcpu * 1000))
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def _memory(mib: float) -> str:
    whole = max(1, int(mib))
    for unit in ("Mi", "Gi"):
        if whole % 1024:
            return f"{whole}{unit}"
        whole //= 1024
    return f"{whole}Ti"
