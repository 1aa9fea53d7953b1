"""The report page: one file, well formed, nothing from outside, in it what the plan says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from planner.plan import ProvisioningPlan
from planner.report.html import html_page
from planner.report.svg import WIDTH, Plot, bars, nice_ticks, stacked, time_ticks
from tests.planner.plan_case import make_plan, plan_data

START = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_page_needs_nothing_from_outside() -> None:
    page = html_page(make_plan())
    assert not re.findall(r"https?:|//[a-z]|url\(|@import|<script|<link|<img|src=", page)
    assert page.startswith("<!doctype html>")


def test_the_charts_are_well_formed_and_inside_their_frames() -> None:
    drawings = re.findall(r"<svg.*?</svg>", html_page(make_plan()), re.DOTALL)
    assert len(drawings) == 4
    for drawing in drawings:
        root = ET.fromstring(drawing)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
        places = [
            float(x) for path in root.iter("path") for x in re.findall(r"[ML] (-?[\d.]+) ", path.attrib["d"])
        ]
        assert all(0 <= x <= WIDTH for x in places)


def test_light_and_dark_are_both_styled() -> None:
    assert "prefers-color-scheme:dark" in html_page(make_plan())


def test_the_saving_and_the_bound_are_on_it() -> None:
    page = html_page(make_plan())
    assert page.index("against the current fleet") < page.index("of the exact problem")
    assert "51.4 %" in page  # 1 - 1.9444 / 4
    assert "mark-greedy-strengthened" in page
    assert "the trace is synthetic" in page


def test_names_cannot_break_out_of_the_page() -> None:
    data = plan_data()
    data["metadata"]["name"] = "<b>&"
    data["metadata"]["warnings"] = ["<script>alert(1)</script>"]
    page = html_page(ProvisioningPlan.model_validate(data))
    assert "<script" not in page
    assert "&lt;b&gt;&amp;" in page


@pytest.mark.parametrize("top", [0.003, 0.9, 1.0, 7.3, 42.0, 999.0, 123456.0])
def test_ticks_are_round_and_few(top: float) -> None:
    ticks = nice_ticks(top)
    assert ticks[0] == 0
    assert top * 0.5 < ticks[-1] <= top * (1 + 1e-9)
    assert 3 <= len(ticks) <= 6


@pytest.mark.parametrize("hours", [0.5, 2, 24, 30, 72, 24 * 14, 24 * 365])
def test_times_are_labelled_without_crowding(hours: float) -> None:
    ticks = time_ticks(START, START + timedelta(hours=hours))
    assert 2 <= len(ticks) <= 11
    assert all(START <= moment <= START + timedelta(hours=hours) for moment, _ in ticks)


def test_layers_stand_on_each_other() -> None:
    plot = Plot([START, START + timedelta(hours=1)], 4.0, "machines")
    paths = re.findall(r'd="M ([^"]+) Z"', stacked(plot, [("a", [1.0]), ("b", [2.0])]))
    heights = [sorted({float(point.split()[1]) for point in path.split(" L ")}) for path in paths]
    assert heights[0] == [plot.y(1.0), plot.y(0.0)]
    assert heights[1] == [plot.y(3.0), plot.y(1.0)]


def test_bars_are_as_long_as_their_values() -> None:
    widths = re.findall(r'width="([\d.]+)"', bars([("a", 2.0, "fill"), ("b", 1.0, "fill")], "USD"))
    assert float(widths[0]) == pytest.approx(2 * float(widths[1]))
