"""`planner apply`, `status` and `export` on a cloud in memory: what is printed, what is done, and the exit codes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import jsonschema
import pytest

from planner.executors.resources import Resource
from planner.schemas import SCHEMAS
from tests.planner.executors import fake_target
from tests.planner.executors.fake_target import DENIED, THROTTLED, FakeCloud

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.planner.cli.conftest import Outcome

    Command = Callable[..., Outcome]

BEFORE, AFTER = "2026-11-22T23:50:00Z", "2026-11-23T02:00:00Z"
IN_W0, IN_W1 = "2026-11-23T00:30:00Z", "2026-11-23T01:30:00Z"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """A cloud that `--target fake` reaches."""
    made = FakeCloud()
    monkeypatch.setattr("planner.executors.TARGETS", {"fake": "tests.planner.executors.fake_target:reach"})
    monkeypatch.setattr(fake_target, "reach", made.target, raising=False)
    monkeypatch.setattr("planner.cli.applying.time", SimpleNamespace(sleep=lambda _: None))
    return made


@pytest.fixture
def fake(planner: Command, case_file: Path, tmp_path: Path) -> Command:
    """Run `apply`, `status` or `export` on the case, in window w0 unless told."""
    settings = tmp_path / "deployment.yaml"
    settings.write_text("{version: 1, service: shop}\n")

    def command(name: str, *more: str | Path, at: str = IN_W0) -> Outcome:
        return planner(name, case_file, "--target", "fake", "--settings", settings, "--at", at, *more)

    return command


def test_a_dry_run_prints_the_operations_and_does_none(fake: Command, cloud: FakeCloud) -> None:
    done = fake("apply", "--dry-run")
    assert done.code == 0
    written = json.loads(done.out)
    jsonschema.validate(written, SCHEMAS["operations"]())
    assert [one["verb"] for one in written["operations"]] == ["create"] * 4
    assert cloud.performed == []
    assert (
        done.err
        == "4 operations are to be done; nothing was changed. --expect FILE does what -o FILE holds.\n"
    )
    table = fake("apply", "--dry-run", "--format", "table").out
    assert "4 to create, 0 to update, 0 to delete, 0 as they should be." in table
    assert "on fake (123456789012, us-east-1)" in table


def test_apply_does_them_once_and_leaves_a_receipt_beside_the_plan(
    fake: Command, cloud: FakeCloud, case_file: Path
) -> None:
    done = fake("apply")
    assert done.code == 0
    assert "create group/shop-" in done.err
    assert "4 operations are done. Receipt: " in done.err
    (receipt,) = case_file.parent.glob("receipt-case-*-w0-fake.json")
    content = receipt.read_bytes()
    assert len(json.loads(content)["runs"][0]["entries"]) == 4
    again = fake("apply")
    assert again.code == 0
    assert "nothing was done" in again.err
    assert len(cloud.performed) == 4
    assert receipt.read_bytes() == content


def test_updates_show_what_is_there_and_what_comes(fake: Command, cloud: FakeCloud) -> None:
    fake("apply")
    table = fake("apply", "--dry-run", "--format", "tsv", "--allow-stale", at=IN_W1).out
    assert "size: 1 -> 2; tags.planner-window: w0 -> w1" in table
    assert table.splitlines()[1].startswith("~\t")


def test_what_failed_is_told_with_exit_code_8_and_done_by_the_next_run(
    fake: Command, cloud: FakeCloud, tmp_path: Path
) -> None:
    key = next(one["key"] for one in json.loads(fake("apply", "--dry-run").out)["operations"])
    cloud.faults[key] = [DENIED]
    done = fake("apply", "--quiet", "--receipt", tmp_path / "r.json")
    assert done.code == 8
    assert f"create {key}: failed: CreateGroup: AccessDenied" in done.err
    assert "planner: 2 of 4 operations are done, 2 are left; the same command continues." in done.err
    assert done.err.count("\n- ") == 2
    assert fake("apply", "--receipt", tmp_path / "r.json").code == 0
    assert len(json.loads((tmp_path / "r.json").read_bytes())["runs"]) == 2
    assert fake("status").code == 0


def test_waiting_for_a_busy_service_is_told(fake: Command, cloud: FakeCloud) -> None:
    cloud.faults["read"] = [THROTTLED, THROTTLED]
    done = fake("apply", "--dry-run")
    assert done.code == 0
    assert done.err.count("waiting, for up to 63 s: CreateGroup: ThrottlingException\n") == 1
    cloud.faults["read"] = [THROTTLED]
    assert "waiting" not in fake("apply", "--dry-run", "--quiet").err


def test_another_file_is_not_made_a_receipt(fake: Command, cloud: FakeCloud, case_file: Path) -> None:
    content = case_file.read_bytes()
    done = fake("apply", "--receipt", case_file)
    assert (done.code, cloud.performed, case_file.read_bytes()) == (2, [], content)
    assert (
        done.err
        == f"planner: {case_file} is no receipt, and stays as it is; name another file with --receipt.\n"
    )


def test_an_interrupted_run_says_where_it_is_told_and_continues(fake: Command, cloud: FakeCloud) -> None:
    key = json.loads(fake("apply", "--dry-run").out)["operations"][2]["key"]
    cloud.faults[key] = [KeyboardInterrupt()]
    done = fake("apply")
    assert done.code == 130
    assert "says what was asked. The same command continues.\nplanner: interrupted; " in done.err
    assert done.err.count("planner: interrupted") == 1
    assert fake("apply").code == 0
    assert len(cloud.held) == 4


def test_a_window_ahead_is_shown_and_not_applied_over_the_one_that_serves(
    fake: Command, cloud: FakeCloud
) -> None:
    told = "window w1 begins at 2026-11-23T01:00:00Z; its sizes would hold at once, not then."
    early = fake("apply", "--window", "w1", "--dry-run")
    assert (early.code, json.loads(early.out)["window"]) == (0, "w1")
    assert f"warning: {told}" in early.err
    cloud.faults["read"] = [AssertionError("nothing is read")]
    refused = fake("apply", "--window", "w1")
    assert (refused.code, refused.out, cloud.performed) == (2, "", [])
    assert f"planner: {told}" in refused.err
    assert "What serves window w0 now would go. Leave --window out" in refused.err


def test_a_window_named_when_its_turn_has_come_is_applied(fake: Command, cloud: FakeCloud) -> None:
    """The first one's comes before the plan begins: no other window serves then."""
    before = fake("apply", "--window", "w0", at=BEFORE)
    assert (before.code, len(cloud.performed)) == (0, 4)
    assert "warning: window w0 begins at" in before.err
    after = fake("apply", "--window", "w1", "--allow-stale", at=IN_W1)
    assert (after.code, "begins at" in after.err) == (0, False)


