"""`planner compare`: policies beside each other, in every form, and what it says of arguments that cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.replay.policies.registry import MAKERS, WHAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.planner.cli.conftest import Outcome

TINY = Path(__file__).parents[2] / "data" / "scenario" / "tiny.yaml"
SHORT = ("--hours", "1", "--seeds", "2")


def test_policies_are_set_beside_each_other(planner: Callable[..., Outcome], tmp_path: Path) -> None:
    """On functions alone there is no machine to start; machines that follow the load cost what they are paid for."""
    page = tmp_path / "policies.html"
    done = planner(
        "compare",
        TINY,
        *SHORT,
        "--policies",
        "reactive,lambda-only,ours-once",
        "--format",
        "json",
        "--html",
        page,
    )
    assert done.code == 0, done.err
    rows = {row["policy"]: row for row in json.loads(done.out)}
    assert set(rows) == {"reactive", "lambda-only", "ours-once"}
    for row in rows.values():
        assert (row["usd"] is None) == bool(row["reason"])
    assert rows["reactive"]["usd"] > 0
    assert rows["reactive"]["starts"] >= 1
    assert 0.9 < rows["ours-once"]["deadline_meet_rate"] <= 1
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert text.count("<circle") == sum(not row["reason"] for row in rows.values())


def test_the_same_seeds_give_the_same_bytes(planner: Callable[..., Outcome]) -> None:
    command = ("compare", TINY, *SHORT, "--policies", "reactive", "--format", "csv")
    assert planner(*command).out == planner(*command).out


def test_sampled_blocks_tell_the_same_cost(planner: Callable[..., Outcome]) -> None:
    """Machines run in full, but for the last calls of those that go; shares in time agree within the sampling error."""
    command = ("compare", TINY, *SHORT, "--policies", "reactive", "--format", "json")
    (exact,), (sampled,) = (
        json.loads(planner(*command, *more).out)
        for more in ((), ("--mode", "sampled", "--sample-share", "0.3"))
    )
    assert sampled["usd"] == pytest.approx(exact["usd"], rel=1e-4)
    assert sampled["deadline_meet_rate"] == pytest.approx(exact["deadline_meet_rate"], abs=0.02)


def test_a_warm_up_is_not_judged(planner: Callable[..., Outcome]) -> None:
    command = ("compare", TINY, *SHORT, "--policies", "reactive", "--format", "json")
    (whole,), (judged,) = (json.loads(planner(*command, *more).out) for more in ((), ("--warm-up", "30min")))
    assert judged["usd"] < whole["usd"]
    assert judged["starts"] < whole["starts"]


def test_every_policy_is_told_with_what_it_is(planner: Callable[..., Outcome]) -> None:
    done = planner("compare", TINY, "--policies", "list", "--format", "json")
    assert [row["policy"] for row in json.loads(done.out)] == sorted(MAKERS)
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
        (("--sample-share", "1.5", "--policies", "reactive"), "simulated is 1.5"),
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
