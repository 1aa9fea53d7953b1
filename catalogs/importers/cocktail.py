"""Cocktail (NSDI'22): latency and packing of 12 Keras models, Lambda cold and warm times of seven.

Neither table names its host or memory size, so no time joins a machine or a function: the figures are kept as
failures with that reason. Accuracy was measured on a split of the authors, which compares with no other
source; it is part of the reason and not of the variant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart
from catalogs.measurements import FailedProfile
from catalogs.tables import header_of, read_rows
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from catalogs.inputs import InputFile
    from catalogs.rows import Row

SOURCE = "Cocktail (NSDI'22) profiles"
MODELS = ("model", "latency_ms", "top1_measured_on_their_split", "concurrency_per_instance")
COLD_STARTS = ("Model", "cold_execution", "warm_execution", "RTT1", "Untitled 1", "Untitled 2", "RTT2")


def recognises(file: InputFile) -> bool:
    """Whether the header is one of this source's two tables."""
    header = set(header_of(file))
    return "top1_measured_on_their_split" in header or {"cold_execution", "warm_execution"} <= header


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Read the variants of the first table and the reasons of both."""
    if "cold_execution" in header_of(file):
        failed = [_cold_start(row) for row in read_rows(file, required=COLD_STARTS, problems=problems)]
        return ProfilePart(failed=tuple(failed))
    variants: list[ModelVariant] = []
    unjoined: list[FailedProfile] = []
    for row in read_rows(file, required=MODELS, problems=problems):
        name = canonical_model(row.text("model"))
        top1 = row.real("top1_measured_on_their_split", at_least=0, at_most=100)
        latency_ms = row.real("latency_ms", above=0)
        concurrency = row.optional_whole("concurrency_per_instance", at_least=1)
        if row.sound:
            variants.append(
                ModelVariant(name, IMAGE_CLASSIFICATION, None, None, None, None, None, SOURCE, "published")
            )
            packing = "" if concurrency is None else f", {concurrency} at once"
            reason = (
                f"the host of its {latency_ms:g} ms{packing} (top-1 {top1:g} % on an own split) is not stated"
            )
            unjoined.append(FailedProfile(name, "host not stated", 1, reason, SOURCE))
    return ProfilePart(variants=tuple(variants), failed=tuple(unjoined))


def _cold_start(row: Row) -> FailedProfile:
    cold_ms, warm_ms = row.real("cold_execution", above=0), row.real("warm_execution", above=0)
    return FailedProfile(
        model=canonical_model(row.text("Model")),
        host="aws-lambda, memory not stated",
        batch=1,
        reason=f"the memory size of its {cold_ms:g} ms cold and {warm_ms:g} ms warm call is not stated",
        source=SOURCE,
    )
