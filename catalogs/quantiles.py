"""Known quantiles of a measured time, as (percentile share, ms) pairs in ascending order, and what may be wrong with them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLERANCE_SHARE = 1e-9  # two percentiles closer than this are one; far below one request in any window


def known_quantile_ms(
    quantiles: Sequence[tuple[float, float]], samples: int | None, percentile: float
) -> float | None:
    """Smallest known quantile at or above `percentile`, in milliseconds; None where the data cannot tell.

    Never interpolates between quantiles, so the answer is on the safe side. With n raw samples nothing is
    claimed above 1 - 1/n: of 20 calls the .99 quantile is unknown, whatever the longest of them was.
    """
    if samples is not None and percentile > 1 - 1 / samples + TOLERANCE_SHARE:
        return None
    return next((ms for share, ms in quantiles if share >= percentile - TOLERANCE_SHARE), None)


def exact_quantile_ms(quantiles: Sequence[tuple[float, float]], percentile: float) -> float | None:
    """The quantile at `percentile` itself, in milliseconds; None where it is not known."""
    return next((ms for share, ms in quantiles if abs(share - percentile) <= TOLERANCE_SHARE), None)


def quantile_problems(quantiles: Sequence[tuple[float, float]]) -> list[str]:
    """Say what is wrong with (percentile share, ms) pairs: out of range, or out of order."""
    problems = []
    for share, ms in quantiles:
        if not 0 < share < 1 or not (math.isfinite(ms) and ms > 0):
            problems.append(f"quantile {share:g} is {ms:g} ms; shares must be within 0..1 and times > 0.")
    for (low, low_ms), (high, high_ms) in pairwise(quantiles):
        if low >= high or low_ms > high_ms:
            problems.append(
                f"quantile {low:g} is {low_ms:g} ms and quantile {high:g} is {high_ms:g} ms; "
                "higher percentiles cannot be shorter. Order and correct them."
            )
    return problems
