"""The doors between the packages: every import edge is walked, and only the designed ones may exist."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("planner", "solvers", "catalogs", "workloads")
ALLOWED = {
    "planner": {"solvers", "catalogs", "workloads"},
    "solvers": set(),
    "catalogs": set(),
    "workloads": set(),
}
ONLY_IN = {
    "cvxpy": {"solvers"},
    "pulp": {"solvers"},
    "highspy": {"solvers"},
    "statsmodels": {"workloads"},
    "onnx": {"catalogs"},
    "typer": {"planner"},
    "rich": {"planner"},
}
HEAVY = (
    "boto3",
    "cvxpy",
    "highspy",
    "kubernetes",
    "numba",
    "onnx",
    "pandas",
    "pulp",
    "pyarrow",
    "scipy",
    "statsmodels",
)


def imports_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file} line {node.lineno}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def modules() -> list[Path]:
    return [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


@pytest.mark.parametrize("file", modules(), ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_use_the_designed_doors_only(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    for name in imports_of(file):
        top = name.split(".")[0]
        if top in PACKAGES and top != package:
            assert top in ALLOWED[package], f"{file}: {package} must not import {name}"
        if top in ONLY_IN:
            assert package in ONLY_IN[top], f"{file}: only {ONLY_IN[top]} may import {top}"


def test_no_import_circle() -> None:
    graph: dict[str, set[str]] = {}
    names = {
        ".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in modules()
    }
    for name, file in names.items():
        graph[name] = {other for other in imports_of_at_load(file) if other in names and other != name}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' -> '.join((*path, name))}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


def imports_of_at_load(file: Path) -> set[str]:
    """Imports that run when the module is loaded: not those in functions or under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def test_inner_order_of_planner() -> None:
    """The inner doors: cli -> pipeline, report, executors -> plan, options, queueing -> scenario."""
    rank = {
        "scenario": 0,
        "queueing": 1,
        "options": 1,
        "plan": 1,
        "pipeline": 2,
        "report": 2,
        "executors": 2,
        "cli": 3,
    }
    for file in sorted((ROOT / "planner").rglob("*.py")):
        own = rank.get(file.relative_to(ROOT).with_suffix("").parts[1])
        for name in imports_of(file):
            parts = name.split(".")
            if own is not None and parts[0] == "planner" and len(parts) > 1 and parts[1] in rank:
                assert rank[parts[1]] <= own, f"{file} imports {name}: that door opens the other way"


def test_command_line_loads_nothing_heavy() -> None:
    code = f"import sys, json, planner.cli; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [], "a heavy import belongs inside the command that needs it"
