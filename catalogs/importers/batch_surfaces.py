"""Times of a batch on AWS Lambda by memory size, fitted by BATCH (SC'20): one polynomial a model, in seconds.

A fit is good only inside the data behind it. What is used is the grid that its authors search (1,280 to 3,008 MB
in steps of 64, batches of up to 20): above it the polynomials turn (mxnet-resnet50 takes four times as long at
3,500 MB as at 3,008). Inside it a larger batch never gets faster; more memory does seem to slow a call of
mxnet-resnet50 down (by 56 % at worst, for single requests), which no processor does: there the longest time of
the larger sizes counts. A part of the grid is kept; straight lines between its batches are within 1.4 % of the fit.
The source's service time is one figure, without spread: no quantile is known.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from catalogs.importers.model_names import IMAGE_CLASSIFICATION, canonical_model
from catalogs.importers.part import ProfilePart
from catalogs.measurements import FunctionTime
from catalogs.variants import ModelVariant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalogs.inputs import InputFile

SOURCE = "BATCH (SC'20) service times fitted on AWS Lambda"
SEARCHED_MB = range(1280, 3008 + 1, 64)  # the sizes BATCH's published search tries
MEMORY_MB = (1280, 1536, 1792, 2048, 2560, 3008)  # those of them that are kept
BATCHES = (1, 2, 4, 8, 12, 16, 20)  # up to the batch size that the published search fixes
EXPONENTS = (  # (of the batch size, of the memory) of t0, t1, ...; the source's list of terms, t10.. in one model
    *((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3)),
    *((4, 0), (3, 1), (2, 2), (1, 3), (0, 4)),
)


def recognises(file: InputFile) -> bool:
    """Whether it is a JSON document with the polynomials and what their terms are."""
    return file.data.lstrip()[:1] == b"{" and b'"poly"' in file.data and b'"form"' in file.data


def read(file: InputFile, problems: list[str]) -> ProfilePart:
    """Times of every model at the memory sizes and batches that are kept."""
    times: list[FunctionTime] = []
    models: dict[str, None] = {}
    for name, coefficients in _surfaces(file, problems):
        model = canonical_model(name)
        models[model] = None
        surface = _envelope_ms(coefficients)
        if min(surface.values()) <= 0:
            problems.append(
                f"{file.where} poly.{name}: is not above 0 s everywhere between {MEMORY_MB[0]} and "
                f"{MEMORY_MB[-1]} MB for batches of {BATCHES[0]} to {BATCHES[-1]}. Correct its coefficients."
            )
            continue
        times += [_time(model, memory_mb, batch, ms) for (memory_mb, batch), ms in sorted(surface.items())]
    variants = tuple(
        ModelVariant(model, IMAGE_CLASSIFICATION, None, None, None, None, None, SOURCE, "published")
        for model in models
    )
    return ProfilePart(variants=variants, function_times=tuple(times))


def _surfaces(file: InputFile, problems: list[str]) -> Iterator[tuple[str, list[float]]]:
    """Names of models and their coefficients in the order of `EXPONENTS`."""
    try:
        document = json.loads(file.data)
    except ValueError as error:
        problems.append(f"{file.where}: is not readable as JSON ({error}). Give the original.")
        return
    surfaces = document.get("poly")
    if not isinstance(surfaces, dict) or not surfaces:
        problems.append(f"{file.where} poly: holds no model. Give {{model: {{t0: .., t1: .., ..}}}}.")
        return
    for name, terms in surfaces.items():
        coefficients = _coefficients(terms)
        if coefficients is None:
            problems.append(
                f"{file.where} poly.{name}: is {str(terms)[:60]}; coefficients t0, t1, .. without a gap, at most "
                f"{len(EXPONENTS)}, each a finite number, are needed. Correct them."
            )
        else:
            yield name, coefficients


def _coefficients(terms: object) -> list[float] | None:
    if not isinstance(terms, dict) or not 0 < len(terms) <= len(EXPONENTS):
        return None
    found = [terms.get(f"t{i}") for i in range(len(terms))]
    numbers = [float(one) for one in found if isinstance(one, int | float) and math.isfinite(one)]
    return numbers if len(numbers) == len(terms) else None


def _envelope_ms(coefficients: list[float]) -> Mapping[tuple[int, int], float]:
    """(memory MB, batch) -> milliseconds, never more with more memory: running maximum from the largest size."""
    surface: dict[tuple[int, int], float] = {}
    for batch in BATCHES:
        longest_ms = -math.inf
        for memory_mb in reversed(SEARCHED_MB):
            terms = zip(coefficients, EXPONENTS, strict=False)
            own_ms = 1000 * math.fsum(t * batch**b * float(memory_mb) ** m for t, (b, m) in terms)
            longest_ms = max(longest_ms, own_ms)
            if memory_mb in MEMORY_MB:
                surface[memory_mb, batch] = longest_ms
    return surface


def _time(model: str, memory_mb: int, batch: int, mean_ms: float) -> FunctionTime:
    return FunctionTime(
        model=model,
        provider="aws-lambda",
        arch="x86_64",
        memory_mb=memory_mb,
        batch=batch,
        items_per_request=1,
        mean_ms=mean_ms,
        quantiles=(),
        load_ms=None,
        samples=None,
        source=SOURCE,
        obtained="derived",
    )
