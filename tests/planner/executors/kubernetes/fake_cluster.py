"""A small API server: objects in memory, server-side apply with field ownership, label selectors, defaults, and faults on demand.

It holds to what the Kubernetes documentation says of server-side apply: a field belongs to every manager that applied its value;
another value is a conflict (409) unless forced, which takes the field away from the others; a field that its last owner no longer
applies goes. Deployments are checked against the published schema, their selector cannot change, and defaults are filled in.
"""

from __future__ import annotations

import copy
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.planner.executors.kubernetes.applied_fields import (
    Body,
    Path,
    fields_v1,
    leaves,
    put,
    remove,
    value_at,
)
from tests.planner.executors.kubernetes.deployment_rules import fill_defaults, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

Key = tuple[str, str, str]  # plural, namespace ("" where there is none), name
Right = tuple[str, str, str, str]  # verb, API group, plural, namespace

KINDS = {
    "deployments": "Deployment",
    "scaledobjects": "ScaledObject",
    "inferenceservices": "InferenceService",
    "nodepools": "NodePool",
}
IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
TOKEN = "a-token-that-stays-secret"


class RefusedError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Stored:
    """One object and who owns which of its fields."""

    body: Body
    owned: dict[str, set[Path]] = field(default_factory=dict)

    def rendered(self) -> Body:
        entries = [
            {"manager": manager, "operation": "Apply", "fieldsType": "FieldsV1", "fieldsV1": fields_v1(paths)}
            for manager, paths in sorted(self.owned.items())
        ]
        return {**self.body, "metadata": {**self.body["metadata"], "managedFields": entries}}


