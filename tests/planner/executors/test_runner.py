"""The runner: operations in order, done once, patiently, continued after a kill, and told when some are left."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from planner.errors import PartlyDoneError
from planner.executors.receipt import Journal, Receipt
from planner.executors.resources import Resource
from planner.executors.runner import MOST_BUSY, WAITS_S, carry_out, work_out
from planner.executors.target import TargetError
from tests.planner.executors.fake_target import (
    DENIED,
    SETTINGS,
    THROTTLED,
    CutOff,
    FakeCloud,
)
from tests.planner.plan_case import START, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from planner.executors.resources import Operations

NAMES = tuple(
    one.name
    for one in FakeCloud().target(SETTINGS, "us-east-1").desired(make_plan(), make_plan().windows[0], START)
)
ON_DEMAND, SPOT = NAMES[0], NAMES[2]
OLD = Resource("template", "old", {"instance_type": "m5.large"})
OLD_GROUP = Resource("group", "old", {"size": 3}, needs=(OLD.key,))


class Bench:
    """One cloud and one receipt; every wait is noted instead of waited."""

    def __init__(self, folder: Path) -> None:
        self.cloud = FakeCloud()
        self.path = folder / "receipt.json"
        self.waits: list[float] = []
        self.lines: list[str] = []

    def work_out(self, window: int = 0) -> Operations:
        plan = make_plan()
        target = self.cloud.target(SETTINGS, "us-east-1")
        return work_out(
            target, plan, plan.windows[window], START, sleep=self.waits.append, tell=self.lines.append
        )

    def apply(self, window: int = 0) -> Operations:
        """Apply a window once; return the operations that were due."""
        operations = self.work_out(window)
        target = self.cloud.target(SETTINGS, "us-east-1")
        self.cloud.performed.clear()
        journal = Journal(self.path, operations, lambda: START)
        carry_out(target, operations, journal, sleep=self.waits.append, tell=self.lines.append)
        return operations

    def receipt(self) -> Receipt:
        return Receipt.model_validate(json.loads(self.path.read_bytes()))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_is_needed_comes_first_and_a_second_run_changes_nothing(bench: Bench) -> None:
    bench.apply()
    assert bench.cloud.performed == [
        f"create template/{ON_DEMAND}",
        f"create template/{SPOT}",
        f"create group/{ON_DEMAND}",
        f"create group/{SPOT}",
    ]
    again = bench.apply()
    assert (again.pending, bench.cloud.performed) == ((), [])
    assert {one.verb for one in again.operations} == {"keep"}


def test_the_next_window_updates_the_same_resources(bench: Bench) -> None:
    bench.apply(0)
    operations = bench.work_out(1)
    assert {one.name for one in operations.operations} == {ON_DEMAND, SPOT}
    (group,) = (one for one in operations.pending if one.key == f"group/{ON_DEMAND}")
    assert (group.verb, group.changes) == ("update", ("size", "tags.planner-window"))


def test_what_the_plan_does_not_have_goes_last_users_before_what_they_need(bench: Bench) -> None:
    bench.cloud.held = {one.key: one for one in (OLD, OLD_GROUP)}
    bench.apply()
    assert bench.cloud.performed[-2:] == ["delete group/old", "delete template/old"]
    assert set(bench.cloud.held) == {
        f"{kind}/{name}" for kind in ("group", "template") for name in (ON_DEMAND, SPOT)
    }


def test_a_busy_service_is_asked_again_after_longer_and_longer_waits(bench: Bench) -> None:
    bench.cloud.faults["read"] = [THROTTLED]
    bench.cloud.faults[f"group/{SPOT}"] = [THROTTLED, THROTTLED]
    bench.apply()
    assert bench.waits == [1.0, 1.0, 2.0]
    why = "waiting, for up to 63 s: CreateGroup: ThrottlingException"  # told once, not at every wait
    assert [line for line in bench.lines if "waiting" in line] == [why, f"create group/{SPOT}: {why}"]
    (entry,) = (one for one in bench.receipt().runs[0].entries if one.key == f"group/{SPOT}")
    assert (entry.state, entry.calls) == ("done", 3)


def test_a_service_that_stays_busy_is_given_up(bench: Bench) -> None:
    bench.cloud.faults[f"group/{SPOT}"] = [THROTTLED] * (len(WAITS_S) + 1)
    with pytest.raises(PartlyDoneError, match="ThrottlingException"):
        bench.apply()
    assert bench.waits == list(WAITS_S)
    bench.cloud.faults["read"] = [THROTTLED] * (len(WAITS_S) + 1)
    with pytest.raises(TargetError, match="ThrottlingException"):
        bench.work_out()


def test_a_target_that_is_busy_as_a_whole_is_not_waited_for_by_every_operation(bench: Bench) -> None:
    bench.cloud.held = {one.key: one for one in (OLD, OLD_GROUP)}
    for number in range(3):
        bench.cloud.held[f"template/old{number}"] = Resource("template", f"old{number}", {})
    lasting = [THROTTLED] * (len(WAITS_S) + 1)
    for key in bench.cloud.held:
        bench.cloud.faults[key] = list(lasting)
    with pytest.raises(PartlyDoneError) as caught:
        bench.apply()
    assert bench.waits == [*WAITS_S] * MOST_BUSY
    states = [one.state for one in bench.receipt().runs[0].entries]
    assert states == ["done"] * 4 + ["failed"] * 3 + ["not tried"] * 2
    assert caught.value.problems[-1].endswith(
        "not tried: 3 operations in a row found the target busy, however long they waited"
    )


def test_operations_that_are_busy_for_themselves_stop_no_others(bench: Bench) -> None:
    olds = [Resource("template", f"old{number}", {}) for number in range(5)]
    bench.cloud.held = {one.key: one for one in olds}
    for place in (4, 3, 1, 0):  # deleted from the last to the first
        bench.cloud.faults[olds[place].key] = [THROTTLED] * (len(WAITS_S) + 1)
    with pytest.raises(PartlyDoneError):
        bench.apply()
    states = [one.state for one in bench.receipt().runs[0].entries]
    assert states[4:] == ["failed", "failed", "done", "failed", "failed"]


def test_a_refusal_stops_only_what_needs_it_and_the_next_run_does_the_rest(bench: Bench) -> None:
    bench.cloud.faults[f"template/{SPOT}"] = [DENIED]
    with pytest.raises(PartlyDoneError) as caught:
        bench.apply()
    assert caught.value.exit_code == 8
    summary, failed, left = caught.value.problems
    assert summary.startswith("2 of 4 operations are done, 2 are left; the same command continues.")
    assert failed == f"create template/{SPOT}: failed: CreateGroup: AccessDenied"
    assert left == f"create group/{SPOT}: not tried: it needs template/{SPOT}, which is not done"
    assert bench.waits == []
    assert [one.key for one in bench.apply().pending] == [f"template/{SPOT}", f"group/{SPOT}"]
    assert bench.work_out().pending == ()


def test_nothing_is_deleted_before_its_successor_is_there(bench: Bench) -> None:
    bench.cloud.held = {one.key: one for one in (OLD, OLD_GROUP)}
    bench.cloud.faults[f"group/{SPOT}"] = [DENIED]
    with pytest.raises(
        PartlyDoneError, match=f"delete group/old: not tried: it stays until group/{SPOT} is done"
    ):
        bench.apply()
    assert {OLD.key, OLD_GROUP.key} <= set(bench.cloud.held)
    bench.apply()
    assert bench.cloud.performed[-2:] == ["delete group/old", "delete template/old"]


def test_what_is_still_used_is_not_deleted(bench: Bench) -> None:
    bench.cloud.held = {one.key: one for one in (OLD, OLD_GROUP)}
    bench.cloud.faults[OLD_GROUP.key] = [DENIED]
    with pytest.raises(PartlyDoneError, match="group/old, which is not deleted, needs it"):
        bench.apply()
    assert "delete template/old" not in bench.cloud.performed


@pytest.mark.parametrize("kind", ["template", "group"])
def test_a_run_that_is_cut_off_is_continued(bench: Bench, kind: str) -> None:
    """The process ends in the middle of one operation: the resource is there, its tags are not, and no answer was seen."""
    bench.cloud.faults[f"{kind}/{ON_DEMAND}"] = [CutOff()]
    with pytest.raises(CutOff):
        bench.apply()
    (run,) = bench.receipt().runs
    assert (run.ended_at, run.entries[-1].state, run.entries[-1].answered_at) == (None, "asked", None)
    assert run.entries[-1].key == f"{kind}/{ON_DEMAND}"
    rest = bench.apply()
    assert rest.pending[0].verb == "update"
    assert len(rest.pending) == 4 - (len(run.entries) - 1)
    assert bench.work_out().pending == ()
    assert [one.ended_at for one in bench.receipt().runs] == [None, START]


def test_every_operation_is_told(bench: Bench) -> None:
    bench.cloud.faults[f"group/{SPOT}"] = [DENIED]
    with pytest.raises(PartlyDoneError):
        bench.apply()
    assert bench.lines[-2:] == [
        f"create group/{ON_DEMAND}: done",
        f"create group/{SPOT}: failed: CreateGroup: AccessDenied",
    ]


def test_a_later_clock_asks_the_same(bench: Bench) -> None:
    """Names and bodies come from plan and window, not from the time of the run."""
    plan = make_plan()
    target = bench.cloud.target(SETTINGS, "us-east-1")
    first, later = (
        work_out(target, plan, plan.windows[0], at, sleep=bench.waits.append, tell=bench.lines.append)
        for at in (START, START + timedelta(minutes=30))
    )
    assert first == later
