"""What to tell of the losses of spot pools: conventions that were applied, traces that say little or contradict one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.inputs import near
from catalogs.loss_covariance import EIGENVALUE_SLACK
from catalogs.machines import OPEN_BAND_WIDTH_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalogs.availability import AvailabilityTrace
    from catalogs.interruptions import SpotPool
    from catalogs.loss_estimates import LossEstimate
    from catalogs.machines import SpotOffer


@dataclass(frozen=True)
class PoolLoss:
    """What is known of one pool: its trace and the estimate from it, or the offer with its band."""

    pool: SpotPool
    loss_share: float
    source: str
    key: str | None
    estimate: LossEstimate | None
    offer: SpotOffer | None


def convention_notes(losses: Sequence[PoolLoss], shock: float) -> Iterator[str]:
    """Yield what was assumed of bands, of the common shock and of traces."""
    bands = [loss.offer for loss in losses if loss.offer is not None]
    if bands:
        yield "Of a band of interruptions its upper end counts, spread evenly over a month of 730 h."
    if any(offer.interruption_high_share >= 1 for offer in bands):
        yield f"A band without an upper end counts as {OPEN_BAND_WIDTH_SHARE:.0%} wide."
    if shock > 0:
        yield f"All pools are lost together with probability {shock:g}, independently of their own losses."
    if any(loss.estimate is not None for loss in losses):
        yield "A trace tells where a machine could be had; that none could counts as the loss of all that ran."


def trace_notes(
    losses: Sequence[PoolLoss],
    availability: Mapping[str, AvailabilityTrace],
    apart: Sequence[str],
    opposed: Sequence[str],
) -> Iterator[str]:
    """Yield what traces say of pools they share, of losses never seen, of pairs they tell nothing of, and which fit no pool."""
    users: dict[str, list[str]] = {key: [] for key in availability}
    for loss in losses:
        if loss.key is not None:
            users[loss.key].append(loss.pool.name)
    for key, names in users.items():
        if len(names) > 1:
            yield f"The trace of {key} is that of {', '.join(names)}: they are lost together."
    for loss in losses:
        if loss.estimate is not None and loss.loss_share > loss.estimate.loss_share:
            yield f"{loss.pool.name}: its trace shows fewer losses than the common shock, which counts."
        elif loss.estimate is not None and loss.estimate.loss_share == 0:
            yield f"{loss.pool.name}: its trace shows no loss at all, so it is planned with as never lost."
    if opposed:
        yield f"The losses of {', '.join(opposed)} seem to offset each other; they count as uncorrelated."
    if apart:
        yield (
            f"The traces of {', '.join(apart)} tell no correlation (no starts in common, or one of the two was "
            "always or never lost after them); the common shock alone correlates them."
        )
    unused = [key for key, names in users.items() if not names]
    if unused:
        known = {name for loss in losses for name in (loss.pool.name, loss.pool.zone or "")}
        hints = "".join(near(key, known) for key in unused)
        yield f"Traces of no pool, left out: {', '.join(unused)}.{hints}"


def shrinking_notes(least: float) -> Iterator[str]:
    """Yield by how much correlations were shrunk that contradict one another, given their least eigenvalue."""
    if least < -EIGENVALUE_SLACK:
        yield (
            f"The estimated correlations contradict one another (least eigenvalue {least:.2g}): all "
            f"are divided by {1 - least:.3g}, the variances stay."
        )
