"""What is installed: versions, solvers, and optional parts with the way to get them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

REQUIRED = (
    "cvxpy",
    "highspy",
    "numpy",
    "pandas",
    "pulp",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "rich",
    "scipy",
    "statsmodels",
    "typer",
)
OPTIONAL = {
    "pyscipopt": "integer and quadratic programs with SCIP",
    "onnx": "layers of ONNX models in planner partition",
    "boto3": "planner apply, status and export for aws and terraform",
    "kubernetes": "planner apply, status and export for kubernetes",
}
DEFAULT_SOLVER = "highs"
SOLVER_REMEDIES = {
    "cbc": "put the cbc program on the PATH (PuLP before 4 brings its own)",
    "glpk": "install GLPK, so that glpsol is on the PATH",
    "scip": "pip install 'inference-planner[scip]'",
}


@dataclass(frozen=True)
class Part:
    """One part of the installation.

    Parameters
    ----------
    found
        Its version, None where it is missing.
    remedy
        What to do where it is missing or does not work; empty where all is well.
    """

    name: str
    kind: str
    found: str | None
    required: bool
    remedy: str


def examine() -> list[Part]:
    """Look for every part, required ones first."""
    planner = _package("inference-planner", "planner", required=True, purpose="this program")
    python = Part("python", "language", platform.python_version(), required=True, remedy="")
    packages = [_package(name, "library", required=True, purpose="") for name in REQUIRED]
    extras = [
        _package(name, "optional", required=False, purpose=purpose) for name, purpose in OPTIONAL.items()
    ]
    return [planner, python, *packages, *_solvers(), *extras]


def _package(name: str, kind: str, *, required: bool, purpose: str) -> Part:
    try:
        return Part(name, kind, version(name), required, "")
    except PackageNotFoundError:
        remedy = f"pip install {name}" + (f" ({purpose})" if purpose else "")
        return Part(name, kind, None, required, remedy)


def _solvers() -> list[Part]:
    """Every way to a solver, those only PuLP knows included; only the one that plans use is required."""
    from solvers.backends import RUNNERS, installed_backends

    found = {backend.name: backend.version for backend in installed_backends()}
    return [
        Part(name, "solver", found.get(name), name == DEFAULT_SOLVER, "" if name in found else _remedy(name))
        for name in dict.fromkeys([*RUNNERS, *found])
    ]


def _remedy(solver: str) -> str:
    for part, remedy in SOLVER_REMEDIES.items():
        if part in solver:
            return remedy
    return "reinstall the planner with its dependencies"
