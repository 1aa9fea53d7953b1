"""The report of plans that maximise accuracy, keep a budget, or count spot losses (tests/planner/plan_case.py)."""

from __future__ import annotations

from typing import Any

import pytest

from planner.plan import ProvisioningPlan
from planner.report.html import html_page
from planner.report.service import class_table, weighted_mean
from planner.report.spot import guard_table, pool_table
from planner.report.summary import baseline_table, closing_line, headline_table, terminal_tables
from tests.planner.plan_case import GROUP, TOTAL_USD, make_plan, plan_data

POOL = "c5.xlarge"
BAND = "5% to 10% interrupted a month (advisor)"


def accuracy_data() -> dict[str, Any]:
    """The plan, made to maximise effective accuracy under a budget of 4 USD; an eighth of `lax` is left unserved in w0."""
    data = plan_data()
    data["certificate"] |= {
        "sense": "maximise",
        "objective": {"value": 0.75, "unit": "accuracy x share in time"},
        "bound": {"value": 0.76, "unit": "accuracy x share in time"},
        "objective_usd": None,
        "bound_usd": None,
        "fixed_capacity_gap": None,
        "errors": [{"name": "meet-rate grid", "error": {"value": 0.004, "unit": "accuracy x share in time"}}],
    }
    data["problem"]["budget_usd"] = 4.0
    data["problem"]["objective"] |= {"sense": "maximise", "quantity": "effective_accuracy"}
    seen = data["windows"][0]["expected"]["classes"]["lax"]
    seen |= {"served_share": 0.875, "effective_accuracy": 0.875 * 0.7524}
    return data


def risk(violation_share: float) -> dict[str, Any]:
    return {
        "pools": {POOL: {"machines": 1, "left": {GROUP: {"count": 1, "capacity_rps": 10.0}}}},
        "standby": {},
        "guards": {
            "strict": {
                "spare_rps": 3.0,
                "lost_rps": {POOL: 14.0},
                "violation_share": violation_share,
                "normal_violation_share": 0.01,
            }
        },
    }


def spot_data() -> dict[str, Any]:
    """The plan, with losses counted in both windows."""
    data = plan_data()
    data["problem"]["spot"] |= {
        "policy": "chance",
        "level": 0.99,
        "exposure_s": 600.0,
        "violation_share": 0.05,
        "pools": [
            {"name": POOL, "loss_share": 0.04, "source": BAND},
            {"name": "m5.large", "loss_share": 0.02, "source": BAND},
        ],
        "covariance": [[0.0384, 0.0], [0.0, 0.0196]],
        "guards": [{"name": "strict", "classes": ["strict"]}],
    }
    for window, share in zip(data["windows"], (0.02, 0.04), strict=True):
        window["spot_risk"] = risk(share)
    return data


def plan_of(data: dict[str, Any]) -> ProvisioningPlan:
    return ProvisioningPlan.model_validate(data)


def test_the_headline_counts_what_was_maximised() -> None:
    plan = plan_of(accuracy_data())
    shown = dict(headline_table(plan).rows)
    assert shown["effective accuracy"] == "0.7500 accuracy x share in time"
    assert shown["upper bound"].startswith("0.7600 accuracy x share in time")
    assert shown["meet-rate grid"] == "0.004 accuracy x share in time, stated apart from the gap"
    assert shown["budget"] == f"4.0000 USD per horizon, {100 * TOTAL_USD / 4:.3g} % of it used"
    assert shown["cost per hour, month"].startswith(f"{TOTAL_USD / 2:,.4f} USD per hour")
    line = closing_line(plan)
    assert line.startswith("case: 0.7500 accuracy x share in time, for 1.9444 USD per horizon, 2 windows")


def test_a_larger_objective_is_no_saving_where_accuracy_is_maximised() -> None:
    assert [row[2] for row in baseline_table(plan_of(accuracy_data())).rows] == [None, None]


def test_latency_names_the_factor_without_a_plan() -> None:
    data = accuracy_data()
    data["problem"]["objective"] |= {"sense": "minimise", "quantity": "latency"}
    data["certificate"] |= {
        "sense": "minimise",
        "objective": {"value": 0.8, "unit": "x the deadlines"},
        "bound": {"value": 0.8, "unit": "x the deadlines"},
        "infeasible": {"value": 0.75, "unit": "x the deadlines"},
    }
    shown = dict(headline_table(plan_of(data)).rows)
    assert shown["deadlines times"] == "0.8000 x the deadlines"
    assert shown["no plan at"] == "0.75 x the deadlines"


def test_classes_show_what_they_get_weighted_by_requests() -> None:
    """`lax` sends 0.8 x 2 + 0.2 x 3 = 2.2 requests/s in both windows."""
    rows = {row[0]: row for row in class_table(plan_of(accuracy_data())).rows}
    assert rows["lax"][1] == pytest.approx(2 * 3600 * 2.2)
    assert rows["lax"][2] == pytest.approx((0.875 + 1.0) / 2)
    assert rows["lax"][3:5] == (pytest.approx(0.99), pytest.approx(0.76))
    assert rows["lax"][5] == pytest.approx((0.875 + 1.0) / 2 * 0.7524)
    assert rows["strict"][6] == "0.7 per request"


def test_a_mean_is_unknown_where_a_part_of_it_is() -> None:
    assert weighted_mean([0.5, None], [1.0, 0.0]) == 0.5
    assert weighted_mean([0.5, None], [1.0, 1.0]) is None
    assert weighted_mean([None], [0.0]) is None


def test_pools_show_their_losses() -> None:
    """Only the pool that is used; m5.large is not."""
    table = pool_table(plan_of(spot_data()))
    assert table.rows == [(POOL, 0.04, 1, 14.0, BAND)]
    assert table.note == "Losses within 600 s."


def test_the_worst_window_of_a_guard_stands_beside_what_is_allowed() -> None:
    table = guard_table(plan_of(spot_data()))
    assert table.rows == [("strict", "w1", 3.0, 0.04, 0.01, 0.05)]


def test_without_counted_losses_there_are_no_spot_tables() -> None:
    titles = [table.title for table in terminal_tables(make_plan())]
    assert "Spot pools" not in titles
    assert "Spot risk" not in titles
    assert "Service by request class" in titles


def test_the_page_opens_with_what_was_asked() -> None:
    page = html_page(plan_of(accuracy_data()))
    assert "<dt>effective accuracy</dt><dd>0.7500</dd>" in page
    assert "of 4.00 USD per horizon" in page
    assert "upper bound" in page
    assert "best greedy" not in page
    assert "<dt>cost</dt>" in html_page(make_plan())
