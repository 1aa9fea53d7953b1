"""Every object, in every setting, against the published schema of its kind; and that the schemas find what is wrong."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from tests.planner.executors.kubernetes.schema_packages import NotInstalledError, kserve_schema, npm_folder
from tests.planner.executors.kubernetes.test_objects import changed, made

Bodies = list[dict[str, Any]]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"schedule": "keda"},
    {"nodes": "karpenter"},
    {"schedule": "keda", "nodes": "karpenter", "gpus": {"c5.xlarge": 1}},
]
CHECK = Path(__file__).with_name("check_objects.mjs")


def every(kind: str, serving: str = "deployment") -> Bodies:
    """All objects of a kind that the settings make of the small plan, with zones and threads and without."""
    plans = (changed({}), changed({"zone": "us-east-1a", "threads": 4}))
    bodies = [one for plan in plans for values in SETTINGS for one in made(plan, serving=serving, **values)]
    return [one for one in bodies if one["kind"] == kind]


def broken(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """An object with one value changed."""
    wrong = copy.deepcopy(body)
    place = wrong
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return wrong


def problems_by_npm(bodies: Bodies) -> list[list[str]]:
    try:
        folder = npm_folder()
    except NotInstalledError as error:
        pytest.skip(f"ScaledObject and NodePool are not checked against their published schemas: {error}")
    done = subprocess.run(
        ["node", str(CHECK), str(folder)],
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def problems_by_kserve(bodies: Bodies) -> list[list[str]]:
    try:
        schema = kserve_schema()
    except NotInstalledError as error:
        pytest.skip(f"InferenceService is not checked against its published schema: {error}")
    checker = jsonschema.Draft202012Validator(schema)
    return [[one.message for one in checker.iter_errors(body)] for body in bodies]


def problems_by_core(bodies: Bodies) -> list[list[str]]:
    found: list[list[str]] = []
    for body in bodies:
        try:
            kubernetes_validate.validate(body, kubernetes_validate.latest_version(), strict=True)
            found.append([])
        except kubernetes_validate.ValidationError as error:
            found.append([str(error.message)])
    return found


def test_deployments_follow_the_schema_of_kubernetes() -> None:
    bodies = every("Deployment")
    template = ("spec", "template", "spec")
    wrong = [
        broken(bodies[0], ("spec", "replicas"), "2"),
        broken(bodies[0], (*template, "nodeselector"), {}),
        broken(bodies[0], (*template, "containers", 0, "env", 0, "value"), 8),
    ]
    found = problems_by_core(bodies + wrong)
    assert len(bodies) == 16
    assert [bool(one) for one in found] == [False] * 16 + [True] * 3


def test_schedules_and_node_pools_follow_the_schemas_of_keda_and_karpenter() -> None:
    schedules, pools = every("ScaledObject"), every("NodePool")
    wrong = [
        broken(schedules[0], ("spec", "minReplicas"), 1),
        broken(schedules[0], ("spec", "triggers", 0, "metadata", "desiredReplicas"), 1),
        broken(pools[0], ("spec", "disruption", "consolidateAfter"), "1 minute"),
        broken(pools[0], ("spec", "template", "spec", "requirements", 0, "operator"), "Is"),
        broken(pools[0], ("spec", "template", "spec", "taint"), []),
    ]
    found = problems_by_npm(schedules + pools + wrong)
    assert (len(schedules), len(pools)) == (8, 8)
    assert found[:16] == [[]] * 16
    assert [one[0].split(":")[0] for one in found[16:]] == [
        "/spec/minReplicas",
        "/spec/triggers/0/metadata/desiredReplicas",
        "/spec/disruption/consolidateAfter",
        "/spec/template/spec/requirements/0/operator",
        "/spec/template/spec/taint",
    ]


def test_inference_services_follow_the_schema_of_kserve() -> None:
    bodies = every("InferenceService", serving="kserve")
    wrong = [
        broken(bodies[0], ("spec", "predictor", "replicas"), 1),
        broken(bodies[0], ("spec", "predictor", "minReplicas"), "1"),
        broken(bodies[0], ("spec", "predictor", "containers", 0, "imageName"), "x"),
        broken(bodies[0], ("spec",), {}),
    ]
    found = problems_by_kserve(bodies + wrong)
    assert found[: len(bodies)] == [[]] * 16
    reasons = (
        "'replicas' was unexpected",
        "'1' is not of type",
        "'imageName' was",
        "'predictor' is a required",
    )
    for (message,), reason in zip(found[len(bodies) :], reasons, strict=True):
        assert reason in message
