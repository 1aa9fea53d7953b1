"""Every kind of plan that the examples make, one window of it replayed: each number that it holds is found among the promises."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from planner import pipeline
from planner.plan import ProvisioningPlan
from planner.replay.plan_replay import replay_plan
from planner.replay.promise import SECTIONS
from planner.replay.promises import promises_of
from planner.replay.realised import requests_at_level
from planner.scenario import load_scenario
from tests.planner.plan_case import buffered_plan_data
from tests.planner.replay.plan_numbers import PROMISED, SETTINGS, numbers_in
from tests.planner.replay.plan_replay_case import make_replay

if TYPE_CHECKING:
    from planner.replay.plan_replay import PlanReplay

EXAMPLES = Path(__file__).parents[3] / "examples"
KINDS = {  # example -> a market of its machines; none: functions alone
    "core_split": "container",
    "accuracy_budget": "on-demand",
    "function_batching": None,
    "spot_n_minus_1": "standby",
}
ELSEWHERE = {  # summed or joined before they are set against what happened, so that values differ from the plan's
    "Level.weight_share",
    "Window.served_rps",
    "Window.overflow_rps",
    "Window.unserved_rps",
    "FleetLine.count",  # zones of a rental are one
    "FunctionOption.usd_per_h",  # of all functions together
    "Certificate.spend_usd",  # over the horizon
}


def first_window(example: str) -> ProvisioningPlan:
    scenario = load_scenario(EXAMPLES / example / "scenario.yaml")
    horizon = scenario.horizon.model_copy(update={"duration_s": scenario.window_s})
    return pipeline.plan_scenario(scenario.model_copy(update={"horizon": horizon}))


def assert_promised(done: PlanReplay) -> None:
    """Every number of the plan is a setting, or is promised at its value."""
    promised: dict[tuple[str, str], list[float]] = defaultdict(list)
    keys = []
    for one in promises_of(done):
        promised[one.section, one.figure] += one.promised.tolist()
        keys.append((one.section, one.figure, one.subject))
        assert one.section in SECTIONS
        assert one.promised.shape == one.happened.shape == done.window_s.shape
    assert len(keys) == len(set(keys))
    plan = done.plan
    for part in (*plan.windows, *plan.options, plan.certificate):
        for name, value in numbers_in(part):
            if name in SETTINGS:
                continue
            values = promised[PROMISED[name]]
            assert values, name
            assert name in ELSEWHERE or np.isclose(values, value, rtol=1e-9).any(), (name, value)


@pytest.mark.parametrize("example", KINDS)
def test_no_number_of_an_example_is_left_out(example: str) -> None:
    plan = first_window(example)
    markets = {one.market for one in plan.options if one.kind == "machine"}
    assert KINDS[example] in (markets or {None})
    top = plan.windows[0].levels[-1].probability
    assert_promised(replay_plan(plan, requests_at_level(plan, top, scale=0.05)))


def test_no_number_of_a_model_cut_over_functions_is_left_out() -> None:
    plan = ProvisioningPlan.model_validate(buffered_plan_data())
    done = make_replay(plan)
    assert_promised(done)
    (billed,) = (one for one in promises_of(done) if one.figure == "billed_ms")
    assert np.isnan(billed.happened).all()  # a cut model is billed by the call
