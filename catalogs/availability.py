"""Availability of spot machines: samples of whether one could be had, taken at equal gaps.

Two formats, told apart by their content, both plain or gzipped:

- JSON as published: `{"metadata": {"gap_seconds": 195}, "data": [1, 0, ...]}`; it names neither zone nor start;
- CSV with the columns `time` (ISO 8601 with an offset, equal steps) and `up` (0 or 1).

Whose trace a file is, the caller says: a zone, an instance type, or type/zone.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from catalogs.inputs import InputFile, digests_of, raise_collected, read_input
from catalogs.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from catalogs.rows import Row

COLUMNS = ("time", "up")
GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
PROBLEMS_LISTED = 5  # bad samples of one file that are told one by one


@dataclass(frozen=True)
class AvailabilityTrace:
    """Whether a spot machine could be had, sample by sample.

    Parameters
    ----------
    up
        ``[n]`` true where one could be had.
    gap_s
        Seconds from one sample to the next, > 0.
    start
        Instant of the first sample; None where the file does not tell.
    source
        File it was read from.
    """

    up: NDArray[np.bool_]
    gap_s: float
    start: datetime | None
    source: str

    def __post_init__(self) -> None:
        problems = []
        if self.up.ndim != 1 or self.up.size < 2:
            problems.append(f"{self.source}: has {self.up.size} samples; at least 2 are needed.")
        if not (math.isfinite(self.gap_s) and self.gap_s > 0):
            problems.append(f"{self.source}: the gap is {self.gap_s:g} s; it must be a finite number > 0.")
        raise_collected(problems)

    @property
    def up_share(self) -> float:
        """Share of the samples in which a machine could be had."""
        return float(self.up.mean())


@dataclass(frozen=True)
class AvailabilityCatalog:
    """Traces by zone, instance type or type/zone, and the SHA-256 of every file they came from."""

    traces: Mapping[str, AvailabilityTrace]
    digests: Mapping[str, str]


def load_availability(files: Mapping[str, str | Path]) -> AvailabilityCatalog:
    """Read availability traces.

    Parameters
    ----------
    files
        Zone, instance type or type/zone -> path of a file of one of the two formats.

    Raises
    ------
    CatalogError
        With every problem of every file.
    """
    problems: list[str] = []
    inputs: list[InputFile] = []
    traces: dict[str, AvailabilityTrace] = {}
    for name, path in files.items():
        file = read_input(path, problems)
        if file is not None:
            inputs.append(file)
            trace = read_availability(file, problems)
            if trace is not None:
                traces[name] = trace
    raise_collected(problems)
    return AvailabilityCatalog(traces, digests_of(inputs))


def read_availability(file: InputFile, problems: list[str]) -> AvailabilityTrace | None:
    """Read one trace of either format; None, with what is wrong added to `problems`, where that cannot be done."""
    plain = _unpacked(file, problems)
    if plain is None:
        return None
    is_json = plain.data.lstrip()[:1] in (b"{", b"[")
    return _read_json(plain, problems) if is_json else _read_csv(plain, problems)


def _unpacked(file: InputFile, problems: list[str]) -> InputFile | None:
    if not file.data.startswith(GZIP_MAGIC):
        return file
    try:
        return InputFile(file.where, file.name, gzip.decompress(file.data))
    except (OSError, EOFError, zlib.error) as error:
        problems.append(f"{file.where}: is not a readable gzip file ({error}). Fetch it again.")
        return None


def _read_json(file: InputFile, problems: list[str]) -> AvailabilityTrace | None:
    try:
        document = json.loads(file.data)
        gap_s, samples = document["metadata"]["gap_seconds"], document["data"]
    except (ValueError, KeyError, TypeError) as error:
        problems.append(
            f"{file.where}: is not an availability trace ({type(error).__name__}: {error}); needed are "
            "metadata.gap_seconds and data, a list of 0 and 1. Fetch the file again."
        )
        return None
    before = len(problems)
    if isinstance(gap_s, bool) or not isinstance(gap_s, int | float) or not 0 < gap_s < math.inf:
        problems.append(
            f"{file.where}: metadata.gap_seconds is {gap_s!r}; it must be a number > 0. Correct it."
        )
    if not isinstance(samples, list):
        problems.append(f"{file.where}: data is {samples!r:.40}; a list of 0 and 1 is needed. Correct it.")
        return None
    if len(samples) < 2:
        problems.append(_too_few(file, len(samples)))
    bad = [n for n, sample in enumerate(samples) if isinstance(sample, bool) or sample not in (0, 1)]
    problems.extend(
        f"{file.where}: data[{n}] is {samples[n]!r}; it must be 0 or 1. Correct it."
        for n in bad[:PROBLEMS_LISTED]
    )
    if len(bad) > PROBLEMS_LISTED:
        problems.append(f"{file.where}: {len(bad) - PROBLEMS_LISTED} further samples are not 0 or 1.")
    if len(problems) > before:
        return None
    return AvailabilityTrace(np.array(samples, dtype=bool), float(gap_s), None, file.name)


def _read_csv(file: InputFile, problems: list[str]) -> AvailabilityTrace | None:
    before = len(problems)
    samples: list[tuple[Row, datetime | None, int]] = [
        (row, _instant(row), row.whole("up", at_least=0, at_most=1))
        for row in read_rows(file, required=COLUMNS, problems=problems)
    ]
    times = [time for _, time, _ in samples if time is not None]
    if len(times) == len(samples) >= 2:
        _check_steps([row for row, _, _ in samples], times)
    if len(samples) < 2 and len(problems) == before:
        problems.append(_too_few(file, len(samples)))
    if len(problems) > before:
        return None
    gap_s = (times[1] - times[0]).total_seconds()
    return AvailabilityTrace(np.array([up for _, _, up in samples], dtype=bool), gap_s, times[0], file.name)


def _instant(row: Row) -> datetime | None:
    text = row.text("time")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        if text:
            row.fail(f"time is {text!r}; an instant such as 2026-03-01T00:00:00+00:00 is needed. Correct it.")
        return None
    if time.tzinfo is None:
        row.fail(f"time is {text!r}, without its offset from UTC. Add it, e.g. +00:00.")
        return None
    return time


def _check_steps(rows: Sequence[Row], times: Sequence[datetime]) -> None:
    first = (times[1] - times[0]).total_seconds()
    if first <= 0:
        rows[1].fail("time does not follow that of the row before. Sort the rows by time.")
        return
    steps = ((after - before).total_seconds() for before, after in pairwise(times))
    odd = [(row, step) for row, step in zip(rows[1:], steps, strict=True) if step != first]
    for row, step in odd[:PROBLEMS_LISTED]:
        row.fail(
            f"comes {step:g} s after the row before, the second row {first:g} s after the first; steps must be "
            "equal. Fill in the missing samples, or sort the rows."
        )
    if len(odd) > PROBLEMS_LISTED:
        odd[PROBLEMS_LISTED][0].fail(
            f"this and {len(odd) - PROBLEMS_LISTED - 1} further steps differ from the first."
        )


def _too_few(file: InputFile, count: int) -> str:
    return f"{file.where}: has {count} samples; at least 2 are needed. Add samples."
