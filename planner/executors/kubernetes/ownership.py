"""What of a live object is ours: the fields that the API server notes as ours, and those that we want.

The API server keeps with every object who applied which field (metadata.managedFields). Defaults, status, and what other
controllers set stay out of sight; a field of ours that somebody else changed shows the value it has now.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.executors.resources import Body

MANAGER = "planner"  # the field manager under which we apply
HANDOVER = "planner-handover"  # the one that holds replicas between us and a scaler
Fields = dict[
    str, Any
]  # as in fieldsV1: "f:name" a field, 'k:{"name":"x"}' the item with these keys, "." itself; {}: all of it

IDENTITY: Fields = {
    "f:apiVersion": {},
    "f:kind": {},
    "f:metadata": {"f:name": {}, "f:namespace": {}},
}
ITEM_KEYS = {  # Kubernetes API, x-kubernetes-list-map-keys: lists whose items are merged by key; all others of ours are atomic
    "containers": ("name",),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
}
ATOMIC = frozenset(
    {"nodeSelector", "matchLabels", "labelSelector"}
)  # Kubernetes API, x-kubernetes-map-type: atomic


def ours(live: Body, wanted: Body | None) -> Body:
    """Return of a live object what we own or want.

    Parameters
    ----------
    wanted
        The object as it should be; null: it should not be there.
    """
    fields = IDENTITY
    if wanted is not None:
        fields = _joined(fields, _fields_of(wanted))
    for entry in live["metadata"].get("managedFields") or ():
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply":
            fields = _joined(fields, entry.get("fieldsV1") or {})
    body: Body = _picked(live, fields)
    return body


def handed_over(before: Body | None, after: Body) -> Body | None:
    """Return what another manager must apply first, so that the replicas that we no longer state stay as they are.

    A field goes with its last owner, and replicas that are gone mean one pod: Kubernetes, "Server-Side Apply", "Transferring
    ownership". Null: there is nothing to hand over.
    """
    replicas = (before or {}).get("spec", {}).get("replicas")
    if replicas is None or "replicas" in after["spec"]:
        return None
    metadata = {key: after["metadata"][key] for key in ("name", "namespace")}
    return {
        "apiVersion": after["apiVersion"],
        "kind": after["kind"],
        "metadata": metadata,
        "spec": {"replicas": replicas},
    }


def _fields_of(value: Any, name: str = "") -> Fields:
    """Fields of an object as the API server would note them."""
    if isinstance(value, dict) and name not in ATOMIC:
        return {f"f:{key}": _fields_of(one, key) for key, one in value.items()}
    if isinstance(value, list) and name in ITEM_KEYS:
        return {_item(one, ITEM_KEYS[name]): _fields_of(one) for one in value}
    return {}


def _item(item: Body, keys: tuple[str, ...]) -> str:
    return "k:" + json.dumps({key: item[key] for key in sorted(keys)}, separators=(",", ":"))


def _joined(wanted: Fields, owned: Fields) -> Fields:
    """Fields of either.

    Where we own all of a value but want only parts of it, those parts: a custom resource's list may be atomic, and then what a
    webhook adds to its items is noted as ours.
    """
    both = wanted.keys() & owned.keys()
    inner = {key: _joined(wanted[key], owned[key]) if wanted[key] else {} for key in both}
    return {**wanted, **owned, **inner}


def _picked(value: Any, fields: Fields) -> Any:
    parts = {key: inner for key, inner in fields.items() if key != "."}
    if not parts:
        return value
    if isinstance(value, dict):
        named = {key.removeprefix("f:"): inner for key, inner in parts.items()}
        return {key: _picked(value[key], inner) for key, inner in named.items() if key in value}
    if isinstance(value, list):
        return [_picked(one, inner) for key, inner in parts.items() for one in value if _is_item(one, key)]
    return value


def _is_item(value: Any, key: str) -> bool:
    """Whether an item of a list is the one that a key of fieldsV1 names."""
    form, _, text = key.partition(":")
    named = json.loads(text)
    if form == "k":
        return isinstance(value, dict) and all(value.get(name) == one for name, one in named.items())
    return bool(form == "v" and value == named)
