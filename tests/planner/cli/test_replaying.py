"""`planner replay`: what it writes in every form, its schema, and what it says of arguments that cannot be."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.planner.cli.conftest import planner_process
from tests.planner.plan_case import START

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.planner.cli.conftest import Outcome

    Command = Callable[..., Outcome]

RATE_RPM = 1200  # the tiny scenario's 20 requests/s


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of what came: every minute 1,200 requests, in the last quarter of an hour 1,500."""
    path = tmp_path_factory.mktemp("real") / "real.csv"
    rows = [
        f"{START.replace(minute=minute).isoformat()},{RATE_RPM if minute < 45 else 1500}"
        for minute in range(60)
    ]
    path.write_text("\n".join(["time,count", *rows]) + "\n")
    return path


def test_the_document_keeps_its_schema(planner: Command, tiny_plan: Path, real: Path) -> None:
    done = planner("replay", tiny_plan, "--trace", real, "--format", "json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    jsonschema.validate(report, json.loads(planner("schema", "replay").out))
    assert report["requests"] == 45 * 1200 + 15 * 1500
    assert [one["within_top_level"] for one in report["windows"]] == [True, True, True, False]
    assert report["beyond_share"] == 0.25
    assert report["deadline_meet_rate"] == pytest.approx(report["classes"]["album"]["deadline_meet_rate"])
    parts = {name: usd for name, usd in report["cost"].items() if name != "total_usd"}
    assert sum(parts.values()) == pytest.approx(report["cost"]["total_usd"])
    assert "went beyond the top level in 25.0% of 4 windows" in done.err


def test_scripts_get_every_promise(planner: Command, tiny_plan: Path, real: Path) -> None:
    done = planner("replay", tiny_plan, "--trace", f"web={real}", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    total = next(row for row in rows if row["figure"] == "total_usd")
    assert float(total["promised"]) == pytest.approx(float(total["happened"]), rel=1e-6)
    kept = next(row for row in rows if row["figure"] == "percentile")
    assert float(kept["promised"]) == pytest.approx(0.95)
    assert float(kept["happened_within"]) > float(kept["happened"])
    assert {row["section"] for row in rows} >= {"cost", "class", "window", "demand", "machines", "routes"}


def test_windows_are_told_one_by_one(planner: Command, tiny_plan: Path, real: Path) -> None:
    done = planner("replay", tiny_plan, "--trace", real, "--windows", "--format", "tsv")
    rows = list(csv.DictReader(io.StringIO(done.out), delimiter="\t"))
    costs = [row for row in rows if row["figure"] == "total_usd"]
    assert [row["within_top_level"] for row in costs] == ["true", "true", "true", "false"]
    rates = [float(row["happened"]) for row in rows if row["figure"] == "expected_demand_rps"]
    assert rates == pytest.approx([20.0, 20.0, 20.0, 25.0])


def test_people_get_a_headline_classes_and_promises(planner: Command, tiny_plan: Path, real: Path) -> None:
    done = planner("replay", tiny_plan, "--trace", real, "--format", "table")
    for title in ("Replay of tiny", "Service by request class", "Promised against happened"):
        assert title in done.out
    assert "served_rps" not in done.out


def test_the_same_seed_gives_the_same_bytes(planner: Command, tiny_plan: Path, real: Path) -> None:
    command = ("replay", tiny_plan, "--trace", real, "--format", "json", "--dispersion-index", "4")
    one, again, other = (planner(*command, "--seed", seed).out for seed in ("1", "1", "2"))
    assert one == again
    assert one != other


def test_both_modes_agree(planner: Command, tiny_plan: Path) -> None:
    exact, sampled = (
        json.loads(planner("replay", tiny_plan, "--at-level", "0.5", "--format", "json", *more).out)
        for more in ((), ("--mode", "sampled", "--sample-share", "0.4"))
    )
    assert sampled["plan"]["simulated_share"] == pytest.approx(0.4, rel=0.05)
    assert sampled["deadline_meet_rate"] == pytest.approx(exact["deadline_meet_rate"], abs=0.02)
    assert sampled["cost"]["machines_usd"] == pytest.approx(exact["cost"]["machines_usd"], rel=1e-3)


def test_requests_can_be_those_of_the_plan_itself(planner: Command, tiny_plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "replay.json"
    done = planner("replay", tiny_plan, "--at-level", "0.95", "-o", out)
    assert done.code == 0, done.err
    assert done.out == ""
    report = json.loads(out.read_text())
    assert report["beyond_share"] == 0.0
    assert report["deadline_meet_rate"] >= 0.95


def test_a_plan_is_read_from_stdin(tiny_plan: Path) -> None:
    done = planner_process("replay", "-", "--at-level", "0.5", stdin=tiny_plan.read_bytes())
    assert done.code == 0, done.err
    assert done.out.startswith("section\tfigure\tsubject\tpromised\thappened")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "trace 'web' of the plan is not given; add --trace web=FILE"),
        (("--trace", "nowhere.csv"), "nowhere.csv"),
        (("--trace", "REAL", "--trace", "REAL"), "gives trace 'web' twice"),
        (("--trace", "REAL", "--at-level", "0.5"), "keep one of the two"),
        (("--trace", "REAL", "--mode", "fast"), "the replay's mode is 'fast'"),
        (("--trace", "REAL", "--sample-share", "2"), "sample_share is 2"),
        (("--trace", "REAL", "--scale", "0"), "scale is 0.0"),
        (("--trace", "REAL", "--keep-alive", "soon"), "--keep-alive: 'soon' is not a duration"),
        (("--trace", "REAL", "--interruptions-per-day", "-1"), "losses of a spot pool by the day are -1"),
        (("--trace", "REAL", "--availability", "zone"), "write NAME=FILE"),
        (("--trace", "REAL", "--availability", "a=nowhere.json"), "nowhere.json"),
        (("--trace", "REAL", "--format", "xml"), "--format is 'xml'"),
        (
            ("--trace", "REAL", "--trace-start", "soon"),
            "--trace-start is 'soon'; it must be a time with its zone",
        ),
        (("--trace", "REAL", "--trace-start", "2026-11-23T00:00"), "it must be a time with its zone"),
        (("--at-level", "0.9"), "its levels are 0.5, 0.95"),
        (("--at-level", "0.5", "--scale", "-1"), "must be above 0"),
    ],
)
def test_bad_arguments_exit_2_and_say_what_to_do(
    planner: Command, tiny_plan: Path, real: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = planner("replay", tiny_plan, *(str(real) if one == "REAL" else one for one in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_a_trace_in_seconds_begins_where_it_is_told(
    planner: Command, tiny_plan: Path, tmp_path: Path
) -> None:
    relative = tmp_path / "relative.csv"
    relative.write_text("time,count\n" + "".join(f"{minute * 60},{RATE_RPM}\n" for minute in range(60)))
    done = planner(
        "replay", tiny_plan, "--trace", relative, "--trace-start", START.isoformat(), "--format", "json"
    )
    assert done.code == 0, done.err
    assert json.loads(done.out)["requests"] == 60 * RATE_RPM


def test_stretches_that_are_filled_are_told(planner: Command, tiny_plan: Path, tmp_path: Path) -> None:
    silent, rows = range(20, 30), tmp_path / "silent.csv"
    stated = [f"{START.replace(minute=m).isoformat()},{0 if m in silent else RATE_RPM}" for m in range(60)]
    rows.write_text("\n".join(["time,count", *stated]) + "\n")
    done = planner("replay", tiny_plan, "--trace", rows, "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["requests"] == 60 * RATE_RPM
    assert "warning: trace web: " in done.err
    assert "(10 intervals): zeros that the local level makes impossible; replayed with requests" in done.err


def test_a_trace_that_ends_too_early_is_told(planner: Command, tiny_plan: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text(f"time,count\n{START.isoformat()},10\n{START.replace(minute=1).isoformat()},10\n")
    done = planner("replay", tiny_plan, "--trace", short)
    assert done.code == 2
    assert "Give a trace that covers it" in done.err
