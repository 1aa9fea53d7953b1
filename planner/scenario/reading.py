"""From the text of scenario.yaml to a `Scenario`, or to one error with everything that is wrong in it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.document import check, path_text
from planner.errors import InputError
from planner.scenario.contradictions import contradictions
from planner.scenario.document import Scenario
from planner.scenario.objective import SolverSettings
from planner.scenario.workload import Horizon
from planner.yaml_text import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

STDIN = "-"
COMMAND_LINE = "command line"
FLAGS = {"gap": "--gap", "time_limit_s": "--time-limit", "name": "--solver", "seed": "--seed"}


def load_scenario(path: str | Path) -> Scenario:
    """Read and check a scenario file; ``-`` reads stdin, whose relative paths start at the working folder.

    Raises
    ------
    InputError, with every problem of the file: unreadable YAML, unknown or missing keys, values out of range,
    files that are not there, fields that contradict each other.
    """
    if str(path) == STDIN:
        return parse_scenario(sys.stdin.buffer.read(), source="stdin", folder=Path())
    file = Path(path)
    if file.is_dir():
        raise InputError(
            f"{file} is a folder; name the scenario in it, for example {file / 'scenario.yaml'}."
        )
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"there is no scenario {str(file)!r}; correct the path, or run: planner init {file.parent}"
        ) from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    return parse_scenario(content, source=str(file), folder=file.parent)


def with_solver(scenario: Scenario, flags: Mapping[str, Any]) -> Scenario:
    """Return the scenario with solver settings that were given as flags, by the names of the settings.

    Raises
    ------
    InputError, when a flag is out of range, by the name it has on the command line.
    """
    settings = {**scenario.solver.model_dump(), **flags}
    try:
        solver = check(SolverSettings, settings, source=COMMAND_LINE)
    except InputError as error:
        raise InputError([_as_flag(problem) for problem in error.problems]) from None
    return scenario.model_copy(update={"solver": solver})


def with_start(scenario: Scenario, start: str | None) -> Scenario:
    """Return the scenario with its horizon moved to another first instant; None: as it is.

    Raises
    ------
    InputError, when it is no time with its zone, or contradicts the rest of the scenario.
    """
    if start is None:
        return scenario
    try:
        horizon = check(
            Horizon, {"start": start, "duration": f"{scenario.horizon.duration_s}s"}, source=COMMAND_LINE
        )
    except InputError as error:
        raise InputError(
            [problem.replace(f"{COMMAND_LINE}: start", "--start", 1) for problem in error.problems]
        ) from None
    moved = scenario.model_copy(update={"horizon": horizon})
    problems = contradictions(moved)
    if problems:
        raise InputError([f"with --start {start}: {path} {rest}" for path, rest in problems])
    return moved


def _as_flag(problem: str) -> str:
    setting, _, rest = problem.removeprefix(f"{COMMAND_LINE}: ").partition(" ")
    return f"{FLAGS.get(setting, setting)} {rest}"


def parse_scenario(content: bytes, *, source: str, folder: Path) -> Scenario:
    """Check the bytes of a scenario whose relative files start at `folder`.

    Raises
    ------
    InputError, as `load_scenario`.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: byte {error.start} is not UTF-8 text; save the file as UTF-8.") from None
    data, lines = read_yaml(text, source)
    if not isinstance(data, dict):
        kind = "empty" if data is None else f"a {type(data).__name__}"
        raise InputError(f"{source}: the document is {kind}; it must be a mapping: version, name, ...")
    if data.get("kind") == "ProvisioningPlan":
        raise InputError(f"{source} is a plan, and a scenario is asked for; to read a plan: planner report.")
    context: dict[str, Any] = {"folder": folder}
    scenario = check(Scenario, data, source=source, lines=lines, context=context)
    problems = []
    for path, rest in contradictions(scenario):
        known = path
        while known and known not in lines:
            known = known[:-1]
        problems.append(f"{source} line {lines.get(known, 1)}: {path_text(path)} {rest}")
    if problems:
        raise InputError(problems)
    return scenario.with_origin(folder, hashlib.sha256(content).hexdigest())
