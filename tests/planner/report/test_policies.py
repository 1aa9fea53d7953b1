"""Policies compared, as tables, bars and pictures: two policies by hand and one that is left out."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import numpy as np
import pytest

from planner.replay.compared import report_of
from planner.replay.comparison import Comparison, Result, Settings
from planner.replay.summaries import Summary
from planner.report.policies import bar_table, comparison_table, comparison_tables, panels
from planner.report.policy_pictures import bars, comparison_page, scatter


def summary(policy: str, seed: int, usd: float, in_time: float, accuracy: float = math.nan) -> Summary:
    """One class, 100 requests; 5 machine-hours paid for where 4 were busy, 1 of 2 interruptions survived."""
    return Summary(
        policy=policy,
        seed=seed,
        usd_by_part={"machines_usd": usd, "starts_usd": 0.0, "loads_usd": 0.0, "functions_usd": 0.0},
        requests=np.array([100.0]),
        deadline_meet_rate=in_time,
        deadline_meet_rate_by_class=np.array([in_time]),
        deadline_meet_rate_by_window=np.array([[in_time]]),
        worst_deadline_meet_rate=in_time,
        in_time_of_served_by_class=np.array([in_time]),
        served_share=1.0,
        overflow_share=0.25,
        functions_share=0.25,
        latency_s=np.full((1, 5), 0.1),
        mean_latency_s=np.array([0.1]),
        accuracy=accuracy,
        accuracy_by_class=np.array([accuracy]),
        effective_accuracy=accuracy * in_time,
        effective_accuracy_by_class=np.array([accuracy * in_time]),
        utilisation=0.8,
        over_provisioning=0.25,
        starts=3.0,
        lost=4.0,
        interruptions=2.0,
        survived=1.0,
        cold_share=0.0,
    )


@pytest.fixture
def found() -> Comparison:
    return Comparison(
        name="by <hand>",
        classes=("web",),
        settings=Settings(seeds=2),
        start=datetime(2026, 11, 23, tzinfo=UTC),
        judged_s=3600.0,
        requests=100.0,
        results=(
            Result("mixed", (summary("mixed", 0, 8.0, 0.98, 0.5), summary("mixed", 1, 10.0, 1.0, 0.5))),
            Result("lambda-only", (), "no function is quick enough."),
            Result("ours", (summary("ours", 0, 4.0, 0.99), summary("ours", 1, 5.0, 0.99))),
        ),
    )


def test_rows_are_means_with_spreads_in_the_order_asked_for(found: Comparison) -> None:
    mixed, left_out, ours = comparison_table(found).records()
    assert mixed["usd"] == pytest.approx(9.0)
    assert mixed["usd_spread"] == pytest.approx(2.0)
    assert mixed["deadline_meet_rate"] == pytest.approx(0.99)
    assert mixed["deadline_meet_rate_spread"] == pytest.approx(0.02)
    assert mixed["effective_accuracy"] == pytest.approx(0.495)
    assert mixed["over_provisioning"] == pytest.approx(0.25)
    assert (mixed["overflow_share"], mixed["starts"], mixed["interruptions"]) == (0.25, 3.0, 2.0)
    assert mixed["reason"] is None
    assert ours["effective_accuracy"] is None
    assert left_out["reason"] == "no function is quick enough."
    assert [value for key, value in left_out.items() if key not in ("policy", "reason")] == [None] * 14


def test_people_read_apart_what_is_left_out(found: Comparison) -> None:
    ran, left_out = comparison_tables(found)
    assert [row[0] for row in ran.rows] == ["mixed", "ours"]
    assert list(left_out.rows) == [("lambda-only", "no function is quick enough.")]
    assert "1 h, 100 requests, 2 seeds, exact mode" in ran.note


def test_the_largest_value_has_the_longest_bar(found: Comparison) -> None:
    """The bar of 9 USD is drawn on the scale of the largest seed, 10 USD: 14 of 16 cells; 4.5 USD take 7."""
    mixed, ours = bar_table(found).rows
    assert mixed[1] == f"{'█' * 14} 9.00"
    assert ours[1] == f"{'█' * 7} 4.50"
    assert mixed[2] == f"{'█' * 8} 1.00 %"
    assert ours[3] == "-"


def test_pictures_hold_every_policy_that_ran(found: Comparison) -> None:
    """SVG is XML: a point and a name for each in one picture; a bar for each known figure in the other."""
    tree = ET.fromstring(scatter(found))
    assert [one.find("title").text for one in tree.iter("circle")] == [  # type: ignore[union-attr]
        "ours: 4.50 USD, 99.000% in time",
        "mixed: 9.00 USD, 99.000% in time",
    ]
    names = [one.text for one in tree.iter("text")]
    assert names.count("ours") == names.count("mixed") == 1
    assert len(list(ET.fromstring(bars(panels(found))).iter("rect"))) == 7


def test_names_of_equal_points_stand_below_each_other(found: Comparison) -> None:
    twin = Comparison(
        **{**vars(found), "results": (found.results[0], Result("paragon", found.results[0].summaries))}
    )
    tree = ET.fromstring(scatter(twin))
    places = {one.text: float(one.get("y", "0")) for one in tree.iter("text")}
    assert abs(places["paragon"] - places["mixed"]) >= 12


def test_the_page_names_the_scenario_and_needs_nothing_else(found: Comparison) -> None:
    page = comparison_page(found)
    assert page.startswith("<!doctype html>")
    assert "by &lt;hand&gt;" in page
    assert "http" not in page
    assert "no function is quick enough." in page


def test_the_document_has_no_number_where_there_is_none(found: Comparison) -> None:
    mixed, left_out, ours = report_of(found).policies
    assert mixed.figures["usd"].by_seed == (8.0, 10.0)
    assert (mixed.figures["usd"].least, mixed.figures["usd"].most) == (8.0, 10.0)
    assert ours.figures["accuracy"].mean is None
    assert ours.figures["accuracy"].by_seed == (None, None)
    assert mixed.classes["web"].requests.mean == 100.0
    assert (left_out.reason, left_out.figures) == ("no function is quick enough.", {})
