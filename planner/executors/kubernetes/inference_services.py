"""InferenceServices of KServe: one for every machine option, in place of a Deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.executors.kubernetes.kinds import INFERENCE_SERVICE, manifest
from planner.executors.kubernetes.pods import pod_labels, pod_spec, rollout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body
    from planner.executors.settings import KubernetesSettings

CONTAINER = "kserve-container"  # KServe, the name by which it knows the container that serves


def inference_service(
    worker: Worker, service: str, labels: Mapping[str, str], settings: KubernetesSettings
) -> Body:
    """Return the InferenceService of a worker.

    It runs as a plain Deployment, which takes node selectors without flags of Knative and which KEDA can scale. KServe makes no
    autoscaler of its own: it holds minReplicas (class none), or leaves the replicas to our scaler (class external).
    """
    scheduled = settings.schedule == "keda"
    predictor: Body = {
        "labels": pod_labels(worker, service),
        "minReplicas": worker.least,
        "maxReplicas": worker.most,
        "deploymentStrategy": rollout(settings),
        **pod_spec(worker, service, settings, container=CONTAINER),
    }
    annotations = {
        "serving.kserve.io/deploymentMode": "RawDeployment",
        "serving.kserve.io/autoscalerClass": "external" if scheduled else "none",
    }
    return manifest(
        INFERENCE_SERVICE, worker.name, settings.namespace, labels, {"predictor": predictor}, annotations
    )


def deployment_of(name: str) -> str:
    """Name of the Deployment that KServe makes for an InferenceService."""
    return f"{name}-predictor"
