"""Worker groups of measured calls (queueing mode), sized for tiers they can keep.

The mean service time is in the utilisation, the tier's quantile in the waiting budget (FORMULATION section 8).

A burstable machine that works all the time sustains a share of its processors, however its credits go up and down: its
group carries no more than that share of what saturates it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.options import ServingGroup, sustained_note
from planner.queueing import PoolService, batch_timeout_s, variation_of
from planner.rejections import RejectedOption
from planner.tiers import PERCENTILE_SLACK, Tier, keeps_tier_by_table, tiers_with_meets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogs.variants import ModelVariant
    from planner.calls import Call
    from planner.capacity_tables import CapacityTables
    from planner.request_classes import ClassSet

CLEARLY_SLOWER = 1e-3  # slower by this much is slower in every table entry; tables are exact to 1e-6


@dataclass(frozen=True)
class Candidate:
    """A call sized for a tier, before its capacity is tabulated.

    Parameters
    ----------
    classes
        Classes whose tier it covers.
    others
        Classes of incomparable tiers, no burstier than it is sized for: its capacity table decides.
    """

    call: Call
    variant: ModelVariant
    tier: Tier
    service: PoolService
    classes: tuple[int, ...]
    others: tuple[int, ...]

    @property
    def id(self) -> str:
        """Id of the group it becomes."""
        return f"{self.call.name}/{self.tier.label}"


def candidates_of(
    call: Call, variant: ModelVariant, accepting: Sequence[int], classes: ClassSet
) -> tuple[list[Candidate], list[RejectedOption]]:
    """Size a call for every tier that may serve the classes that accept it, meets of incomparable tiers included."""
    found: list[Candidate] = []
    rejected: list[RejectedOption] = []
    for tier in tiers_with_meets(one for k in accepting for one in classes.sized_tiers(k)):
        served = tuple(k for k in accepting if tier.covers(classes.tier(k)))
        index = classes.dispersion_index(served)
        fit = pool_service(call, tier, index)
        if isinstance(fit, RejectedOption):
            rejected.append(replace(fit, classes=tuple(classes.classes[k].name for k in served)))
            continue
        others = tuple(
            k
            for k in accepting
            if k not in served
            and not classes.tier(k).covers(tier)
            and classes.demand.dispersion_index[k] <= index
        )
        found.append(Candidate(call, variant, tier, fit, served, others))
    return found, rejected


def pool_service(call: Call, tier: Tier, dispersion_index: float) -> PoolService | RejectedOption:
    """Return the service of a pool of such calls within a tier, or why it cannot keep the tier."""
    time, name = call.time, f"{call.name}/{tier.label}"
    quantile_ms = time.quantile_ms(tier.percentile)
    if quantile_ms is None:
        return RejectedOption(
            name, "percentile", unknown_quantile(time.quantiles, time.samples, tier.percentile)
        )
    if quantile_ms > tier.deadline_ms:
        within = f"{tier.percentile:g} of its calls take up to {quantile_ms:.4g} ms"
        return RejectedOption(
            name, "deadline", f"{within}; the deadline is {tier.deadline_ms:g} ms", quantile_ms
        )
    if call.batch > 1 and quantile_ms + time.mean_ms > tier.deadline_ms:
        both = f"a batch waits for the one before it: {time.mean_ms:.4g} + {quantile_ms:.4g} ms"
        reason = f"{both} (2 S_b <= D); the deadline is {tier.deadline_ms:g} ms"
        return RejectedOption(name, "deadline", reason, quantile_ms + time.mean_ms)
    return PoolService(
        mean_s=time.mean_ms / 1000,
        quantile_s=max(quantile_ms, time.mean_ms) / 1000,  # a percentile below the mean buys no waiting time
        batch=call.batch,
        replicas=time.replicas,
        dispersion_index=dispersion_index,
        variation=variation_of(time.mean_ms, time.quantiles),
    )


def unknown_quantile(quantiles: Sequence[tuple[float, float]], samples: int | None, percentile: float) -> str:
    """Say why a profile cannot tell a quantile."""
    if not quantiles:
        return f"its profile is one figure; nothing is known of the {percentile:g} quantile"
    if samples is not None and percentile > 1 - 1 / samples + PERCENTILE_SLACK:
        return f"{samples} samples tell quantiles up to {1 - 1 / samples:.6g}; {percentile:g} is asked"
    return f"its highest known quantile is {quantiles[-1][0]:g}; {percentile:g} is asked"


def drop_slower(
    candidates: Sequence[Candidate], *, same_model: bool = False
) -> tuple[list[Candidate], list[RejectedOption]]:
    """Set aside, before tabulating, calls that another on the same machine clearly outruns.

    Where accuracy on average or the cost of loads tells models apart, only calls of the `same_model` do so. Capacity falls as
    the mean and the quantile of the service time rise, all else equal, so the rule of `planner.dominance` would take them out
    anyway. Calls that may serve further classes by their tables wait for those.
    """
    kept: list[Candidate] = []
    rejected: list[RejectedOption] = []
    rows: dict[tuple[object, ...], list[Candidate]] = {}
    for one in sorted(candidates, key=lambda c: (c.service.mean_s, c.id)):
        alike = (
            one.call.time.instance_type,
            one.tier,
            one.service.batch,
            one.service.replicas,
            one.service.dispersion_index,
            one.service.deterministic,
            one.variant.name if same_model else None,
        )
        rivals = [] if one.others else rows.get(alike, [])
        faster = next((other for other in rivals if _outruns(other, one)), None)
        if faster is None:
            rows.setdefault(alike, []).append(one)
            kept.append(one)
        else:
            rejected.append(
                RejectedOption(one.id, "dominated", f"dominated by {faster.id}: faster on the same machine")
            )
    return kept, rejected


def _outruns(other: Candidate, one: Candidate) -> bool:
    a, b = other.service, one.service
    if not a.feasible(one.tier.deadline_s):  # faster on average, and too noisy for this deadline
        return False
    faster = max(a.mean_s / b.mean_s, a.quantile_s / b.quantile_s) <= 1 - CLEARLY_SLOWER
    return faster and a.variation <= b.variation and set(one.classes) <= set(other.classes)


def tabulated(
    one: Candidate,
    classes: ClassSet,
    tables: CapacityTables,
    sustained_share: float = 1.0,
    *,
    standby: bool = False,
) -> ServingGroup | RejectedOption:
    """Tabulate a candidate up to all it may be asked to carry, other tiers that it keeps included.

    Parameters
    ----------
    sustained_share
        Part of its processors that the machine can use all the time; below 1 for burstable machines.
    standby
        Whether the group is one of stopped machines.
    """
    service, name = one.service, f"{one.id}/standby" if standby else one.id
    served = sorted({*one.classes, *_kept_by_table(one, classes, tables)})
    reach_rps = classes.reach_rps(served)
    if sustained_share < 1:
        sustained_rps = sustained_share * service.batch * service.replicas / service.mean_s
        capacity_rps = tables.capped(service, one.tier, reach_rps, sustained_rps)
    else:
        capacity_rps = tables.up_to(service, one.tier, tables.least_count(service, one.tier, reach_rps))
    if capacity_rps[-1] <= 0:
        return RejectedOption(
            name,
            "carries nothing",
            carries_nothing(service, len(capacity_rps) - 1),
            classes=tuple(classes.classes[k].name for k in served),
        )
    time = one.call.time
    return ServingGroup(
        id=name,
        variant=one.variant,
        instance_type=time.instance_type,
        items_per_request=one.call.items,
        batch=one.call.batch,
        replicas=time.replicas,
        threads=time.threads,
        tier=one.tier,
        mode="queueing",
        service=service,
        published_rps=None,
        batch_timeout_s=batch_timeout_s(service, one.tier.deadline_s),
        dispersion_index=service.dispersion_index,
        classes=tuple(classes.classes[k].name for k in served),
        capacity_rps=capacity_rps,
        source=f"{time.source}{sustained_note(sustained_share)}",
        obtained=time.obtained,
        load_s=time.load_s,
        standby=standby,
        quantiles_ms=time.quantiles,
    )


def parted(sized: Iterable[ServingGroup | RejectedOption]) -> tuple[list[ServingGroup], list[RejectedOption]]:
    """Groups apart from what is rejected."""
    found = list(sized)
    groups = [one for one in found if isinstance(one, ServingGroup)]
    return groups, [one for one in found if isinstance(one, RejectedOption)]


def carries_nothing(service: PoolService, count: int) -> str:
    """Say what leaves so many machines no capacity."""
    bursts = f" at arrivals {service.thinning:.4g} times as bursty as Poisson" if service.thinning > 1 else ""
    return f"its capacity within the tier is 0 requests/s{bursts}, up to {count} of its machines"


def _kept_by_table(one: Candidate, classes: ClassSet, tables: CapacityTables) -> list[int]:
    """Classes whose tier is not covered, but kept at the group's own capacity, size by size.

    Sizes run to what all of them together need.
    """
    if not one.others:
        return []
    count = tables.least_count(one.service, one.tier, classes.reach_rps([*one.classes, *one.others]))
    own = tables.up_to(one.service, one.tier, count)
    kept = []
    for k in one.others:
        asked = classes.tier(k)
        service = pool_service(one.call, asked, one.service.dispersion_index)
        if isinstance(service, PoolService) and keeps_tier_by_table(
            own, tables.up_to(service, asked, count), count
        ):
            kept.append(k)
    return kept
