"""Plans of the planner, optimal and greedy, pass the independent checker; a plan it makes and someone edits does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner import pipeline
from planner.plan import plan_bytes
from tests.checker import check_plan, read_catalogs
from tests.planner.small_catalogs import request_class, scenario

HEADER = "model,instance_type,batch,items_per_request,replicas,mean_ms,p95_ms,p98_ms,p99_ms,samples,source,obtained\n"
# equal service times (exact capacities), and the same model in batches
PROFILE_ROWS = (
    "resnet18,c5.large,1,1,1,40,40,40,40,,a steady host,derived\n"
    "resnet18,c5.xlarge,1,1,2,40,40,40,40,,a steady host,derived\n"
    "resnet18,g4dn.xlarge,8,1,1,30,30,30,30,,a steady host,derived\n"
)
CLASSES = (
    request_class("album", items_per_request=10, deadline_ms=400.0, percentile=0.98, min_accuracy=0.76),
    request_class("thumbnail", deadline_ms=120.0, percentile=0.95, min_accuracy=0.69),
)


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiles")
    (folder / "service_times.csv").write_text(HEADER + "".join(PROFILE_ROWS))
    return folder


@pytest.fixture(scope="module", params=["optimal", "greedy"])
def plan(request: pytest.FixtureRequest, profiles: Path) -> dict[str, Any]:
    """An hour in four windows: measured, batched and steady groups, spot machines, functions, quotas, a fleet."""
    asked = scenario(
        *CLASSES,
        models={"profiles": ["bundled", str(profiles)]},
        resources={
            "allowed": ["c5.*", "g4dn.*", "t3.*"],
            "functions": {"enabled": True, "concurrency_limit": 300},
            "quotas": [{"family": "standard", "market": "on-demand", "vcpu": 400}],
            "current_fleet": [
                {"instance_type": "t3.2xlarge", "market": "on-demand", "count": 8},
                {"instance_type": "c5.large", "market": "on-demand", "count": 6},
            ],
            "extra_usd_per_h": 0.01,
        },
    )
    made = pipeline.plan_scenario(asked, greedy=request.param == "greedy")
    return dict(json.loads(plan_bytes(made)))


ZONES = ["us-east-1a", "us-east-1b"]
FLEET = [
    {
        "instance_type": "c5.xlarge",
        "market": "on-demand",
        "count": 2,
        "zone": "us-east-1a",
        "model": "resnet18",
    },
    {"instance_type": "c5.large", "market": "committed", "count": 2, "model": "resnet18"},
]
OPERATORS: dict[str, Any] = {
    "zones": ZONES,
    "min_zones": 2,
    "min_instances": 3,
    "headroom_share": 0.1,
    "scale_in_delay_s": 1800.0,
    "max_groups": 5,
    "max_churn": 60,
    "commitments": [{"instance_type": "c5.large", "count": 3}],
    "current_fleet": FLEET,
    "boot_s": 0.0,
    "quotas": [{"family": "standard", "market": "spot", "vcpu": 400}],
}
CASES: dict[str, dict[str, Any]] = {
    "operators": {"resources": OPERATORS, "models": {"load_s": {"resnet18": 30.0, "resnet50": 45.0}}},
    "any pool may vanish": {
        "resources": {"zones": ZONES, "functions": {"concurrency_limit": 20}},
        "spot": {"policy": "survive-loss", "level": 0.9},
    },
    "chance of too little": {
        "resources": {"zones": ZONES, "functions": {"concurrency_limit": 20}},
        "spot": {
            "policy": "chance",
            "violation_share": 0.05,
            "exposure_s": 3600.0,
            "common_shock_share": 0.02,
        },
    },
    "variance priced": {
        "resources": {"zones": ZONES},
        "spot": {"policy": "share", "max_share": 1.0, "risk_aversion_usd": 0.001, "exposure_s": 3600.0},
    },
    "accuracy on a budget": {
        "resources": {"budget_usd": 1.0, "functions": {"enabled": False}, "markets": ["on-demand"]},
        "objective": {"maximise": "effective_accuracy", "meet_rate_grid": [0.9, 0.98]},
    },
    "least latency": {
        "resources": {"budget_usd": 12.0},
        "objective": {"minimise": "latency", "latency_factors": [0.3, 0.6, 0.9, 1.0]},
    },
}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_under_every_limit_holds(name: str, profiles: Path) -> None:
    """Two windows of half an hour, quick machines and few, so that each limit can bind."""
    case = {**CASES[name], "resources": {"allowed": ["c5.*", "g4dn.*"], **CASES[name]["resources"]}}
    asked = scenario(
        *CLASSES,
        models={"profiles": ["bundled", str(profiles)], **case.pop("models", {})},
        window="30min",
        **case,
    )
    plan = dict(json.loads(plan_bytes(pipeline.plan_scenario(asked))))
    assert check_plan(plan, read_catalogs(profiles=[profiles / "service_times.csv"])) == []


def check(plan: dict[str, Any], profiles: Path) -> list[str]:
    catalogs = read_catalogs(profiles=[profiles / "service_times.csv"])
    return check_plan(plan, catalogs, extra_usd_per_h=0.01)


def test_a_plan_holds(plan: dict[str, Any], profiles: Path) -> None:
    assert check(plan, profiles) == []


def test_a_machine_taken_away_is_noticed(plan: dict[str, Any], profiles: Path) -> None:
    edited = json.loads(json.dumps(plan))
    window = max(
        edited["windows"], key=lambda one: max((group["count"] for group in one["groups"]), default=0)
    )
    group = max(window["groups"], key=lambda one: one["count"])
    line = next(one for one in window["fleet"] if one["group"] == group["id"])
    group["count"] -= 1
    line["count"] -= 1
    found = check(edited, profiles)
    assert any("capacity" in problem for problem in found)
    assert any("machines_usd" in problem for problem in found)


GOOGLENET = (
    Path(__file__).parents[1] / "examples" / "partition" / "googlenet.json"
)  # measured in no function as a whole
FUNCTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "batches": ({"models": ["inception_v4"], "deadline_ms": 9000.0}, {"batch_sizes": [1, 4, 8]}),
    "kept ready": (
        {"models": ["inception_v4"], "deadline_ms": 9000.0},
        {"batch_sizes": [1, 4, 8], "provisioned_concurrency": True},
    ),
    "cut": (
        {"models": ["googlenet"], "deadline_ms": 2000.0},
        {"partition": {"layer_graphs": [str(GOOGLENET)], "memory_mb": [1024, 2048], "deployment": "zip"}},
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_plan_of_functions_holds(name: str) -> None:
    """No machine may serve; the checker simulates the buffers, and prices what is kept ready and every part."""
    asked, functions = FUNCTIONS[name]
    made = pipeline.plan_scenario(
        scenario(
            request_class("album", task=None, percentile=0.95, **asked),
            models={"profiles": ["bundled"]},
            resources={"allowed": ["p4d.24xlarge"], "functions": functions},
            window="30min",
        )
    )
    plan = dict(json.loads(plan_bytes(made)))
    assert check_plan(plan, read_catalogs()) == []
    (option,) = plan["options"]
    assert (option["batch_size"] > 1) == (name != "cut")
    assert bool(option["usd_per_h"]) == (name == "kept ready")
    assert (option["partition"] is not None) == (name == "cut")
