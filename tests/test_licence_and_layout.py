"""The repository's top level holds what the project promised, and nothing of the public data sets."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0" in text


def test_no_stray_top_level_entries() -> None:
    allowed = {
        "pyproject.toml", "README.md", "planner", "solvers", "catalogs", "workloads", "tests", "examples",
        "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock",
    }  # fmt: skip
    built = {"build", "dist", "plan.json"}
    found = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    assert found - allowed - built == set()
