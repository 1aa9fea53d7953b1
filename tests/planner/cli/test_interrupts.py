"""Ctrl-C: code 130 and nothing written, at once in Python and soon in native code."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.portable

# A shell starts what it runs in the background with interrupts ignored: the program takes them up again.
IN_PYTHON = """
import signal, sys, time, types
signal.signal(signal.SIGINT, signal.default_int_handler)
import planner
def plan_scenario(*arguments, **settings):
    print("solving", file=sys.stderr, flush=True)
    time.sleep(60)
planner.pipeline = sys.modules["planner.pipeline"] = types.ModuleType("planner.pipeline")
planner.pipeline.plan_scenario = plan_scenario
from planner.cli import main
main()
"""
# A call that swallows the exception stands for native code that does not look at signals.
IN_NATIVE_CODE = IN_PYTHON.replace(
    "    time.sleep(60)",
    "    for _ in range(60):\n        try:\n            time.sleep(1)\n        except KeyboardInterrupt:\n            pass",
)
TINY = Path(__file__).parents[2] / "data" / "scenario" / "tiny.yaml"


@pytest.mark.parametrize("program", [IN_PYTHON, IN_NATIVE_CODE], ids=["python", "native"])
def test_an_interrupt_ends_with_130_and_writes_nothing(tmp_path: Path, program: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", program, "plan", str(TINY), "-o", str(tmp_path / "plan.json")],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line == "solving\n":
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert rest.endswith("planner: interrupted; no file is left half written.\n")
    assert "Traceback" not in rest
    assert list(tmp_path.iterdir()) == []


WITH_WORKERS = IN_NATIVE_CODE.replace(
    "def plan_scenario(*arguments, **settings):",
    """def plan_scenario(*arguments, **settings):
    from multiprocessing import get_context
    worker = get_context("spawn").Process(target=time.sleep, args=(60,))
    worker.start()""",
)


def test_an_interrupt_ends_the_workers_too() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WITH_WORKERS, "plan", str(TINY)],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "solving\n"
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)  # the stream ends when the last process that holds it is gone
    assert process.returncode == 130
