"""Throughput of language models by size of request: what one machine sustains of one bucket of requests alone.

A bucket is a range of input and output sizes. It is called ``i{X}o{Y}``, X and Y being its upper ends in tokens, or has a name of
its own where a source only numbers its buckets. Throughput differs so much between buckets that each is a request class of its
own (Griggs et al. 2024, "Mélange: Cost Efficient Large Language Model Serving by Exploiting GPU Heterogeneity").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.errors import CatalogError
from catalogs.importers.part import attempt
from catalogs.quantiles import TOLERANCE_SHARE
from catalogs.record_checks import provenance_problems

if TYPE_CHECKING:
    from catalogs.rows import Row

REQUIRED = ("model", "instance_type", "throughput_rps", "source", "obtained")
OPTIONAL = ("bucket", "input_tokens", "output_tokens", "deadline_ms", "percentile")


def bucket_name(input_tokens: int, output_tokens: int) -> str:
    """Name of the bucket of requests up to these sizes: ``i250o100``."""
    return f"i{input_tokens}o{output_tokens}"


@dataclass(frozen=True)
class BucketThroughput:
    """Rate of one bucket's requests that one machine sustains when it serves nothing else.

    Parameters
    ----------
    bucket
        Name of the bucket.
    throughput_rps
        Requests/s, >= 0; 0 says that the machine cannot serve the bucket at all.
    deadline_ms, percentile
        What the source says is kept at that rate: this share of the requests within this time. Both None where it states
        neither: the figure then serves classes that ask for no deadline.
    """

    model: str
    instance_type: str
    bucket: str
    throughput_rps: float
    deadline_ms: float | None
    percentile: float | None
    source: str
    obtained: str

    def __post_init__(self) -> None:
        problems = provenance_problems(self.source, self.obtained)
        if not (math.isfinite(self.throughput_rps) and self.throughput_rps >= 0):
            problems.append(
                f"throughput_rps is {self.throughput_rps:g}; it must be a finite number >= 0, 0 where the machine "
                "cannot serve the bucket. Correct it."
            )
        if (self.deadline_ms is None) != (self.percentile is None):
            problems.append("one of deadline_ms and percentile is empty; give both or neither.")
        if self.deadline_ms is not None and not (math.isfinite(self.deadline_ms) and self.deadline_ms > 0):
            problems.append(f"deadline_ms is {self.deadline_ms:g}; it must be > 0. Correct it.")
        if self.percentile is not None and not 0 < self.percentile < 1:
            problems.append(f"percentile is {self.percentile:g}; it must be > 0 and < 1. Write 98 % as 0.98.")
        if problems:
            where = f"{self.model} on {self.instance_type}, bucket {self.bucket}"
            raise CatalogError([f"{where}: {problem}" for problem in problems])

    @property
    def key(self) -> tuple[str, str, str, float, float]:
        """Configuration measured; of two records with one key the later one counts."""
        return (
            self.model,
            self.instance_type,
            self.bucket,
            self.deadline_ms or math.inf,
            self.percentile or 0.0,
        )

    def holds_for(self, deadline_ms: float | None, percentile: float | None) -> bool:
        """Whether the figure may be used for this deadline and percentile; None asks for nothing."""
        if deadline_ms is None or percentile is None:
            return True
        if self.deadline_ms is None or self.percentile is None:
            return False
        return (
            deadline_ms >= self.deadline_ms - TOLERANCE_SHARE
            and percentile <= self.percentile + TOLERANCE_SHARE
        )


def read_row(row: Row) -> BucketThroughput | None:
    """Read one row of a table: its bucket is named, or given by its upper ends in tokens."""
    model, instance_type = row.text("model"), row.text("instance_type")
    bucket = bucket_of(row)
    throughput_rps = row.real(
        "throughput_rps", advice="Write 0 only where the machine cannot serve the bucket."
    )
    deadline_ms, percentile = row.optional_real("deadline_ms"), row.optional_real("percentile")
    source, obtained = row.text("source"), row.text("obtained")
    return attempt(
        row,
        lambda: BucketThroughput(
            model, instance_type, bucket, throughput_rps, deadline_ms, percentile, source, obtained
        ),
    )


def bucket_of(row: Row) -> str:
    """Name of a row's bucket (stand-in: empty)."""
    name = row.optional_text("bucket")
    sized = row.has("input_tokens"), row.has("output_tokens")
    if name is not None and any(sized):
        row.fail("names its bucket and gives sizes too; sizes make the name. Keep one of the two.")
    elif name is None and not all(sized):
        row.fail("has no bucket. Name it, or give input_tokens and output_tokens, its upper ends.")
    elif name is None:
        ends = row.whole("input_tokens", at_least=1), row.whole("output_tokens", at_least=1)
        return bucket_name(*ends)
    return name or ""
