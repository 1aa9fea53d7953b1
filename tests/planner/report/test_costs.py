"""The cost report against sums done by hand (tests/planner/plan_case.py)."""

from __future__ import annotations

import pytest

from planner.plan import ProvisioningPlan
from planner.report.costs import CostLine, cost_lines, current_fleet_usd
from planner.report.summary import (
    baseline_table,
    closing_line,
    cost_table,
    fleet_table,
    headline_table,
    saving_table,
    terminal_tables,
)
from tests.planner.plan_case import FUNCTION_USD, TOTAL_USD, WINDOW_USD, make_plan, plan_data


def lines_of(section: str) -> dict[str, CostLine]:
    return {line.item: line for line in cost_lines(make_plan()) if line.section == section}


def test_the_whole_is_what_the_plan_says() -> None:
    (line,) = lines_of("plan").values()
    assert line.total_usd == pytest.approx(TOTAL_USD)
    assert (line.machines_usd, line.starts_usd) == pytest.approx((1.9, 0.03))
    assert line.functions_usd == pytest.approx(2 * FUNCTION_USD)


@pytest.mark.parametrize("section", ["model", "market", "class", "window"])
def test_every_section_sums_to_the_whole(section: str) -> None:
    assert sum(line.total_usd for line in lines_of(section).values()) == pytest.approx(TOTAL_USD)


def test_windows_cost_what_they_say() -> None:
    assert [line.total_usd for line in lines_of("window").values()] == pytest.approx(WINDOW_USD)


def test_markets_pay_for_their_own_machines() -> None:
    markets = lines_of("market")
    assert markets["on-demand"].machines_usd == pytest.approx(0.5 + 2 * 0.5)
    assert markets["spot"].machines_usd == pytest.approx(0.2 + 0.2)
    assert markets["functions"].functions_usd == pytest.approx(2 * FUNCTION_USD)
    # launches follow the machines' cost of their window: w0 0.02 over 0.5 : 0.2, w1 0.01 over 1.0 : 0.2
    assert markets["spot"].starts_usd == pytest.approx(0.02 * 0.2 / 0.7 + 0.01 * 0.2 / 1.2)


def test_classes_pay_by_the_rates_they_are_expected_to_be_served() -> None:
    classes = lines_of("class")
    strict, lax = 0.8 * 6 + 0.2 * 8, 0.8 * 2 + 0.2 * 2
    assert classes["strict"].machines_usd == pytest.approx(1.9 * strict / (strict + lax))
    assert classes["lax"].functions_usd == pytest.approx(2 * FUNCTION_USD)


def test_machines_that_serve_nobody_are_named_idle() -> None:
    data = plan_data()
    for window in data["windows"]:
        window["served_rps"] = {}
    idle = [line for line in cost_lines(ProvisioningPlan.model_validate(data)) if line.item == "(idle)"]
    assert [line.machines_usd for line in idle] == pytest.approx([1.9])


def test_the_saving_opens_the_report() -> None:
    assert current_fleet_usd(make_plan()) == pytest.approx(4 * 0.5 * 2)
    tables = terminal_tables(make_plan())
    assert tables[0].title == "Saving"
    saving = saving_table(make_plan()).rows[2]
    assert saving[1] == pytest.approx(4.0 - TOTAL_USD)
    assert saving[2] == pytest.approx((4.0 - TOTAL_USD) * 365)  # 730 h a month over 2 h
    assert saving[3] == pytest.approx(1 - TOTAL_USD / 4)


def test_without_a_current_fleet_the_plan_comes_first() -> None:
    data = plan_data()
    data["problem"]["current_fleet"] = []
    tables = terminal_tables(ProvisioningPlan.model_validate(data))
    assert tables[0].title == "Plan case"
    assert all(table.rows for table in tables)


def test_baselines_say_what_the_plan_saves_or_why_they_fail() -> None:
    infeasible, feasible = baseline_table(make_plan()).rows
    assert infeasible[1:] == (None, None, "no: lax lacks 1 req/s")
    assert feasible[2] == pytest.approx(0.5)


def test_the_headline_carries_cost_bound_gap_and_warnings() -> None:
    table = headline_table(make_plan())
    shown = dict(table.rows)
    assert shown["cost"] == f"{TOTAL_USD:,.4f} USD per horizon"
    assert (
        shown["cost per hour, month"]
        == f"{TOTAL_USD / 2:,.4f} USD per hour, {365 * TOTAL_USD:,.2f} USD per month"
    )
    assert shown["gap of the exact problem"] == "1 % (asked 3 %)"
    assert "the trace is synthetic" in table.note


def test_machine_hours_by_option() -> None:
    rows = {row[2]: row for row in fleet_table(make_plan()).rows}
    assert rows["on-demand"][5:7] == (2, pytest.approx(3.0))
    assert rows["spot"][5:7] == (1, pytest.approx(2.0))


def test_many_windows_are_summed_by_the_hour_for_people_and_listed_for_scripts() -> None:
    data = plan_data()
    first = data["windows"][0]
    data["windows"] = []
    for index in range(30):
        minute = f"2026-11-23T{index // 12:02d}:{5 * (index % 12):02d}:00Z"
        data["windows"].append(first | {"id": f"w{index}", "start": minute, "end": minute})
    for before, after in zip(data["windows"], data["windows"][1:], strict=False):
        before["end"] = after["start"]
    data["windows"][-1]["end"] = "2026-11-23T02:30:00Z"
    plan = ProvisioningPlan.model_validate(data)
    by_hour = terminal_tables(plan)[-1]
    assert [row[0] for row in by_hour.rows] == ["2026-11-23 00:00", "2026-11-23 01:00", "2026-11-23 02:00"]
    assert "30 windows are summed" in by_hour.note
    assert sum(row[0] == "window" for row in cost_table(plan).rows) == 30


def test_the_closing_line_owns_up_to_a_time_limit() -> None:
    data = plan_data()
    data["certificate"] |= {"reproducible": False, "status": "limit"}
    line = closing_line(ProvisioningPlan.model_validate(data))
    assert line.startswith("case: 1.9444 USD per horizon, 2 windows, gap 1 % (asked 3 %), limit")
    assert "a time limit shaped it" in line
