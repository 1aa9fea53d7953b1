"""Input files of catalogs: read whole, with their digests; bundled ones and the user's in one list.

A loader collects the problems of all its files and raises them once, with `raise_collected`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.resources.abc import Traversable

BUNDLED = "bundled"  # stands for the files that ship with the package, in lists of paths


@dataclass(frozen=True)
class InputFile:
    """One file as read: how messages call it, its short name, its bytes.

    Parameters
    ----------
    where
        The path as the user gave it, or `bundled/FOLDER/FILE`; starts every message about the file.
    name
        File name without folders (`bundled/...` kept), the key of its digest.
    data
        The whole content.
    """

    where: str
    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self, problems: list[str]) -> str | None:
        """Content as text (UTF-8, byte order mark dropped), or None with a problem added."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            problems.append(
                f"{self.where} line {line}: byte 0x{self.data[error.start]:02x} is not UTF-8 text. "
                "Save the file as UTF-8, or give the original if it is compressed."
            )
            return None


def near(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean ...?` with the nearest known names, or nothing where none is near."""
    found = get_close_matches(name, list(known), n=3, cutoff=0.6)  # 0.6 is difflib's own default
    return f" Did you mean {' or '.join(found)}?" if found else ""


def read_input(path: str | Path, problems: list[str]) -> InputFile | None:
    """Read a file whole; None, with a problem added, where that cannot be done."""
    path = Path(path)
    try:
        return InputFile(str(path), path.name, path.read_bytes())
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        problems.append(
            f"{path}: there is no such file.{near(path.name, siblings)} Give the path of an existing file."
        )
    except IsADirectoryError:
        problems.append(f"{path}: this is a folder; a file is needed. Give the path of one file in it.")
    except OSError as error:
        problems.append(f"{path}: cannot be read ({error.strerror}). Check its permissions.")
    return None


def bundled_inputs(folder: str) -> list[InputFile]:
    """Read the CSV files that ship in `catalogs/data/FOLDER`, in the order of their names."""
    root: Traversable = files("catalogs") / "data" / folder
    found = sorted((entry for entry in root.iterdir() if entry.name.endswith(".csv")), key=lambda e: e.name)
    return [
        InputFile(f"bundled/{folder}/{e.name}", f"bundled/{folder}/{e.name}", e.read_bytes()) for e in found
    ]


def inputs_of(
    folder: str, paths: Sequence[str | Path], bundled: bool, problems: list[str]
) -> list[InputFile]:
    """Read the files of a list in its order; the word `bundled` stands for those that ship in `FOLDER`.

    With `bundled` true these come first where the list does not name them.
    """
    named = [BUNDLED, *paths] if bundled and BUNDLED not in paths else list(paths)
    inputs: list[InputFile] = []
    for path in named:
        if path == BUNDLED:
            inputs += bundled_inputs(folder)
        else:
            file = read_input(path, problems)
            inputs += [] if file is None else [file]
    return inputs


def digests_of(inputs: Iterable[InputFile]) -> dict[str, str]:
    """Map each file's short name to the SHA-256 of its content; paths tell files of one name apart."""
    digests: dict[str, str] = {}
    for file in inputs:
        clash = file.name in digests and digests[file.name] != file.digest
        digests[file.where if clash else file.name] = file.digest
    return digests


def raise_collected(problems: Sequence[str]) -> None:
    """Raise one CatalogError with all the problems, if there are any."""
    if problems:
        raise CatalogError(problems)
