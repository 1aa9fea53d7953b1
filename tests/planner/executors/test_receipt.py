"""The receipt: what was asked, what answered, ids and times; one file a plan, window and target."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import jsonschema
import pytest

from planner.errors import InputError
from planner.executors.receipt import Journal, receipt_path
from planner.executors.runner import carry_out, work_out
from planner.schemas import SCHEMAS
from tests.planner.executors.fake_target import ACCOUNT, SETTINGS, FakeCloud
from tests.planner.plan_case import START, make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from planner.executors.resources import Operations


def operations_of(window: int = 0) -> Operations:
    plan = make_plan()
    target = FakeCloud().target(SETTINGS, "us-east-1")
    return work_out(target, plan, plan.windows[window], START, sleep=lambda _: None, tell=lambda _: None)


def test_it_says_what_was_asked_what_answered_and_when(tmp_path: Path) -> None:
    cloud, operations = FakeCloud(), operations_of()
    moments = iter(START + timedelta(seconds=step) for step in range(100))
    journal = Journal(tmp_path / "receipt.json", operations, lambda: next(moments))
    target = cloud.target(SETTINGS, "us-east-1")
    carry_out(target, operations, journal, sleep=lambda _: None, tell=lambda _: None)
    written = json.loads((tmp_path / "receipt.json").read_bytes())
    jsonschema.validate(written, SCHEMAS["receipt"]())
    assert (written["target"], written["plan"], written["window"]) == ("fake", "case", "w0")
    (run,) = written["runs"]
    assert run["where"] == {"provider": "fake", "account": ACCOUNT, "region": "us-east-1"}
    assert (run["began_at"], run["ended_at"]) == ("2026-11-23T00:00:00Z", "2026-11-23T00:00:09Z")
    first = run["entries"][0]
    assert first["asked"] == operations.pending[0].after
    assert first["answered"] == {"id": f"id-{operations.pending[0].name}"}
    assert (first["asked_at"], first["answered_at"]) == ("2026-11-23T00:00:01Z", "2026-11-23T00:00:02Z")
    assert (first["state"], first["calls"], first["problem"]) == ("done", 1, None)


def test_the_receipt_of_something_else_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    Journal(path, operations_of(0), lambda: START).end()
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"is the receipt of window w0 of plan 'case' .*--receipt"):
        Journal(path, operations_of(1), lambda: START)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b"[" * 100_000, b"1" * 10_000, b"\xff"])
def test_a_file_that_is_no_receipt_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"receipt\.json"):
        Journal(path, operations_of(), lambda: START)
    assert path.read_bytes() == content


def test_it_goes_beside_the_plan_whatever_the_plan_is_called(tmp_path: Path) -> None:
    """Names inside a plan lead to no other folder."""
    operations = operations_of().model_copy(update={"plan": "../../Etc/x", "window": "a/../b"})
    path = receipt_path(str(tmp_path / "plan.json"), operations)
    assert path.parent == tmp_path
    assert path.name == f"receipt-etc-x-{operations.plan_sha256[:12]}-a-b-fake.json"
    assert str(receipt_path("-", operations).parent) == "."
    long = operations.model_copy(update={"plan": "x" * 300, "window": "y" * 300})
    assert len(receipt_path("-", long).name) <= 255  # Linux: NAME_MAX
