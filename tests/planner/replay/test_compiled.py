"""Machine code on disk belongs to one state of the sources."""

from __future__ import annotations

from pathlib import Path

from planner.replay.compiled import SOURCES, source_digest
from planner.replay.stream import call_buffers, pass_requests
from tests.planner.replay.test_kernel_against_slow import played


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


def test_machine_code_is_kept_on_disk_for_the_next_process() -> None:
    """Runs before all else that replays (tests/conftest.py), so that one worker compiles for all."""
    played(0)
    for entry in (pass_requests, call_buffers):
        found = entry.stats  # type: ignore[attr-defined]
        (index,) = Path(found.cache_path).glob(f"*{entry.py_func.__qualname__}-*.nbi")  # type: ignore[attr-defined]
        assert index.with_suffix(".1.nbc").exists()
        assert sum((found.cache_hits | found.cache_misses).values()) > 0
