"""Finding the reader of a profile file: our own tables, or the original of a published measurement.

A file is recognised by its header or content, not by its name. In a folder, files of no known kind are passed
over with a note; a file named on its own must be of a known kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalogs import profile_tables
from catalogs.importers import (
    batch_surfaces,
    cocktail,
    infadapter,
    lambda_cnn,
    mark,
    neuron,
    paragon,
    philschmid,
    ribbon,
    timm,
    torchvision,
)
from catalogs.inputs import InputFile, read_input
from catalogs.tables import header_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalogs.importers.part import ProfilePart

SUFFIXES = (".csv", ".json", ".tar.gz", ".tgz")  # what a folder is searched for


class Reader(NamedTuple):
    """How one kind of file is recognised and read."""

    name: str
    recognises: Callable[[InputFile], bool]
    read: Callable[[InputFile, list[str]], ProfilePart]


READERS = (
    Reader("Ribbon latency samples", ribbon.recognises, ribbon.read),
    Reader("InfAdapter capacities", infadapter.recognises, infadapter.read),
    Reader("BATCH service times", batch_surfaces.recognises, batch_surfaces.read),
    Reader("Lambda CNN measurements", lambda_cnn.recognises, lambda_cnn.read),
    Reader("MArk capacities", mark.recognises, mark.read),
    Reader("Paragon profile", paragon.recognises, paragon.read),
    Reader("AWS Neuron tables", neuron.recognises, neuron.read),
    Reader("Schmid's transformer benchmark", philschmid.recognises, philschmid.read),
    Reader("torchvision weights", torchvision.recognises, torchvision.read),
    Reader("timm results", timm.recognises, timm.read),
    Reader("Cocktail tables", cocktail.recognises, cocktail.read),
    Reader("our profile tables", profile_tables.recognises, profile_tables.read),
)


@dataclass
class Reading:
    """What the files of one path gave: parts, the files used, and what was left out."""

    parts: list[ProfilePart] = field(default_factory=list)
    files: list[InputFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_profile_path(path: str | Path, problems: list[str]) -> Reading:
    """Read a file, or all profile files of a folder in the order of their paths.

    What cannot be used is added to `problems`; what holds no profile is told in the notes.
    """
    path = Path(path)
    if path.is_dir():
        return _read_folder(path, problems)
    file = read_input(path, problems)
    if file is None:
        return Reading()
    reader = _reader_of(file)
    if reader is None:
        problems.append(_unknown_kind(file))
        return Reading(files=[file])
    part = reader.read(file, problems)
    notes = [f"{file.where}: left out, it holds {part.left_out}."] if part.left_out else []
    return Reading([part], [file], notes)


def _read_folder(folder: Path, problems: list[str]) -> Reading:
    reading = Reading()
    left_out: dict[str, list[str]] = {}
    before = len(problems)
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name.endswith(SUFFIXES)):
        found = read_input(path, problems)
        if found is None:
            continue
        file = InputFile(found.where, path.relative_to(folder).as_posix(), found.data)
        reader = _reader_of(file)
        if reader is None:
            left_out.setdefault("no profiles that a reader knows", []).append(file.name)
            continue
        part = reader.read(file, problems)
        if part.left_out:
            left_out.setdefault(part.left_out, []).append(file.name)
        else:
            reading.parts.append(part)
            reading.files.append(file)
    for reason, names in left_out.items():
        reading.notes.append(f"{folder}: left out for holding {reason}: {', '.join(names)}.")
    if not reading.files and len(problems) == before:
        problems.append(
            f"{folder}: holds no profile file. Give a folder with CSV tables of service times, capacities or "
            "variants, or the originals of a published measurement."
        )
    return reading


def _reader_of(file: InputFile) -> Reader | None:
    return next((reader for reader in READERS if reader.recognises(file)), None)


def _unknown_kind(file: InputFile) -> str:
    header = header_of(file)
    found = (
        f"its first line has the columns {', '.join(header[:8])}" if header else "its first line is no header"
    )
    return (
        f"{file.where}: no profile reader knows this file; {found}. Known are "
        f"{', '.join(reader.name for reader in READERS)}. "
        "Give an original of these, or a table with the columns model, instance_type, batch, mean_ms, "
        "source, obtained."
    )
