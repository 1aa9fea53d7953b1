"""The target kubernetes: reads, applies and deletes the objects of one service in one namespace."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from planner.errors import DriftError, InputError
from planner.executors.kubernetes.deployments import deployment
from planner.executors.kubernetes.inference_services import deployment_of, inference_service
from planner.executors.kubernetes.kinds import (
    DEPLOYMENT,
    INFERENCE_SERVICE,
    KINDS,
    NAMESPACE_LABEL,
    NODE_POOL,
    SCALED_OBJECT,
)
from planner.executors.kubernetes.node_pools import node_pool, node_pool_name
from planner.executors.kubernetes.ownership import HANDOVER, handed_over, ours
from planner.executors.kubernetes.rights import rights
from planner.executors.kubernetes.schedules import scaled_object, schedule_refusals
from planner.executors.kubernetes.session import ForbiddenError, MissingError, Session
from planner.executors.kubernetes.workers import refusals, workers_of
from planner.executors.names import SERVICE_TAG, tags_of
from planner.executors.resources import Resource, Whereabouts
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from planner.executors.kubernetes.kinds import Kind
    from planner.executors.kubernetes.workers import Worker
    from planner.executors.resources import Body, Operation
    from planner.executors.settings import DeploymentSettings, KubernetesSettings
    from planner.plan import ProvisioningPlan, Window

FILE, RIGHTS_FILE = "objects.yaml", "rights.yaml"
_KIND = {one.name: one for one in KINDS}


class KubernetesTarget:
    """One service in one namespace of the cluster that the settings name.

    Raises
    ------
    InputError, where the settings have no part for it.
    """

    name = "kubernetes"

    def __init__(self, settings: DeploymentSettings, region: str) -> None:
        if settings.kubernetes is None:
            raise InputError(
                "--target kubernetes: the settings have no part kubernetes; give it context and images."
            )
        self._service = settings.service
        self._settings: KubernetesSettings = settings.kubernetes
        self._region = region

    @cached_property
    def _session(self) -> Session:
        return Session(self._settings.context)

    def desired(self, plan: ProvisioningPlan, window: Window, at: datetime) -> tuple[Resource, ...]:
        """Node pools, then for every option what runs it and its schedule; touches nothing.

        Raises
        ------
        InputError, with everything that the cluster could not do, and every image that is missing.
        """
        settings = self._settings
        scheduled = settings.schedule == "keda"
        windows = plan.windows[plan.windows.index(window) :] if scheduled else (window,)
        schedule = plan.windows if scheduled and window.start <= at else windows
        workers = workers_of(plan, windows, schedule, settings, self._service)
        problems = list(refusals(workers, windows, settings))
        if scheduled:
            problems += schedule_refusals(schedule, at)
        if problems:
            raise InputError(problems)
        labels = tags_of(self._service, plan, window)
        made = (one for worker in workers for one in self._of(worker, labels))
        return tuple({one.key: one for one in made}.values())  # options share node pools

    def files(self, resources: Sequence[Resource]) -> dict[str, str]:
        """All objects as one YAML stream, for ``kubectl apply --server-side --field-manager planner``; and the rights it takes."""
        return {
            FILE: yaml.safe_dump_all((one.body for one in resources), sort_keys=False),
            RIGHTS_FILE: yaml.safe_dump_all(rights(self._service, self._settings), sort_keys=False),
        }

    def where(self) -> Whereabouts:
        """Cluster and namespace of the context.

        Raises
        ------
        DriftError, where the nodes are in another region than the plan's; nodes without a region's label are not told apart.
        InputError, where there is no such context, or no client. TargetError.
        """
        found = self._session.region()
        if found not in (None, self._region):
            raise DriftError(
                f"the nodes of context {self._settings.context} are in region {found}; the plan is for {self._region}. "
                "Name another context in the settings, or plan for this region."
            )
        return Whereabouts(
            provider=self.name, account=self._session.address(), region=self._settings.namespace
        )

    def current(self, desired: Sequence[Resource]) -> Mapping[str, Resource]:
        """Everything that carries the service's label, and what has the name of something desired.

        A kind that the settings do not ask for, and that the cluster does not have or show, holds nothing of ours.

        Raises
        ------
        TargetError
        """
        wanted = {one.key: one for one in desired}
        held: dict[str, Resource] = {}
        for kind in KINDS:
            for live in self._live(kind, desired):
                resource = _resource(kind, live, wanted)
                held[resource.key] = resource
        return held

    def perform(self, operation: Operation) -> dict[str, str]:
        """Apply or delete one object; return its uid and version.

        Raises
        ------
        TargetError
        """
        kind = _KIND[operation.kind]
        if operation.after is None:
            self._session.delete(kind, self._settings.namespace, operation.name)
            return {}
        kept = handed_over(operation.before, operation.after)
        if kept is not None:
            self._session.apply(kind, self._settings.namespace, kept, HANDOVER)
        metadata = self._session.apply(kind, self._settings.namespace, operation.after)["metadata"]
        return {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}

    def _of(self, worker: Worker, labels: Mapping[str, str]) -> Iterator[Resource]:
        settings, service = self._settings, self._service
        needs: tuple[str, ...] = ()
        if settings.nodes == "karpenter":
            pool = Resource(
                NODE_POOL.name,
                node_pool_name(worker, service, settings),
                node_pool(worker, service, labels, settings),
            )
            needs = (pool.key,)
            yield pool
        if settings.serving == "kserve":
            body, kind = inference_service(worker, service, labels, settings), INFERENCE_SERVICE
            scaled = deployment_of(worker.name)
        else:
            body, kind = deployment(worker, service, labels, settings), DEPLOYMENT
            scaled = worker.name
        runs = Resource(kind.name, worker.name, body, needs)
        yield runs
        if settings.schedule == "keda":
            schedule = scaled_object(worker, scaled, labels, settings)
            yield Resource(SCALED_OBJECT.name, worker.name, schedule, (runs.key,))

    def _live(self, kind: Kind, desired: Sequence[Resource]) -> Iterator[Body]:
        names = [one.name for one in desired if one.kind == kind.name]
        namespace = self._settings.namespace
        selector = f"{SERVICE_TAG}={self._service}"
        if not kind.namespaced:
            selector += f",{NAMESPACE_LABEL}={namespace}"
        try:
            labelled = self._session.listed(kind, namespace, selector)
        except (MissingError, ForbiddenError) as error:
            if names:
                raise TargetError(
                    f"{error.problems[0]}. The cluster must have {kind.group} and let you use it."
                ) from None
            return
        yield from labelled
        for name in sorted(set(names) - {one["metadata"]["name"] for one in labelled}):
            live = self._session.read(kind, namespace, name)
            if live is not None:
                yield live


def _resource(kind: Kind, live: Body, wanted: Mapping[str, Resource]) -> Resource:
    name = live["metadata"]["name"]
    one = wanted.get(f"{kind.name}/{name}")
    if one is not None:
        return Resource(kind.name, name, ours(live, one.body), one.needs)
    needs = (f"{DEPLOYMENT.name}/{name}", f"{INFERENCE_SERVICE.name}/{name}")
    return Resource(kind.name, name, ours(live, None), needs if kind is SCALED_OBJECT else ())
