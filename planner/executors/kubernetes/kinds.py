"""The kinds of objects that are made, and what all of them have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.executors.resources import Body

GROUP_LABEL = "planner-group"  # of pods: the serving group, for a Service or a router to select
NAMESPACE_LABEL = "planner-namespace"  # of what has no namespace: the one whose pods it is for
WORKER_LABEL = "planner-worker"  # of pods: the object that runs them


@dataclass(frozen=True)
class Kind:
    """A kind of object and where the API serves it."""

    name: str
    group: str
    version: str
    plural: str
    namespaced: bool = True


NODE_POOL = Kind("NodePool", "karpenter.sh", "v1", "nodepools", namespaced=False)
DEPLOYMENT = Kind("Deployment", "apps", "v1", "deployments")
INFERENCE_SERVICE = Kind("InferenceService", "serving.kserve.io", "v1beta1", "inferenceservices")
SCALED_OBJECT = Kind("ScaledObject", "keda.sh", "v1alpha1", "scaledobjects")
KINDS = (NODE_POOL, DEPLOYMENT, INFERENCE_SERVICE, SCALED_OBJECT)  # what is needed before what needs it


def manifest(
    kind: Kind,
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    spec: Body,
    annotations: Mapping[str, str] | None = None,
) -> Body:
    """Return an object as the API takes it."""
    metadata: Body = {"name": name, "labels": dict(labels)}
    if kind.namespaced:
        metadata["namespace"] = namespace
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {
        "apiVersion": f"{kind.group}/{kind.version}",
        "kind": kind.name,
        "metadata": metadata,
        "spec": spec,
    }
