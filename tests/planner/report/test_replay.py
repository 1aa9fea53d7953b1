"""Tables of a replay: what is drawn for people, and what scripts get."""

from __future__ import annotations

import pytest

from planner.replay.document import ReplayReport, replay_bytes, report_of
from planner.report.replay import closing_line, promise_table, replay_tables, window_table
from tests.planner.replay.plan_replay_case import make_replay


@pytest.fixture(scope="module")
def report() -> ReplayReport:
    return report_of(make_replay())


def test_the_document_tells_what_happened(report: ReplayReport) -> None:
    assert report.requests == 3600 * 22.5
    assert report.deadline_meet_rate == pytest.approx(20.5 / 22.5)
    assert report.cost.total_usd == pytest.approx(1.92)
    assert report.over_provisioning == pytest.approx(4.6 / 1.1 - 1)
    assert (report.lost, report.interruptions, report.survived) == (1.0, 1.0, 0.0)
    assert report.classes["strict"].in_time_of_served == pytest.approx(15 / 16)
    assert report.windows[1].deadline_meet_rate == {"strict": 0.8, "lax": 1.0}
    assert ReplayReport.model_validate_json(replay_bytes(report)) == report


def test_one_line_tells_most(report: ReplayReport) -> None:
    line = "case: 81,000 requests, 91.111% in time, 1.9200 USD; demand went beyond the top level in 50.0% of 2 windows"
    assert closing_line(report) == line


def test_people_see_no_groups_and_routes_and_scripts_see_all(report: ReplayReport) -> None:
    headline, classes, promises = replay_tables(report)
    assert ("spot machines lost", "1 in 1 interruptions, 0 survived") in headline.rows
    assert [row[0] for row in classes.rows] == ["strict", "lax"]
    sections = {row[0] for row in promises.rows}
    assert sections == {"cost", "class", "window", "demand", "losses"}
    assert len(promise_table(report).rows) == len(report.promises) > len(promises.rows)


def test_differences_are_of_what_happened_to_what_was_promised(report: ReplayReport) -> None:
    records = promise_table(report).records()
    total = next(row for row in records if row["figure"] == "total_usd")
    assert total["difference"] == pytest.approx(total["happened"] - total["promised"])  # type: ignore[operator]
    accuracy = next(row for row in records if row["figure"] == "accuracy")
    assert accuracy["difference"] == 0.0


def test_every_window_has_every_promise(report: ReplayReport) -> None:
    table = window_table(report)
    assert len(table.rows) == 2 * len(report.promises)
    assert {(row[0], row[1]) for row in table.rows} == {("w0", True), ("w1", False)}
