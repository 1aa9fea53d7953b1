"""`planner forecast`, `options`, `report`, `apply`: tables for people, data for scripts."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from planner.plan import plan_bytes
from tests.planner.cli.conftest import MAIN, TINY, Outcome, planner_process
from tests.planner.plan_case import TOTAL_USD, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Outcome]

pytestmark = pytest.mark.portable


def test_forecast_lists_the_quantiles_of_every_window(planner: Command) -> None:
    done = planner("forecast", TINY)
    lines = done.out.splitlines()
    assert done.code == 0, done.err
    assert lines[0].split("\t") == ["class", "start", "mean_rps", "p50_rps", "p95_rps"]
    assert len(lines) == 1 + 4


def test_a_forecast_warns_of_a_short_history(planner: Command, tmp_path: Path) -> None:
    """A week teaches little of a day ahead."""
    long = tmp_path / "long.yaml"
    long.write_text(
        TINY.read_text().replace("duration: 1h", "duration: 24h").replace("window: 15min", "window: 1h")
    )
    assert "under two weeks" in planner("forecast", long).err


def test_forecast_shows_the_back_test_that_chose(planner: Command) -> None:
    rows = json.loads(planner("forecast", TINY, "--back-test", "--format", "json", "-q").out)
    assert sum(row["used"] for row in rows) == 1
    assert {"pinball_percent", "wape_percent", "origins"} <= set(rows[0])


def test_options_list_what_may_serve_and_why_the_rest_may_not(planner: Command) -> None:
    kept = json.loads(planner("options", TINY, "--format", "json").out)
    assert {row["kind"] for row in kept} >= {"machine"}
    first = next(row for row in kept if row["kind"] == "machine")
    usd = 1e6 * first["price_usd_per_h"] / (3600 * first["capacity_1_rps"])
    assert first["usd_per_million_1"] == pytest.approx(usd)
    rejected = json.loads(planner("options", TINY, "--rejected", "--format", "json").out)
    assert len(rejected) > len(kept)
    assert all(row["reason"] for row in rejected)


@pytest.mark.parametrize("form", ["json", "csv", "tsv", "markdown", "table"])
def test_report_in_every_format_by_file_and_by_stdin(planner: Command, case_file: Path, form: str) -> None:
    by_file = planner("report", case_file, "--format", form)
    by_stdin = planner_process("report", "-", "--format", form, stdin=plan_bytes(make_plan()))
    assert by_file.code == by_stdin.code == 0
    assert by_file.out == by_stdin.out
    assert f"{TOTAL_USD:.4f}" in by_file.out


def test_report_off_a_terminal_is_tsv_and_whole(planner: Command, case_file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(planner("report", case_file).out), delimiter="\t"))
    assert [row["section"] for row in rows].count("window") == 2
    assert sum(float(row["total_usd"]) for row in rows if row["section"] == "class") == pytest.approx(
        TOTAL_USD
    )


def test_report_writes_one_page(planner: Command, case_file: Path, tmp_path: Path) -> None:
    done = planner("report", case_file, "--html", tmp_path / "report.html")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_report_of_a_real_plan_adds_up(planner: Command, tiny_plan: Path) -> None:
    rows = json.loads(planner("report", tiny_plan, "--format", "json").out)
    total = json.loads(tiny_plan.read_bytes())["certificate"]["objective_usd"]
    for section in ("plan", "model", "market", "class", "window"):
        assert sum(row["total_usd"] for row in rows if row["section"] == section) == pytest.approx(total)


def test_an_output_file_is_written_whole(planner: Command, case_file: Path, tmp_path: Path) -> None:
    done = planner("report", case_file, "--format", "csv", "-o", tmp_path / "cost.csv")
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "cost.csv").read_text() == planner("report", case_file, "--format", "csv").out


def test_an_unknown_format_and_a_file_that_is_no_plan_exit_2(planner: Command, case_file: Path) -> None:
    done = planner("report", case_file, "--format", "xml")
    assert (done.code, done.out) == (2, "")
    assert "table, json, csv, tsv, markdown" in done.err
    assert planner("report", TINY).code == 2
    assert "planner plan SCENARIO -o" in planner("report", "absent.json").err


def test_apply_prints_the_change_set_as_json_for_scripts(planner: Command, case_file: Path) -> None:
    done = planner("apply", case_file, "--at", "2026-11-23T00:30:00Z")
    changes = json.loads(done.out)
    assert done.code == 0
    assert (changes["kind"], changes["window"], changes["target"]) == ("ChangeSet", "w0", "dry-run")
    table = planner("apply", case_file, "--at", "2026-11-23T00:30:00Z", "--format", "table").out
    assert "nothing was changed" in table


def test_apply_of_a_stale_plan_prints_and_exits_7(planner: Command, case_file: Path) -> None:
    done = planner("apply", case_file, "--at", "2026-11-23T01:30:00Z")
    assert done.code == 7
    assert json.loads(done.out)["window"] == "w1"
    assert "the plan is stale" in done.err


def test_apply_of_an_expired_plan_prints_nothing_and_exits_7(planner: Command, case_file: Path) -> None:
    done = planner("apply", case_file, "--at", "2026-11-23T02:00:00Z")
    assert (done.code, done.out) == (7, "")
    assert "the plan expired at 2026-11-23T02:00:00Z, and it is 2026-11-23T02:00:00Z" in done.err


@pytest.mark.parametrize("arguments", [("--window", "w9"), ("--target", "mars"), ("--at", "soon")])
def test_apply_of_what_is_not_there_exits_2(
    planner: Command, case_file: Path, arguments: tuple[str, ...]
) -> None:
    done = planner(
        "apply",
        case_file,
        *(arguments if "--at" in arguments else (*arguments, "--at", "2026-11-23T00:30:00Z")),
    )
    assert (done.code, done.out) == (2, "")
    assert arguments[1] in done.err


def on_a_terminal(case_file: Path, **env: str) -> str:
    """What `planner report` draws on a terminal of 100 columns."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "report", str(case_file)],
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm-256color"} | env,
    )
    os.close(slave)
    chunks = []
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(master)
    assert process.wait() == 0
    return b"".join(chunks).decode()


def test_a_terminal_gets_drawings_and_colour_only_where_wanted(case_file: Path) -> None:
    drawn = on_a_terminal(case_file)
    assert "Saving" in drawn
    assert drawn.index("against the current fleet") < drawn.index("lower bound")
    assert "\x1b[" in drawn
    assert "\x1b[3" not in on_a_terminal(case_file, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(case_file, TERM="dumb")


def test_a_reader_that_leaves_early_is_no_failure_worth_a_traceback(case_file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "schema", "plan"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read().decode()
        process.wait()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
