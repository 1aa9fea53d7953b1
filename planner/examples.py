"""The bundled example: a folder that plans as it is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from planner.errors import InputError
from planner.files import write_whole

SCENARIO = "scenario.yaml"


def example_text() -> bytes:
    """Return the commented scenario of the example."""
    return files("planner").joinpath("data", "quickstart", SCENARIO).read_bytes()


def write_example(directory: str | Path, *, replace: bool = False) -> Path:
    """Write the example's scenario into a folder, which is made when it is absent, and return its path.

    Raises
    ------
    InputError, when a scenario is there already, or the folder cannot be made.
    """
    path = Path(directory) / SCENARIO
    if path.exists() and not replace:
        raise InputError(f"{path} exists; name another folder, or add --force to replace it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent} cannot be made: {error.strerror}. Name another folder.") from None
    write_whole(path, example_text())
    return path
