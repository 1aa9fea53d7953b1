"""Live objects typed in by hand, with fields noted as a server notes them, and what of them counts."""

from __future__ import annotations

from typing import Any

from planner.executors.kubernetes.ownership import ours


def live(spec: dict[str, Any], fields: dict[str, Any], *, manager: str = "planner") -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": fields}}
    metadata = {"name": "a", "namespace": "n", "uid": "u", "managedFields": [entry]}
    return {"apiVersion": "v1", "kind": "K", "metadata": metadata, "spec": spec, "status": {"ready": 1}}


def wanted(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "namespace": "n"}, "spec": spec}


def test_defaults_status_and_other_managers_fields_stay_out() -> None:
    spec = {"replicas": 3, "image": "x", "history": 10}
    assert ours(live(spec, {"f:image": {}}), None) == wanted({"image": "x"})
    assert ours(live(spec, {"f:image": {}}, manager="other"), wanted({"replicas": 1})) == wanted(
        {"replicas": 3}
    )


def test_what_we_own_and_no_longer_want_shows() -> None:
    spec = {"env": [{"name": "OLD", "value": "1"}, {"name": "NEW", "value": "2", "more": 0}]}
    fields = {"f:env": {'k:{"name":"OLD"}': {".": {}, "f:name": {}, "f:value": {}}}}
    found = ours(live(spec, fields), wanted({"env": [{"name": "NEW", "value": "2"}]}))
    assert found["spec"]["env"] == [{"name": "NEW", "value": "2"}, {"name": "OLD", "value": "1"}]


def test_what_a_webhook_adds_to_items_of_an_atomic_list_is_no_drift() -> None:
    """The list of a custom resource may be noted as ours as a whole; we want the container, not what was added to it."""
    container = {"name": "c", "image": "x"}
    spec = {"containers": [{**container, "terminationMessagePath": "/dev/log"}]}
    assert ours(live(spec, {"f:containers": {}}), wanted({"containers": [container]})) == wanted(
        {"containers": [container]}
    )


def test_a_value_that_is_gone_is_missing() -> None:
    assert ours(live({}, {"f:image": {}}), wanted({"image": "x"})) == wanted({})


def test_items_of_a_set_are_those_we_own() -> None:
    found = ours(live({"finalizers": ["ours", "theirs"]}, {"f:finalizers": {'v:"ours"': {}}}), None)
    assert found["spec"] == {"finalizers": ["ours"]}
