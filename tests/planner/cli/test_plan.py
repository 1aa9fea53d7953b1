"""`planner plan`: a certified plan on stdout or in a file, the exit codes, the same bytes for the same inputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from planner import pipeline
from planner.errors import InfeasiblePlanError
from planner.plan import ProvisioningPlan, load_plan
from planner.schemas import SCHEMAS
from tests.planner.cli.conftest import TINY, Outcome, planner_process
from tests.planner.plan_case import TOTAL_USD, make_plan, plan_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., Outcome]

pytestmark = pytest.mark.portable


def test_the_plan_is_certified_and_satisfies_the_schema(tiny_plan: Path) -> None:
    plan = load_plan(tiny_plan)
    assert plan.certificate.status == "optimal"
    assert 0 < plan.certificate.bound.value <= plan.certificate.objective.value * (1 + 1e-9)
    assert plan.certificate.gap <= 0.03
    assert len(plan.windows) == 4
    jsonschema.validate(json.loads(tiny_plan.read_bytes()), SCHEMAS["plan"]())


def test_the_horizon_starts_when_it_is_told() -> None:
    """An hour later; the digest is still that of the scenario, which has not changed."""
    done = planner_process("plan", TINY, "--start", "2026-11-23T01:00:00Z", "--quiet")
    plan = json.loads(done.out)
    assert plan["windows"][0]["start"] == "2026-11-23T01:00:00Z"
    assert plan["windows"][-1]["end"] == "2026-11-23T02:00:00Z"
    wrong = planner_process("plan", TINY, "--start", "soon")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--start is 'soon'" in wrong.err


def test_the_same_inputs_and_seed_give_the_same_bytes_on_stdout(tiny_plan: Path) -> None:
    done = planner_process("plan", TINY, "--reproducible", "--quiet")
    assert done.out.encode() == tiny_plan.read_bytes()
    assert done.err == ""


def test_the_scenario_may_come_from_stdin_and_flags_override_it() -> None:
    done = planner_process("plan", "-", "--greedy", "--gap", "0.2", "--seed", "5", stdin=TINY.read_bytes())
    assert done.code == 0, done.err
    plan = ProvisioningPlan.model_validate_json(done.out)
    assert (plan.metadata.method, plan.metadata.seed, plan.certificate.gap_asked) == ("greedy", 5, 0.2)
    assert plan.metadata.created_at is not None


def test_warnings_and_the_closing_line_go_to_stderr(
    planner: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns(monkeypatch, make_plan())
    done = planner("plan", TINY)
    assert json.loads(done.out)["kind"] == "ProvisioningPlan"
    assert "warning: the trace is synthetic" in done.err
    assert f"case: {TOTAL_USD:.4f} USD per horizon" in done.err
    assert planner("plan", TINY, "--quiet").err == ""


def returns(monkeypatch: pytest.MonkeyPatch, plan: ProvisioningPlan | Exception) -> None:
    def planned(*arguments: object, **settings: object) -> ProvisioningPlan:
        if isinstance(plan, Exception):
            raise plan
        return plan

    monkeypatch.setattr(pipeline, "plan_scenario", planned)


def with_status(status: str) -> ProvisioningPlan:
    data = plan_data()
    data["certificate"]["status"] = status
    return ProvisioningPlan.model_validate(data)


@pytest.mark.parametrize(
    ("status", "budget", "code"),
    [
        ("optimal", "10", 0),
        ("optimal", "1", 6),
        ("gap_missed", "10", 5),
        ("limit", "10", 5),
        ("gap_missed", "1", 5),
        ("heuristic", "10", 0),
    ],
)
def test_exit_codes_of_a_plan_that_is_written(
    planner: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: str, budget: str, code: int
) -> None:
    """A missed gap comes before a missed budget, and the plan is written in every case."""
    returns(monkeypatch, with_status(status))
    done = planner("plan", TINY, "-o", tmp_path / "plan.json", "--fail-over", budget)
    assert (done.code, done.out) == (code, "")
    assert load_plan(tmp_path / "plan.json").certificate.status == status
    assert ("over budget" in done.err) == (budget == "1")


def test_infeasible_exits_4_names_the_limits_and_writes_nothing(
    planner: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    returns(monkeypatch, InfeasiblePlanError(["quota standard/on-demand: 16 more vCPU are needed"]))
    done = planner("plan", TINY, "-o", tmp_path / "plan.json", "--fail-over", "1")
    assert (done.code, done.out) == (4, "")
    assert "16 more vCPU" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written_is_told_before_planning(
    planner: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    returns(monkeypatch, AssertionError("planned in vain"))
    done = planner("plan", TINY, "-o", tmp_path / "absent" / "plan.json")
    assert done.code == 2
    assert "there is no folder" in done.err


@pytest.mark.parametrize(
    ("flags", "fragment"),
    [
        (("--gap", "2", "--seed", "-1"), "2 problems:"),
        (("--solver", "hihgs"), "--solver is 'hihgs'"),
        (("--solver", "hihgs"), "Did you mean 'highs'?"),
        (("--time-limit", "0"), "--time-limit is 0"),
        (("--gap", "small"), "'--gap'"),
        (("--colour",), "--colour"),
    ],
)
def test_wrong_flags_exit_2(planner: Command, flags: tuple[str, ...], fragment: str) -> None:
    done = planner("plan", TINY, *flags)
    assert (done.code, done.out) == (2, "")
    assert fragment in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("error", "code", "fragment"),
    [
        (KeyboardInterrupt(), 130, "interrupted; no file is left half written"),
        (RuntimeError("the solver is gone"), 1, "RuntimeError: the solver is gone"),
        (MemoryError(), 1, "out of memory"),
    ],
)
def test_failures_end_without_a_traceback_unless_debug_asks(
    planner: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, fragment: str
) -> None:
    def fails(*arguments: object, **settings: object) -> Any:
        raise error

    monkeypatch.setattr(pipeline, "plan_scenario", fails)
    done = planner("plan", TINY)
    assert (done.code, done.out) == (code, "")
    assert fragment in done.err
    assert "Traceback" not in done.err
    if not isinstance(error, KeyboardInterrupt):
        assert "Traceback" in planner("plan", TINY, "--debug").err


def test_the_program_can_be_saved_unsolved(planner: Command, tmp_path: Path) -> None:
    done = planner("plan", TINY, "--save-lp", tmp_path / "program.lp")
    assert (done.code, done.out) == (0, "")
    text = (tmp_path / "program.lp").read_text().lower()
    assert "min" in text
    assert text.rstrip().endswith("end")
