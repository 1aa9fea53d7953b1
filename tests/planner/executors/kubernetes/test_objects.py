"""Objects typed in by hand, and what a cluster could not do."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from planner.errors import InputError
from planner.executors.kubernetes.target import FILE, RIGHTS_FILE, KubernetesTarget
from planner.executors.settings import DeploymentSettings
from planner.plan import ProvisioningPlan
from tests.planner.executors.kubernetes.conftest import settings
from tests.planner.plan_case import FUNCTION, ON_DEMAND, SPOT, START, make_plan, plan_data


def made(plan: ProvisioningPlan | None = None, **values: Any) -> list[dict[str, Any]]:
    chosen = plan or make_plan()
    target = KubernetesTarget(settings(**values), "us-east-1")
    return [one.body for one in target.desired(chosen, chosen.windows[0], START)]


def changed(change: Any) -> ProvisioningPlan:
    """The small plan with something changed in every line of its fleet."""
    data = plan_data()
    for window in data["windows"]:
        for line in window["fleet"]:
            line.update(change)
    return ProvisioningPlan.model_validate(data)


def test_a_deployment_holds_what_the_plan_decided() -> None:
    """One pod a machine: type, market, zone, batches, replicas and threads, and over half of the machine asked for."""
    plan = changed({"zone": "us-east-1a", "batch_size": 4, "batch_timeout_ms": 12.5, "threads": 2})
    first = made(plan, gpus={"c5.xlarge": 2})[0]
    assert first["spec"]["replicas"] == 1
    assert first["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    pod = first["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {
        "node.kubernetes.io/instance-type": "c5.xlarge",
        "karpenter.sh/capacity-type": "on-demand",
        "topology.kubernetes.io/zone": "us-east-1a",
    }
    (container,) = pod["containers"]
    assert {one["name"]: one["value"] for one in container["env"]} == {
        "MODEL": "resnet50",
        "BATCH_SIZE": "4",
        "BATCH_TIMEOUT_MS": "12.5",
        "REPLICAS": "1",
        "THREADS": "2",
    }
    assert container["image"] == "registry.example/resnet50:1"
    assert container["resources"] == {  # 0.6 x 4 vCPU, 0.6 x 8192 MiB
        "requests": {"cpu": "2400m", "memory": "4915Mi"},
        "limits": {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "2"},
    }


def test_names_fit_and_labels_select_only_their_own_pods() -> None:
    """Within 54 characters, the prefix keda-hpa- fits into a label; no two options share pods."""
    bodies = made(schedule="keda")
    names = {one["metadata"]["name"] for one in bodies}
    assert len(names) == 2
    assert all(len(name) <= 54 and name.startswith("shop-") for name in names)
    deployments = [one for one in bodies if one["kind"] == "Deployment"]
    selectors = [tuple(one["spec"]["selector"]["matchLabels"].items()) for one in deployments]
    assert len(set(selectors)) == 2
    for one in deployments:
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert "planner-window" not in labels  # a new window must not start pods anew


def test_node_pools_make_their_type_and_market_for_the_service_alone() -> None:
    pools = [one for one in made(nodes="karpenter", node_class="gpu") if one["kind"] == "NodePool"]
    wanted = [
        {one["key"]: one["values"] for one in pool["spec"]["template"]["spec"]["requirements"]}
        for pool in pools
    ]
    assert wanted == [
        {"node.kubernetes.io/instance-type": ["c5.xlarge"], "karpenter.sh/capacity-type": [market]}
        for market in ("on-demand", "spot")
    ]
    for pool in pools:
        assert "namespace" not in pool["metadata"]
        assert pool["metadata"]["labels"]["planner-namespace"] == "serving"
        spec = pool["spec"]["template"]["spec"]
        assert spec["nodeClassRef"]["name"] == "gpu"
        assert spec["taints"] == [{"key": "planner-service", "value": "shop", "effect": "NoSchedule"}]


def test_committed_machines_are_on_demand_ones() -> None:
    """A commitment is a matter of the bill."""
    pod = made(changed({"market": "committed"}))[0]["spec"]["template"]["spec"]
    assert pod["nodeSelector"]["karpenter.sh/capacity-type"] == "on-demand"


def test_kserve_makes_no_autoscaler_of_its_own() -> None:
    """It holds the count itself, or leaves it to our scaler of the Deployment that it makes."""
    alone = made(serving="kserve")[0]
    assert alone["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "none"
    assert (alone["spec"]["predictor"]["minReplicas"], alone["spec"]["predictor"]["maxReplicas"]) == (1, 1)
    served, scaled = made(serving="kserve", schedule="keda")[:2]
    assert served["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "external"
    assert scaled["spec"]["scaleTargetRef"]["name"] == served["metadata"]["name"] + "-predictor"
    assert len(served["metadata"]["name"] + "-predictor-serving") <= 63


def test_exported_files_hold_the_same_objects() -> None:
    plan = make_plan()
    target = KubernetesTarget(settings(nodes="karpenter", schedule="keda"), "us-east-1")
    resources = target.desired(plan, plan.windows[0], START)
    files = target.files(resources)
    assert list(yaml.safe_load_all(files[FILE])) == [one.body for one in resources]
    assert [one["kind"] for one in yaml.safe_load_all(files[RIGHTS_FILE])] == ["Role", "ClusterRole"]


@pytest.mark.parametrize(
    ("change", "values", "problems"),
    [
        ({"market": "standby"}, {}, [f"option {ON_DEMAND}: the market standby", f"option {SPOT}"]),
        ({"market": "container"}, {}, [f"option {ON_DEMAND}: the market container"]),
        ({"provider": "gcp"}, {"nodes": "karpenter"}, ["its machines are gcp's"]),
        ({"zone": "us east"}, {}, ["its zone 'us east' is no value of a node's label"]),
        ({}, {"images": {"vgg": "r/vgg:1"}}, ["no image of the model 'resnet50'; add one."]),
        ({}, {"images": {"resnet-50": "r/resnet:1"}}, ["add one. Did you mean 'resnet-50'?"]),
        (
            {},
            {"functions": "refused"},
            [f"the plan calls functions, which a cluster does not run: {FUNCTION}"],
        ),
        (
            {},
            {"serving": "kserve", "namespace": "machine-learning"},
            ["kubernetes.namespace has 16 characters", "leaves it 10"],
        ),
        (
            {"market": "standby"},
            {"images": {}, "functions": "refused"},
            ["standby", "no image", "calls functions"],
        ),
    ],
)
def test_what_a_cluster_could_not_do_is_refused_all_at_once(
    change: Any, values: Any, problems: list[str]
) -> None:
    with pytest.raises(InputError) as error:
        made(changed(change), **values)
    for problem in problems:
        assert problem in str(error.value)


@pytest.mark.parametrize(("schedule", "refused"), [("none", False), ("keda", True)])
def test_functions_of_the_windows_that_are_scheduled_are_refused_too(schedule: str, refused: bool) -> None:
    data = plan_data()
    data["windows"][0]["functions"] = []
    plan = ProvisioningPlan.model_validate(data)
    if refused:
        with pytest.raises(InputError, match="from window w1 on the plan calls functions"):
            made(plan, functions="refused", schedule=schedule)
    else:
        assert made(plan, functions="refused", schedule=schedule)


def test_settings_without_a_cluster_are_refused() -> None:
    empty = DeploymentSettings(version=1, service="shop", aws=None, kubernetes=None)
    with pytest.raises(InputError, match="the settings have no part kubernetes"):
        KubernetesTarget(empty, "us-east-1")