@dataclass
class FakeCluster:
    """The server's memory, and what is to go wrong: `faults` (method -> statuses still to answer), `after_write`."""

    objects: dict[Key, Stored] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    faults: dict[str, list[int]] = field(default_factory=dict)
    after_write: Callable[[], None] = lambda: None
    region: str | None = "us-east-1"
    calls: Counter[str] = field(default_factory=Counter)
    used: set[Right] = field(default_factory=set)  # rights that a cluster would have asked for
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _versions: int = 0

    def reset(self) -> None:
        """Forget everything but the address."""
        self.__init__(url=self.url)  # type: ignore[misc]

    def kubeconfig(self) -> str:
        """Text of a kubeconfig file with the context ``trial``."""
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": self.url}}],
                "users": [{"name": "u", "user": {"token": TOKEN}}],
                "contexts": [{"name": "trial", "context": {"cluster": "c", "user": "u"}}],
            }
        )

    def only(self, plural: str, part: str = "") -> Stored:
        """The one object of a kind whose worker's name, or whose own, holds a text."""
        (found,) = [
            one
            for (kind, _, name), one in self.objects.items()
            if kind == plural and part in json.dumps(one.body) + name
        ]
        return found

    def update(self, stored: Stored, manager: str, path: Path, value: Any) -> None:
        """Let somebody else write one field: it is theirs from then on."""
        put(stored.body, path, value)
        for paths in stored.owned.values():
            paths.discard(path)
        stored.owned.setdefault(manager, set()).add(path)

    def answer(self, method: str, url: str, content: bytes, kind_of_content: str) -> Any:
        """Answer one request."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        steps = parts.path.strip("/").split("/")
        with self._lock:
            if self.faults.get(method):
                raise RefusedError(self.faults[method].pop(0), "come back later")
            if steps == ["api", "v1", "nodes"]:
                self.used.add(("list", "", "nodes", ""))
                return self._nodes()
            namespace, (plural, *rest) = (steps[4], steps[5:]) if "namespaces" in steps else ("", steps[3:])
            self.calls[f"{method} {plural}"] += 1
            for verb in self._verbs(method, (plural, namespace, *rest)):
                self.used.add((verb, steps[1], plural, namespace))
            if plural in self.missing or plural not in KINDS:
                raise RefusedError(404, "the server could not find the requested resource")
            if not rest:
                return self._list(plural, namespace, query.get("labelSelector", ""))
            key = (plural, namespace, rest[0])
            if method == "PATCH":
                if kind_of_content != "application/apply-patch+yaml":
                    raise RefusedError(415, f"{kind_of_content} is no apply patch")
                return self._apply(key, yaml.safe_load(content), query)
            if key not in self.objects:
                raise RefusedError(404, f"{plural} {rest[0]} not found")
            if method == "DELETE":
                return self.objects.pop(key).rendered()
            return self.objects[key].rendered()

    def _verbs(self, method: str, key: tuple[str, ...]) -> tuple[str, ...]:
        """Verbs of a call, as Kubernetes' authorization names them; the key of a list has no name."""
        if method == "PATCH":
            return ("patch",) if key in self.objects else ("patch", "create")
        return ("delete",) if method == "DELETE" else ("list",) if len(key) == 2 else ("get",)

    def _nodes(self) -> Body:
        labels = {"topology.kubernetes.io/region": self.region}
        nodes = [{"metadata": {"name": "n", "labels": labels}}] if self.region else []
        return {"apiVersion": "v1", "kind": "NodeList", "metadata": {}, "items": nodes}

    def _list(self, plural: str, namespace: str, selector: str) -> Body:
        asked = dict(one.split("=") for one in selector.split(",") if one)
        items = [
            {name: part for name, part in stored.rendered().items() if name not in ("kind", "apiVersion")}
            for (kind, place, _), stored in sorted(self.objects.items())
            if (kind, place) == (plural, namespace)
            and asked.items() <= stored.body["metadata"].get("labels", {}).items()
        ]
        return {"kind": "List", "metadata": {}, "items": items}

    def _apply(self, key: Key, sent: Body, query: dict[str, str]) -> Body:
        manager, force = query["fieldManager"], query.get("force") == "true"
        if (sent["kind"], sent["metadata"]["name"]) != (KINDS[key[0]], key[2]):
            raise RefusedError(400, "the object is not the one that the address names")
        if key[0] == "deployments":
            held = self.objects.get(key)
            problem = refusal(sent, held.body if held else None)
            if problem:
                raise RefusedError(422, problem)
        self._versions += 1
        stored = self.objects.setdefault(
            key, Stored({**sent, "metadata": {**sent["metadata"], "uid": f"uid-{self._versions}"}})
        )
        wanted = {path: value for path, value in leaves(sent) if path not in IDENTITY}
        _settle(stored, manager, wanted, force=force)
        stored.body["metadata"]["resourceVersion"] = str(self._versions)
        if key[0] == "deployments":
            fill_defaults(stored.body)
        self.after_write()
        return stored.rendered()


def _settle(stored: Stored, manager: str, wanted: dict[Path, Any], *, force: bool) -> None:
    others = {name: paths for name, paths in stored.owned.items() if name != manager}
    for name, paths in others.items():
        lost = {path for path in paths & wanted.keys() if value_at(stored.body, path) != wanted[path]}
        if lost and not force:
            raise RefusedError(409, f"conflict with {name}: {sorted(map(str, lost))}")
        paths -= lost
    for path in stored.owned.get(manager, set()) - wanted.keys():
        if not any(path in paths for paths in others.values()):
            remove(stored.body, path)
    for path, value in wanted.items():
        put(stored.body, path, copy.deepcopy(value))
    stored.owned[manager] = set(wanted)


class _Handler(BaseHTTPRequestHandler):
    cluster: FakeCluster
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: in two, each would wait 40 ms for an acknowledgement

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise RefusedError(401, "Unauthorized")
            answered = self.cluster.answer(
                self.command, self.path, content, self.headers.get("Content-Type", "")
            )
            status = 200
        except RefusedError as refused:
            status = refused.status
            answered = {"kind": "Status", "status": "Failure", "message": str(refused), "code": status}
        data = json.dumps(answered).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PATCH = do_DELETE = _handle  # noqa: N815  names that http.server asks for

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def serve() -> tuple[FakeCluster, ThreadingHTTPServer]:
    """Start a server on a free port of this machine."""
    cluster = FakeCluster()
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    cluster.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return cluster, server
