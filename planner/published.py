"""Worker groups of published capacities (linear mode): n machines carry n times what one was found to carry.

A figure holds for its own deadline and longer ones, and for percentiles up to the source's (FORMULATION section 8). It was found
with steady requests. Where arrivals are burstier and no function takes what they make late, n machines carry no more than as many
of the service time that the figure implies do (`planner.queueing.implied`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.capacity_tables import COUNT_CAP, CapacityTables
from planner.groups import carries_nothing, parted
from planner.options import ServingGroup, sustained_note
from planner.queueing import PoolService, implied_service_s
from planner.rejections import RejectedOption, unfit_host
from planner.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.measurements import PublishedCapacity
    from catalogs.variants import ModelVariant
    from planner.profile_join import Join, Place, Rejected
    from planner.request_classes import ClassSet
    from planner.serverless import ServerlessFunction


def groups_from_capacities(
    join: Join, functions: Sequence[ServerlessFunction]
) -> tuple[list[ServingGroup], Rejected]:
    """Groups in linear mode: published capacities, of single-item requests; bursts where functions do not take them are theirs."""
    groups: list[ServingGroup] = []
    rejected: Rejected = []
    unaided = without_functions_for_late(join, functions)
    tables = CapacityTables(COUNT_CAP)
    target = join.scenario.resources.target_utilisation
    for (model, host), published in join.capacities.items():
        name, one = f"{model}/{host or 'unnamed host'}", join.wanted[model]
        unfit = None if host is None else unfit_host(name, host, one.variant, 1, join.rentals)
        unused = _unused_capacity(join, (model, host))
        if unused is not None:
            rejected.append(RejectedOption(name, "capacity mode", unused))
        elif 1 not in one.accepting:
            reason = "published capacities are of requests of 1 item; no class sends that"
            rejected.append(RejectedOption(name, "items", reason))
        elif unfit is not None:
            rejected.append(unfit)
        else:
            uses = [(1.0, False)] if host is None else join.rentals.uses_of(host)
            found, left_out = parted(
                published_group(
                    row,
                    one.variant,
                    one.accepting[1],
                    join.classes,
                    tables,
                    target * share,
                    f"{row.source}{sustained_note(share)}",
                    unaided=unaided,
                    standby=standby,
                )
                for row in published
                for share, standby in uses
            )
            groups += found
            rejected += left_out
    return groups, rejected


def without_functions_for_late(join: Join, functions: Sequence[ServerlessFunction]) -> frozenset[int]:
    """Classes whose late requests no function takes: what bursts make late stays late."""
    wanted = join.scenario.resources.late_go_to_functions
    return frozenset(
        k
        for k, one in enumerate(join.classes.classes)
        if not (wanted and any(function.takes_late(one) for function in functions))
    )


def _unused_capacity(join: Join, place: Place) -> str | None:
    """Why published capacities are not used: the scenario's mode, or service times that tell more."""
    mode = join.scenario.resources.capacity
    if mode == "queueing":
        return "resources.capacity is queueing; its capacity is published"
    if mode == "auto" and any(time.items_per_request == 1 for time in join.times.get(place, ())):
        return "its capacity is published; its service times are known too"
    return None


def published_group(
    published: PublishedCapacity,
    variant: ModelVariant,
    accepting: Sequence[int],
    classes: ClassSet,
    tables: CapacityTables,
    used_share: float,
    source: str,
    *,
    unaided: frozenset[int],
    standby: bool,
) -> ServingGroup | RejectedOption:
    """Take a published capacity for its own tier: it serves classes that ask no more than that.

    Parameters
    ----------
    tables
        Shared by the groups of one enumeration.
    used_share
        Part of the published capacity that may be used: the target utilisation, times what the machine sustains.
    source
        The figure's source, with all that was made of it.
    unaided
        Classes whose late requests no function takes.
    standby
        Whether the group is one of stopped machines.
    """
    own = Tier(published.deadline_ms, published.percentile)
    host = published.instance_type or f"{published.cores}-cores"
    name = f"{published.model}/{host}/b{published.batch}x1/{own.label}" + ("/standby" if standby else "")
    asked = {k: classes.tier(k) for k in accepting}
    served = [k for k, tier in asked.items() if published.holds_for(tier.deadline_ms, tier.percentile)]
    if published.instance_type is None:
        reason = (
            f"the source counts {published.cores} cores of a host it does not name; no price can be joined"
        )
        return RejectedOption(name, "host", reason)
    if not served:
        uncovered = _uncovered(name, own, list(asked.values()))
        return replace(uncovered, classes=tuple(classes.classes[k].name for k in accepting))
    names = tuple(classes.classes[k].name for k in served)
    most_rps = published.capacity_rps * used_share
    bursty = [k for k in served if k in unaided]
    dispersion_index = classes.dispersion_index(bursty) if bursty else 1.0
    capacity_rps, linear_rps = np.zeros(1), dict.fromkeys(names, most_rps)
    if dispersion_index > 1.0:
        service_s = implied_service_s(published.capacity_rps, own.deadline_s, own.percentile)
        service = PoolService(service_s, service_s, dispersion_index=dispersion_index)
        capacity_rps, linear_rps = tables.capped(service, own, classes.reach_rps(served), most_rps), {}
        if capacity_rps[-1] <= 0:
            return RejectedOption(
                name, "carries nothing", carries_nothing(service, len(capacity_rps) - 1), classes=names
            )
    return ServingGroup(
        id=name,
        variant=variant,
        instance_type=published.instance_type,
        items_per_request=1,
        batch=published.batch,
        replicas=1,
        threads=None,
        tier=own,
        mode="linear",
        service=None,
        published_rps=published.capacity_rps,
        batch_timeout_s=0.0,
        dispersion_index=classes.dispersion_index(served),
        classes=names,
        capacity_rps=capacity_rps,
        source=source,
        obtained=published.obtained,
        linear_rps=linear_rps,
        standby=standby,
    )


def _uncovered(name: str, own: Tier, asked: Sequence[Tier]) -> RejectedOption:
    longest = max(tier.deadline_ms for tier in asked)
    if longest < own.deadline_ms:
        reason = (
            f"its capacity is published for {own.deadline_ms:g} ms and longer; the classes ask {longest:g} ms"
        )
        return RejectedOption(name, "source deadline", reason, own.deadline_ms)
    least = min(tier.percentile for tier in asked if tier.deadline_ms >= own.deadline_ms)
    reason = f"its capacity is published for percentiles up to {own.percentile:g}; the classes ask {least:g}"
    return RejectedOption(name, "percentile", reason)
