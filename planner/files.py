"""Files written whole or not at all, and read up to a size."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from planner.errors import InputError


def check_target(path: str | Path | None) -> None:
    """Find out before the work whether a file can be written; None and ``-`` stand for stdout.

    Raises
    ------
    InputError, when it is a folder, or its folder is absent or closed to us.
    """
    if path is None or str(path) == "-":
        return
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"{path} is a folder; name a file in it.")
    if not target.parent.is_dir():
        raise InputError(
            f"{path} cannot be written: there is no folder {str(target.parent)!r}; make it first."
        )
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise InputError(f"{path} cannot be written: permission denied. Name another file.")


def read_bounded(path: str | Path, most_bytes: int) -> bytes:
    """Return the content of a file of at most so many bytes; ``-`` reads stdin.

    Raises
    ------
    FileNotFoundError. InputError, when it cannot be read, or is larger: a document of ours never is.
    """
    source = "stdin" if str(path) == "-" else str(path)
    try:
        if source == "stdin":
            content = sys.stdin.buffer.read(most_bytes + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None
    if len(content) > most_bytes:
        raise InputError(f"{source} has more than {most_bytes:,} bytes; is it the right file?")
    return content


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old content or the new, never a part.

    The bytes go to a temporary file in the same folder, are forced to disk, and take the name in one rename.
    A symbolic link keeps pointing where it does; a pipe or device is written to directly.

    Raises
    ------
    InputError, as `check_target`, or when the disk refuses.
    """
    check_target(path)
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(content)
            return
        _replace(target, content, mode)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}. Name another file.") from None


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), stat.S_IMODE(mode) if mode is not None else 0o666 & ~_umask())
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
