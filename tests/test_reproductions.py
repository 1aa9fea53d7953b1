"""Shortened forms of the settings that reproduce papers: what their READMEs say of the long ones shows in the short ones too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.pipeline import plan_scenario
from planner.replay.comparison import Settings, compare_policies
from planner.replay.plan_replay import ReplaySettings, replay_plan
from planner.replay.realised import requests_at_level, requests_of_scenario
from planner.replay.supplies import supply_of_plan
from planner.scenario import load_scenario

if TYPE_CHECKING:
    from planner.replay.summaries import Summary

EXAMPLES = Path(__file__).parents[1] / "examples"
MIXED_SHARE = 0.4  # Paragon's paper: mixed violates 60 % less than reactive


def summaries(file: str, minutes: float, *policies: str) -> list[Summary]:
    """What every policy comes to in the first minutes of a setting."""
    scenario = load_scenario(EXAMPLES / file)
    requests = requests_of_scenario(scenario, {}, minutes * 60)
    found = compare_policies(scenario, requests, policies, Settings(seeds=1, endpoint_price_ratio=1.4))
    assert [one.reason for one in found.results] == [""] * len(policies)
    return [one.summaries[0] for one in found.results]


def test_mark_costs_less_than_an_endpoint_and_ours_less_than_mark_within_98_percent() -> None:
    endpoint, mark, ours = summaries("mark/mmpp.yaml", 5, "sagemaker", "mark", "ours")
    assert ours.total_usd < mark.total_usd < endpoint.total_usd
    assert min(one.worst_deadline_meet_rate for one in (endpoint, mark, ours)) >= 0.98


def test_gathering_saves_a_quarter_of_a_call_for_every_request() -> None:
    single, batch, ours = summaries("function_batching/p95.yaml", 20, "lambda-only", "batch", "ours")
    assert max(batch.total_usd, ours.total_usd) < 0.75 * single.total_usd
    assert ours.total_usd == pytest.approx(batch.total_usd, rel=0.03)
    assert min(one.worst_deadline_meet_rate for one in (single, batch, ours)) >= 0.95


@pytest.mark.parametrize("file", ["amps_inf/scenario.yaml", "function_batching/scenario.yaml"])
def test_functions_cost_and_keep_what_their_plan_promises(file: str) -> None:
    plan = plan_scenario(load_scenario(EXAMPLES / file))
    done = replay_plan(plan, requests_at_level(plan, 0.5), ReplaySettings())
    assert done.summary.served_share == 1.0
    assert done.summary.total_usd == pytest.approx(plan.certificate.spend_usd, rel=0.02)
    asked = [one.percentile for one in done.replayed.supply.classes]
    assert (done.summary.deadline_meet_rate_by_class >= asked).all()


def test_a_model_that_is_cut_is_replayed_in_parts() -> None:
    plan = plan_scenario(load_scenario(EXAMPLES / "amps_inf" / "scenario.yaml"))
    parts = {one.model: len(one.partition or ()) for one in plan.options if one.kind == "function"}
    assert parts == {"googlenet": 1, "resnet50": 0, "vgg16": 2}
    functions = {one.model: one.functions for one in supply_of_plan(plan).functions}
    assert functions == {"googlenet": 1, "resnet50": 1, "vgg16": 2}


@pytest.mark.real_data
@pytest.mark.usefixtures("shared_data")
def test_functions_spare_most_violations_and_ours_costs_less_than_paragon() -> None:
    reactive, mixed, paragon, ours = summaries(
        "paragon/berkeley.yaml", 10, "reactive", "mixed", "paragon", "ours"
    )
    assert 1 - mixed.deadline_meet_rate <= MIXED_SHARE * (1 - reactive.deadline_meet_rate)
    assert ours.total_usd < paragon.total_usd
    assert ours.worst_deadline_meet_rate >= 0.98


@pytest.mark.real_data
@pytest.mark.usefixtures("shared_data")
def test_a_split_of_the_cores_beats_switching() -> None:
    switching, ours = summaries("model_switching/scenario.yaml", 3, "model-switching", "ours")
    assert ours.effective_accuracy > switching.effective_accuracy
    assert ours.total_usd == pytest.approx(switching.total_usd, rel=0.01)
