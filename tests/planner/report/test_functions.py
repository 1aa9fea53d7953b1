"""The tables of functions against sums done by hand (tests/planner/plan_case.py)."""

from __future__ import annotations

import pytest

from planner.plan import ProvisioningPlan
from planner.report.costs import cost_lines
from planner.report.functions import function_table, part_table
from planner.report.html import html_page
from planner.report.summary import terminal_tables
from tests.planner.plan_case import (
    FUNCTION,
    FUNCTION_USD,
    READY_USD_PER_H,
    TOTAL_USD,
    buffered_plan_data,
    make_plan,
)

BUFFERED = ProvisioningPlan.model_validate(buffered_plan_data())


def cells(plan: ProvisioningPlan) -> dict[str, object]:
    table = function_table(plan)
    (row,) = table.rows
    return dict(zip((column.key for column in table.columns), row, strict=True))


def test_a_function_is_listed_with_its_settings_requests_and_cost() -> None:
    """One request a second in a fifth of the time, two hours long."""
    row = cells(make_plan())
    assert (row["option"], row["memory_mb"], row["batch_size"], row["parts"]) == (FUNCTION, 2048, 1, 1)
    assert row["requests"] == pytest.approx(2 * 3600 * 0.2)
    assert row["functions_usd"] == pytest.approx(2 * FUNCTION_USD)
    assert (row["provisioned_concurrency"], row["called_h"]) == (0, 2.0)


def test_functions_kept_ready_cost_their_hours() -> None:
    row = cells(BUFFERED)
    assert (row["batch_size"], row["batch_timeout_ms"], row["parts"]) == (8, 40.0, 2)
    assert (row["provisioned_concurrency"], row["reserved_concurrency_max"]) == (2, 6)
    assert row["functions_usd"] == pytest.approx(2 * (FUNCTION_USD + READY_USD_PER_H))
    lines = {(line.section, line.item): line for line in cost_lines(BUFFERED)}
    assert lines["plan", "case"].total_usd == pytest.approx(TOTAL_USD + 2 * READY_USD_PER_H)
    assert lines["class", "lax"].functions_usd == pytest.approx(2 * (FUNCTION_USD + READY_USD_PER_H))
    assert lines["window", "w1"].functions_usd == pytest.approx(FUNCTION_USD + READY_USD_PER_H)


def test_what_stands_ready_for_nobody_is_idle() -> None:
    """A function that is called at a level of no weight is kept ready, and no class is charged for it."""
    data = buffered_plan_data()
    for window in data["windows"]:
        window["overflow_rps"] = {"lax": {FUNCTION: [0.0, 0.0]}}
    idle = [line for line in cost_lines(ProvisioningPlan.model_validate(data)) if line.item == "(idle)"]
    assert [line.functions_usd for line in idle] == pytest.approx([2 * READY_USD_PER_H])


def test_a_function_that_only_stands_by_for_a_spot_loss_is_not_listed() -> None:
    data = buffered_plan_data()
    for window in data["windows"]:
        window["overflow_rps"], window["functions"] = {}, []
    assert function_table(ProvisioningPlan.model_validate(data)).rows == []


def test_parts_of_a_cut_model_stand_in_their_order() -> None:
    table = part_table(BUFFERED)
    keys = [column.key for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    assert [(row["part"], row["first_layer"], row["last_layer"], row["memory_mb"]) for row in rows] == [
        (1, "conv1", "conv3", 1024),
        (2, "conv4", "fc", 2048),
    ]
    assert [(row["receives_via"], row["receives_bytes"]) for row in rows] == [
        ("caller", 600_000),
        ("store", 3_000_000),
    ]
    assert part_table(make_plan()).rows == []


def test_the_report_shows_both_tables() -> None:
    titles = [table.title for table in terminal_tables(BUFFERED)]
    assert titles.index("Parts of cut models") == titles.index("Functions") + 1
    page = html_page(BUFFERED)
    assert "<h2>Functions</h2>" in page
    assert "conv4" in page
