"""What the API server holds Deployments to: the published schema, a selector that cannot change, and defaults."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING

import kubernetes_validate

from tests.planner.executors.kubernetes.applied_fields import leaves, put

if TYPE_CHECKING:
    from tests.planner.executors.kubernetes.applied_fields import Body


def refusal(sent: Body, held: Body | None) -> str:
    """Why the object, as it would be, is refused, or nothing; what is sent may be some fields of one that is there."""
    merged = copy.deepcopy(held or sent)
    for path, value in leaves(sent):
        put(merged, path, value)
    if held and held["spec"]["selector"] != merged["spec"]["selector"]:
        return "spec.selector is immutable"
    return _problem(json.dumps(merged | {"metadata": sent["metadata"]}, sort_keys=True))


@cache
def _problem(text: str) -> str:
    """What the published schema has against an object."""
    try:
        kubernetes_validate.validate(json.loads(text), kubernetes_validate.latest_version(), strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error.message)
    return ""


def fill_defaults(body: Body) -> None:
    """Set what nobody has set."""
    body["spec"].setdefault("replicas", 1)
    body["spec"].setdefault("revisionHistoryLimit", 10)
    for container in body["spec"]["template"]["spec"]["containers"]:
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container["readinessProbe"].setdefault("periodSeconds", 10)
