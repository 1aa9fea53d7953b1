"""The target against a cluster that keeps what it is told: twice, after drift, throttled, refused, elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from planner.errors import DriftError, InputError, PartlyDoneError
from planner.executors.target import TargetError
from tests.planner.executors.kubernetes.conftest import look
from tests.planner.executors.kubernetes.fake_cluster import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.executors.kubernetes.target import KubernetesTarget
    from tests.planner.executors.kubernetes.fake_cluster import FakeCluster

    Make = Callable[..., KubernetesTarget]

POD = ("spec", "template", "spec")
WORKER = (*POD, "containers", (("name", "worker"),))
ALL = {"schedule": "keda", "nodes": "karpenter"}


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({}, ["Deployment"] * 2),
        ({"serving": "kserve"}, ["InferenceService"] * 2),
        (ALL, ["Deployment"] * 2 + ["NodePool"] * 2 + ["ScaledObject"] * 2),
        (
            ALL | {"serving": "kserve"},
            ["InferenceService"] * 2 + ["NodePool"] * 2 + ["ScaledObject"] * 2,
        ),
    ],
)
def test_a_second_run_changes_nothing(
    cluster: FakeCluster, target: Make, apply: Any, values: Any, kinds: list[str]
) -> None:
    """What the server adds of its own, defaults and versions, is no difference."""
    assert sorted(apply(target(**values))["create"]) == kinds
    writes = {call: count for call, count in cluster.calls.items() if not call.startswith("GET")}
    assert sum(writes.values()) == len(kinds)
    assert set(apply(target(**values))) == {"keep"}
    assert {call: cluster.calls[call] for call in writes} == writes


def test_the_next_window_updates_the_same_objects(cluster: FakeCluster, target: Make, apply: Any) -> None:
    """Names come from options, so nothing is made anew; pods, whose template stays, run on."""
    apply(target())
    before = cluster.only("deployments", "on-demand").body
    template, uid = before["spec"]["template"], before["metadata"]["uid"]
    assert apply(target(), 1) == {"update": ["Deployment", "Deployment"]}
    after = cluster.only("deployments", "on-demand").body
    assert after["spec"]["replicas"] == 2
    assert (after["spec"]["template"], after["metadata"]["uid"]) == (template, uid)
    assert after["metadata"]["labels"]["planner-window"] == "w1"


def test_what_somebody_changed_is_seen_and_put_right(cluster: FakeCluster, target: Make, apply: Any) -> None:
    """The change shows as the value that is there now; putting it right takes the field back from the other manager."""
    apply(target())
    cluster.update(cluster.only("deployments", "on-demand"), "kubectl-edit", (*WORKER, "image"), "other:2")
    (drifted,) = look(target()).pending
    assert drifted.changes == ("spec.template.spec.containers[0].image",)
    assert drifted.before is not None
    assert drifted.before["spec"]["template"]["spec"]["containers"][0]["image"] == "other:2"
    assert apply(target()) == {"update": ["Deployment"], "keep": ["Deployment"]}
    assert set(apply(target())) == {"keep"}


def test_replicas_that_a_scaler_sets_are_no_drift(cluster: FakeCluster, target: Make, apply: Any) -> None:
    """With a schedule replicas are the scaler's alone: applying again neither shows nor changes them."""
    apply(target(schedule="keda"))
    cluster.update(
        cluster.only("deployments", "on-demand"), "kube-controller-manager", ("spec", "replicas"), 7
    )
    assert set(apply(target(schedule="keda"))) == {"keep"}
    assert apply(target(schedule="keda"), 1)["update"].count("Deployment") == 2
    assert cluster.only("deployments", "on-demand").body["spec"]["replicas"] == 7


def test_replicas_that_go_over_to_a_scaler_stay_until_it_sets_them(
    cluster: FakeCluster, target: Make, apply: Any
) -> None:
    """A field goes with its last owner: without another one, four pods would become one until the scaler looks."""
    apply(target(), 1)
    assert apply(target(schedule="keda"), 1)["update"].count("Deployment") == 2
    stored = cluster.only("deployments", "on-demand")
    assert stored.body["spec"]["replicas"] == 2
    assert ("spec", "replicas") not in stored.owned["planner"]
    assert set(apply(target(schedule="keda"), 1)) == {"keep"}


