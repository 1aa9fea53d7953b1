"""Machine code on disk belongs to one state of the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.replay.compiled import SOURCES, source_digest
from planner.replay.stream import pass_requests

if TYPE_CHECKING:
    from pathlib import Path


def test_the_digest_follows_every_module_with_compiled_functions_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text("@compiled\ndef one(): ...\n")
    (tmp_path / "words.py").write_text("TEXT = 'a'\n")
    first = source_digest(tmp_path)
    (tmp_path / "words.py").write_text("TEXT = 'b'\n")
    assert source_digest(tmp_path) == first
    (tmp_path / "loops.py").write_text("@compiled\ndef one(): return 1\n")
    assert source_digest(tmp_path) != first


def test_machine_code_on_disk_is_named_by_the_sources() -> None:
    assert pass_requests.py_func.__qualname__ == f"pass_requests_{SOURCES}"  # type: ignore[attr-defined]
