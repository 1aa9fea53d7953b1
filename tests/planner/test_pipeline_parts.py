"""From scenarios of the full program to their plans: each direction and policy end to end, on few machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from planner import pipeline, solver
from planner.checked_inputs import checked_inputs
from planner.errors import InputError
from planner.inputs import load_inputs
from planner.plan import plan_bytes
from tests.planner.small_catalogs import request_class, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from planner.scenario import Scenario

ALBUM = request_class("album", items_per_request=10, deadline_ms=400.0, percentile=0.98)


def small(*classes: dict[str, Any], **more: Any) -> Scenario:
    """Half an hour of one class on a few instance types."""
    horizon = {"start": "2026-11-23T00:00:00Z", "duration": "30min"}
    resources = {"allowed": ["c5.*", "g4dn.*"]} | more.pop("resources", {})
    return scenario(*(classes or (ALBUM,)), resources=resources, horizon=horizon, **more)


def test_least_latency_keeps_the_budget_and_names_the_factor_below() -> None:
    plan = pipeline.plan_scenario(
        small(
            resources={"budget_usd": 1.5, "functions": {"enabled": False}},
            objective={"minimise": "latency", "latency_factors": [0.001, 0.5, 1.0]},
        )
    )
    proof = plan.certificate
    assert proof.objective.unit == "factor on the deadlines"
    assert proof.objective.value == 0.5
    assert sum(window.cost.total_usd for window in plan.windows) <= 1.5
    assert {group.tier.deadline_ms for window in plan.windows for group in window.groups} == {200.0}


def test_effective_accuracy_is_maximised_within_the_budget() -> None:
    free = {key: value for key, value in ALBUM.items() if key != "percentile"}
    plan = pipeline.plan_scenario(
        small(free, resources={"budget_usd": 0.3}, objective={"maximise": "effective_accuracy"})
    )
    proof = plan.certificate
    assert proof.sense == "maximise"
    assert 0 < proof.objective.value <= proof.bound.value <= 1
    assert sum(window.cost.total_usd for window in plan.windows) <= 0.3 * (1 + 1e-9)


def test_the_greedy_plans_for_cost_only() -> None:
    question = small(objective={"maximise": "effective_accuracy"}, resources={"budget_usd": 1.0})
    with pytest.raises(InputError, match="--greedy plans for least cost"):
        pipeline.plan_scenario(question, greedy=True)


def test_a_plan_that_survives_losses_buys_in_two_pools_and_costs_no_less() -> None:
    zones = {"zones": ["us-east-1a", "us-east-1b"], "functions": {"enabled": False}}
    free = pipeline.plan_scenario(small(resources=zones, spot={"policy": "share", "max_share": 1.0}))
    safe = pipeline.plan_scenario(small(resources=zones, spot={"policy": "survive-loss"}))
    assert safe.certificate.bound.value >= free.certificate.bound.value * (1 - 1e-9)
    for window in safe.windows:
        spot = {(line.instance_type, line.zone) for line in window.fleet if line.market == "spot"}
        on_demand = [line for line in window.fleet if line.market == "on-demand"]
        assert len(spot) != 1 or on_demand


def test_a_plan_names_the_trace_that_its_losses_come_from(tmp_path: Path) -> None:
    """A trace counts before the band of its type, and the plan says what it counts as."""
    trace = tmp_path / "up.json"
    trace.write_text(json.dumps({"metadata": {"gap_seconds": 60}, "data": ([1] * 59 + [0]) * 10}))
    spot = {"policy": "chance", "violation_share": 0.05, "availability": {"g4dn.2xlarge": str(trace)}}
    made = pipeline.plan_scenario(small(spot=spot))
    sources = {pool.name: pool.source for pool in made.problem.spot.pools}
    assert "up 98.3% of the time" in sources["g4dn.2xlarge"]
    assert any(
        line.startswith("A trace tells where a machine could be had") for line in made.metadata.warnings
    )


def test_optional_inputs_are_listed_once_they_are_asked_for(tmp_path: Path) -> None:
    trace = tmp_path / "up.json"
    trace.write_text(json.dumps({"metadata": {"gap_seconds": 60}, "data": [1, 1, 1, 0] * 50}))
    spot = {"policy": "chance", "violation_share": 0.05, "availability": {"c5.large": str(trace)}}
    question = small(spot=spot, resources={"containers": {"enabled": True}})
    inputs = load_inputs(question)
    rows = {one.name: one.content for one in checked_inputs(question, inputs)}
    assert rows["spot machines of c5.large"] == "200 samples every 60 s, 75.0% up"
    assert rows["containers"].endswith("sizes of containers")
    assert any(name.endswith("up.json") for name in inputs.digests(question))
    plain = small()
    assert "containers" not in {one.name for one in checked_inputs(plain, load_inputs(plain))}


def test_one_worker_and_two_write_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows solved side by side are the windows solved one after the other."""
    monkeypatch.setattr(solver, "WINDOWS_A_WORKER", 1)
    written = []
    for processors in (1, 2):
        monkeypatch.setattr(solver.os, "cpu_count", lambda found=processors: found)
        assert solver.Solver(small(), lambda step, share: None).workers == processors
        written.append(plan_bytes(pipeline.plan_scenario(small()), reproducible=True))
    assert written[0] == written[1]