def test_status_is_0_in_place_and_7_where_something_drifted(fake: Command, cloud: FakeCloud) -> None:
    missing = fake("status", "--format", "json")
    assert missing.code == 7
    assert {one["state"] for one in json.loads(missing.out)} == {"missing"}
    fake("apply")
    assert fake("status").code == 0
    group = next(key for key in cloud.held if key.startswith("group/"))
    cloud.change(group, size=40)
    cloud.held["group/other"] = Resource("group", "other", {"size": 1})
    drifted = fake("status", "--format", "json")
    assert drifted.code == 7
    states = {
        one["name"]: (one["state"], one["differs"])
        for one in json.loads(drifted.out)
        if one["kind"] == "group"
    }
    assert ("differs", "size: 40 -> 1") in states.values()
    assert "not in the plan" in fake("status").out


def test_the_next_window_is_in_place_where_it_asks_for_the_same(fake: Command, cloud: FakeCloud) -> None:
    """That another window was applied last is no drift: no schedule carries its name on, as it does sizes."""
    fake("apply")
    drifted = json.loads(fake("status", "--format", "json", at=IN_W1).out)
    (grown,) = (one for one in drifted if one["state"] == "differs")  # one machine more on demand
    assert grown["differs"] == "size: 1 -> 2; tags.planner-window: w0 -> w1"
    cloud.change(f"group/{grown['name']}", size=2)
    assert fake("status", at=IN_W1).code == 0
    shown = json.loads(fake("apply", "--dry-run", "--allow-stale", at=IN_W1).out)["operations"]
    assert {one["verb"] for one in shown} == {"update"}


