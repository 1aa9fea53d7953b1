"""From a scenario to its plan: what the document must hold, where errors go, and that the future is not seen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest

from planner import pipeline
from planner.errors import InfeasiblePlanError, InputError
from planner.inputs import load_inputs
from planner.plan import parse_plan, plan_bytes
from planner.scenario import parse_scenario
from tests.planner.small_catalogs import TASK, request_class, scenario

if TYPE_CHECKING:
    from pathlib import Path

    from planner.plan import ProvisioningPlan
    from planner.scenario import Scenario

CLASSES = (
    request_class("album", items_per_request=10, deadline_ms=400.0, percentile=0.98, min_accuracy=0.76),
    request_class("thumbnail", deadline_ms=1000.0, percentile=0.9, min_accuracy=0.69),
)


def bundled(*classes: dict[str, Any], **more: Any) -> Scenario:
    """An hour of two classes on the bundled catalogs, a few instance types of them."""
    resources = {"allowed": ["c5.*", "g4dn.*", "t3.*"]} | more.pop("resources", {})
    return scenario(*(classes or CLASSES), resources=resources, **more)


@pytest.fixture(scope="module")
def plan() -> ProvisioningPlan:
    """One hour in four windows: two classes, on-demand and spot, one function family."""
    return pipeline.plan_scenario(bundled())


def test_the_plan_is_a_valid_document_and_reads_back(plan: ProvisioningPlan) -> None:
    assert plan.contradictions() == []
    assert parse_plan(plan_bytes(plan), source="plan.json") == plan


def test_the_windows_cost_what_the_certificate_says(plan: ProvisioningPlan) -> None:
    total = sum(window.cost.total_usd for window in plan.windows)
    assert total == pytest.approx(plan.certificate.objective_usd, rel=1e-6)
    prices = {option.id: option for option in plan.options}
    for window in plan.windows:
        hours = (window.end - window.start) / timedelta(hours=1)
        paid = sum(line.count * prices[line.option].price_usd_per_h for line in window.fleet)  # type: ignore[union-attr]
        assert window.cost.machines_usd == pytest.approx(paid * hours)


def test_every_level_is_carried_within_capacity(plan: ProvisioningPlan) -> None:
    for window in plan.windows:
        capacity = {group.id: group.capacity_rps for group in window.groups}
        for q, level in enumerate(window.levels):
            for name, rate in level.demand_rps.items():
                carried = [rows[q] for rows in window.served_rps[name].values()]
                carried += [rows[q] for rows in window.overflow_rps[name].values()]
                assert sum(carried) == pytest.approx(rate, rel=1e-6)
            for group in capacity:
                load = sum(rows[group][q] for rows in window.served_rps.values() if group in rows)
                assert load <= capacity[group] * (1 + 1e-6)


def test_machines_of_a_window_are_those_of_its_groups(plan: ProvisioningPlan) -> None:
    for window in plan.windows:
        for group in window.groups:
            fed = [line for line in window.fleet if line.group == group.id]
            assert sum(line.count for line in fed) == group.count
            spot = sum(line.count for line in fed if line.market == "spot")
            assert spot <= 0.5 * group.count


def test_machines_launch_a_boot_time_before_the_window_that_needs_them(plan: ProvisioningPlan) -> None:
    first = plan.windows[0]
    assert all(line.launch_at == first.start - timedelta(seconds=180) for line in first.fleet)
    assert plan.validity.not_before == first.start - timedelta(seconds=180)
    launched = sum(window.cost.starts_usd for window in plan.windows)
    assert launched > 0
    for before, window in zip(plan.windows, plan.windows[1:], strict=False):
        had = {line.option: line.count for line in before.fleet}
        for line in window.fleet:
            assert line.launch_at is None or line.count > had.get(line.option, 0)


def test_weights_of_every_class_and_level_sum_to_one(plan: ProvisioningPlan) -> None:
    for window in plan.windows:
        for routes in window.routing.values():
            assert len(routes) == len(window.levels)
            for route in routes:
                assert sum(route.groups.values()) + sum(route.functions.values()) == pytest.approx(1.0)


def test_the_plan_expects_to_meet_what_the_classes_ask(plan: ProvisioningPlan) -> None:
    for window in plan.windows:
        expected = window.expected
        assert expected.deadline_meet_rate is not None
        assert expected.accuracy is not None
        assert expected.effective_accuracy is not None
        assert (
            0.9 * 0.69 <= expected.effective_accuracy <= expected.accuracy
        )  # each request at its own model's and group's
        assert expected.deadline_meet_rate >= 0.9
        assert 0.69 <= expected.accuracy <= 1
        assert 0 < expected.utilisation < 1
        assert 0.9 < expected.spot_survival <= 1


def test_every_figure_of_the_plan_has_a_source(plan: ProvisioningPlan) -> None:
    assert plan.options
    for option in plan.options:
        assert all(option.sources.values())
    assert all(len(digest) == 64 for digest in plan.metadata.inputs.values())
    assert {"trace load", "bundled/prices/aws_us-east-1.csv"} <= set(plan.metadata.inputs)
    assert any("synthetic" in line for line in plan.metadata.warnings)


def test_what_was_left_out_is_in_the_plan_with_its_reason(plan: ProvisioningPlan) -> None:
    kinds = {one.reason.partition(":")[0] for one in plan.rejected}
    assert {"excluded", "no profile", "task", "dominated"} <= kinds


@pytest.mark.usefixtures("_forecasts_made_anew")
def test_same_scenario_same_bytes(plan: ProvisioningPlan) -> None:
    again = pipeline.plan_scenario(bundled())
    assert plan_bytes(again, reproducible=True) == plan_bytes(plan, reproducible=True)


def test_the_greedy_plan_is_no_cheaper_and_says_what_it_is(plan: ProvisioningPlan) -> None:
    greedy = pipeline.plan_scenario(bundled(), greedy=True)
    assert (greedy.metadata.method, greedy.certificate.status) == ("greedy", "heuristic")
    assert greedy.certificate.objective.value >= plan.certificate.objective.value * (1 - 1e-9)
    assert {one.name for one in greedy.baselines} == {one.name for one in plan.baselines}


def test_a_quota_that_binds_is_named() -> None:
    """Ten times the load on t3.2xlarge of 8 vCPU alone: half of it may be spot, the quota has room for one."""
    quota = {"family": "standard", "market": "spot", "vcpu": 8}
    load = {
        "generator": "poisson",
        "seed": 1,
        "start": "2026-11-01T00:00:00Z",
        "duration": "22d",
        "interval": "5min",
        "mean_rps": 400,
    }
    album = request_class("album", items_per_request=10, deadline_ms=400.0, percentile=0.98)
    question = bundled(
        workload={"traces": {"load": load}, "classes": [album]},
        resources={"allowed": ["t3.*"], "quotas": [quota], "functions": {"enabled": False}},
    )
    made = pipeline.plan_scenario(question)
    assert "quota standard/spot" in {one.limit for one in made.binding}
    for window in made.windows:
        assert sum(8 * line.count for line in window.fleet if line.market == "spot") <= 8


def test_a_fleet_that_stands_is_not_launched_again() -> None:
    question = bundled(resources={"current_fleet": [{"instance_type": "t3.2xlarge", "count": 9}]})
    made = pipeline.plan_scenario(question)
    first = made.windows[0]
    assert made.validity.not_before == first.start
    assert {line.instance_type for line in first.fleet} == {"t3.2xlarge"}
    assert all(line.launch_at is None for line in first.fleet)
    assert any(one.limit.startswith("wait_for_boot") for one in made.binding) or first.cost.starts_usd == 0
    assert made.problem.current_fleet is not None
    assert made.problem.current_fleet[0].count == 9


@pytest.mark.parametrize(
    ("asked", "fragment"),
    [
        (
            {"deadline_ms": 0.01},
            "class hurried: no option may serve it within 0.01 ms. Raise deadline_ms to ",
        ),
        ({"percentile": 0.9999, "deadline_ms": 5000.0}, "percentile"),
        ({"items_per_request": 7000}, "no profile fits its task, items and accuracy"),
        ({"min_accuracy": 0.999}, "It asks for 0.999; the most accurate model profiled for its items is "),
    ],
)
def test_a_class_that_nothing_may_serve_is_infeasible_and_makes_no_plan(
    asked: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(InfeasiblePlanError) as told:
        pipeline.plan_scenario(bundled(request_class("hurried", **asked)))
    assert len(told.value.problems) == 1
    assert fragment in told.value.problems[0]


def test_limits_that_no_plan_keeps_are_named() -> None:
    quota = {"family": "standard", "market": "on-demand", "vcpu": 0}
    with pytest.raises(InfeasiblePlanError, match="standard/on-demand"):
        pipeline.plan_scenario(
            bundled(
                CLASSES[0],
                resources={"allowed": ["t3.*"], "quotas": [quota], "functions": {"enabled": False}},
            )
        )


def test_classes_are_forecast_by_their_share() -> None:
    found = pipeline.forecast_scenario(bundled(request_class("a", share=0.5), request_class("b", share=0.25)))
    assert list(found) == ["a", "b"]
    assert found["a"].rate_rps == pytest.approx(2 * found["b"].rate_rps)


def test_the_options_of_a_scenario_are_those_that_survive_the_prune() -> None:
    steps: list[tuple[str, float]] = []
    found = pipeline.enumerate_scenario(bundled(), progress=lambda step, share: steps.append((step, share)))
    assert found.groups
    assert any(one.kind == "dominated" for one in found.rejected)
    assert [step for step, _ in steps] == ["reading the inputs", "forecast", "options", "options"]
    assert all(0 <= share <= 1 for _, share in steps)


def test_the_unsolved_program_names_its_constraints() -> None:
    text = pipeline.program_of(bundled()).decode()
    assert text.count("serve_demand") == 2 * 4 * 2  # classes x windows x levels
    assert "count_starts" in text


def test_the_unsolved_program_comes_as_mps_too(tmp_path: Path) -> None:
    """Another reader of the file finds as many rows and columns as the LP file names."""
    file = tmp_path / "program.mps"
    file.write_bytes(pipeline.program_of(bundled(), form="mps"))
    reader = highspy.Highs()
    reader.setOptionValue("output_flag", False)
    assert reader.readModel(str(file)) == highspy.HighsStatus.kOk
    text = file.read_text()
    assert reader.getNumRow() == text.count("\n E ") + text.count("\n L ") + text.count("\n G ")
    assert text.count("count_starts") > 0


def test_validate_lists_what_each_input_holds() -> None:
    found = {one.name: one for one in pipeline.validate_scenario(bundled())}
    assert found["load"].content.startswith("6336 intervals of 300 s")
    assert "synthetic" in found["load"].content
    assert found["small"].content == "2 request classes, 4 windows of 900 s"
    assert "instance types" in found["prices of us-east-1"].content


def test_bursts_come_from_the_counts_else_from_the_source_else_poisson_is_assumed() -> None:
    """Two surges of one interval each in a window are burstier than Poisson; hourly counts show nothing of that."""
    question = bundled(request_class("a", share=1.0))
    inputs = load_inputs(question)
    forecasts = pipeline.forecast_traces(question, inputs, lambda step, share: None)
    history = inputs.histories["load"]
    surges = np.where(np.arange(len(history.counts)) % 4 == 0, 4.0, 0.0) * history.counts

    def index(**change: Any) -> float:
        changed = replace(inputs, histories={"load": replace(history, **change)})
        return float(pipeline.demand_by_class(question, changed, forecasts).dispersion_index[0])

    assert index() == pytest.approx(1.0, abs=0.05)
    assert index(counts=surges) > 1.05
    assert index(interval_s=900.0) == 1.0
    assert index(interval_s=900.0, dispersion_index=3.0) == 3.0


def write_trace(folder: Path, later: int) -> None:
    """Three weeks of hourly counts, then a day after the horizon's start with another load."""
    start = datetime(2026, 11, 2, tzinfo=UTC)
    rows = [f"{(start + timedelta(hours=h)).isoformat()},{36000 + 100 * (h % 24)}" for h in range(21 * 24)]
    rows += [f"{(start + timedelta(days=21, hours=h)).isoformat()},{later}" for h in range(24)]
    (folder / "load.csv").write_text("timestamp,count\n" + "\n".join(rows) + "\n")


