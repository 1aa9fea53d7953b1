"""Throughputs of language models by bucket: what a row must say, and which classes it may serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from catalogs.bucket_throughput import BucketThroughput, bucket_name
from catalogs.errors import CatalogError
from catalogs.profiles import load_profile_catalog

if TYPE_CHECKING:
    from pathlib import Path

NAMED = "model,instance_type,bucket,throughput_rps,source,obtained"
SIZED = "model,instance_type,input_tokens,output_tokens,throughput_rps,deadline_ms,percentile,source,obtained"


def read(tmp_path: Path, *lines: str) -> tuple[BucketThroughput, ...]:
    file = tmp_path / "throughput.csv"
    file.write_text("\n".join(lines) + "\n")
    return load_profile_catalog([file]).bucket_throughputs


def test_a_bucket_is_named_or_sized(tmp_path: Path) -> None:
    (named,) = read(tmp_path, NAMED, "llm,a10g,i1o2,3.5,bench,measured")
    assert (named.bucket, named.throughput_rps, named.deadline_ms) == ("i1o2", 3.5, None)
    (sized,) = read(tmp_path, SIZED, "llm,a10g,250,100,3.5,2000,0.99,bench,measured")
    assert sized.bucket == bucket_name(250, 100) == "i250o100"
    assert (sized.deadline_ms, sized.percentile) == (2000, 0.99)


def test_zero_says_that_the_machine_cannot_serve_the_bucket(tmp_path: Path) -> None:
    (row,) = read(tmp_path, NAMED, "llm,a10g,i1o2,0,bench,measured")
    assert row.throughput_rps == 0


@pytest.mark.parametrize(
    ("deadline_ms", "percentile", "asked_ms", "asked", "holds"),
    [
        (None, None, None, None, True),
        (None, None, 60_000.0, 0.5, False),
        (2000.0, 0.99, None, None, True),
        (2000.0, 0.99, 2000.0, 0.99, True),
        (2000.0, 0.99, 1999.0, 0.5, False),
        (2000.0, 0.99, 9000.0, 0.999, False),
    ],
)
def test_a_figure_holds_for_what_its_source_states(
    deadline_ms: float | None,
    percentile: float | None,
    asked_ms: float | None,
    asked: float | None,
    holds: bool,
) -> None:
    """A figure without a stated deadline serves classes that ask for none, and no others."""
    row = BucketThroughput("llm", "a10g", "i1o2", 3.5, deadline_ms, percentile, "bench", "measured")
    assert row.holds_for(asked_ms, asked) is holds


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (NAMED, "llm,a10g,i1o2,-1,bench,measured", "throughput_rps is -1"),
        (NAMED, "llm,a10g,i1o2,,bench,measured", "throughput_rps is empty"),
        (NAMED, "llm,a10g,i1o2,nan,bench,measured", "throughput_rps is 'nan'"),
        (NAMED, "llm,a10g,,1,bench,measured", "has no bucket"),
        (NAMED, "llm,a10g,i1o2,1,bench,guessed", "obtained is 'guessed'"),
        (SIZED, "llm,a10g,250,,1,,,bench,measured", "has no bucket"),
        (SIZED, "llm,a10g,0,100,1,,,bench,measured", "input_tokens is 0"),
        (SIZED, "llm,a10g,250,100,1,2000,,bench,measured", "give both or neither"),
        (SIZED, "llm,a10g,250,100,1,0,0.9,bench,measured", "deadline_ms is 0"),
        (SIZED, "llm,a10g,250,100,1,2000,99,bench,measured", "percentile is 99"),
        (f"{SIZED},bucket", "llm,a10g,250,100,1,,,bench,measured,i1o1", "Keep one of the two"),
    ],
)
def test_a_bad_row_is_an_error_that_names_it(tmp_path: Path, header: str, row: str, expected: str) -> None:
    with pytest.raises(CatalogError) as error:
        read(tmp_path, header, row)
    (problem,) = error.value.problems
    assert "throughput.csv row 2" in problem
    assert expected in problem


def test_one_bucket_of_one_machine_stands_once_in_a_file(tmp_path: Path) -> None:
    row = "llm,a10g,i1o2,3.5,bench,measured"
    with pytest.raises(CatalogError, match="repeats the configuration of row 2"):
        read(tmp_path, NAMED, row, row)
