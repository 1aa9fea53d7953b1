"""Settings and schedules of functions against running servers: ministack for functions, moto for the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from planner.errors import DriftError, InputError, PartlyDoneError
from planner.plan import ProvisioningPlan
from tests.planner.executors.aws.bench import Bench, only, throttle, verbs
from tests.planner.executors.aws.conftest import code, deploy
from tests.planner.plan_case import START, plan_data

NAME = "shop-resnet50"
HOUR = timedelta(hours=1)


def functions_data(*provisioned: int, memory_mb: int = 2048, reserved: int = 9) -> dict[str, Any]:
    """Plan of plan_case whose windows keep so many functions ready, and which has no machines in its fleet."""
    data = plan_data()
    for one, count in zip(data["windows"], provisioned, strict=True):
        one["fleet"] = []
        (line,) = one["functions"]
        line |= {
            "provisioned_concurrency": count,
            "reserved_concurrency": reserved,
            "memory_mb": memory_mb,
        }
    return data


def plan_of(*provisioned: int, **changes: int) -> ProvisioningPlan:
    return ProvisioningPlan.model_validate(functions_data(*provisioned, **changes))


def held(client: Any, alias: str = "live") -> dict[str, Any]:
    """The function as Lambda has it."""
    version = client.get_function_configuration(FunctionName=NAME, Qualifier=alias)
    try:
        ready = client.get_provisioned_concurrency_config(FunctionName=NAME, Qualifier=alias)
    except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        ready = {}
    reserved = client.get_function_concurrency(FunctionName=NAME).get("ReservedConcurrentExecutions")
    return {
        "version": version["Version"],
        "memory_mb": version["MemorySize"],
        "reserved": reserved,
        "ready": ready.get("RequestedProvisionedConcurrentExecutions", 0),
    }


def test_a_plan_sets_a_function_and_schedules_the_next_window(
    functions_bench: Bench, lambda_client: Any, client: Any
) -> None:
    operations = functions_bench.apply(plan_of(2, 5))
    assert verbs(operations) == {"function-settings": ["update"], "function-schedule": ["create"]}
    assert held(lambda_client) == {"version": "1", "memory_mb": 2048, "reserved": 9, "ready": 2}
    scaling = client("application-autoscaling")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (
        f"function:{NAME}:live",
        2,
        2,
    )
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="lambda")["ScheduledActions"]
    assert (action["Schedule"], action["Timezone"]) == ("at(2026-11-23T00:57:00)", "UTC")
    assert action["ScalableTargetAction"] == {"MinCapacity": 5, "MaxCapacity": 5}
    again = functions_bench.apply(plan_of(2, 5))
    assert (again.pending, functions_bench.writes()) == ((), [])


def test_the_next_window_finds_what_the_schedule_did(
    functions_bench: Bench, lambda_client: Any, client: Any
) -> None:
    functions_bench.apply(plan_of(2, 5))
    scaling = client("application-autoscaling")
    lambda_client.put_provisioned_concurrency_config(  # as Application Auto Scaling does at that time
        FunctionName=NAME, Qualifier="live", ProvisionedConcurrentExecutions=5
    )
    operations = functions_bench.apply(plan_of(2, 5), window=1, at=START + HOUR)
    assert only(operations, "function-settings").changes == ("tags.planner-window",)
    assert only(operations, "function-schedule").verb == "delete"
    assert held(lambda_client)["ready"] == 5
    assert scaling.describe_scalable_targets(ServiceNamespace="lambda")["ScalableTargets"] == []
    assert functions_bench.work_out(plan_of(2, 5), window=1, at=START + HOUR).pending == ()


def test_less_is_kept_ready_before_less_is_reserved_and_the_other_way_round(
    functions_bench: Bench, lambda_client: Any
) -> None:
    functions_bench.apply(plan_of(8, 8, reserved=9))
    functions_bench.apply(plan_of(3, 3, reserved=4))
    order = ["lambda:PutProvisionedConcurrencyConfig", "lambda:PutFunctionConcurrency"]
    assert [one for one in functions_bench.writes() if one in order] == order
    functions_bench.apply(plan_of(8, 8, reserved=9))
    assert [one for one in functions_bench.writes() if one in order] == order[::-1]
    functions_bench.apply(plan_of(0, 0, reserved=0))
    assert held(lambda_client) == {"version": "1", "memory_mb": 2048, "reserved": None, "ready": 0}
    assert functions_bench.work_out(plan_of(0, 0, reserved=0)).pending == ()


def test_new_memory_is_published_and_the_alias_moved(functions_bench: Bench, lambda_client: Any) -> None:
    functions_bench.apply(plan_of(1, 1))
    operations = functions_bench.apply(plan_of(1, 1, memory_mb=3008))
    assert {"memory_mb", "alias.memory_mb"} <= set(only(operations, "function-settings").changes)
    assert held(lambda_client) == {"version": "2", "memory_mb": 3008, "reserved": 9, "ready": 1}
    functions_bench.apply(plan_of(1, 1, memory_mb=3008))
    assert functions_bench.writes() == []


def test_an_alias_of_the_newest_version_is_moved_to_a_published_one(
    functions_bench: Bench, lambda_client: Any
) -> None:
    lambda_client.create_alias(FunctionName=NAME, Name="live", FunctionVersion="$LATEST")
    functions_bench.apply(plan_of(1, 1))
    assert held(lambda_client)["version"] == "1"


def test_code_that_the_alias_does_not_run_is_not_published_along(
    functions_bench: Bench, lambda_client: Any
) -> None:
    functions_bench.apply(plan_of(1, 1))
    lambda_client.update_function_code(FunctionName=NAME, ZipFile=code("2"))
    functions_bench.meanwhile()
    with pytest.raises(InputError, match="has newer code than its alias live runs"):
        functions_bench.work_out(plan_of(1, 1, memory_mb=3008))
    assert functions_bench.apply(plan_of(1, 1)).pending == ()  # nothing is to be published
    assert held(lambda_client)["version"] == "1"


def test_a_function_of_another_architecture_is_told(functions_bench: Bench) -> None:
    data = functions_data(1, 1)
    data["options"] = [
        one | {"architecture": "arm64"} for one in data["options"] if one["kind"] == "function"
    ]
    with pytest.raises(InputError, match="is built for x86_64, the plan's figures hold for arm64"):
        functions_bench.work_out(ProvisioningPlan.model_validate(data))


def test_an_update_that_failed_is_told(functions_bench: Bench) -> None:
    def failed(parsed: dict[str, Any], **_: object) -> None:
        if "LastUpdateStatus" in parsed:
            parsed |= {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no such image"}

    with pytest.raises(
        PartlyDoneError, match=f"last update of function {NAME} failed: no such image; mend it"
    ):
        functions_bench.apply(plan_of(1, 1), after_call=failed)
    assert "lambda:PublishVersion" not in functions_bench.writes()


def test_what_lambda_gave_up_to_keep_ready_is_asked_for_again(functions_bench: Bench) -> None:
    functions_bench.apply(plan_of(2, 2))

    def given_up(parsed: dict[str, Any], **_: object) -> None:
        if "RequestedProvisionedConcurrentExecutions" in parsed:
            parsed["Status"] = "FAILED"

    operations = functions_bench.work_out(plan_of(2, 2), after_call=given_up)
    assert only(operations, "function-settings").changes == ("failed",)
    functions_bench.carry_out(operations, after_call=given_up)
    assert "lambda:PutProvisionedConcurrencyConfig" in functions_bench.writes()
    assert functions_bench.work_out(plan_of(2, 2)).pending == ()


def test_the_function_of_another_service_is_refused(functions_bench: Bench, lambda_client: Any) -> None:
    arn = lambda_client.get_function_configuration(FunctionName=NAME)["FunctionArn"]
    lambda_client.tag_resource(Resource=arn, Tags={"planner-service": "mail"})
    with pytest.raises(
        DriftError, match=f"function-settings/{NAME} is there, and its tag planner-service is mail"
    ):
        functions_bench.work_out(plan_of(1, 1))


def test_drift_is_seen_and_undone(functions_bench: Bench, lambda_client: Any, client: Any) -> None:
    functions_bench.apply(plan_of(2, 5))
    arn = lambda_client.get_function_configuration(FunctionName=NAME)["FunctionArn"]
    lambda_client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=3)
    lambda_client.put_provisioned_concurrency_config(
        FunctionName=NAME, Qualifier="live", ProvisionedConcurrentExecutions=1
    )
    lambda_client.tag_resource(Resource=arn, Tags={"planner-plan": "other", "team": "vision"})
    target: dict[str, Any] = {
        "ServiceNamespace": "lambda",
        "ResourceId": f"function:{NAME}:live",
        "ScalableDimension": "lambda:function:ProvisionedConcurrency",
    }
    client("application-autoscaling").put_scheduled_action(
        **target,
        ScheduledActionName="by-hand",
        Schedule="at(2026-11-23T00:30:00)",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    operations = functions_bench.apply(plan_of(2, 5))
    assert only(operations, "function-settings").changes == (
        "provisioned_concurrency",
        "reserved_concurrency",
        "tags.planner-plan",
    )
    assert only(operations, "function-schedule").changes == ("actions.by-hand",)
    assert functions_bench.work_out(plan_of(2, 5)).pending == ()
    assert lambda_client.list_tags(Resource=arn)["Tags"]["team"] == "vision"


def test_a_function_that_leaves_the_plan_is_let_go_and_stays(
    functions_bench: Bench, lambda_client: Any, client: Any
) -> None:
    functions_bench.apply(plan_of(2, 5))
    data = functions_data(2, 5)
    for one in data["windows"]:
        one["functions"], one["overflow_rps"] = [], {}
    operations = functions_bench.apply(ProvisioningPlan.model_validate(data))
    assert [one.key for one in operations.pending] == [
        f"function-schedule/{NAME}:live",
        f"function-settings/{NAME}",
    ]
    assert held(lambda_client) == {"version": "1", "memory_mb": 2048, "reserved": None, "ready": 0}
    arn = lambda_client.get_function_configuration(FunctionName=NAME)["FunctionArn"]
    assert lambda_client.list_tags(Resource=arn)["Tags"] == {}
    assert functions_bench.work_out(ProvisioningPlan.model_validate(data)).operations == ()


def test_another_alias_takes_over(
    functions_bench: Bench, lambda_client: Any, deployment: dict[str, Any], client: Any
) -> None:
    functions_bench.apply(plan_of(2, 5))
    deployment["aws"]["alias"] = "blue"
    functions_bench.set_up(deployment)
    functions_bench.apply(plan_of(2, 5))
    assert (held(lambda_client, "live")["ready"], held(lambda_client, "blue")["ready"]) == (0, 2)
    targets = client("application-autoscaling").describe_scalable_targets(ServiceNamespace="lambda")
    assert [one["ResourceId"] for one in targets["ScalableTargets"]] == [f"function:{NAME}:blue"]
    assert functions_bench.work_out(plan_of(2, 5)).pending == ()


def test_parts_of_a_cut_model_are_functions_of_their_own(functions_bench: Bench, lambda_client: Any) -> None:
    data = functions_data(0, 0, reserved=10)
    for one in data["windows"]:
        one["functions"][0]["partition"] = [part(1, 100.0, worker_ms=100.0), part(2, 300.0)]
    plan = ProvisioningPlan.model_validate(data)
    with pytest.raises(InputError) as caught:
        functions_bench.work_out(plan)
    assert [one.split(";")[0] for one in caught.value.problems] == [
        f"there is no function {NAME}-{name}" for name in ("part1", "part1-worker1", "part2")
    ]
    for name in ("part1", "part1-worker1", "part2"):
        deploy(lambda_client, f"{NAME}-{name}")
    functions_bench.apply(plan)
    reserved = {
        name: lambda_client.get_function_concurrency(FunctionName=f"{NAME}-{name}")[
            "ReservedConcurrentExecutions"
        ]
        for name in ("part1", "part1-worker1", "part2")
    }
    assert reserved == {"part1": 2, "part1-worker1": 2, "part2": 6}
    assert functions_bench.work_out(plan).pending == ()


def test_what_the_account_cannot_reserve_is_told_before_anything_is_done(functions_bench: Bench) -> None:
    with pytest.raises(InputError, match="reserves 901 more concurrent executions; the account has 900"):
        functions_bench.work_out(plan_of(0, 0, reserved=901))
    functions_bench.apply(plan_of(0, 0, reserved=900))
    assert functions_bench.work_out(plan_of(0, 0, reserved=900)).pending == ()


def test_a_busy_service_is_asked_again(functions_bench: Bench) -> None:
    functions_bench.apply(plan_of(2, 5), before_send=throttle(5))
    assert functions_bench.work_out(plan_of(2, 5)).pending == ()


def test_a_run_that_is_cut_off_anywhere_is_continued(functions_bench: Bench, lambda_client: Any) -> None:
    assert functions_bench.apply_cut_off_everywhere(plan_of(2, 5)) == [
        "TagResource",
        "UpdateFunctionConfiguration",
        "PublishVersion",
        "CreateAlias",
        "PutFunctionConcurrency",
        "PutProvisionedConcurrencyConfig",
        "RegisterScalableTarget",
        "PutScheduledAction",
    ]
    assert functions_bench.work_out(plan_of(2, 5)).pending == ()
    found = held(lambda_client)  # AWS, unlike ministack, publishes nothing anew that has not changed
    assert (found["memory_mb"], found["reserved"], found["ready"]) == (2048, 9, 2)


def part(number: int, billed_ms: float, worker_ms: float = 0.0) -> dict[str, Any]:
    """One function of a chain."""
    tensor = {"via": "payload", "bytes": 1, "ms": 1.0}
    common = {
        "first_layer": f"first{number}",
        "last_layer": f"last{number}",
        "memory_mb": 1024,
        "usd": 1e-6,
        "compute_ms": 1.0,
        "load_ms": 0.0,
        "package_mib": 1.0,
        "memory_used_mib": 100.0,
        "receives": tensor,
        "sends": tensor,
    }
    workers = [common | {"block": "b", "billed_ms": worker_ms}] if worker_ms else []
    return common | {"blocks": ["b"], "billed_ms": billed_ms, "latency_ms": billed_ms, "workers": workers}
