"""The commands as a user runs them: in this process for speed, in one of their own where streams matter."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from planner.cli import run
from planner.plan import plan_bytes
from tests.planner.plan_case import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

TINY = Path(__file__).parents[2] / "data" / "scenario" / "tiny.yaml"
MAIN = "from planner.cli import main; main()"


@dataclass(frozen=True)
class Outcome:
    """Exit code and streams of one command."""

    code: int
    out: str
    err: str


@pytest.fixture
def planner(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Outcome]:
    """Run a command in this process."""

    def command(*arguments: str | Path) -> Outcome:
        capfdbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        streams = capfdbinary.readouterr()
        return Outcome(code, streams.out.decode(), streams.err.decode())

    return command


def planner_process(*arguments: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None) -> Outcome:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *(str(argument) for argument in arguments)],
        input=stdin,
        capture_output=True,
        env=env,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="session")
def tiny_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny scenario planned once, with --reproducible, by the command."""
    path = tmp_path_factory.mktemp("tiny") / "plan.json"
    done = planner_process("plan", TINY, "--reproducible", "-o", path)
    assert done.code == 0, done.err
    assert done.out == ""
    return path


@pytest.fixture
def case_file(tmp_path: Path) -> Path:
    """The plan of tests/planner/plan_case.py as a file."""
    path = tmp_path / "case.json"
    path.write_bytes(plan_bytes(make_plan()))
    return path