def test_fields_of_ours_that_are_no_longer_wanted_go_and_others_stay(
    cluster: FakeCluster, target: Make, apply: Any
) -> None:
    """The GPUs asked for yesterday go; a label of somebody else stays."""
    apply(target(gpus={"c5.xlarge": 1}))
    stored = cluster.only("deployments", "on-demand")
    cluster.update(stored, "team", ("metadata", "labels", "cost-centre"), "42")
    changes = [one.changes for one in look(target()).pending]
    assert changes == [("spec.template.spec.containers[0].resources.limits.nvidia.com/gpu",)] * 2
    apply(target())
    body = cluster.only("deployments", "on-demand").body
    limits = body["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "4", "memory": "8Gi"}
    assert body["metadata"]["labels"]["cost-centre"] == "42"
    assert set(apply(target())) == {"keep"}


def test_what_the_settings_no_longer_ask_for_is_deleted_last(
    cluster: FakeCluster, target: Make, apply: Any
) -> None:
    """Going from KServe with node pools and schedule to plain Deployments leaves nothing behind."""
    apply(target(**ALL, serving="kserve"))
    verbs = [(one.verb, one.kind) for one in look(target()).pending]
    assert verbs[:2] == [("create", "Deployment")] * 2
    assert verbs[2:] == [
        ("delete", kind) for kind in ("ScaledObject", "InferenceService", "NodePool") for _ in range(2)
    ]
    apply(target())
    assert sorted(plural for plural, _, _ in cluster.objects) == ["deployments", "deployments"]


def test_objects_of_others_are_left_alone(cluster: FakeCluster, target: Make, apply: Any) -> None:
    """Neither another namespace's node pools nor another service's Deployments are ours to delete."""
    apply(target(**ALL, namespace="elsewhere"))
    theirs = set(cluster.objects)
    apply(target(**ALL))
    assert theirs < set(cluster.objects)
    assert "delete" not in apply(target(**ALL))


def test_a_busy_server_is_asked_again(cluster: FakeCluster, target: Make, apply: Any) -> None:
    """Throttled and broken answers pass; the run ends as if there had been none."""
    cluster.faults = {"GET": [429, 503], "PATCH": [429, 500, 409]}
    assert apply(target())["create"] == ["Deployment", "Deployment"]
    assert set(apply(target())) == {"keep"}


def test_a_refused_object_stops_only_what_needs_it(
    cluster: FakeCluster, target: Make, apply: Any, tmp_path: Path
) -> None:
    """Without the right to make the first node pool, its Deployment and schedule wait; the next run makes all three."""
    cluster.faults = {"PATCH": [403]}
    with pytest.raises(PartlyDoneError) as error:
        apply(target(**ALL))
    assert len(error.value.problems) == 1 + 3
    assert "apply nodepools/shop-serving-c5-xlarge" in error.value.problems[1]
    assert "403 Forbidden: come back later" in error.value.problems[1]
    assert TOKEN not in (tmp_path / "receipt-0.json").read_text() + str(error.value)
    assert apply(target(**ALL)) == {
        "create": ["NodePool", "Deployment", "ScaledObject"],
        "keep": ["NodePool", "Deployment", "ScaledObject"],
    }


def test_a_cluster_without_keda_says_so_only_where_it_is_needed(
    cluster: FakeCluster, target: Make, apply: Any
) -> None:
    """A kind that the cluster lacks holds nothing of ours, unless something of it is wanted."""
    cluster.missing = {"scaledobjects", "nodepools", "inferenceservices"}
    assert apply(target())["create"] == ["Deployment", "Deployment"]
    with pytest.raises(TargetError, match=r"list scaledobjects: 404 .*must have keda\.sh"):
        look(target(schedule="keda"))


def test_a_namesake_that_is_not_ours_is_shown_before_it_is_taken_over(
    cluster: FakeCluster, target: Make, apply: Any
) -> None:
    """It has the name, but not the labels; the operations say update, with what is there."""
    apply(target())
    stored = cluster.only("deployments", "on-demand")
    del stored.body["metadata"]["labels"]
    stored.owned = {}
    verbs = {one.verb: one.changes for one in look(target()).operations}
    assert "metadata.labels" in verbs["update"]


def test_another_region_is_refused_and_an_unlabelled_one_passes(cluster: FakeCluster, target: Make) -> None:
    cluster.region = "eu-central-1"
    with pytest.raises(DriftError, match=r"region eu-central-1; the plan is for us-east-1"):
        target().where()
    cluster.region = None
    where = target().where()
    assert (where.account, where.region) == (cluster.url, "serving")


def test_another_context_is_refused(cluster: FakeCluster, target: Make) -> None:
    with pytest.raises(InputError, match=r"kubernetes\.context is 'production'; .*get-contexts") as caught:
        target(context="production").where()
    assert ".." not in str(caught.value)


def test_without_the_client_it_says_what_to_install(
    cluster: FakeCluster, target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(InputError, match=r"not installed; pip install 'inference-planner\[kubernetes\]'"):
        target().where()


def test_a_cluster_that_does_not_answer_is_a_passing_problem(
    cluster: FakeCluster, target: Make, tmp_path: Path
) -> None:
    config = cluster.kubeconfig().replace(cluster.url, "http://127.0.0.1:9")
    (tmp_path / "kubeconfig").write_text(config)
    with pytest.raises(
        TargetError, match=r"list nodes: the cluster does not answer .* kubeconfig file right"
    ) as error:
        target().where()
    assert error.value.passing
