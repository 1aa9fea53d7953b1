"""Endpoints against a running moto server, to which the fixture adds UpdateEndpoint."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from planner.errors import DriftError, InputError, PartlyDoneError
from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.bench import ACCOUNT, Bench, machines_data, only, verbs
from tests.planner.executors.aws.conftest import ENDPOINT as NAME
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Callable

    Clients = Callable[[str], Any]

NEXT = START + timedelta(hours=1)


def endpoint_data() -> dict[str, Any]:
    """Plan of plan_case with all its machines on demand: 1 in the first window, 2 in the second."""
    data = machines_data()
    for one in data["windows"]:
        one["fleet"] = one["fleet"][:1]
        one["groups"][0]["count"] = one["fleet"][0]["count"]
        one["groups"][0]["capacity_rps"] = 12.0 * one["fleet"][0]["count"]
    return data


def plan(data: dict[str, Any] | None = None) -> ProvisioningPlan:
    return ProvisioningPlan.model_validate(data or endpoint_data())


def on_other_machines(instance_type: str) -> ProvisioningPlan:
    """The plan with the same option on machines of another type."""
    data = endpoint_data()
    for one in data["windows"]:
        one["fleet"][0]["instance_type"] = instance_type
    return plan(data)


def variant(client: Clients) -> dict[str, Any]:
    """The endpoint's only variant, as it runs."""
    (found,) = client("sagemaker").describe_endpoint(EndpointName=NAME)["ProductionVariants"]
    return dict(found)


def configs(client: Clients) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    return found


def test_a_window_is_an_endpoint_with_a_variant_an_option(endpoints: Bench, client: Clients) -> None:
    assert verbs(endpoints.apply(plan())) == {"endpoint": ["create"]}
    (config,) = configs(client)
    described = client("sagemaker").describe_endpoint_config(EndpointConfigName=config["EndpointConfigName"])
    (made,) = described["ProductionVariants"]
    assert made["VariantName"].startswith("shop-resnet50-c5-xlarge-")
    assert (made["ModelName"], made["InstanceType"]) == ("resnet50-2", "ml.c5.xlarge")
    assert (variant(client)["DesiredInstanceCount"], variant(client)["DesiredWeight"]) == (1, 12.0)
    again = endpoints.apply(plan())
    assert (again.pending, endpoints.writes()) == ((), [])


def test_the_next_window_changes_sizes_in_place(endpoints: Bench, client: Clients) -> None:
    endpoints.apply(plan())
    operations = endpoints.apply(plan(), window=1, at=NEXT)
    (name,) = {key for key in only(operations, "endpoint").changes if key.endswith(".count")}
    assert name.startswith("variants.shop-resnet50-")
    assert (variant(client)["DesiredInstanceCount"], len(configs(client))) == (2, 1)
    assert endpoints.work_out(plan(), window=1, at=NEXT).pending == ()


def test_another_machine_moves_the_endpoint_and_the_last_but_one_configuration_goes(
    endpoints: Bench, client: Clients
) -> None:
    endpoints.apply(plan())
    for instance_type in ("c5.2xlarge", "c5.4xlarge"):
        other = on_other_machines(instance_type)
        operations = endpoints.apply(other)
        assert any(key.endswith(".instance_type") for key in only(operations, "endpoint").changes)
        assert len(configs(client)) == 2
        assert endpoints.work_out(other).pending == ()


def test_an_endpoint_that_somebody_else_made_is_refused(endpoints: Bench, client: Clients) -> None:
    endpoints.apply(plan())
    sagemaker = client("sagemaker")
    arn = sagemaker.describe_endpoint(EndpointName=NAME)["EndpointArn"]
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["planner-service"])
    with pytest.raises(DriftError, match=f"endpoint/{NAME} is there, and it has no tag planner-service"):
        endpoints.work_out(plan())