def from_folder(folder: Path, **more: Any) -> Scenario:
    """The same question on a trace file of the folder."""
    document = {
        "version": 1,
        "name": "recorded",
        "region": "us-east-1",
        "horizon": {"start": "2026-11-23T00:00:00Z", "duration": "2h"},
        "window": "1h",
        "workload": {"traces": {"load": {"file": "load.csv"}}, "classes": [request_class(task=TASK)]},
    }
    return parse_scenario(json.dumps(document | more).encode(), source="scenario", folder=folder)


def test_nothing_of_the_planned_day_is_seen(tmp_path: Path) -> None:
    """Histories end at the horizon's start, so two futures give one forecast."""
    found = []
    for later in (1, 10**6):
        write_trace(tmp_path, later)
        question = from_folder(tmp_path)
        assert load_inputs(question).histories["load"].end == question.horizon.start
        found.append(pipeline.forecast_scenario(question)["web"].rate_rps)
    assert found[0].tolist() == found[1].tolist()


def test_problems_of_all_inputs_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text(
        "timestamp,count\n2026-11-01T00:00:00Z,-5\n2026-11-01T01:00:00Z,many\n"
    )
    (tmp_path / "prices.csv").write_text(
        "instance_type,region,price_usd_per_h,currency,price_date,source\nc5.large,us-east-1,0,USD,2026-01-01,mine\n"
    )
    (tmp_path / "profiles.csv").write_text("model,nonsense\nresnet50,1\n")
    question = from_folder(
        tmp_path, resources={"prices": ["prices.csv"]}, models={"profiles": ["profiles.csv"]}
    )
    with pytest.raises(InputError) as told:
        load_inputs(question)
    text = "\n".join(told.value.problems)
    for fragment in ("-5", "many", "prices.csv", "price_usd_per_h", "profiles.csv"):
        assert fragment in text
    assert len(told.value.problems) >= 4


def test_a_history_that_begins_at_the_horizon_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("timestamp,count\n2026-11-23T00:00:00Z,5\n2026-11-23T01:00:00Z,6\n")
    with pytest.raises(InputError, match="load"):
        load_inputs(from_folder(tmp_path))


def test_a_history_too_short_to_forecast_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("timestamp,count\n2026-11-22T22:00:00Z,5\n2026-11-22T23:00:00Z,6\n")
    with pytest.raises(InputError):
        pipeline.forecast_scenario(from_folder(tmp_path))
