"""Calls to one cluster, by its context in the kubeconfig file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from planner.errors import InputError
from planner.executors.kubernetes.ownership import MANAGER
from planner.executors.target import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.executors.kubernetes.kinds import Kind
    from planner.executors.resources import Body

TIMEOUT_S = 30.0  # ours: the API server itself gives up after 60 s
PASSING = frozenset({408, 409, 429, 500, 502, 503, 504})  # Kubernetes API conventions: may be tried again
REGION = "topology.kubernetes.io/region"
APPLY = "application/apply-patch+yaml"


class Session:
    """A client of one cluster; its objects come and go as plain dictionaries.

    Raises
    ------
    InputError, where the client is not installed, or the kubeconfig file does not have the context.
    """

    def __init__(self, context: str) -> None:
        try:
            from kubernetes import client, config
        except ImportError:
            raise InputError(
                "--target kubernetes: the Kubernetes client is not installed; "
                "pip install 'inference-planner[kubernetes]'."
            ) from None
        connect: Any = config.new_client_from_config
        try:
            self._client = connect(context=context, persist_config=False)
        except config.ConfigException as error:
            raise InputError(
                f"kubernetes.context is {context!r}; the kubeconfig file does not give it: {str(error).rstrip('.')}. "
                "kubectl config get-contexts lists those there are; KUBECONFIG names another file."
            ) from None
        self._objects: Any = client.CustomObjectsApi(self._client)  # serves every kind of every API group
        self._core: Any = client.CoreV1Api(self._client)

    def address(self) -> str:
        """Address of the cluster, without what could sign in to it."""
        parts = urlsplit(self._client.configuration.host)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"

    def region(self) -> str | None:
        """Region that a node's label names; null: no node has that label."""
        nodes = self._call("list nodes", self._core.list_node, label_selector=REGION, limit=1).items
        return nodes[0].metadata.labels[REGION] if nodes else None

    def listed(self, kind: Kind, namespace: str, selector: str) -> list[Body]:
        """Objects of a kind that carry labels."""
        answered = self._asked(f"list {kind.plural}", "list", kind, namespace, label_selector=selector)
        shared = {
            "apiVersion": f"{kind.group}/{kind.version}",
            "kind": kind.name,
        }  # items of a list omit them
        return [{**shared, **one} for one in answered["items"]]

    def read(self, kind: Kind, namespace: str, name: str) -> Body | None:
        """One object; null: there is none."""
        try:
            answered: Body = self._asked(f"get {kind.plural}/{name}", "get", kind, namespace, name=name)
        except MissingError:
            return None
        return answered

    def apply(self, kind: Kind, namespace: str, body: Body, manager: str = MANAGER) -> Body:
        """Create an object or set a manager's fields of it, whoever else has set them."""
        name = body["metadata"]["name"]
        answered: Body = self._asked(
            f"apply {kind.plural}/{name}",
            "patch",
            kind,
            namespace,
            name=name,
            body=body,
            field_manager=manager,
            field_validation="Strict",
            force=True,
            _content_type=APPLY,
        )
        return answered

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Delete an object and what it made; nothing where there is none."""
        with_it = {"propagation_policy": "Background"}
        try:
            self._asked(f"delete {kind.plural}/{name}", "delete", kind, namespace, name=name, **with_it)
        except MissingError:
            return

    def _asked(self, what: str, verb: str, kind: Kind, namespace: str, **arguments: Any) -> Any:
        place = {"namespace": namespace} if kind.namespaced else {}
        scope = "namespaced" if kind.namespaced else "cluster"
        method = getattr(self._objects, f"{verb}_{scope}_custom_object")
        return self._call(
            what, method, group=kind.group, version=kind.version, plural=kind.plural, **place, **arguments
        )

    @staticmethod
    def _call(what: str, method: Callable[..., Any], **arguments: Any) -> Any:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return method(**arguments, _request_timeout=TIMEOUT_S)
        except ApiException as error:
            told = f"{what}: {error.status} {error.reason}{_message(error.body)}"
            if error.status == 404:
                raise MissingError(told) from None
            if error.status == 403:
                raise ForbiddenError(told) from None
            raise TargetError(told, passing=error.status in PASSING) from None
        except HTTPError as error:
            raise TargetError(
                f"{what}: the cluster does not answer ({type(error).__name__}). Is it on, and its address in the kubeconfig file "
                "right?",
                passing=True,
            ) from None


class MissingError(TargetError):
    """There is no such object, or the cluster does not have its kind."""


class ForbiddenError(TargetError):
    """The credentials do not allow the call."""


def _message(body: Any) -> str:
    """What the API server says in the Status that it answers with."""
    try:
        return f": {json.loads(body)['message']}"
    except (KeyError, TypeError, ValueError):
        return ""
