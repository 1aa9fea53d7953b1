"""Files of a target's resources for other tools."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from planner.errors import InputError
from planner.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_files(directory: str | Path, files: Mapping[str, str]) -> list[Path]:
    """Write files into a folder, which is made where it is absent, each whole; return their paths.

    Raises
    ------
    InputError, when the folder or a file cannot be written. ValueError, when a name leads out of the folder.
    """
    for name in files:
        if PurePosixPath(name).name != name or name in {"", ".", ".."} or "\\" in name:
            raise ValueError(f"{name!r} is no plain file name")
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder {str(directory)!r} cannot be made: {error.strerror}. Name another with -o."
        ) from None
    for name, text in sorted(files.items()):
        write_whole(folder / name, text.encode())
    return [folder / name for name in sorted(files)]
