"""What one solve leaves to the next, as a file: a re-plan of the same options begins where the last one ended.

The file holds answers of programs under the digest of what was asked, so it is worth something only to the versions of the solver
and of this tool that wrote it: others leave it unread.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import InputError
from planner.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from planner.plan import ProvisioningPlan
    from planner.scenario import Scenario
    from solvers.memory import Memory

WRITERS = ("inference-planner", "highspy", "numpy", "scipy", "cvxpy")
NO_VALUES = -1  # length of the solution of a program that has none


@dataclass(frozen=True)
class Remembered:
    """A memory file: what it holds, the SHA-256 of its bytes, and why it was left unread (empty: it was read)."""

    memory: Memory | None
    digest: str
    unread: str = ""


def written_by() -> str:
    """Versions of all that shapes a program and its answer."""
    return " ".join(f"{name}={_version(name)}" for name in WRITERS)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def read_memory(path: Path, scenario: Scenario) -> Remembered:
    """Read what an earlier plan left, moved to the scenario's windows; a file that is not there yet is an empty memory.

    Raises
    ------
    InputError, when the file is something else.
    """
    if not path.exists():
        return Remembered(None, "")
    content = path.read_bytes()
    digest = sha256(content).hexdigest()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            found = dict(arrays)
        if str(found["written_by"]) != written_by():
            return Remembered(
                None, digest, f"it was written by {found['written_by']}; this is {written_by()}"
            )
        moved = _windows_since(str(found["start"]), float(found["window_s"]), scenario)
        if moved is None:
            return Remembered(
                None, digest, "its windows are not those of this horizon, nor of an earlier one"
            )
        return Remembered(_memory(found).moved(moved, scenario.windows), digest)
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise InputError(
            f"{path} is no memory of an earlier plan ({error}); name another file, or delete it."
        ) from None


def _windows_since(start: str, window_s: float, scenario: Scenario) -> int | None:
    """How many windows the scenario begins later; None where that is no whole number from 0 on."""
    later_s = (scenario.horizon.start - datetime.fromisoformat(start)).total_seconds()
    windows = later_s / scenario.window_s
    if window_s != scenario.window_s or windows < 0 or windows != round(windows):
        return None
    return round(windows)


def write_memory(path: Path, memory: Memory, scenario: Scenario) -> None:
    """Write what a plan leaves, whole or not at all."""
    answers, steps = memory.answers, memory.steps
    values = [answer.values for answer in answers.values()]
    known = [one for one in values if one is not None]
    arrays: dict[str, Any] = {
        "written_by": np.array(written_by()),
        "start": np.array(scenario.horizon.start.isoformat()),
        "window_s": np.array(scenario.window_s),
        "options": np.array(memory.options, dtype=str).reshape(-1, 2),
        "multipliers": memory.multipliers,
        "instances": memory.instances,
        "answer_keys": _keys(answers),
        "answer_bounds_usd": np.array([answer.bound_usd for answer in answers.values()]),
        "answer_infeasible": np.array([answer.infeasible for answer in answers.values()], dtype=bool),
        "answer_lengths": np.array([NO_VALUES if one is None else len(one) for one in values], dtype=int),
        "answer_values": np.concatenate([*known, np.empty(0)]),
        "step_keys": _keys(steps),
        "step_sizes": np.array(list(steps.values()), dtype=int),
    }
    if memory.fixed_multipliers is not None:
        arrays["fixed_multipliers"] = memory.fixed_multipliers
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_whole(path, content.getvalue())


def remembering(plan: ProvisioningPlan, remembered: Remembered) -> ProvisioningPlan:
    """The plan with the memory it began from among its inputs, or a warning why that was left unread."""
    if not remembered.digest:
        return plan
    known = plan.metadata
    if remembered.unread:
        warnings = (*known.warnings, f"memory: left unread, {remembered.unread}")
        return plan.model_copy(update={"metadata": known.model_copy(update={"warnings": warnings})})
    inputs = {**known.inputs, "memory": remembered.digest}
    return plan.model_copy(update={"metadata": known.model_copy(update={"inputs": inputs})})


def _keys(known: dict[bytes, Any]) -> Any:
    """``[n, byte]`` digests."""
    return np.frombuffer(b"".join(known), dtype=np.uint8).reshape(len(known), -1)


def _memory(found: dict[str, Any]) -> Memory:
    from solvers.block_solver import BlockAnswer
    from solvers.memory import Memory

    lengths = found["answer_lengths"]
    ends = np.cumsum(np.maximum(lengths, 0))
    values = np.split(found["answer_values"], ends)
    rows = zip(
        found["answer_keys"],
        found["answer_bounds_usd"],
        found["answer_infeasible"],
        lengths,
        values,
        strict=False,
    )
    return Memory(
        options=tuple((str(group), str(machine)) for group, machine in found["options"]),
        multipliers=found["multipliers"],
        instances=found["instances"],
        fixed_multipliers=found.get("fixed_multipliers"),
        answers={
            key.tobytes(): BlockAnswer(
                float(bound),
                None if length == NO_VALUES else own,
                infeasible=bool(infeasible),
                timed_out=False,
            )
            for key, bound, infeasible, length, own in rows
        },
        steps={
            key.tobytes(): sizes for key, sizes in zip(found["step_keys"], found["step_sizes"], strict=True)
        },
    )
