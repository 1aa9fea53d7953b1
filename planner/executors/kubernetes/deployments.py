"""Deployments: one for every machine option, one pod a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import DEPLOYMENT, WORKER_LABEL, manifest
from planner.executors.kubernetes.pods import pod_labels, pod_spec, rollout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings


def deployment(worker: Worker, service: str, labels: Mapping[str, str], settings: KubernetesSettings) -> Body:
    """Return the Deployment of a worker.

    With a schedule the scaler alone sets its replicas: were they stated here too, every apply would undo the scaler's last step.
    A new one then starts with one pod, the API's default, until the scaler has looked at it.
    """
    spec: Body = {
        "selector": {"matchLabels": {WORKER_LABEL: worker.name}},
        "strategy": rollout(settings),
        "template": {
            "metadata": {"labels": pod_labels(worker, service)},
            "spec": pod_spec(worker, service, settings, container="worker"),
        },
    }
    if settings.schedule == "none":
        spec["replicas"] = worker.most
    return manifest(DEPLOYMENT, worker.name, settings.namespace, labels, spec)