def test_what_was_shown_is_done_unless_the_world_has_drifted(
    fake: Command, cloud: FakeCloud, tmp_path: Path
) -> None:
    shown = tmp_path / "operations.json"
    fake("apply")
    assert fake("apply", "--dry-run", "--allow-stale", "-o", shown, at=IN_W1).code == 0
    group = next(key for key in cloud.held if key.startswith("group/"))
    cloud.change(group, size=40)
    cloud.performed.clear()
    refused = fake("apply", "--expect", shown, "--allow-stale", at=IN_W1)
    assert (refused.code, cloud.performed) == (7, [])
    assert f"{group} is not as it was shown: size: 1 -> 40." in refused.err
    assert fake("apply", "--expect", shown, "--allow-stale", "--ignore-drift", at=IN_W1).code == 0
    assert fake("status", at=IN_W1).code == 0


def test_a_stale_plan_is_shown_and_not_applied_unless_allowed(fake: Command, cloud: FakeCloud) -> None:
    refused = fake("apply", at=IN_W1)
    assert (refused.code, cloud.performed) == (7, [])
    assert json.loads(refused.out)["window"] == "w1"
    assert "the plan is stale" in refused.err
    assert "--allow-stale" in refused.err
    allowed = fake("apply", "--allow-stale", at=IN_W1)
    assert (allowed.code, len(cloud.performed)) == (0, 4)
    assert "warning: the plan is stale" in allowed.err


@pytest.mark.parametrize("command", ["apply", "status"])
def test_an_expired_plan_is_refused_before_anything_is_read(
    fake: Command, cloud: FakeCloud, command: str
) -> None:
    cloud.faults["read"] = [AssertionError("nothing is read")]
    done = fake(command, *(["--allow-stale"] if command == "apply" else []), at=AFTER)
    assert (done.code, done.out) == (7, "")
    assert "the plan expired at" in done.err


@pytest.mark.parametrize("command", ["apply", "status"])
def test_another_account_is_refused(fake: Command, cloud: FakeCloud, command: str) -> None:
    cloud.account = "999999999999"
    done = fake(command)
    assert (done.code, done.out, cloud.performed) == (7, "", [])
    assert "account 999999999999" in done.err


def test_export_writes_files_and_contacts_nothing(fake: Command, cloud: FakeCloud, tmp_path: Path) -> None:
    cloud.account = "999999999999"
    done = fake("export", "-o", tmp_path / "out")
    assert (done.code, done.out) == (0, f"{tmp_path / 'out' / 'resources.txt'}\n")
    assert (tmp_path / "out" / "resources.txt").read_text().startswith("group/shop-")
    assert cloud.performed == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("apply", "--expect", "x.json", "--receipt", "y.json"), "--expect and --receipt need another"),
        (("apply", "--target", "aws"), "needs --settings FILE"),
        (("apply", "--target", "terrafrom"), "Did you mean 'terraform'?"),
        (
            ("status", "--target", "dry-run"),
            "--target dry-run reads the plan alone, for apply; name one of aws,",
        ),
        (("export", "--target", "dry-run", "-o", "out"), "--target dry-run reads the plan alone"),
        (
            ("apply", "--target", "aws", "--settings", "SETTINGS", "--ignore-drift"),
            "--ignore-drift needs --expect FILE",
        ),
        (
            ("apply", "--target", "aws", "--settings", "SETTINGS", "--expect", "PLAN"),
            "holds no operations; name a file that apply wrote",
        ),
        (("apply", "--target", "aws", "--settings", "absent.yaml"), "there is no file 'absent.yaml'"),
        (
            ("apply", "--target", "aws", "--settings", "SETTINGS", "--expect", "absent.json"),
            "--expect: there is no",
        ),
    ],
)
def test_wrong_questions_exit_2(
    planner: Command, case_file: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    settings = tmp_path / "deployment.yaml"
    settings.write_text("{version: 1, service: shop}\n")
    files = {"SETTINGS": str(settings), "PLAN": str(case_file)}
    name, *rest = (files.get(one, one) for one in arguments)
    done = planner(name, case_file, *rest, "--at", IN_W0)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