def test_drift_of_size_and_tags_is_undone_in_place(endpoints: Bench, client: Clients) -> None:
    endpoints.apply(plan())
    sagemaker = client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=NAME,
        DesiredWeightsAndCapacities=[
            {"VariantName": variant(client)["VariantName"], "DesiredWeight": 1.0, "DesiredInstanceCount": 4}
        ],
    )
    arn = sagemaker.describe_endpoint(EndpointName=NAME)["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "planner-plan", "Value": "other"}])
    operations = endpoints.apply(plan())
    assert [one.rsplit(".", 1)[1] for one in only(operations, "endpoint").changes] == [
        "planner-plan",
        "count",
        "weight",
    ]
    assert (variant(client)["DesiredInstanceCount"], len(configs(client))) == (1, 1)
    assert endpoints.work_out(plan()).pending == ()


def test_an_endpoint_that_is_not_wanted_goes_with_its_configurations(
    endpoints: Bench, client: Clients, deployment: dict[str, Any]
) -> None:
    endpoints.apply(plan())
    sagemaker = client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName="shop-vision-2",
        ProductionVariants=[
            {
                "VariantName": "a",
                "ModelName": "resnet50-2",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName="shop-vision-2", EndpointConfigName="shop-vision-2")
    deployment["aws"]["machines"] = "groups"
    endpoints.set_up(deployment)
    operations = endpoints.apply(plan())
    assert [one.key for one in operations.operations if one.verb == "delete"] == [f"endpoint/{NAME}"]
    left = sagemaker.list_endpoints()["Endpoints"]
    assert [one["EndpointName"] for one in left] == ["shop-vision-2"]
    assert [one["EndpointConfigName"] for one in configs(client)] == ["shop-vision-2"]


def test_an_endpoint_that_is_moving_is_waited_for(endpoints: Bench, client: Clients) -> None:
    endpoints.apply(plan())
    state = held(endpoints)
    state.endpoint_status = "Updating"
    with pytest.raises(PartlyDoneError, match=f"endpoint {NAME} is Updating"):
        endpoints.apply(plan(), window=1, at=NEXT)
    assert variant(client)["DesiredInstanceCount"] == 1
    endpoints.meanwhile = lambda: setattr(state, "endpoint_status", "InService")
    endpoints.apply(plan(), window=1, at=NEXT)
    assert variant(client)["DesiredInstanceCount"] == 2


def test_an_endpoint_that_has_failed_is_told(endpoints: Bench) -> None:
    endpoints.apply(plan())
    held(endpoints).endpoint_status = "Failed"
    assert only(endpoints.work_out(plan()), "endpoint").changes == ("failed",)
    with pytest.raises(PartlyDoneError, match=f"endpoint {NAME} has failed"):
        endpoints.apply(plan())


def test_a_run_that_is_cut_off_anywhere_is_continued(endpoints: Bench, client: Clients) -> None:
    assert endpoints.apply_cut_off_everywhere(plan()) == ["CreateEndpointConfig", "CreateEndpoint"]
    assert (endpoints.work_out(plan()).pending, len(configs(client))) == ((), 1)
    other = on_other_machines("c5.2xlarge")
    assert endpoints.apply_cut_off_everywhere(other) == ["CreateEndpointConfig", "UpdateEndpoint", "AddTags"]
    assert endpoints.work_out(other).pending == ()


@pytest.mark.parametrize(
    ("line", "aws", "problem"),
    [
        ({"market": "spot"}, {}, "market spot: an endpoint has on-demand and committed machines"),
        ({"zone": "us-east-1a"}, {}, "zone us-east-1a: an endpoint chooses zones itself"),
        ({"provider": "gcp"}, {}, "its machines are of gcp"),
        ({"region": "eu-west-1"}, {}, "it runs in eu-west-1; a plan for us-east-1"),
        ({"instance_type": "c5.metal"}, {}, "SageMaker has no instance type 'ml.c5.metal'"),
        ({}, {"models": {}}, "no registered model serves resnet50; set aws.models.resnet50.sagemaker_model"),
        ({}, {"endpoint": None}, "set aws.endpoint to its name"),
    ],
)
def test_what_an_endpoint_cannot_be_is_told(
    endpoints: Bench, deployment: dict[str, Any], line: dict[str, Any], aws: dict[str, Any], problem: str
) -> None:
    deployment["aws"] |= aws
    endpoints.set_up(deployment)
    data = endpoint_data()
    for one in data["windows"]:
        one["fleet"][0] |= line
    with pytest.raises(InputError) as caught:
        endpoints.work_out(plan(data))
    (found,) = caught.value.problems
    assert problem in found


def test_an_endpoint_holds_ten_variants(endpoints: Bench) -> None:
    data = endpoint_data()
    (line,) = data["windows"][0]["fleet"]
    data["windows"][0]["fleet"] = [line | {"option": f"{line['option']}/{number}"} for number in range(11)]
    with pytest.raises(InputError, match="window w0 has 11 options; an endpoint holds 10 variants"):
        endpoints.work_out(plan(data))


def held(endpoints: Bench) -> Any:
    """The endpoint inside moto, which runs in this process."""
    from moto.sagemaker.models import sagemaker_backends

    return sagemaker_backends[ACCOUNT]["us-east-1"].endpoints[NAME]
