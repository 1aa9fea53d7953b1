"""How often a spot machine is lost, and how often two are lost together, estimated from availability traces.

A start is a sample at which a machine could be had; it was followed by a loss where one of the samples within the
exposure time, rounded up to whole gaps, shows none. All starts count, so a pool that is up for long has many.
Starts close to one another tell the same story; the standard error therefore is that of a ratio over equal
stretches of the trace (Cochran, Sampling Techniques, 3rd ed., section 6.4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from catalogs.inputs import raise_collected

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from catalogs.availability import AvailabilityTrace

    BoolArray = NDArray[np.bool_]

BLOCKS = 20  # stretches for the standard error: 2.3 days each in a trace of 45 days, longer than its swings
WHOLE_GAP = 1e-6  # an exposure time or a shift this close to whole gaps, in gaps, is whole


@dataclass(frozen=True)
class LossEstimate:
    """Share of a pool's losses as an availability trace shows it.

    Parameters
    ----------
    loss_share
        Share of the starts that were followed by a loss within the exposure time.
    standard_error_share
        Its standard error, by blocks.
    starts
        Samples at which a machine could be had and whose exposure time the trace covers.
    """

    loss_share: float
    standard_error_share: float
    starts: int


def trace_problems(trace: AvailabilityTrace, exposure_h: float) -> list[str]:
    """Say why nothing can be estimated from a trace, if so: too short, or never up."""
    needed = gaps_of(trace, exposure_h) + BLOCKS
    if trace.up.size < needed:
        return [
            f"{trace.source}: has {trace.up.size} samples {trace.gap_s:g} s apart; losses within {exposure_h:g} h "
            f"need at least {needed}. Give a longer trace, or shorten the exposure time."
        ]
    if not starts_and_losses(trace, exposure_h)[0].any():
        return [
            f"{trace.source}: no machine could be had at any of its samples, so none could be lost. "
            "Leave the pool out."
        ]
    return []


def estimate_loss(trace: AvailabilityTrace, exposure_h: float) -> LossEstimate:
    """Share of a trace's starts that were followed by a loss within hours, and its standard error by blocks.

    With l_b losses after s_b starts in block b of B: r = sum l / sum s, and its squared standard error is
    B/(B - 1) sum (l_b - r s_b)^2 / (sum s)^2.

    Raises
    ------
    CatalogError
        Where the trace is too short for the exposure time, or no machine could be had at any start.
    """
    raise_collected(trace_problems(trace, exposure_h))
    up, lost = starts_and_losses(trace, exposure_h)
    edges = np.arange(BLOCKS) * up.size // BLOCKS
    starts, losses = (np.add.reduceat(flags.astype(float), edges) for flags in (up, lost))
    share = losses.sum() / starts.sum()
    spread = ((losses - share * starts) ** 2).sum()
    error = math.sqrt(BLOCKS / (BLOCKS - 1) * spread) / starts.sum()
    return LossEstimate(float(share), float(error), int(starts.sum()))


def estimate_correlation(
    first: AvailabilityTrace, second: AvailabilityTrace, exposure_h: float
) -> float | None:
    """Correlation of the losses of two traces over the starts that they have in common.

    Traces are laid on one another by their times, or by the number of the sample where neither tells a time.

    Returns
    -------
    The correlation; None without common starts, or where one of the two was always or never lost after them.
    """
    shift = _shift(first, second)
    if shift is None:
        return None
    up, lost = starts_and_losses(first, exposure_h)
    other_up, other_lost = starts_and_losses(second, exposure_h)
    low, high = max(0, shift), min(up.size, shift + other_up.size)
    if low >= high:
        return None
    mine, others = slice(low, high), slice(low - shift, high - shift)
    common = up[mine] & other_up[others]
    a, b = lost[mine][common], other_lost[others][common]
    if a.all() or b.all() or not a.any() or not b.any():
        return None
    return float(np.corrcoef(a, b)[0, 1])


def gaps_of(trace: AvailabilityTrace, exposure_h: float) -> int:
    """Samples of a trace that an exposure time reaches, rounded up; at least 1."""
    return max(1, math.ceil(exposure_h * 3600 / trace.gap_s - WHOLE_GAP))


def starts_and_losses(trace: AvailabilityTrace, exposure_h: float) -> tuple[BoolArray, BoolArray]:
    """``[n]`` whether a sample is a start, and whether it is one that a loss followed."""
    reach = gaps_of(trace, exposure_h)
    up = trace.up[: trace.up.size - reach]
    downs = np.concatenate(([0], np.cumsum(~trace.up)))
    followed = downs[reach + 1 :] > downs[1 : up.size + 1]
    return up, up & followed


def _shift(first: AvailabilityTrace, second: AvailabilityTrace) -> int | None:
    """Sample of the first trace at which the second one begins; None where their samples do not meet."""
    if not math.isclose(first.gap_s, second.gap_s):
        return None
    if first.start is None and second.start is None:
        return 0
    if first.start is None or second.start is None:
        return None
    gaps = (second.start - first.start).total_seconds() / first.gap_s
    return round(gaps) if abs(gaps - round(gaps)) <= WHOLE_GAP else None
