"""Availability traces: both formats, plain and gzipped, and broken files."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from catalogs.availability import AvailabilityTrace, load_availability
from catalogs.errors import CatalogError

BAD = Path(__file__).parents[1] / "data" / "bad" / "availability"
SAMPLES = [1, 1, 0, 1, 0]

BAD_FILES = {
    "cells.csv": [
        "row 3: up is 'yes'",
        "row 4: time is 'noon'",
        "row 5: time is '2026-03-01T00:15:00', without",
    ],
    "disorder.csv": ["row 3: time does not follow that of the row before"],
    "json_all_bad.json": [f"data[{n}] is 3" for n in range(5)] + ["4 further samples are not 0 or 1"],
    "json_cut_off.json": ["is not an availability trace (JSONDecodeError"],
    "json_cut_off.json.gz": ["is not a readable gzip file"],
    "json_gap_zero.json": ["metadata.gap_seconds is 0; it must be a number > 0"],
    "json_one_sample.json": ["has 1 samples; at least 2 are needed"],
    "json_other_samples.json": ["data[2] is 2", "data[4] is 'up'", "data[5] is True"],
    "json_text.json": ["data is '1011'; a list of 0 and 1 is needed"],
    "json_two_problems.json": ["metadata.gap_seconds is '195 s'", "data[1] is 7"],
    "json_without_gap.json": ["is not an availability trace (KeyError: 'gap_seconds')"],
    "missing_sample.csv": ["row 4: comes 600 s after the row before, the second row 300 s after the first"],
    "no_rows.csv": ["has a header and no rows"],
    "one_row.csv": ["has 1 samples; at least 2 are needed"],
    "other_column.csv": ["column up is missing", "column 'available' is not known"],
}


def as_json() -> bytes:
    return json.dumps({"metadata": {"gap_seconds": 195}, "data": SAMPLES}).encode()


def as_csv() -> bytes:
    rows = [f"2026-03-01T00:{5 * n:02d}:00+00:00,{sample}" for n, sample in enumerate(SAMPLES)]
    return "\n".join(["time,up", *rows, ""]).encode()


@pytest.mark.parametrize("packed", [False, True])
def test_the_published_format_has_a_gap_and_no_start(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "zone.json"
    path.write_bytes(gzip.compress(as_json()) if packed else as_json())
    catalog = load_availability({"us-east-1a": path})
    trace = catalog.traces["us-east-1a"]
    assert trace.up.tolist() == [True, True, False, True, False]
    assert (trace.gap_s, trace.start, trace.source) == (195.0, None, "zone.json")
    assert trace.up_share == pytest.approx(0.6)
    assert list(catalog.digests) == ["zone.json"]


@pytest.mark.parametrize("packed", [False, True])
def test_our_own_format_tells_the_instants(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "zone.csv"
    path.write_bytes(gzip.compress(as_csv()) if packed else as_csv())
    trace = load_availability({"p3.2xlarge/us-east-1a": path}).traces["p3.2xlarge/us-east-1a"]
    assert trace.up.tolist() == [True, True, False, True, False]
    assert (trace.gap_s, trace.start) == (300.0, datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(("name", "fragments"), BAD_FILES.items(), ids=BAD_FILES)
def test_a_broken_file_is_refused_with_all_its_problems(name: str, fragments: list[str]) -> None:
    with pytest.raises(CatalogError) as caught:
        load_availability({"zone": BAD / name})
    problems = caught.value.problems
    assert len(problems) == len(fragments)
    for problem, fragment in zip(problems, fragments, strict=True):
        assert problem.startswith(str(BAD / name))
        assert fragment in problem


def test_every_broken_file_has_its_expectation() -> None:
    assert {path.name for path in BAD.iterdir()} == set(BAD_FILES)


def test_problems_of_all_files_are_told_at_once() -> None:
    with pytest.raises(CatalogError) as caught:
        load_availability(
            {"a": BAD / "cells.csv", "b": BAD / "json_gap_zero.json", "c": BAD / "json_gap_zer.json"}
        )
    assert len(caught.value.problems) == 3 + 1 + 1
    assert "Did you mean json_gap_zero.json" in caught.value.problems[-1]


def test_many_unequal_steps_are_told_in_few_lines(tmp_path: Path) -> None:
    """Ten steps of 10 minutes after a first one of 5: five are told one by one, the rest in one line."""
    path = tmp_path / "zone.csv"
    minutes = [0, 5, *range(15, 115, 10)]
    rows = [f"2026-03-01T{m // 60:02d}:{m % 60:02d}:00+00:00,1" for m in minutes]
    path.write_text("\n".join(["time,up", *rows, ""]))
    with pytest.raises(CatalogError) as caught:
        load_availability({"zone": path})
    assert len(caught.value.problems) == 6
    assert "this and 4 further steps differ" in caught.value.problems[-1]


def test_an_impossible_trace_is_refused() -> None:
    with pytest.raises(CatalogError) as caught:
        AvailabilityTrace(np.ones(1, dtype=bool), 0.0, None, "made here")
    assert len(caught.value.problems) == 2
