"""The first hour of each day of real traces in examples/: planned from history alone, certified, held to the checker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner import pipeline
from planner.plan import plan_bytes
from planner.scenario import parse_scenario
from tests.checker import check_plan, read_catalogs

EXAMPLES = Path(__file__).parents[1] / "examples"
DAYS = ("worldcup98", "load_balancer", "servegen")

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module", params=DAYS)
def plan(request: pytest.FixtureRequest, shared_data: Path) -> dict[str, Any]:
    """Twelve five-minute windows with the whole price list, spot, functions and every profile."""
    folder = EXAMPLES / request.param
    text = (folder / "scenario.yaml").read_text()
    assert text.count("duration: 24h") == 1
    content = text.replace("duration: 24h", "duration: 1h").encode()
    made = pipeline.plan_scenario(parse_scenario(content, source="scenario.yaml", folder=folder))
    return dict(json.loads(plan_bytes(made)))


def test_an_hour_of_the_day_is_certified(plan: dict[str, Any]) -> None:
    """Within the gap asked of the exact problem, and no dearer than any feasible greedy."""
    proof = plan["certificate"]
    assert proof["status"] == "optimal"
    assert 0 <= proof["gap"] <= 0.03
    costs = [b["objective"]["value"] for b in plan["baselines"] if b["feasible"]]
    assert costs
    assert proof["objective_usd"] <= min(costs) + 1e-9


def test_an_hour_of_the_day_passes_the_checker(plan: dict[str, Any], shared_data: Path) -> None:
    """Cost, coverage, tiers, accuracies, capacities and limits, recomputed from the plan and the catalogs alone."""
    catalogs = read_catalogs(
        prices=[shared_data / "prices" / "aws_ec2_us-east-1_2026-07-20.csv"],
        spot=[shared_data / "prices" / "aws_spot_advisor_2025-06-28.json"],
        samples=[shared_data / "profiles" / "ribbon_latency_samples.tar.gz"],
    )
    assert check_plan(plan, catalogs) == []
