"""Plan files: read with every problem named, written whole, the same bytes for the same plan."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from planner.document import check
from planner.errors import InputError
from planner.files import read_bounded, write_whole
from planner.json_text import json_bytes, read_json
from planner.plan.document import ProvisioningPlan

if TYPE_CHECKING:
    from pathlib import Path

STDIN = "-"
MOST_BYTES = (
    500_000_000  # ours: a day of 288 windows takes 3 MB, a week with every option known some ten times that
)
_CLOCK = frozenset(
    {"created_at", "runtime_s", "phases_s"}
)  # fields that tell when and how long, nothing else


def load_plan(path: str | Path) -> ProvisioningPlan:
    """Read and check a plan file; ``-`` reads stdin.

    Raises
    ------
    InputError, with every problem: no JSON, not a plan, another version, unknown or missing keys, names that
    match nothing.
    """
    source = "stdin" if str(path) == STDIN else str(path)
    try:
        content = read_bounded(path, MOST_BYTES)
    except FileNotFoundError:
        raise InputError(
            f"there is no plan {source!r}; correct the path, or make one: planner plan SCENARIO -o {source}"
        ) from None
    return parse_plan(content, source=source)


def parse_plan(content: bytes, *, source: str) -> ProvisioningPlan:
    """Check the bytes of a plan file.

    Raises
    ------
    InputError, as `load_plan`.
    """
    data = read_json(content, source, "a plan")
    if not isinstance(data, dict) or data.get("kind") != "ProvisioningPlan":
        raise InputError(f"{source} is not a plan; name a file that `planner plan SCENARIO -o FILE` wrote.")
    plan = check(ProvisioningPlan, data, source=source)
    problems = plan.contradictions()
    if problems:
        raise InputError([f"{source}: {line}" for line in problems])
    return plan


def plan_bytes(plan: ProvisioningPlan, *, reproducible: bool = False) -> bytes:
    """Return the JSON of a plan: sorted keys, one final newline.

    Parameters
    ----------
    reproducible
        Leave out when it was made and how long that took; the rest depends on inputs, seed and versions.
    """
    data = plan.model_dump(mode="json")
    return json_bytes(_tidy(data, reproducible))


def write_plan(plan: ProvisioningPlan, path: str | Path, *, reproducible: bool = False) -> None:
    """Write a plan file whole: a crash leaves the old file as it was."""
    write_whole(path, plan_bytes(plan, reproducible=reproducible))


def plan_digest(plan: ProvisioningPlan) -> str:
    """SHA-256 of the plan without its clock fields: equal digests are equal decisions from equal inputs."""
    return hashlib.sha256(plan_bytes(plan, reproducible=True)).hexdigest()


def _tidy(value: Any, reproducible: bool) -> Any:
    """Drop clock fields that are null, or all of them."""
    if isinstance(value, dict):
        return {
            key: _tidy(item, reproducible)
            for key, item in value.items()
            if not (key in _CLOCK and (reproducible or item is None))
        }
    if isinstance(value, list):
        return [_tidy(item, reproducible) for item in value]
    return value
