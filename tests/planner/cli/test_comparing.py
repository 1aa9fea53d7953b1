"""`planner compare`: policies beside each other, in every form, and what it says of arguments that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from planner.errors import InputError
from planner.replay.policies.registry import MAKERS, WHAT
from planner.replay.results import COST_PARTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.cli.conftest import Outcome

TINY = Path(__file__).parents[2] / "data" / "scenario" / "tiny.yaml"
SHORT = ("--hours", "1", "--seeds", "2")


def figures(planner: Callable[..., Outcome], *more: str) -> dict[str, Any]:
    """Figures of the reactive scheme, by name."""
    done = planner("compare", TINY, *SHORT, "--policies", "reactive", "--format", "json", *more)
    (only,) = json.loads(done.out)["policies"]
    return only["figures"]


def test_policies_are_set_beside_each_other(planner: Callable[..., Outcome], tmp_path: Path) -> None:
    """The document keeps its schema; every policy meets the same requests; what cannot run is listed with its reason."""
    page = tmp_path / "policies.html"
    command = ("compare", TINY, *SHORT, "--policies", "reactive,lambda-only,ours-once", "--html", page)
    done = planner(*command, "--format", "json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    jsonschema.validate(report, json.loads(planner("schema", "comparison").out))
    assert (report["seeds"], report["judged_s"]) == (2, 3600.0)
    rows = {row["policy"]: row for row in report["policies"]}
    assert list(rows) == ["reactive", "lambda-only", "ours-once"]
    ran = [row for row in rows.values() if row["reason"] is None]
    assert rows["reactive"] in ran
    assert rows["ours-once"] in ran
    for row in rows.values():
        assert (row["figures"] == {}) == (row["reason"] is not None)
    for row in ran:
        usd = row["figures"]["usd"]
        assert usd["least"] <= usd["mean"] <= usd["most"]
        assert usd["mean"] == pytest.approx(
            sum(row["figures"][part]["mean"] for part in COST_PARTS), rel=1e-12
        )
        sent = {name: one["requests"]["by_seed"] for name, one in row["classes"].items()}
        assert sent == {name: one["requests"]["by_seed"] for name, one in ran[0]["classes"].items()}
    assert rows["reactive"]["figures"]["starts"]["mean"] >= 1
    assert 0.9 < rows["ours-once"]["figures"]["deadline_meet_rate"]["mean"] <= 1
    assert page.read_text().count("<circle") == len(ran)


def test_a_file_holds_the_document(planner: Callable[..., Outcome], tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    done = planner("compare", TINY, *SHORT, "--policies", "reactive", "-o", out)
    assert (done.code, done.out) == (0, "")
    assert json.loads(out.read_text())["kind"] == "PolicyComparison"


def test_people_see_tables_and_bars(planner: Callable[..., Outcome]) -> None:
    done = planner("compare", TINY, *SHORT, "--policies", "static,lambda-only", "--format", "table")
    assert done.code == 0, done.err
    for title in ("Policies", "Left out", "The same as bars"):
        assert title in done.out
    assert "█" in done.out
    assert "static-resnet50" in done.out
    assert "lambda-only is left out" in done.err


def test_where_nothing_can_run_every_reason_is_told(planner: Callable[..., Outcome]) -> None:
    done = planner("compare", TINY, *SHORT, "--policies", "lambda-only,batch")
    assert done.code == 2
    assert "lambda-only cannot run" in done.err
    assert "batch cannot run" in done.err


def test_an_error_of_the_replay_itself_is_no_reason_to_leave_a_policy_out(
    planner: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise InputError("policy 'reactive' at 60 s: there is no pool 'x'.")

    monkeypatch.setattr("planner.replay.comparison.replay", broken)
    done = planner("compare", TINY, *SHORT, "--policies", "reactive,ours-once")
    assert (done.code, done.out) == (2, "")
    assert "there is no pool 'x'" in done.err
    assert "left out" not in done.err


@pytest.mark.usefixtures("_forecasts_made_anew")
def test_the_same_seeds_give_the_same_bytes(planner: Callable[..., Outcome]) -> None:
    command = ("compare", TINY, *SHORT, "--policies", "reactive", "--format", "csv")
    assert planner(*command).out == planner(*command).out


def test_sampled_blocks_tell_the_same_cost(planner: Callable[..., Outcome]) -> None:
    """Machines run in full, but for the last calls of those that go; shares in time agree within the sampling error."""
    exact = figures(planner)
    sampled = figures(planner, "--mode", "sampled", "--sample-share", "0.3")
    assert sampled["usd"]["mean"] == pytest.approx(exact["usd"]["mean"], rel=1e-4)
    in_time = exact["deadline_meet_rate"]["mean"]
    assert sampled["deadline_meet_rate"]["mean"] == pytest.approx(in_time, abs=0.02)


def test_a_warm_up_is_not_judged(planner: Callable[..., Outcome]) -> None:
    whole, judged = figures(planner), figures(planner, "--warm-up", "30min")
    assert judged["usd"]["mean"] < whole["usd"]["mean"]
    assert judged["starts"]["mean"] < whole["starts"]["mean"]


def test_every_policy_is_told_with_what_it_is(planner: Callable[..., Outcome]) -> None:
    done = planner("compare", TINY, "--policies", "list", "--format", "json")
    assert [row["policy"] for row in json.loads(done.out)] == sorted([*MAKERS, "static"])
    assert set(WHAT) == set(MAKERS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--policies", "reactiv,ours"), "there is no policy 'reactiv'"),
        (("--policies", "reactive,reactive"), "named more than once"),
        (("--policies", ","), "no policy is named"),
        (("--hours", "1000"), "--hours is 1000; the horizon has"),
        (("--warm-up", "soon"), "--warm-up: 'soon' is not a duration"),
        (("--hours", "1", "--warm-up", "2h", "--policies", "reactive"), "leaves nothing"),
        (("--hours", "1", "--mode", "fast", "--policies", "reactive"), "the mode of the replay is 'fast'"),
        (("--sample-share", "1.5", "--policies", "reactive"), "the share simulated is 1.5"),
        (("--interruptions-per-day", "-1", "--policies", "reactive"), "by the day are -1"),
        (("--endpoint-price-ratio", "0", "--policies", "reactive"), "over a machine's is 0"),
        (("--format", "jsn"), "--format is 'jsn'"),
        (("--hours", "1", "--trace", "nowhere.csv", "--policies", "reactive"), "nowhere.csv"),
    ],
)
def test_bad_arguments_exit_2_and_say_what_to_do(
    planner: Callable[..., Outcome], arguments: tuple[str, ...], message: str
) -> None:
    done = planner("compare", TINY, *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""
